package fault

import (
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/transport/internal/bubble"
	"github.com/gofpnn/gofpnn/transport/mem"
)

// straight runs f in a bubble with a connection whose calls go straight to one in
// memory, which has a buffer of 64 KiB, and with the peer.
func straight(t *testing.T, f func(t *testing.T, faults *Faults, c, peer net.Conn)) {
	t.Helper()
	bubble.Run(t, func(t *testing.T) {
		near, far := mem.Pipe()
		faults := New(1)
		c := halfConn{newConn(faults, near, true)}
		defer func() { _, _ = c.Close(), far.Close() }()
		f(t, faults, c, far)
	})
}

func reading(c net.Conn, size int) *bubble.Call[string] {
	return bubble.Start(func() (string, error) {
		b := make([]byte, size)
		n, err := io.ReadFull(c, b)
		return string(b[:n]), err
	})
}

func writing(c net.Conn, what string) *bubble.Call[int] {
	return bubble.Start(func() (int, error) { return c.Write([]byte(what)) })
}

func requireOp(t *testing.T, err error, op string, c net.Conn, cause error) {
	t.Helper()
	require.Equal(t, &net.OpError{Op: op, Net: "mem", Source: c.LocalAddr(), Addr: c.RemoteAddr(), Err: cause}, err)
}

func TestGoroutinesBeginWithFaults(t *testing.T) {
	bubble.Run(t, func(t *testing.T) {
		near, far := mem.Pipe()
		f := New(1)
		c := newConn(f, near, true)
		got := reading(far, 5)
		_, err := c.Write([]byte("hello"))
		require.NoError(t, err)
		_, err = got.Returned(t)
		require.NoError(t, err)
		goroutines := func() [2]bool { return [2]bool{c.in.launched, c.out.launched} }
		require.Equal(t, [2]bool{}, goroutines())
		f.Resume(Both)
		f.Latency(Both, 0, 0)
		require.Equal(t, [2]bool{}, goroutines(), "no faults")
		f.Latency(In, time.Second, 0)
		require.Equal(t, [2]bool{true, false}, goroutines(), "of the direction")
		f.Stall(Out)
		require.Equal(t, [2]bool{true, true}, goroutines())

		late, peer := mem.Pipe()
		again := newConn(f, late, true)
		require.True(t, again.in.launched && again.out.launched, "faults there are already")
		for _, end := range []net.Conn{c, far, again, peer} {
			require.NoError(t, end.Close())
		}
	})
}

func TestFaultCatchesWhatAReadIsWaitingFor(t *testing.T) {
	straight(t, func(t *testing.T, f *Faults, c, peer net.Conn) {
		got := reading(c, 8)
		got.Blocked(t)
		f.Stall(In)
		_, err := peer.Write([]byte("held"))
		require.NoError(t, err)
		got.Blocked(t)
		_, err = peer.Write([]byte(" too"))
		require.NoError(t, err)
		got.Blocked(t)
		f.Resume(In)
		s, err := got.Returned(t)
		require.NoError(t, err)
		require.Equal(t, "held too", s)
	})
}

// What a Write has still to write when the fault comes waits for its end, and goes
// before what others write.
func TestFaultCatchesWhatAWriteIsNotDoneWith(t *testing.T) {
	straight(t, func(t *testing.T, f *Faults, c, peer net.Conn) {
		const size = 1 << 20
		first := writing(c, strings.Repeat("a", size))
		first.Blocked(t)
		second := writing(c, "b")
		second.Blocked(t)
		f.Stall(Out)
		var got string
		for {
			require.NoError(t, peer.SetReadDeadline(time.Now().Add(time.Second)))
			b := make([]byte, size)
			n, err := peer.Read(b)
			got += string(b[:n])
			if err != nil {
				require.ErrorIs(t, err, os.ErrDeadlineExceeded)
				break
			}
		}
		require.LessOrEqual(t, len(got), 64<<10+chunk, "what was in the buffer underneath, and on its way there")
		n, err := first.Returned(t)
		require.NoError(t, err)
		require.Equal(t, size, n)
		require.NoError(t, peer.SetReadDeadline(time.Time{}))
		rest := reading(peer, size+1-len(got))
		rest.Blocked(t)
		f.Resume(Out)
		s, err := rest.Returned(t)
		require.NoError(t, err)
		require.True(t, strings.Repeat("a", size)+"b" == got+s)
		_, err = second.Returned(t)
		require.NoError(t, err)
	})
}

// More is left than a line holds.
func TestFaultCatchesAWriteLargerThanALine(t *testing.T) {
	straight(t, func(t *testing.T, f *Faults, c, peer net.Conn) {
		const size = 3 * bufferSize
		written := writing(c, strings.Repeat("a", size))
		written.Blocked(t)
		f.Latency(Out, time.Second, 0)
		s, err := reading(peer, size).Wait()
		require.NoError(t, err)
		require.True(t, strings.Repeat("a", size) == s)
		_, err = written.Returned(t)
		require.NoError(t, err)
	})
}

func TestWritesStayWholeWhenFaultsBegin(t *testing.T) {
	straight(t, func(t *testing.T, f *Faults, c, peer net.Conn) {
		const size, writes = 100_000, 20
		var writers sync.WaitGroup
		for _, letter := range []string{"a", "b", "c"} {
			writers.Go(func() {
				for range writes {
					if _, err := c.Write([]byte(strings.Repeat(letter, size))); err != nil {
						t.Error(err)
					}
				}
			})
		}
		for i := range 3 * writes {
			b := make([]byte, size)
			_, err := io.ReadFull(peer, b)
			require.NoError(t, err)
			require.Equal(t, size, strings.Count(string(b), string(b[:1])))
			if i == writes {
				f.Latency(Out, time.Millisecond, 0)
			}
		}
		writers.Wait()
	})
}

func TestStraightCallsTakeTurns(t *testing.T) {
	straight(t, func(t *testing.T, _ *Faults, c, peer net.Conn) {
		reads := []*bubble.Call[string]{reading(c, 1), reading(c, 1)}
		writes := []*bubble.Call[int]{writing(c, strings.Repeat("a", 100<<10)), writing(c, strings.Repeat("a", 100<<10))}
		reads[0].Blocked(t)
		for range reads {
			_, err := peer.Write([]byte("x"))
			require.NoError(t, err)
			synctest.Wait()
		}
		for _, call := range reads {
			s, err := call.Returned(t)
			require.NoError(t, err)
			require.Equal(t, "x", s)
		}
		_, err := reading(peer, 200<<10).Returned(t)
		require.NoError(t, err)
		for _, call := range writes {
			_, err := call.Returned(t)
			require.NoError(t, err)
		}
	})
}

// scripted is a connection with a Read of its own.
type scripted struct {
	net.Conn
	read func(b []byte) (int, error)
}

func (s scripted) Read(b []byte) (int, error) { return s.read(b) }

// The system tells of an error once.
func TestErrorOfAReadUnderWayIsKept(t *testing.T) {
	bubble.Run(t, func(t *testing.T) {
		near, far := mem.Pipe()
		f, errs := New(1), make(chan error, 2)
		c := newConn(f, scripted{near, func([]byte) (int, error) { return 0, <-errs }}, true)
		read := reading(c, 1)
		read.Blocked(t)
		f.Latency(In, time.Second, 0)
		errs <- syscall.ETIMEDOUT
		errs <- io.EOF
		_, err := read.Wait()
		requireOp(t, err, "read", c, syscall.ETIMEDOUT)
		require.NoError(t, c.Close())
		require.NoError(t, far.Close())
	})
}

// A line takes no more at once.
func TestReadUnderWayFitsInALine(t *testing.T) {
	bubble.Run(t, func(t *testing.T) {
		near, far := mem.Pipe()
		f, come := New(1), make(chan struct{})
		c := newConn(f, scripted{near, func(b []byte) (int, error) {
			<-come
			return len(b), nil
		}}, true)
		read := reading(c, 2*bufferSize)
		read.Blocked(t)
		f.Latency(In, time.Second, 0)
		close(come)
		_, err := read.Wait()
		require.NoError(t, err)
		require.NoError(t, c.Close())
		require.NoError(t, far.Close())
	})
}

// What is random goes by the position in the stream, whether the bytes before went
// through a line or not.
func TestBytesThatWentStraightCount(t *testing.T) {
	bubble.Run(t, func(t *testing.T) {
		corrupted := func(straight bool, dir Direction) string {
			near, far := mem.Pipe()
			f := New(1)
			c := newConn(f, near, straight)
			defer func() { _, _ = c.Close(), far.Close() }()
			from, to := net.Conn(c), net.Conn(far)
			if dir == In {
				from, to = to, from
			}
			const before, size = 200 << 10, 1000
			written := writing(from, strings.Repeat("a", before+size))
			_, err := reading(to, 10).Wait()
			require.NoError(t, err)
			synctest.Wait()
			f.Corrupt(dir, 100) // while most of it is still to be read
			_, err = reading(to, before-10).Wait()
			require.NoError(t, err)
			s, err := reading(to, size).Wait()
			require.NoError(t, err)
			_, err = written.Wait()
			require.NoError(t, err)
			return s
		}
		for _, dir := range []Direction{Out, In} {
			s := corrupted(false, dir)
			require.NotEqual(t, strings.Repeat("a", len(s)), s)
			require.Equal(t, s, corrupted(true, dir))
		}
	})
}

func TestResetEndsStraightCalls(t *testing.T) {
	straight(t, func(t *testing.T, f *Faults, c, peer net.Conn) {
		read, another := reading(c, 1), reading(c, 1)
		written := writing(c, strings.Repeat("a", 1<<20))
		f.Reset()
		for _, call := range []*bubble.Call[string]{read, another} {
			_, err := call.Returned(t)
			requireOp(t, err, "read", c, syscall.ECONNRESET)
		}
		n, err := written.Returned(t)
		requireOp(t, err, "write", c, syscall.ECONNRESET)
		require.Less(t, n, 1<<20)
		_, err = c.Write(nil)
		requireOp(t, err, "write", c, syscall.ECONNRESET)
	})
}

func TestCloseEndsStraightCalls(t *testing.T) {
	straight(t, func(t *testing.T, _ *Faults, c, peer net.Conn) {
		read := reading(c, 1)
		written := writing(c, strings.Repeat("a", 1<<20))
		written.Blocked(t)
		begin := time.Now()
		require.NoError(t, c.Close())
		require.Equal(t, linger, time.Since(begin), "for the peer to take what is being written")
		_, err := read.Returned(t)
		requireOp(t, err, "read", c, net.ErrClosed)
		n, err := written.Returned(t)
		requireOp(t, err, "write", c, net.ErrClosed)
		got, err := io.ReadAll(peer)
		require.NoError(t, err)
		require.Len(t, got, n)
	})
}

func TestEndOfStraightStream(t *testing.T) {
	straight(t, func(t *testing.T, f *Faults, c, peer net.Conn) {
		_, err := c.Write([]byte("question"))
		require.NoError(t, err)
		require.NoError(t, c.(closeWriter).CloseWrite())
		got, err := io.ReadAll(peer)
		require.NoError(t, err)
		require.Equal(t, "question", string(got))
		end := reading(c, 1)
		end.Blocked(t)
		f.Latency(In, time.Second, 0) // the end is late, too
		require.NoError(t, peer.Close())
		begin := time.Now()
		_, err = end.Wait()
		require.Equal(t, io.EOF, err)
		require.Equal(t, time.Second, time.Since(begin))
	})
}

func TestDeadlinesOfStraightCalls(t *testing.T) {
	straight(t, func(t *testing.T, f *Faults, c, peer net.Conn) {
		require.NoError(t, c.SetDeadline(time.Now().Add(time.Second)))
		read, another := reading(c, 1), reading(c, 1)
		written := writing(c, strings.Repeat("a", 1<<20))
		written.Blocked(t)
		later := writing(c, "b")
		later.Blocked(t)
		bubble.Advance(t, time.Second)
		for _, call := range []*bubble.Call[string]{read, another} {
			_, err := call.Returned(t)
			require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		}
		n, err := written.Returned(t)
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		require.Positive(t, n)
		none, err := later.Returned(t)
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		require.Zero(t, none)

		// They are no deadlines of the lines.
		f.Latency(Both, time.Second, 0)
		require.NoError(t, c.SetDeadline(time.Time{}))
		got := reading(peer, n+4)
		_, err = c.Write([]byte("last"))
		require.NoError(t, err)
		_, err = peer.Write([]byte("x"))
		require.NoError(t, err)
		s, err := reading(c, 1).Wait()
		require.NoError(t, err)
		require.Equal(t, "x", s)
		s, err = got.Wait()
		require.NoError(t, err)
		require.Equal(t, strings.Repeat("a", n)+"last", s)
	})
}

// A deadline that is set while a straight call is under way holds for it, also when
// the line has taken over.
func TestDeadlinesReachCallsUnderWay(t *testing.T) {
	straight(t, func(t *testing.T, f *Faults, c, peer net.Conn) {
		read, written := reading(c, 1), writing(c, strings.Repeat("a", 4<<20))
		read.Blocked(t)
		f.Stall(Both)
		require.NoError(t, c.SetDeadline(time.Now().Add(time.Second)))
		bubble.Advance(t, time.Second)
		_, err := read.Returned(t)
		requireOp(t, err, "read", c, os.ErrDeadlineExceeded)
		_, err = written.Returned(t)
		requireOp(t, err, "write", c, os.ErrDeadlineExceeded)

		require.NoError(t, c.SetDeadline(time.Time{}))
		f.Resume(Both)
		_, err = peer.Write([]byte("x"))
		require.NoError(t, err)
		s, err := reading(c, 1).Returned(t)
		require.NoError(t, err)
		require.Equal(t, "x", s)
	})
}

func TestStraightCallsDoNotAllocate(t *testing.T) {
	near, far := mem.Pipe()
	c := newConn(New(1), near, true)
	b := make([]byte, 100)
	bare := testing.AllocsPerRun(100, func() {
		_, _ = far.Write(b)
		_, _ = near.Read(b)
	})
	require.LessOrEqual(t, testing.AllocsPerRun(100, func() {
		_, _ = far.Write(b)
		_, _ = c.Read(b)
	}), bare)
	require.LessOrEqual(t, testing.AllocsPerRun(100, func() {
		_, _ = c.Write(b)
		_, _ = far.Read(b)
	}), bare)
	require.NoError(t, c.Close())
	require.NoError(t, far.Close())
}

func TestConnectionsOfTheSystemAreStraight(t *testing.T) {
	t.Parallel()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	f := New(1)
	c, err := f.Dialer(new(net.Dialer)).DialContext(t.Context(), "tcp", l.Addr().String())
	require.NoError(t, err)
	require.True(t, c.(halfConn).out.straight)
	require.True(t, c.(halfConn).in.straight)
	again := f.Conn(c).(halfConn)
	require.False(t, again.out.straight || again.in.straight, "what is no connection of the system has lines")
	require.NoError(t, again.Close())
}
