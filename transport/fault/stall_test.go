package fault_test

import (
	"bytes"
	"io"
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/transport/fault"
	"github.com/gofpnn/gofpnn/transport/internal/bubble"
	"github.com/gofpnn/gofpnn/transport/mem"
)

func TestStallHoldsBytesUntilResume(t *testing.T) {
	eachWay(t, func(t *testing.T, p *pair) {
		p.Stall(p.dir)
		requireWrite(t, p.from, "held")
		reading := startRead(p.to)
		bubble.Advance(t, time.Hour)
		reading.Blocked(t)
		requirePasses(t, p.back())
		p.Resume(p.otherDir)
		reading.Blocked(t)
		p.Resume(p.dir)
		requireReads(t, reading, "held")
		requirePasses(t, p)
		require.Equal(t, fault.Stats{Connections: 1}, p.Stats())
	})
}

func TestStallHoldsWhatIsUnderWay(t *testing.T) {
	eachWay(t, func(t *testing.T, p *pair) {
		p.Latency(p.dir, time.Second, 0)
		requireWrite(t, p.from, "x")
		reading := startRead(p.to)
		bubble.Advance(t, time.Second/2)
		p.Stall(p.dir)
		bubble.Advance(t, time.Hour)
		reading.Blocked(t)
		p.Resume(p.dir)
		requireReads(t, reading, "x")
	})
}

func TestStallHoldsTheEnd(t *testing.T) {
	eachWay(t, func(t *testing.T, p *pair) {
		p.Stall(p.dir)
		require.NoError(t, p.from.(closeWriter).CloseWrite())
		reading := startRead(p.to)
		reading.Blocked(t)
		p.Resume(p.dir)
		_, err := reading.Returned(t)
		require.Equal(t, io.EOF, err)
	})
}

func TestStallIsForConnectionsOfLaterToo(t *testing.T) {
	eachWay(t, func(t *testing.T, p *pair) {
		p.Stall(fault.Both)
		later := newPair(t, p.Faults, p.dir)
		for _, q := range []*pair{p, later} {
			requireWrite(t, q.from, "x")
			startRead(q.to).Blocked(t)
		}
		p.Resume(fault.Both)
	})
}

func TestStallStopsTheWriterWhenTheLineIsFull(t *testing.T) {
	eachWay(t, func(t *testing.T, p *pair) {
		p.Stall(p.dir)
		accepted := bufferSize
		if p.dir == fault.In {
			accepted += memBuffer
		}
		for _, size := range []int{1, accepted - 1} {
			n, err := startWrite(p.from, size).Returned(t)
			require.NoError(t, err)
			require.Equal(t, size, n)
		}
		first, second := startWrite(p.from, 1), startWrite(p.from, 1)
		bubble.Advance(t, time.Hour)
		first.Blocked(t)
		second.Blocked(t)
		p.Resume(p.dir)
		requireRead(t, p.to, string(make([]byte, accepted+2)))
		for _, c := range []*bubble.Call[int]{first, second} {
			_, err := c.Returned(t)
			require.NoError(t, err)
		}
	})
}

func TestConcurrentWritesDoNotMixInAFullLine(t *testing.T) {
	bubble.Run(t, func(t *testing.T) {
		const writers, size = 6, 300_000
		p := newPair(t, fault.New(1), fault.Out)
		p.Stall(fault.Out)
		var calls []*bubble.Call[int]
		for i := range writers {
			what := bytes.Repeat([]byte{byte(i)}, size)
			calls = append(calls, bubble.Start(func() (int, error) { return p.wrapped.Write(what) }))
		}
		synctest.Wait()
		p.Resume(fault.Out)
		got := make([]byte, writers*size)
		_, err := io.ReadFull(p.peer, got)
		require.NoError(t, err)
		for _, c := range calls {
			n, err := c.Returned(t)
			require.NoError(t, err)
			require.Equal(t, size, n)
		}
		for i := 0; i < len(got); i += size {
			require.Equal(t, size, bytes.Count(got[i:i+size], got[i:i+1]))
		}
	})
}

func requireTimeout(t *testing.T, err error, op string, c net.Conn) {
	t.Helper()
	requireOpError(t, err, op, c, os.ErrDeadlineExceeded)
	var netErr net.Error
	require.ErrorAs(t, err, &netErr)
	require.True(t, netErr.Timeout())
}

func TestReadDeadlinePassesWhileStalled(t *testing.T) {
	bubble.Run(t, func(t *testing.T) {
		p := newPair(t, fault.New(1), fault.In)
		p.Stall(fault.In)
		requireWrite(t, p.peer, "x")
		begin := time.Now()
		require.NoError(t, p.wrapped.SetReadDeadline(in(time.Minute)))
		_, err := p.wrapped.Read(make([]byte, 1))
		requireTimeout(t, err, "read", p.wrapped)
		require.Equal(t, time.Minute, time.Since(begin))
		p.Resume(fault.In)
		_, err = p.wrapped.Read(make([]byte, 1))
		requireTimeout(t, err, "read", p.wrapped)
		require.NoError(t, p.wrapped.SetReadDeadline(time.Time{}))
		requireRead(t, p.wrapped, "x")
	})
}

func TestWriteDeadlinePassesWhileStalled(t *testing.T) {
	bubble.Run(t, func(t *testing.T) {
		p := newPair(t, fault.New(1), fault.Out)
		p.Stall(fault.Out)
		begin := time.Now()
		require.NoError(t, p.wrapped.SetWriteDeadline(in(time.Minute)))
		n, err := p.wrapped.Write(make([]byte, bufferSize+5))
		requireTimeout(t, err, "write", p.wrapped)
		require.Equal(t, bufferSize, n)
		require.Equal(t, time.Minute, time.Since(begin))
		p.Resume(fault.Out)
		requireRead(t, p.peer, string(make([]byte, bufferSize)))
		_, err = p.wrapped.Write([]byte("x"))
		requireTimeout(t, err, "write", p.wrapped)
		require.NoError(t, p.wrapped.SetWriteDeadline(in(time.Minute)))
		requirePasses(t, p)
	})
}

func TestReadDeadlinePassesBeforeLatency(t *testing.T) {
	bubble.Run(t, func(t *testing.T) {
		p := newPair(t, fault.New(1), fault.In)
		p.Latency(fault.In, time.Minute, 0)
		begin := time.Now()
		requireWrite(t, p.peer, "x")
		require.NoError(t, p.wrapped.SetDeadline(in(time.Second)))
		_, err := p.wrapped.Read(make([]byte, 1))
		requireTimeout(t, err, "read", p.wrapped)
		require.Equal(t, time.Second, time.Since(begin))
		require.NoError(t, p.wrapped.SetDeadline(in(time.Hour)))
		requireRead(t, p.wrapped, "x")
		require.Equal(t, time.Minute, time.Since(begin))
	})
}

func TestDeadlineSetWhileBlockedCounts(t *testing.T) {
	bubble.Run(t, func(t *testing.T) {
		p := newPair(t, fault.New(1), fault.Out)
		p.Stall(fault.Out)
		requireWrite(t, p.wrapped, text(bufferSize))
		reading, writing := startRead(p.wrapped), startWrite(p.wrapped, 1)
		reading.Blocked(t)
		writing.Blocked(t)
		require.NoError(t, p.wrapped.SetDeadline(in(time.Second)))
		bubble.Advance(t, time.Second-1)
		reading.Blocked(t)
		writing.Blocked(t)
		require.NoError(t, p.wrapped.SetDeadline(in(-time.Second)))
		_, err := reading.Returned(t)
		requireTimeout(t, err, "read", p.wrapped)
		_, err = writing.Returned(t)
		requireTimeout(t, err, "write", p.wrapped)
	})
}

func TestDeadlineFromBeforeIsTakenOff(t *testing.T) {
	bubble.Run(t, func(t *testing.T) {
		near, far := mem.Pipe()
		require.NoError(t, near.SetDeadline(in(time.Second)))
		f := fault.New(1)
		p := pairOver(t, f, fault.In, f.Conn(near), far)
		bubble.Advance(t, time.Minute)
		requirePasses(t, p)
	})
}
