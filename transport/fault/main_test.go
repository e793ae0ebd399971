package fault_test

import (
	"bytes"
	"io"
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/gofpnn/gofpnn/transport/fault"
	"github.com/gofpnn/gofpnn/transport/internal/bubble"
	"github.com/gofpnn/gofpnn/transport/mem"
)

const (
	// bufferSize is the documented buffer of a line.
	bufferSize = 1 << 20
	// memBuffer is that of one direction of the connection underneath.
	memBuffer = 64 << 10
	// linger is how long Close waits for the peer.
	linger = time.Second
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// pair is a wrapped connection and its peer, looked at in one direction.
type pair struct {
	*fault.Faults
	dir, otherDir fault.Direction
	wrapped, peer net.Conn
	from, to      net.Conn // the ends in dir
}

// newPair makes one over mem, closed when the test ends.
func newPair(tb testing.TB, f *fault.Faults, dir fault.Direction) *pair {
	tb.Helper()
	near, far := mem.Pipe()
	return pairOver(tb, f, dir, f.Conn(near), far)
}

func pairOver(tb testing.TB, f *fault.Faults, dir fault.Direction, wrapped, peer net.Conn) *pair {
	tb.Helper()
	tb.Cleanup(func() { _, _ = wrapped.Close(), peer.Close() })
	p := &pair{Faults: f, dir: dir, otherDir: fault.Both &^ dir, wrapped: wrapped, peer: peer}
	if p.from, p.to = p.wrapped, p.peer; dir == fault.In {
		p.from, p.to = p.to, p.from
	}
	return p
}

// back is the pair in its other direction.
func (p *pair) back() *pair {
	return &pair{Faults: p.Faults, dir: p.otherDir, otherDir: p.dir, wrapped: p.wrapped, peer: p.peer, from: p.to, to: p.from}
}

// eachWay runs f in a bubble for each direction.
func eachWay(t *testing.T, f func(t *testing.T, p *pair)) {
	t.Helper()
	t.Parallel()
	for name, dir := range map[string]fault.Direction{"Out": fault.Out, "In": fault.In} {
		t.Run(name, func(t *testing.T) {
			bubble.Run(t, func(t *testing.T) { f(t, newPair(t, fault.New(1), dir)) })
		})
	}
}

func startRead(c net.Conn) *bubble.Call[string] {
	return bubble.Start(func() (string, error) {
		b := make([]byte, 1024)
		n, err := c.Read(b)
		return string(b[:n]), err
	})
}

func startWrite(c net.Conn, size int) *bubble.Call[int] {
	return bubble.Start(func() (int, error) { return c.Write(make([]byte, size)) })
}

func startClose(c net.Conn) *bubble.Call[time.Duration] {
	return bubble.Start(func() (time.Duration, error) {
		begin := time.Now()
		err := c.Close()
		return time.Since(begin), err
	})
}

// requireReads holds that the call returns want without any time passing.
func requireReads(t *testing.T, c *bubble.Call[string], want string) {
	t.Helper()
	got, err := c.Returned(t)
	require.NoError(t, err)
	require.Equal(t, want, got)
}

// requireRead holds that exactly want comes next, however long it takes.
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

// requireEOF holds that nothing but the end comes.
func requireEOF(tb testing.TB, c net.Conn) {
	tb.Helper()
	n, err := c.Read(make([]byte, 16))
	require.Zero(tb, n)
	require.Equal(tb, io.EOF, err)
}

func requireWrite(tb testing.TB, c net.Conn, what string) {
	tb.Helper()
	n, err := c.Write([]byte(what))
	require.NoError(tb, err)
	require.Equal(tb, len(what), n)
}

// requirePasses holds that p's direction works at once.
func requirePasses(t *testing.T, p *pair) {
	t.Helper()
	begin := time.Now()
	requireWrite(t, p.from, "passes")
	requireRead(t, p.to, "passes")
	require.Equal(t, begin, time.Now())
}

// requireOpError holds that err is the error of op on c, because of cause.
func requireOpError(tb testing.TB, err error, op string, c net.Conn, cause error) {
	tb.Helper()
	require.ErrorIs(tb, err, cause)
	network := c.LocalAddr().Network()
	want := &net.OpError{Op: op, Net: network, Source: c.LocalAddr(), Addr: c.RemoteAddr(), Err: cause}
	require.Equal(tb, want, err)
}

// requireReset holds that c's calls fail as those of a reset connection.
func requireReset(tb testing.TB, c net.Conn) {
	tb.Helper()
	_, err := c.Read(make([]byte, 16))
	requireOpError(tb, err, "read", c, syscall.ECONNRESET)
	n, err := c.Write([]byte("x"))
	requireOpError(tb, err, "write", c, syscall.ECONNRESET)
	require.Zero(tb, n)
}

// stream is size bytes that do not repeat where it would not be seen.
func stream(size int) []byte {
	b := make([]byte, size)
	for i := range b {
		b[i] = byte(i) ^ byte(i>>8) ^ byte(i>>16)
	}
	return b
}

// text is size bytes of the alphabet.
func text(size int) string {
	return string(bytes.Repeat([]byte("abcdefghijklmnopqrstuvwxyz"), size/26+1)[:size])
}

// in is the time d from now.
func in(d time.Duration) time.Time { return time.Now().Add(d) }
