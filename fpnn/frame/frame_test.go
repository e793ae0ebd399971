package frame_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"io"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/fpnn/frame"
)

// Frames recorded from the vendor's programs.
const (
	questTwoWay = "46504e4e0180010c0b0000000700000074776f207761792064656d6f81a57175657374a36f6e65"
	questOneway = "46504e4e01800006010000006e6f7375636880"
	answerOK    = "46504e4e01800200150000000700000082a653696d706c65a36f6e65a753696d706c653202"
	answerJSON  = "46504e4e014002001d000000070000007b2253696d706c65223a226f6e65222c202253696d706c6532223a327d"
	pythonQuest = "46504e4e0080010c010000000700000074776f207761792064656d6f80"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	require.NoError(t, err)
	return b
}

func TestRecordedFramesParseAndAppendToTheSameBytes(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, hex string
		want      frame.Package
	}{
		{"twoway quest", questTwoWay, frame.Package{
			Header: frame.Header{Version: 1, Flags: frame.MsgPack, Kind: frame.Twoway, SS: 12, PayloadSize: 11},
			Seq:    7, Method: []byte("two way demo"), Payload: []byte("\x81\xa5quest\xa3one"),
		}},
		{"oneway quest", questOneway, frame.Package{
			Header: frame.Header{Version: 1, Flags: frame.MsgPack, Kind: frame.Oneway, SS: 6, PayloadSize: 1},
			Method: []byte("nosuch"), Payload: []byte{0x80},
		}},
		{"answer", answerOK, frame.Package{
			Header: frame.Header{Version: 1, Flags: frame.MsgPack, Kind: frame.Answer, PayloadSize: 21},
			Seq:    7, Payload: []byte("\x82\xa6Simple\xa3one\xa7Simple2\x02"),
		}},
		{"JSON answer", answerJSON, frame.Package{
			Header: frame.Header{Version: 1, Flags: frame.JSON, Kind: frame.Answer, PayloadSize: 29},
			Seq:    7, Payload: []byte(`{"Simple":"one", "Simple2":2}`),
		}},
		{"version 0", pythonQuest, frame.Package{
			Header: frame.Header{Flags: frame.MsgPack, Kind: frame.Twoway, SS: 12, PayloadSize: 1},
			Seq:    7, Method: []byte("two way demo"), Payload: []byte{0x80},
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			raw := unhex(t, tt.hex)
			var p frame.Package
			n, err := p.Parse(raw, len(raw))
			require.NoError(t, err)
			require.Equal(t, len(raw), n)
			require.Equal(t, tt.want, p)
			b, err := frame.Append(nil, &p, len(raw))
			require.NoError(t, err)
			require.Equal(t, raw, b)

			for cut := range raw {
				n, err := p.Parse(raw[:cut], len(raw))
				require.NoError(t, err, "%d bytes", cut)
				require.Zero(t, n, "%d bytes are not the whole package", cut)
			}
		})
	}
}

func TestImpossibleHeadersAreRefused(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		at    int
		bytes []byte
		want  error
	}{
		{"magic", 3, []byte{'X'}, frame.ErrMagic},
		{"lower-case magic", 0, []byte("fpnn"), frame.ErrMagic},
		{"both encodings", 5, []byte{0xc0}, frame.ErrEncoding},
		{"no encoding", 5, []byte{0x00}, frame.ErrEncoding},
		{"kind 3", 6, []byte{3}, frame.ErrKind},
		{"kind 255", 6, []byte{255}, frame.ErrKind},
		{"no method", 7, []byte{0}, frame.ErrMethod},
		{"no payload", 8, []byte{0, 0, 0, 0}, frame.ErrEmpty},
		{"256 MiB", 8, []byte{0, 0, 0, 0x10}, frame.ErrTooLarge},
		{"4 GiB", 8, []byte{0xff, 0xff, 0xff, 0xff}, frame.ErrTooLarge},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			raw := unhex(t, questTwoWay)
			copy(raw[tt.at:], tt.bytes)
			var p frame.Package
			_, err := p.Parse(raw[:frame.HeaderSize], frame.DefaultMaxPackage)
			require.ErrorIs(t, err, tt.want, "known from the header alone")
		})
	}
}

func TestFlagBitsWithoutMeaningAreKept(t *testing.T) {
	t.Parallel()
	raw := unhex(t, questTwoWay)
	raw[5] = 0x8f | 0x20 | 0x10
	var p frame.Package
	_, err := p.Parse(raw, len(raw))
	require.NoError(t, err)
	require.Equal(t, frame.Flags(0xbf), p.Flags)
}

func TestTheLimitCountsTheWholePackage(t *testing.T) {
	t.Parallel()
	raw := unhex(t, questTwoWay)
	var p frame.Package
	_, err := p.Parse(raw, len(raw))
	require.NoError(t, err)
	_, err = p.Parse(raw, len(raw)-1)
	require.ErrorIs(t, err, frame.ErrTooLarge)
	_, err = frame.Append(nil, &p, len(raw)-1)
	require.ErrorIs(t, err, frame.ErrTooLarge)
}

func TestMethodLengthIsChecked(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]error{0: frame.ErrMethod, 1: nil, 255: nil, 256: frame.ErrMethod} {
		_, err := frame.AppendQuest(nil, 1, frame.MsgPack, frame.Twoway, string(make([]byte, n)))
		require.ErrorIs(t, err, want, "%d bytes", n)
	}
}

func stream(t testing.TB) []byte {
	return bytes.Join([][]byte{unhex(t, questTwoWay), unhex(t, questOneway), unhex(t, answerOK)}, nil)
}

func TestReaderCutsAnyFragmentation(t *testing.T) {
	t.Parallel()
	for name, wrap := range map[string]func(io.Reader) io.Reader{
		"at once":         func(r io.Reader) io.Reader { return r },
		"byte by byte":    iotest.OneByteReader,
		"half":            iotest.HalfReader,
		"data with error": iotest.DataErrReader,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := frame.NewReader(wrap(bytes.NewReader(stream(t))), 1024)
			var kinds []frame.Kind
			var p frame.Package
			var err error
			for err = r.Read(&p); err == nil; err = r.Read(&p) {
				kinds = append(kinds, p.Kind)
			}
			require.Equal(t, io.EOF, err)
			require.Equal(t, []frame.Kind{frame.Twoway, frame.Oneway, frame.Answer}, kinds)
		})
	}
}

func TestStreamEndingInsideAPackageIsUnexpected(t *testing.T) {
	t.Parallel()
	whole := unhex(t, questTwoWay)
	for cut := 1; cut < len(whole); cut++ {
		var p frame.Package
		err := frame.NewReader(bytes.NewReader(whole[:cut]), 1024).Read(&p)
		require.Equal(t, io.ErrUnexpectedEOF, err, "after %d bytes", cut)
	}
}

func TestReadErrorsPassThrough(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	var p frame.Package
	err := frame.NewReader(iotest.ErrReader(broken), 1024).Read(&p)
	require.ErrorIs(t, err, broken)
}

// steps yields what next holds, once for each Read.
type steps struct{ next []byte }

func (s *steps) Read(b []byte) (int, error) {
	n := copy(b, s.next)
	s.next = s.next[n:]
	return n, nil
}

func TestWriterWritesWhatReaderReads(t *testing.T) {
	t.Parallel()
	var buf bytes.Buffer
	w := frame.NewWriter(&buf, 1024)
	r := frame.NewReader(bytes.NewReader(stream(t)), 1024)
	var p frame.Package
	for r.Read(&p) == nil {
		require.NoError(t, w.Write(&p))
	}
	require.Equal(t, stream(t), buf.Bytes())

	require.ErrorIs(t, w.Write(&frame.Package{Header: frame.Header{Kind: 9}}), frame.ErrKind)
	require.ErrorIs(t, w.Write(&frame.Package{Header: frame.Header{Kind: frame.Answer}}), frame.ErrEmpty)
	require.ErrorIs(t, w.Write(&frame.Package{Payload: []byte{0x80}}), frame.ErrMethod)
	require.ErrorIs(t, w.Write(&frame.Package{Method: []byte("m"), Payload: make([]byte, 1024)}), frame.ErrTooLarge)
	require.Equal(t, stream(t), buf.Bytes(), "a refused package leaves no trace")
}

func TestReadingAllocatesNothing(t *testing.T) {
	raw := stream(t)
	src := bytes.NewReader(raw)
	r := frame.NewReader(src, 1024)
	var p frame.Package
	require.NoError(t, r.Read(&p))
	require.Zero(t, testing.AllocsPerRun(100, func() {
		src.Reset(raw)
		for range 3 {
			if err := r.Read(&p); err != nil {
				t.Fatal(err)
			}
		}
	}))
}

func FuzzReader(f *testing.F) {
	for _, s := range []string{questTwoWay, questOneway, answerOK, answerJSON, pythonQuest} {
		f.Add(unhex(f, s), uint8(1), uint8(0))
	}
	f.Add(stream(f), uint8(5), uint8(100))
	f.Add([]byte("FPNN\x01\x80\x01\x01\xff\xff\xff\xff\x00\x00\x00\x00m"), uint8(3), uint8(17))
	const limit = 256 << 10
	f.Fuzz(func(t *testing.T, data []byte, step, kib uint8) {
		// In front comes a package of some KiB, for which the buffer has to grow.
		large, err := frame.Append(nil, &frame.Package{
			Header:  frame.Header{Flags: frame.MsgPack, Kind: frame.Oneway},
			Method:  []byte("m"),
			Payload: make([]byte, int(kib)<<10+1),
		}, limit)
		require.NoError(t, err)
		data = append(large, data...)
		reserved := 0
		var whole, pieces frame.Package
		a := frame.NewReader(bytes.NewReader(data), limit)
		b := frame.NewReader(&dribble{data, int(step)<<4 + 1}, limit)
		b.Reserve = func(n int) bool { reserved += n; return true }
		for rest := data; ; {
			errA, errB := a.Read(&whole), b.Read(&pieces)
			require.Equal(t, errA, errB, "fragmentation changes nothing")
			require.LessOrEqual(t, reserved, 2*limit)
			if errA != nil {
				b.Release()
				require.Zero(t, reserved)
				return
			}
			require.Equal(t, whole, pieces)
			raw, err := frame.Append(nil, &whole, limit)
			require.NoError(t, err)
			require.Equal(t, rest[:len(raw)], raw, "what parses is what is written")
			rest = rest[len(raw):]
		}
	})
}

// dribble yields at most n bytes a Read.
type dribble struct {
	data []byte
	n    int
}

func (d *dribble) Read(b []byte) (int, error) {
	if len(d.data) == 0 {
		return 0, io.EOF
	}
	n := copy(b[:min(d.n, len(b))], d.data)
	d.data = d.data[n:]
	return n, nil
}
