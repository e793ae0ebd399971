package frame_test

import (
	"bytes"
	"testing"

	"github.com/gofpnn/gofpnn/fpnn/frame"
)

func BenchmarkAppendQuest(b *testing.B) {
	payload := bytes.Repeat([]byte{0xc0}, 100)
	buf := make([]byte, 0, 256)
	b.ReportAllocs()
	for b.Loop() {
		pkg, _ := frame.AppendQuest(buf, frame.Version, frame.MsgPack, frame.Twoway, "two way demo")
		pkg = append(pkg, payload...)
		if err := frame.Finish(pkg, frame.DefaultMaxPackage); err != nil {
			b.Fatal(err)
		}
		frame.SetSeq(pkg, 7)
	}
}

func BenchmarkAppendAnswer(b *testing.B) {
	payload := bytes.Repeat([]byte{0xc0}, 100)
	buf := make([]byte, 0, 256)
	b.ReportAllocs()
	for b.Loop() {
		pkg := append(frame.AppendAnswer(buf, frame.Version, frame.MsgPack, 0, 7), payload...)
		if err := frame.Finish(pkg, frame.DefaultMaxPackage); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParse(b *testing.B) {
	for _, c := range []struct{ name, hex string }{{"quest", questTwoWay}, {"oneway", questOneway}, {"answer", answerOK}} {
		b.Run(c.name, func(b *testing.B) {
			raw := unhex(b, c.hex)
			var p frame.Package
			b.ReportAllocs()
			for b.Loop() {
				if _, err := p.Parse(raw, frame.DefaultMaxPackage); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkReader counts a package each.
func BenchmarkReader(b *testing.B) {
	const packages = 100
	raw := bytes.Repeat(unhex(b, questTwoWay), packages)
	src := bytes.NewReader(raw)
	r := frame.NewReader(src, 1024)
	var p frame.Package
	b.ReportAllocs()
	b.SetBytes(int64(len(raw) / packages))
	for i := 0; b.Loop(); i++ {
		if i%packages == 0 {
			src.Reset(raw)
		}
		if err := r.Read(&p); err != nil {
			b.Fatal(err)
		}
	}
}
