package mem_test

import (
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/gofpnn/gofpnn/transport/mem"
)

// bufferSize is the documented buffer of one direction.
const bufferSize = 64 << 10

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// inBubble runs f in a synctest bubble of its own, next to the other tests.
func inBubble(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, f)
}

// advance lets the clock of a synctest bubble run. Bubbles begin in 2000: a real
// clock is not waited for.
func advance(t *testing.T, d time.Duration) {
	t.Helper()
	require.Less(t, time.Now().Year(), 2020, "not in a bubble")
	time.Sleep(d) //nolint:forbidigo // of the bubble's clock
}

// pipe is [mem.Pipe] with both ends closed when the test ends.
func pipe(tb testing.TB) (a, b *mem.Conn) {
	tb.Helper()
	a, b = mem.Pipe()
	tb.Cleanup(func() { _, _ = a.Close(), b.Close() })
	return a, b
}

func listen(tb testing.TB, n *mem.Network, address string) net.Listener {
	tb.Helper()
	l, err := n.Listen(address)
	require.NoError(tb, err)
	tb.Cleanup(func() { _ = l.Close() })
	return l
}

func dial(tb testing.TB, n *mem.Network, address string) net.Conn {
	tb.Helper()
	c, err := n.DialContext(tb.Context(), "mem", address)
	require.NoError(tb, err)
	tb.Cleanup(func() { _ = c.Close() })
	return c
}

func accept(tb testing.TB, l net.Listener) net.Conn {
	tb.Helper()
	c, err := l.Accept()
	require.NoError(tb, err)
	tb.Cleanup(func() { _ = c.Close() })
	return c
}

// call is a function at work in another goroutine.
type call[T any] struct {
	done  chan struct{}
	value T
	err   error
}

func start[T any](f func() (T, error)) *call[T] {
	c := &call[T]{done: make(chan struct{})}
	go func() {
		defer close(c.done)
		c.value, c.err = f()
	}()
	return c
}

func startRead(c net.Conn) *call[int] {
	return start(func() (int, error) { return c.Read(make([]byte, 16)) })
}

func startWrite(c net.Conn, size int) *call[int] {
	return start(func() (int, error) { return c.Write(make([]byte, size)) })
}

// blocked holds that the call has not returned and waits for something else
// than the clock. It is for bubbles only.
func (c *call[T]) blocked(t *testing.T) {
	t.Helper()
	synctest.Wait()
	select {
	case <-c.done:
		require.FailNow(t, "returned", "value %v, error %v", c.value, c.err)
	default:
	}
}

// returned holds that the call returns without any time passing. It is for
// bubbles only.
func (c *call[T]) returned(t *testing.T) (T, error) {
	t.Helper()
	synctest.Wait()
	select {
	case <-c.done:
	default:
		require.FailNow(t, "still blocked")
	}
	return c.value, c.err
}

// wait returns what the call does, however long it takes.
func (c *call[T]) wait() (T, error) {
	<-c.done
	return c.value, c.err
}

// requireOpError holds that err is the error of op on c, because of cause.
func requireOpError(tb testing.TB, err error, op string, c net.Conn, cause error) {
	tb.Helper()
	require.ErrorIs(tb, err, cause)
	want := &net.OpError{Op: op, Net: "mem", Source: c.LocalAddr(), Addr: c.RemoteAddr(), Err: cause}
	require.Equal(tb, want, err)
}

// requireTimeout holds that err is op's deadline on c.
func requireTimeout(tb testing.TB, err error, op string, c net.Conn, cause error) {
	tb.Helper()
	requireOpError(tb, err, op, c, cause)
	var netErr net.Error
	require.ErrorAs(tb, err, &netErr)
	require.True(tb, netErr.Timeout())
}

// requireRead holds that exactly want comes next.
func requireRead(tb testing.TB, c net.Conn, want string) {
	tb.Helper()
	got := make([]byte, len(want))
	_, err := io.ReadFull(c, got)
	require.NoError(tb, err)
	if len(want) < 100 {
		require.Equal(tb, want, string(got))
	}
	require.True(tb, want == string(got), "other bytes, too many to print")
}

func requireWrite(tb testing.TB, c net.Conn, what string) {
	tb.Helper()
	n, err := c.Write([]byte(what))
	require.NoError(tb, err)
	require.Equal(tb, len(what), n)
}

// fill makes c's buffer full.
func fill(tb testing.TB, c net.Conn) {
	tb.Helper()
	n, err := c.Write(make([]byte, bufferSize))
	require.NoError(tb, err)
	require.Equal(tb, bufferSize, n)
}
