package ws_test

import (
	"io"
	"net"
	"os"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/transport/internal/bubble"
	"github.com/gofpnn/gofpnn/transport/ws"
)

// in is the time d from now.
func in(d time.Duration) time.Time { return time.Now().Add(d) }

// requireTimeout holds that err is op's deadline.
func requireTimeout(t *testing.T, err error, op string) {
	t.Helper()
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	var opErr *net.OpError
	require.ErrorAs(t, err, &opErr)
	require.Equal(t, op, opErr.Op)
	require.True(t, opErr.Timeout())
}

func TestReadDeadline(t *testing.T) {
	t.Parallel()
	p := pkg(t, 64)
	for name, frames := range map[string][]byte{
		"idle":                    nil,
		"after a ping":            clientFrame(final|opPing, nil),
		"inside a frame's header": message(p)[:1],
		"inside a message":        message(p)[:30],
		"between fragments":       clientFrame(opBinary, p),
		"inside a ping":           clientFrame(final|opPing, p)[:8],
	} {
		t.Run(name, func(t *testing.T) {
			bubble.Run(t, func(t *testing.T) {
				c, raw := serverConn(t, ws.Upgrader{})
				require.NoError(t, c.SetReadDeadline(in(3*time.Second)))
				raw.write(t, message(p), frames)
				requireRead(t, c, p)
				begin := time.Now()
				var err error
				for err == nil {
					_, err = c.Read(make([]byte, 16))
				}
				requireTimeout(t, err, "read")
				require.Equal(t, 3*time.Second, time.Since(begin))

				require.NoError(t, c.SetReadDeadline(time.Time{}))
				raw.write(t, message(p))
				_, again := c.Read(make([]byte, 16))
				require.Equal(t, err, again, "the deadline has ended the stream")
			})
		})
	}
}

func TestReadDeadlineIsMovedWhileReading(t *testing.T) {
	bubble.Run(t, func(t *testing.T) {
		c, _ := serverConn(t, ws.Upgrader{})
		require.NoError(t, c.SetDeadline(in(time.Second)))
		reading := startRead(c)
		reading.Blocked(t)
		require.NoError(t, c.SetReadDeadline(in(time.Hour)))
		bubble.Advance(t, time.Hour-1)
		reading.Blocked(t)
		bubble.Advance(t, 1)
		_, err := reading.Wait()
		requireTimeout(t, err, "read")
	})
}

// fill has a Write of c wait for its peer.
func fill(c net.Conn, b []byte) *bubble.Call[int] {
	return bubble.Start(func() (n int, err error) {
		for err == nil {
			n, err = c.Write(b)
		}
		return n, err
	})
}

func TestWriteDeadlineCutsABlockedWriteShort(t *testing.T) {
	bubble.Run(t, func(t *testing.T) {
		c, _ := serverConn(t, ws.Upgrader{})
		begin := time.Now()
		require.NoError(t, c.SetWriteDeadline(in(3*time.Second)))
		writing := fill(c, pkg(t, 1000))
		writing.Blocked(t)
		require.NoError(t, c.SetWriteDeadline(in(time.Minute)))
		bubble.Advance(t, 4*time.Second)
		writing.Blocked(t)
		require.NoError(t, c.SetWriteDeadline(in(time.Second)))
		_, err := writing.Wait()
		requireTimeout(t, err, "write")
		require.Equal(t, 5*time.Second, time.Since(begin))
		require.NoError(t, c.SetWriteDeadline(time.Time{}))
		_, again := c.Write(pkg(t, 14))
		require.Equal(t, err, again)
		_, err = c.Read(make([]byte, 1))
		require.ErrorIs(t, err, net.ErrClosed, "frames were cut short: the connection is closed")
	})
}

func TestWriteDeadlineThatHasPassed(t *testing.T) {
	bubble.Run(t, func(t *testing.T) {
		c, raw := serverConn(t, ws.Upgrader{})
		p := pkg(t, 100)
		for _, deadline := range []time.Time{time.Now(), in(-time.Hour), in(time.Second)} {
			require.NoError(t, c.SetWriteDeadline(deadline))
			bubble.Advance(t, 2*time.Second)
			n, err := c.Write(p)
			require.Zero(t, n)
			requireTimeout(t, err, "write")
		}
		require.NoError(t, c.SetWriteDeadline(time.Time{}))
		_, err := c.Write(p)
		require.NoError(t, err, "no write was cut short")
		raw.requireFrame(t, final|opBinary, p)
	})
}

// Symptom: with the deadline of the last write on the connection underneath,
// the first ping after it ended the connection.
func TestPingIsAnsweredLongAfterAWriteDeadline(t *testing.T) {
	bubble.Run(t, func(t *testing.T) {
		c, raw := serverConn(t, ws.Upgrader{})
		reading := startRead(c)
		require.NoError(t, c.SetWriteDeadline(in(10*time.Second)))
		_, err := c.Write(pkg(t, 100))
		require.NoError(t, err)
		raw.requireFrame(t, final|opBinary, pkg(t, 100))
		bubble.Advance(t, time.Hour)
		raw.write(t, clientFrame(final|opPing, []byte("still there?")))
		raw.requireFrame(t, final|opPong, []byte("still there?"))
		reading.Blocked(t)
	})
}

// deadless is a connection without deadlines.
type deadless struct{ net.Conn }

func (deadless) SetDeadline(time.Time) error     { return os.ErrNoDeadline }
func (deadless) SetReadDeadline(time.Time) error { return os.ErrNoDeadline }

func TestTransportWithoutDeadlinesIsToldOf(t *testing.T) {
	t.Parallel()
	c := upgrade(t, new(ws.Upgrader), deadless{&scripted{r: iotest.ErrReader(io.EOF)}})
	require.ErrorIs(t, c.SetDeadline(time.Time{}), os.ErrNoDeadline)
	require.NoError(t, c.Close())
}

func TestPingMustBeCompletedAndItsAnswerTaken(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]func(t *testing.T, c *ws.Conn, raw *peer){
		"not completed": func(t *testing.T, _ *ws.Conn, raw *peer) {
			raw.write(t, clientFrame(final|opPing, []byte("half"))[:7])
		},
		"answer not taken": func(t *testing.T, c *ws.Conn, raw *peer) {
			writing := fill(c, pkg(t, 1000))
			writing.Blocked(t)
			raw.write(t, clientFrame(final|opPing, []byte("p")))
			t.Cleanup(func() { _, _ = writing.Wait() })
		},
	} {
		t.Run(name, func(t *testing.T) {
			bubble.Run(t, func(t *testing.T) {
				c, raw := serverConn(t, ws.Upgrader{})
				begin := time.Now()
				f(t, c, raw)
				_, err := c.Read(make([]byte, 1))
				var protocol *ws.ProtocolError
				require.ErrorAs(t, err, &protocol)
				require.Equal(t, 1008, protocol.Status)
				require.Equal(t, 5*time.Second, time.Since(begin))
				require.NoError(t, c.Close())
			})
		})
	}
}
