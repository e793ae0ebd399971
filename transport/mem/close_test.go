package mem_test

import (
	"errors"
	"io"
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/transport/internal/bubble"
	"github.com/gofpnn/gofpnn/transport/mem"
)

func TestOwnCallsAfterCloseFail(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		before func(a, b *mem.Conn) error
	}{
		{name: "alone", before: func(*mem.Conn, *mem.Conn) error { return nil }},
		{name: "with bytes to read", before: func(_, b *mem.Conn) error {
			_, err := b.Write([]byte("unread"))
			return err
		}},
		{name: "after the other end", before: func(_, b *mem.Conn) error { return b.Close() }},
		{name: "after its own half", before: func(a, _ *mem.Conn) error { return a.CloseWrite() }},
		{name: "past the deadline", before: func(a, _ *mem.Conn) error { return a.SetDeadline(time.Unix(1, 0)) }},
		{name: "twice", before: func(a, _ *mem.Conn) error { return a.Close() }},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			a, b := pipe(t)
			require.NoError(t, test.before(a, b))
			require.NoError(t, a.Close())
			for _, size := range []int{0, 10} {
				n, err := a.Read(make([]byte, size))
				require.Zero(t, n)
				requireOpError(t, err, "read", a, net.ErrClosed)
				n, err = a.Write(make([]byte, size))
				require.Zero(t, n)
				requireOpError(t, err, "write", a, net.ErrClosed)
			}
		})
	}
}

func TestPeerOfClosedEndReadsTheRestThenEOF(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		close func(*mem.Conn) error
	}{
		{name: "Close", close: (*mem.Conn).Close},
		{name: "CloseWrite", close: (*mem.Conn).CloseWrite},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			a, b := pipe(t)
			requireWrite(t, a, "the ")
			requireWrite(t, a, "rest")
			require.NoError(t, test.close(a))
			requireRead(t, b, "the r")
			requireRead(t, b, "est")
			for range 3 {
				n, err := b.Read(make([]byte, 10))
				require.Zero(t, n)
				require.Equal(t, io.EOF, err, "bare, as io.Reader demands")
			}
		})
	}
}

func TestPeerOfClosedEndWritesToABrokenPipe(t *testing.T) {
	t.Parallel()
	a, b := pipe(t)
	require.NoError(t, a.Close())
	for _, size := range []int{0, 1, 2 * bufferSize} {
		n, err := b.Write(make([]byte, size))
		require.Zero(t, n)
		requireOpError(t, err, "write", b, syscall.EPIPE)
	}
}

func TestCloseWriteClosesOneDirectionOnly(t *testing.T) {
	t.Parallel()
	a, b := pipe(t)
	requireWrite(t, a, "request")
	require.NoError(t, a.CloseWrite())
	require.NoError(t, a.CloseWrite(), "again")
	n, err := a.Write([]byte("more"))
	require.Zero(t, n)
	requireOpError(t, err, "write", a, net.ErrClosed)

	request, err := io.ReadAll(b)
	require.NoError(t, err)
	require.Equal(t, "request", string(request))
	requireWrite(t, b, "answer")
	require.NoError(t, b.Close())
	answer, err := io.ReadAll(a)
	require.NoError(t, err)
	require.Equal(t, "answer", string(answer))
}

// interruptions are the ways in which blocked calls of a end with a close.
var interruptions = []struct {
	name      string
	interrupt func(a, b *mem.Conn) error
	read      error // of a, bare
	write     error
}{
	{
		name: "own Close", interrupt: func(a, _ *mem.Conn) error { return a.Close() },
		read: net.ErrClosed, write: net.ErrClosed,
	},
	{
		name: "Close of the other end", interrupt: func(_, b *mem.Conn) error { return b.Close() },
		read: io.EOF, write: syscall.EPIPE,
	},
	{
		name: "own CloseWrite", interrupt: func(a, _ *mem.Conn) error { return a.CloseWrite() },
		write: net.ErrClosed,
	},
	{
		name: "CloseWrite of the other end", interrupt: func(_, b *mem.Conn) error { return b.CloseWrite() },
		read: io.EOF,
	},
}

func TestBlockedReadsReturnOnClose(t *testing.T) {
	t.Parallel()
	for _, test := range interruptions {
		t.Run(test.name, func(t *testing.T) {
			bubble.Run(t, func(t *testing.T) {
				a, b := pipe(t)
				reads := []*bubble.Call[int]{startRead(a), startRead(a)}
				for _, read := range reads {
					read.Blocked(t)
				}
				require.NoError(t, test.interrupt(a, b))
				for _, read := range reads {
					if test.read == nil {
						read.Blocked(t)
						continue
					}
					n, err := read.Returned(t)
					require.Zero(t, n)
					if errors.Is(test.read, io.EOF) {
						require.Equal(t, io.EOF, err)
						continue
					}
					requireOpError(t, err, "read", a, test.read)
				}
			})
		})
	}
}

func TestBlockedWritesReturnOnClose(t *testing.T) {
	t.Parallel()
	for _, test := range interruptions {
		t.Run(test.name, func(t *testing.T) {
			bubble.Run(t, func(t *testing.T) {
				a, b := pipe(t)
				fill(t, a)
				// The second waits for the first rather than for room.
				writes := []*bubble.Call[int]{startWrite(a, 10), startWrite(a, 10)}
				for _, write := range writes {
					write.Blocked(t)
				}
				require.NoError(t, test.interrupt(a, b))
				for _, write := range writes {
					if test.write == nil {
						write.Blocked(t)
						continue
					}
					n, err := write.Returned(t)
					require.Zero(t, n)
					requireOpError(t, err, "write", a, test.write)
				}
			})
		})
	}
}

func TestCloseOfBothEndsAtOnce(t *testing.T) {
	bubble.Run(t, func(t *testing.T) {
		for range 500 {
			a, b := mem.Pipe()
			var calls []*bubble.Call[int]
			for _, c := range []*mem.Conn{a, b} {
				calls = append(calls, startRead(c), startWrite(c, 2*bufferSize),
					bubble.Start(func() (int, error) { return 0, c.Close() }),
					bubble.Start(func() (int, error) { return 0, c.CloseWrite() }))
			}
			for _, c := range calls {
				_, err := c.Returned(t)
				if err != nil && !errors.Is(err, io.EOF) {
					require.IsType(t, (*net.OpError)(nil), err)
				}
			}
		}
	})
}
