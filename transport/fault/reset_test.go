package fault_test

import (
	"fmt"
	"io"
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/transport/fault"
	"github.com/gofpnn/gofpnn/transport/internal/bubble"
)

func TestResetEndsBlockedCalls(t *testing.T) {
	bubble.Run(t, func(t *testing.T) {
		p := newPair(t, fault.New(1), fault.Out)
		p.Stall(fault.Out)
		requireWrite(t, p.wrapped, text(bufferSize-7))
		reading, writing, next := startRead(p.wrapped), startWrite(p.wrapped, 10), startRead(p.peer)
		reading.Blocked(t)
		writing.Blocked(t)
		next.Blocked(t)
		p.Reset()
		_, err := reading.Returned(t)
		requireOpError(t, err, "read", p.wrapped, syscall.ECONNRESET)
		n, err := writing.Returned(t)
		requireOpError(t, err, "write", p.wrapped, syscall.ECONNRESET)
		require.Equal(t, 7, n)
		_, err = next.Returned(t)
		require.Equal(t, io.EOF, err)
		_, err = p.peer.Write([]byte("x"))
		require.ErrorIs(t, err, syscall.EPIPE)
		requireReset(t, p.wrapped)
		require.Equal(t, fault.Stats{Connections: 1, Resets: 1, Lost: bufferSize}, p.Stats())
	})
}

func TestResetLosesWhatIsUnread(t *testing.T) {
	eachWay(t, func(t *testing.T, p *pair) {
		p.Latency(p.dir, time.Second, 0)
		requireWrite(t, p.from, "lost")
		bubble.Advance(t, time.Millisecond)
		p.Reset()
		requireReset(t, p.wrapped)
		requireEOF(t, p.peer)
		require.EqualValues(t, 4, p.Stats().Lost)
	})
}

func TestResetIsForAllOpenConnectionsAndNoLaterOnes(t *testing.T) {
	bubble.Run(t, func(t *testing.T) {
		f := fault.New(1)
		closed, one, other := newPair(t, f, fault.Out), newPair(t, f, fault.Out), newPair(t, f, fault.Out)
		require.NoError(t, closed.wrapped.Close())
		f.Reset()
		requireReset(t, one.wrapped)
		requireReset(t, other.wrapped)
		_, err := closed.wrapped.Write([]byte("x"))
		requireOpError(t, err, "write", closed.wrapped, net.ErrClosed)
		requirePasses(t, newPair(t, f, fault.Out))
		f.Reset()
		require.Equal(t, fault.Stats{Connections: 4, Resets: 3}, f.Stats())
	})
}

func TestResetConnectionTakesDeadlinesAndClose(t *testing.T) {
	bubble.Run(t, func(t *testing.T) {
		p := newPair(t, fault.New(1), fault.Out)
		p.Reset()
		require.NoError(t, p.wrapped.SetDeadline(in(-time.Second)))
		requireReset(t, p.wrapped)
		require.NoError(t, p.wrapped.Close())
		_, err := p.wrapped.Read(make([]byte, 1))
		requireOpError(t, err, "read", p.wrapped, net.ErrClosed)
		_, err = p.wrapped.Write(make([]byte, 1))
		requireOpError(t, err, "write", p.wrapped, net.ErrClosed)
	})
}

func TestResetEndsAWaitingClose(t *testing.T) {
	bubble.Run(t, func(t *testing.T) {
		p := newPair(t, fault.New(1), fault.Out)
		p.Latency(fault.Out, time.Hour, 0)
		requireWrite(t, p.wrapped, "lost")
		closing := startClose(p.wrapped)
		closing.Blocked(t)
		p.Reset()
		_, err := closing.Returned(t)
		require.NoError(t, err)
		_, err = p.wrapped.Read(make([]byte, 1))
		requireOpError(t, err, "read", p.wrapped, net.ErrClosed)
		_, err = p.wrapped.Write(make([]byte, 1))
		requireOpError(t, err, "write", p.wrapped, net.ErrClosed)
		requireEOF(t, p.peer)
		require.EqualValues(t, 4, p.Stats().Lost)
	})
}

// readAll reads p's direction to its end or reset.
func readAll(p *pair) *bubble.Call[string] {
	return bubble.Start(func() (string, error) {
		b, err := io.ReadAll(p.to)
		return string(b), err
	})
}

func TestCutDeliversExactlyTheBytesBefore(t *testing.T) {
	for _, n := range []int{-1, 0, 1, 5, 31, 40000, 100000} {
		eachCut(t, n, func(t *testing.T, p *pair) {
			const size = 100001
			p.CutAfter(p.dir, int64(n))
			reading := readAll(p)
			_, _ = p.from.Write(stream(size))
			got, err := reading.Returned(t)
			want := string(stream(size)[:max(n, 0)])
			require.Len(t, got, len(want))
			require.True(t, got == want)
			if p.dir == fault.In {
				requireOpError(t, err, "read", p.wrapped, syscall.ECONNRESET)
				requireEOF(t, p.peer)
			} else {
				require.NoError(t, err)
			}
			requireReset(t, p.wrapped)
			stats := p.Stats()
			require.EqualValues(t, 1, stats.Cuts)
			require.Zero(t, stats.Resets)
			requirePasses(t, newPair(t, p.Faults, p.dir))
		})
	}
}

func TestCutComesWithTheNextByteOnly(t *testing.T) {
	eachWay(t, func(t *testing.T, p *pair) {
		p.CutAfter(p.dir, 5)
		requireWrite(t, p.from, "hello")
		requireRead(t, p.to, "hello")
		requirePasses(t, p.back())
		bubble.Advance(t, time.Hour)
		require.Zero(t, p.Stats().Cuts)
		reading := startRead(p.to)
		_, _ = p.from.Write([]byte("x"))
		_, err := reading.Returned(t)
		require.Error(t, err)
		requireReset(t, p.wrapped)
		require.Equal(t, fault.Stats{Connections: 1, Cuts: 1, Lost: 1}, p.Stats())
	})
}

func TestCutCountsOverAllConnections(t *testing.T) {
	eachWay(t, func(t *testing.T, p *pair) {
		other := newPair(t, p.Faults, p.dir)
		p.CutAfter(p.dir, 20)
		requirePasses(t, p)
		requirePasses(t, other)
		requirePasses(t, p)
		reading := startRead(other.to)
		_, _ = other.from.Write([]byte("abc"))
		requireReads(t, reading, "ab")
		requireReset(t, other.wrapped)
		requirePasses(t, p)
	})
}

func TestCutCountsWhatIsDelivered(t *testing.T) {
	eachWay(t, func(t *testing.T, p *pair) {
		p.Latency(p.dir, time.Second, 0)
		requireWrite(t, p.from, "abcdef")
		p.CutAfter(p.dir, 100)
		p.CutAfter(p.dir, 2)
		reading := readAll(p)
		reading.Blocked(t)
		begin := time.Now()
		got, _ := reading.Wait()
		require.Equal(t, time.Second, time.Since(begin))
		require.Equal(t, "ab", got)
		require.EqualValues(t, 4, p.Stats().Lost)
	})
}

func TestCutOfOneDirectionLeavesTheCountOfTheOther(t *testing.T) {
	eachWay(t, func(t *testing.T, p *pair) {
		p.CutAfter(fault.Both, 6)
		requirePasses(t, p)
		requirePasses(t, p.back())
		_, _ = p.from.Write([]byte("x"))
		readAll(p).Returned(t)
		requireReset(t, p.wrapped)
		again := newPair(t, p.Faults, p.dir)
		requirePasses(t, again)
		reading := readAll(again.back())
		_, _ = again.to.Write([]byte("y"))
		got, _ := reading.Returned(t)
		require.Empty(t, got)
		require.EqualValues(t, 2, p.Stats().Cuts)
	})
}

// A peer that takes nothing keeps the bytes before the cut waiting, but not for
// ever: the wrapped side is reset and Close has its bound.
func TestCutWithAPeerThatDoesNotRead(t *testing.T) {
	bubble.Run(t, func(t *testing.T) {
		p := newPair(t, fault.New(1), fault.Out)
		p.CutAfter(fault.Out, memBuffer+10)
		requireWrite(t, p.wrapped, text(memBuffer+11))
		reading := startRead(p.wrapped)
		_, err := reading.Returned(t)
		requireOpError(t, err, "read", p.wrapped, syscall.ECONNRESET)
		took, err := startClose(p.wrapped).Wait()
		require.NoError(t, err)
		require.Equal(t, linger, took)
		requireRead(t, p.peer, text(memBuffer))
		requireEOF(t, p.peer)
	})
}

func eachCut(t *testing.T, n int, f func(t *testing.T, p *pair)) {
	t.Run(fmt.Sprint(n), func(t *testing.T) { eachWay(t, f) })
}
