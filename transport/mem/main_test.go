package mem_test

import (
	"io"
	"net"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/gofpnn/gofpnn/transport/internal/bubble"
	"github.com/gofpnn/gofpnn/transport/mem"
)

// bufferSize is the documented buffer of one direction.
const bufferSize = 64 << 10

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

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

func startRead(c net.Conn) *bubble.Call[int] {
	return bubble.Start(func() (int, error) { return c.Read(make([]byte, 16)) })
}

func startWrite(c net.Conn, size int) *bubble.Call[int] {
	return bubble.Start(func() (int, error) { return c.Write(make([]byte, size)) })
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
