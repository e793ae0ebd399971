package wire_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/codec"
	"github.com/gofpnn/gofpnn/rtm/wire"
)

var (
	signed  = wire.Signed{Project: wire.Project{ID: 80000071, Secret: "test-secret-0123456789"}, Salt: 7e18, Time: 1795373881}
	message = wire.Message{ID: 7e18, Type: 51, Text: "hello", Attrs: "{}"}
	sends   = &wire.Send{Signed: signed, From: 1001, Target: wire.User(2002), Message: message}
	reads   = &wire.History{Signed: signed, UID: 1001, Target: wire.Group(7), Limit: 20, Types: []int8{30, 51}}
	rows20  = &wire.PageAnswer{Quest: reads, Page: wire.Page{LastCursor: 20, Begin: 1, End: 1 << 40}}
)

func init() {
	for i := range int64(20) {
		rows20.Messages = append(rows20.Messages, wire.Stored{
			Message: wire.Message{ID: 7e18 + i, Type: 51, Text: strings.Repeat("text ", 10), Attrs: `{"a":1}`},
			Cursor:  i + 1, From: 1001, ModifiedTime: 1 << 40,
		})
	}
}

func TestAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	buf := make([]byte, 0, 8192)
	write := func(a codec.Appender) func() {
		return func() { _, _ = a.AppendPayload(buf) }
	}
	parsed := func(a codec.Appender) codec.Payload {
		b, err := a.AppendPayload(nil)
		require.NoError(t, err)
		p, err := codec.ParsePayload(b)
		require.NoError(t, err)
		return p
	}
	send, read, page := parsed(sends), parsed(reads), parsed(rows20)
	for name, c := range map[string]struct {
		most float64
		f    func()
	}{
		"write a send":      {0, write(sends)},
		"write many":        {0, write(&wire.Send{Signed: signed, Tos: []int64{1, 2, 3}, Message: message})},
		"write a binary":    {0, write(&wire.Send{Signed: signed, Target: wire.Everyone, Message: wire.Message{Data: []byte{1}}})},
		"write a history":   {0, write(reads)},
		"write a page":      {0, write(rows20)},
		"read credentials":  {0, func() { _, _ = wire.ParseAuth(send) }},
		"check credentials": {0, func() { a, _ := wire.ParseAuth(send); _ = signed.Project.Verify("sendmsg", a) }},
		"read a send":       {2, func() { _, _ = wire.ParseSend(wire.P2P, false, send) }}, // text, attrs
		"read a history":    {5, func() { _, _ = wire.ParseHistory(wire.InGroup, read) }}, // itself, types as int64 and as int8
		"read a page":       {3, func() { _, _ = wire.ParsePage(page, reads) }},           // itself, rows, texts
		"read an answer":    {1, func() { _, _ = wire.ParseSendAnswer(send) }},            // an error
		"make an id":        {0, func() { _ = new(wire.IDGenerator).Next() }},
	} {
		require.LessOrEqual(t, testing.AllocsPerRun(100, c.f), c.most, name)
	}
}

func BenchmarkWriteSend(b *testing.B) {
	buf := make([]byte, 0, 512)
	b.ReportAllocs()
	for b.Loop() {
		_, _ = sends.AppendPayload(buf)
	}
}

// BenchmarkReadSend is what a gate does with each: scan, check, read.
func BenchmarkReadSend(b *testing.B) {
	raw, _ := sends.AppendPayload(nil)
	var f wire.Fields
	var s wire.Send
	b.ReportAllocs()
	for b.Loop() {
		p, _ := codec.ParsePayload(raw)
		f.Open(p)
		a, _ := f.Auth()
		_ = signed.Project.Verify("sendmsg", a)
		_, _ = f.Send(wire.P2P, false, &s)
		f.Close()
	}
}

func BenchmarkSign(b *testing.B) {
	buf := make([]byte, 0, 512)
	quest := &wire.Signable{Signed: signed, Quest: &wire.Get{}}
	b.ReportAllocs()
	for b.Loop() {
		_, _ = quest.AppendPayload(buf)
	}
}

func BenchmarkVerify(b *testing.B) {
	raw, _ := sends.AppendPayload(nil)
	p, _ := codec.ParsePayload(raw)
	a, _ := wire.ParseAuth(p)
	b.ReportAllocs()
	for b.Loop() {
		if !signed.Project.Verify("sendmsg", a) {
			b.Fatal("refused")
		}
	}
}

func BenchmarkReadPage(b *testing.B) {
	raw, _ := rows20.AppendPayload(nil)
	b.ReportAllocs()
	for b.Loop() {
		p, _ := codec.ParsePayload(raw)
		_, _ = wire.ParsePage(p, reads)
	}
}

func BenchmarkID(b *testing.B) {
	var g wire.IDGenerator
	for b.Loop() {
		g.Next()
	}
}
