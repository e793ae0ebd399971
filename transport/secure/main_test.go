package secure_test

import (
	"errors"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/gofpnn/gofpnn/fpnn/frame"
	"github.com/gofpnn/gofpnn/transport/internal/bubble"
	"github.com/gofpnn/gofpnn/transport/mem"
	"github.com/gofpnn/gofpnn/transport/secure"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func startRead(c net.Conn) *bubble.Call[string] {
	return bubble.Start(func() (string, error) {
		b := make([]byte, 1024)
		n, err := c.Read(b)
		return string(b[:n]), err
	})
}

func startWrite(c net.Conn, what string) *bubble.Call[int] {
	return bubble.Start(func() (int, error) { return c.Write([]byte(what)) })
}

// pipe is [mem.Pipe] with both ends closed when the test ends.
func pipe(tb testing.TB) (near, far net.Conn) {
	tb.Helper()
	a, b := mem.Pipe()
	tb.Cleanup(func() { _, _ = a.Close(), b.Close() })
	return a, b
}

// keyPair is one key for all tests.
var keyPair = sync.OnceValue(func() *secure.PrivateKey {
	k, err := secure.GenerateKey(secure.Secp256r1)
	if err != nil {
		panic(err)
	}
	return k
})

func newServer(tb testing.TB, nc net.Conn) *secure.Conn {
	tb.Helper()
	c, err := secure.Server(nc, secure.ServerConfig{Key: keyPair()})
	require.NoError(tb, err)
	return c
}

func newClient(tb testing.TB, nc net.Conn) *secure.Conn {
	tb.Helper()
	c, err := secure.Client(tb.Context(), nc, secure.ClientConfig{Key: keyPair().Public()})
	require.NoError(tb, err)
	return c
}

// quest is a oneway quest package.
func quest(tb testing.TB, method string) string {
	tb.Helper()
	b, err := frame.AppendQuest(nil, frame.Version, frame.MsgPack, frame.Oneway, method)
	require.NoError(tb, err)
	b = append(b, 0x80)
	require.NoError(tb, frame.Finish(b, 1024))
	return string(b)
}

// requireRead holds that exactly want comes next, however long it takes.
func requireRead(tb testing.TB, c net.Conn, want string) {
	tb.Helper()
	got := make([]byte, len(want))
	_, err := io.ReadFull(c, got)
	require.NoError(tb, err)
	require.Equal(tb, want, string(got))
}

func requireWrite(tb testing.TB, c net.Conn, what string) {
	tb.Helper()
	n, err := c.Write([]byte(what))
	require.NoError(tb, err)
	require.Equal(tb, len(what), n)
}

// requireFailed holds that err is the final error of a handshake, because of
// cause.
func requireFailed(tb testing.TB, err, cause error) {
	tb.Helper()
	var final *secure.Error
	require.ErrorAs(tb, err, &final)
	require.Equal(tb, "handshake", final.Op)
	require.ErrorIs(tb, err, cause)
}

// noDeadlines is a connection that has none.
type noDeadlines struct{ net.Conn }

func (noDeadlines) SetDeadline(time.Time) error      { return errors.ErrUnsupported }
func (noDeadlines) SetReadDeadline(time.Time) error  { return errors.ErrUnsupported }
func (noDeadlines) SetWriteDeadline(time.Time) error { return errors.ErrUnsupported }

// in is the time d from now.
func in(d time.Duration) time.Time { return time.Now().Add(d) }
