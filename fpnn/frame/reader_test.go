package frame_test

import (
	"bytes"
	"io"
	"math"
	"runtime"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/fpnn/frame"
)

// A claimed length must not be allocated before the bytes are there.
func TestBufferGrowsWithBytesReceivedNotWithTheLengthClaimed(t *testing.T) {
	t.Parallel()
	const claimed = 8<<20 - 100
	head, err := frame.AppendQuest(nil, 1, frame.MsgPack, frame.Twoway, "m")
	require.NoError(t, err)
	copy(head[8:], []byte{claimed & 0xff, claimed >> 8 & 0xff, claimed >> 16 & 0xff, 0})

	var reserved, most int
	src := &steps{}
	r := frame.NewReader(src, frame.DefaultMaxPackage)
	r.Reserve = func(n int) bool {
		reserved += n
		most = max(most, reserved)
		return true
	}
	src.next = head
	sent := 0
	var p frame.Package
	for sent < 1<<20 {
		require.NoError(t, r.Fill())
		ok, err := r.Next(&p)
		require.NoError(t, err)
		require.False(t, ok)
		require.LessOrEqual(t, most, 2*(sent+len(head)), "after %d bytes", sent)
		src.next = make([]byte, 1000)
		sent += 1000
	}
	r.Release()
	require.Zero(t, reserved)
}

func TestLargeBufferIsGivenBackAfterItsPackage(t *testing.T) {
	t.Parallel()
	big := frame.Package{
		Header:  frame.Header{Version: 1, Flags: frame.MsgPack, Kind: frame.Twoway},
		Method:  []byte("m"),
		Payload: make([]byte, 1<<20),
	}
	raw, err := frame.Append(nil, &big, math.MaxInt32)
	require.NoError(t, err)
	raw = append(raw, unhex(t, questTwoWay)...)
	reserved := 0
	r := frame.NewReader(bytes.NewReader(raw), frame.DefaultMaxPackage)
	r.Reserve = func(n int) bool { reserved += n; return true }
	var p frame.Package
	require.NoError(t, r.Read(&p))
	require.Len(t, p.Payload, 1<<20)
	require.Positive(t, reserved)
	require.NoError(t, r.Read(&p))
	require.Equal(t, "two way demo", string(p.Method))
	require.Equal(t, io.EOF, r.Read(&p))
	require.Zero(t, reserved)
}

// Buffers go from Reader to Reader, but what one has read stays its own.
func TestReadersDoNotReadIntoEachOther(t *testing.T) {
	t.Parallel()
	var readers sync.WaitGroup
	for n := range 8 {
		payload := bytes.Repeat([]byte{byte(n)}, 300<<10)
		raw, err := frame.Append(nil, &frame.Package{
			Header: frame.Header{Flags: frame.MsgPack, Kind: frame.Oneway}, Method: []byte("m"), Payload: payload,
		}, math.MaxInt32)
		require.NoError(t, err)
		readers.Go(func() {
			for range 20 {
				r := frame.NewReader(&dribble{raw, 50_000}, frame.DefaultMaxPackage)
				var p frame.Package
				if err := r.Read(&p); err != nil || !bytes.Equal(payload, p.Payload) {
					t.Errorf("reader %d: error %v, or the bytes of another", n, err)
				}
				r.Release()
			}
		})
	}
	readers.Wait()
}

func TestReleaseLetsOthersHaveTheBuffer(t *testing.T) {
	raw := append([]byte("FPNN\x01\x80\x00\x01"), 0, 0, 0x10, 0, 'm') // of 1 MiB
	raw = append(raw, make([]byte, 400<<10)...)
	read := func() {
		r := frame.NewReader(bytes.NewReader(raw), frame.DefaultMaxPackage)
		require.Equal(t, io.ErrUnexpectedEOF, r.Read(new(frame.Package)))
		r.Release()
	}
	read()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range 20 {
		read()
	}
	runtime.ReadMemStats(&after)
	require.Less(t, (after.TotalAlloc-before.TotalAlloc)/20, uint64(128<<10), "bytes a Reader")
}

func TestRefusedReserveEndsTheReading(t *testing.T) {
	t.Parallel()
	p := frame.Package{
		Header:  frame.Header{Flags: frame.MsgPack, Kind: frame.Oneway},
		Method:  []byte("m"),
		Payload: make([]byte, 200<<10),
	}
	raw, err := frame.Append(nil, &p, math.MaxInt32)
	require.NoError(t, err)
	r := frame.NewReader(bytes.NewReader(raw), frame.DefaultMaxPackage)
	r.Reserve = func(int) bool { return false }
	require.ErrorIs(t, r.Read(&p), frame.ErrNoBuffer)
}
