package fault_test

import (
	"errors"
	"io"
	"net"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/transport/fault"
	"github.com/gofpnn/gofpnn/transport/internal/bubble"
	"github.com/gofpnn/gofpnn/transport/mem"
)

type closeWriter interface{ CloseWrite() error }

func TestCloseEndsBlockedCalls(t *testing.T) {
	bubble.Run(t, func(t *testing.T) {
		p := newPair(t, fault.New(1), fault.Out)
		p.Stall(fault.Out)
		requireWrite(t, p.wrapped, text(bufferSize))
		reading, writing := startRead(p.wrapped), startWrite(p.wrapped, 1)
		reading.Blocked(t)
		writing.Blocked(t)
		require.NoError(t, p.wrapped.Close())
		_, err := reading.Returned(t)
		requireOpError(t, err, "read", p.wrapped, net.ErrClosed)
		_, err = writing.Returned(t)
		requireOpError(t, err, "write", p.wrapped, net.ErrClosed)
		requireEOF(t, p.peer)
	})
}

func TestClosedConnectionRefusesEverything(t *testing.T) {
	bubble.Run(t, func(t *testing.T) {
		p := newPair(t, fault.New(1), fault.Out)
		requireWrite(t, p.peer, "unread")
		synctest.Wait()
		require.NoError(t, p.wrapped.Close())
		require.NoError(t, p.wrapped.Close())
		_, err := p.wrapped.Read(nil)
		requireOpError(t, err, "read", p.wrapped, net.ErrClosed)
		_, err = p.wrapped.Write(nil)
		requireOpError(t, err, "write", p.wrapped, net.ErrClosed)
		for _, set := range []func(time.Time) error{p.wrapped.SetDeadline, p.wrapped.SetReadDeadline, p.wrapped.SetWriteDeadline} {
			requireOpError(t, set(time.Time{}), "set", p.wrapped, net.ErrClosed)
		}
		requireOpError(t, p.wrapped.(closeWriter).CloseWrite(), "close", p.wrapped, net.ErrClosed)
		require.Zero(t, p.Stats().Lost, "nobody wanted them")
	})
}

func TestCloseDeliversWhatIsWrittenAtOnce(t *testing.T) {
	bubble.Run(t, func(t *testing.T) {
		p := newPair(t, fault.New(1), fault.Out)
		requireWrite(t, p.wrapped, text(memBuffer))
		took, err := startClose(p.wrapped).Returned(t)
		require.NoError(t, err)
		require.Zero(t, took)
		requireRead(t, p.peer, text(memBuffer))
		requireEOF(t, p.peer)
	})
}

func TestCloseWaitsForWhatIsUnderWay(t *testing.T) {
	bubble.Run(t, func(t *testing.T) {
		p := newPair(t, fault.New(1), fault.Out)
		p.Latency(fault.Out, time.Minute, 0)
		begin := time.Now()
		requireWrite(t, p.wrapped, "late")
		bubble.Advance(t, time.Second)
		p.Latency(fault.Out, time.Second, 0)
		requireWrite(t, p.wrapped, " indeed")
		first, second := startClose(p.wrapped), startClose(p.wrapped)
		requireRead(t, p.peer, "late indeed")
		require.Equal(t, time.Minute, time.Since(begin))
		requireEOF(t, p.peer)
		require.Equal(t, time.Minute, time.Since(begin))
		for _, c := range []*bubble.Call[time.Duration]{first, second} {
			took, err := c.Returned(t)
			require.NoError(t, err)
			require.Equal(t, time.Minute-time.Second, took)
		}
	})
}

func TestCloseWithoutBytesUnderWayIsAtOnce(t *testing.T) {
	bubble.Run(t, func(t *testing.T) {
		p := newPair(t, fault.New(1), fault.Out)
		p.Latency(fault.Both, time.Minute, 0)
		_, err := startClose(p.wrapped).Returned(t)
		require.NoError(t, err)
		requireEOF(t, p.peer)
	})
}

func TestCloseWaitsForAPeerThatReads(t *testing.T) {
	bubble.Run(t, func(t *testing.T) {
		p := newPair(t, fault.New(1), fault.Out)
		requireWrite(t, p.wrapped, text(bufferSize))
		closing := startClose(p.wrapped)
		closing.Blocked(t)
		requireRead(t, p.peer, text(bufferSize))
		took, err := closing.Returned(t)
		require.NoError(t, err)
		require.Zero(t, took)
	})
}

func TestCloseGivesUpAPeerThatDoesNotRead(t *testing.T) {
	bubble.Run(t, func(t *testing.T) {
		p := newPair(t, fault.New(1), fault.Out)
		p.Latency(fault.Out, time.Minute, 0)
		requireWrite(t, p.wrapped, text(memBuffer+1))
		took, err := startClose(p.wrapped).Wait()
		require.NoError(t, err)
		require.Equal(t, time.Minute+linger, took)
		requireRead(t, p.peer, text(memBuffer))
		requireEOF(t, p.peer)
	})
}

func TestCloseLosesWhatIsHeld(t *testing.T) {
	for name, hold := range map[string]func(*fault.Faults, fault.Direction){
		"stalled": (*fault.Faults).Stall, "partitioned": (*fault.Faults).Partition,
	} {
		t.Run(name, func(t *testing.T) {
			eachWay(t, func(t *testing.T, p *pair) {
				hold(p.Faults, p.dir)
				requireWrite(t, p.from, "lost")
				startRead(p.peer).Blocked(t)
				_, err := startClose(p.wrapped).Returned(t)
				require.NoError(t, err)
				require.Equal(t, fault.Stats{Connections: 1, Lost: 4}, p.Stats())
				p.Heal()
				require.Zero(t, p.Stats().Resets)
			})
		})
	}
}

func TestStallEndsAWaitingClose(t *testing.T) {
	bubble.Run(t, func(t *testing.T) {
		p := newPair(t, fault.New(1), fault.Out)
		p.Latency(fault.Out, time.Minute, 0)
		requireWrite(t, p.wrapped, "lost")
		closing := startClose(p.wrapped)
		closing.Blocked(t)
		p.Stall(fault.Out)
		_, err := closing.Returned(t)
		require.NoError(t, err)
		requireEOF(t, p.peer)
		require.EqualValues(t, 4, p.Stats().Lost)
	})
}

func TestCloseWriteEndsOneDirectionAfterItsBytes(t *testing.T) {
	bubble.Run(t, func(t *testing.T) {
		p := newPair(t, fault.New(1), fault.Out)
		p.Latency(fault.Out, time.Second, 0)
		requireWrite(t, p.wrapped, "last")
		require.NoError(t, p.wrapped.(closeWriter).CloseWrite())
		require.NoError(t, p.wrapped.(closeWriter).CloseWrite())
		_, err := p.wrapped.Write([]byte("x"))
		requireOpError(t, err, "write", p.wrapped, net.ErrClosed)
		requireRead(t, p.peer, "last")
		requireEOF(t, p.peer)
		requirePasses(t, p.back())
		_, err = startClose(p.wrapped).Returned(t)
		require.NoError(t, err)
	})
}

func TestCloseAfterCloseWriteWaitsNoLongerThanForTheBytes(t *testing.T) {
	bubble.Run(t, func(t *testing.T) {
		p := newPair(t, fault.New(1), fault.Out)
		requireWrite(t, p.wrapped, "last")
		p.Latency(fault.Out, time.Hour, 0)
		require.NoError(t, p.wrapped.(closeWriter).CloseWrite())
		_, err := startClose(p.wrapped).Returned(t)
		require.NoError(t, err)
		requireRead(t, p.peer, "last")
		requireEOF(t, p.peer)
	})
}

func TestCloseWriteOfAResetConnectionFails(t *testing.T) {
	bubble.Run(t, func(t *testing.T) {
		p := newPair(t, fault.New(1), fault.Out)
		p.Reset()
		requireOpError(t, p.wrapped.(closeWriter).CloseWrite(), "close", p.wrapped, syscall.ECONNRESET)
	})
}

func TestPeerThatClosesIsSeenAfterItsBytes(t *testing.T) {
	bubble.Run(t, func(t *testing.T) {
		p := newPair(t, fault.New(1), fault.In)
		requireWrite(t, p.peer, "bye")
		require.NoError(t, p.peer.Close())
		requireRead(t, p.wrapped, "bye")
		requireEOF(t, p.wrapped)
		requireEOF(t, p.wrapped)
		requireWrite(t, p.wrapped, text(100000)) // they are on their way
		synctest.Wait()
		_, err := p.wrapped.Write([]byte("x"))
		require.ErrorIs(t, err, syscall.EPIPE)
		p.Reset()
		require.Zero(t, p.Stats().Lost, "no fault of ours")
		require.NoError(t, p.wrapped.Close())
	})
}

func TestCloseGivesTheErrorOfTheConnectionUnderneath(t *testing.T) {
	bubble.Run(t, func(t *testing.T) {
		near, far := mem.Pipe()
		defer func() { _ = far.Close() }()
		broken := errors.New("does not close well")
		c := fault.New(1).Conn(closeError{near, broken})
		require.Equal(t, broken, c.Close())
		require.Equal(t, broken, c.Close())
	})
}

func TestCloseWaitsForItsGoroutines(t *testing.T) {
	bubble.Run(t, func(t *testing.T) {
		near, far := mem.Pipe()
		defer func() { _ = far.Close() }()
		c := fault.New(1).Conn(slowRead{near, t})
		startRead(c).Blocked(t)
		took, err := startClose(c).Wait()
		require.NoError(t, err)
		require.Equal(t, time.Second, took)
	})
}

// slowRead is a connection whose Read takes its time to fail.
type slowRead struct {
	net.Conn
	t *testing.T
}

func (c slowRead) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	bubble.Advance(c.t, time.Second)
	return n, err
}

type closeError struct {
	net.Conn
	err error
}

func (c closeError) Close() error {
	_ = c.Conn.Close()
	return c.err
}

// net.Pipe has no buffer, no CloseWrite and errors of another kind.
func TestConnectionWithoutCloseWriteHasNone(t *testing.T) {
	bubble.Run(t, func(t *testing.T) {
		near, far := net.Pipe()
		p := pairOver(t, fault.New(1), fault.Out, fault.New(1).Conn(near), far)
		_, ok := p.wrapped.(closeWriter)
		require.False(t, ok)
		requirePasses(t, p)
		requirePasses(t, p.back())
		reading := startRead(p.wrapped)
		require.NoError(t, near.Close())
		_, err := reading.Returned(t)
		requireOpError(t, err, "read", p.wrapped, io.ErrClosedPipe)
		requireWrite(t, p.wrapped, "it is on its way")
		synctest.Wait()
		_, err = p.wrapped.Write([]byte("x"))
		requireOpError(t, err, "write", p.wrapped, io.ErrClosedPipe)
	})
}

func TestEmptyCallsDoNotWait(t *testing.T) {
	bubble.Run(t, func(t *testing.T) {
		p := newPair(t, fault.New(1), fault.Out)
		p.Stall(fault.Both)
		requireWrite(t, p.wrapped, text(bufferSize))
		n, err := p.wrapped.Read(nil)
		require.NoError(t, err)
		require.Zero(t, n)
		n, err = p.wrapped.Write(nil)
		require.NoError(t, err)
		require.Zero(t, n)
	})
}
