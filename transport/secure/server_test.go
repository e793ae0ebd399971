package secure_test

import (
	"errors"
	"fmt"
	"net"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/transport/internal/bubble"
	"github.com/gofpnn/gofpnn/transport/mem"
	"github.com/gofpnn/gofpnn/transport/secure"
)

// keyQuest is what a client sends first.
func keyQuest(tb testing.TB) string {
	tb.Helper()
	near, far := pipe(tb)
	newClient(tb, near)
	b := make([]byte, 1024)
	n, err := far.Read(b)
	require.NoError(tb, err)
	return string(b[:n])
}

func TestSilentPeersDoNotKeepOthersFromBeingAccepted(t *testing.T) {
	bubble.Run(t, func(t *testing.T) {
		var network mem.Network
		l, err := network.Listen("gate")
		require.NoError(t, err)
		l, err = secure.NewListener(l, secure.ServerConfig{Key: keyPair()})
		require.NoError(t, err)
		defer l.Close()
		for range 3 {
			silent, err := network.DialContext(t.Context(), "", "gate")
			require.NoError(t, err)
			defer silent.Close()
			accepted, err := bubble.Start(l.Accept).Returned(t)
			require.NoError(t, err)
			defer accepted.Close()
			startRead(accepted).Blocked(t)
		}
	})
}

// TestSlowHandshakesAreCutOff has clients that send a byte a second. The time is
// counted from their first byte: who is silent is not in anybody's way.
func TestSlowHandshakesAreCutOff(t *testing.T) {
	for name, first := range map[string]func(tb testing.TB) string{
		"key exchange": keyQuest,
		"plain quest":  func(tb testing.TB) string { return quest(tb, "work") },
		"letters":      func(testing.TB) string { return "FPNN, but not quite" },
	} {
		for _, wrap := range []func(net.Conn) net.Conn{
			func(nc net.Conn) net.Conn { return nc },
			func(nc net.Conn) net.Conn { return noDeadlines{nc} },
		} {
			t.Run(fmt.Sprintf("%s/%T", name, wrap(nil)), func(t *testing.T) {
				bubble.Run(t, func(t *testing.T) {
					near, far := pipe(t)
					c := newServer(t, wrap(near))
					reading := startRead(c)
					bubble.Advance(t, time.Hour)
					reading.Blocked(t)
					if err := c.SetReadDeadline(in(time.Minute)); err != nil {
						require.ErrorIs(t, err, errors.ErrUnsupported)
					}
					begin := time.Now()
					for _, b := range []byte(first(t)) {
						if _, err := far.Write([]byte{b}); err != nil {
							break
						}
						bubble.Advance(t, time.Second)
					}
					_, err := reading.Returned(t)
					requireFailed(t, err, secure.ErrTimeout)
					require.GreaterOrEqual(t, time.Since(begin), secure.DefaultHandshakeTimeout)
					require.Less(t, time.Since(begin), secure.DefaultHandshakeTimeout+2*time.Second)
					_, err = far.Read(make([]byte, 1))
					require.Error(t, err, "the connection is closed")
				})
			})
		}
	}
}

func TestReadDeadlineInterruptsTheHandshakeAndNoMore(t *testing.T) {
	bubble.Run(t, func(t *testing.T) {
		near, far := pipe(t)
		c := newServer(t, near)
		first := keyQuest(t)
		for _, part := range []string{"", first[:2], first[2:19], first[19:60]} {
			requireWrite(t, far, part)
			require.NoError(t, c.SetReadDeadline(in(time.Second)))
			_, err := startRead(c).Wait()
			require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		}
		require.NoError(t, c.SetReadDeadline(time.Time{}))
		requireWrite(t, far, first[60:])
		startRead(c).Blocked(t)
		require.True(t, c.Encrypted())
	})
}

// The time for the handshake runs on between reads.
func TestHandshakeTimeoutIsOfAllReadsTogether(t *testing.T) {
	bubble.Run(t, func(t *testing.T) {
		near, far := pipe(t)
		c := newServer(t, near)
		requireWrite(t, far, "F")
		for range 4 {
			require.NoError(t, c.SetReadDeadline(in(time.Second)))
			_, err := c.Read(make([]byte, 1))
			require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		}
		require.NoError(t, c.SetReadDeadline(in(time.Hour)))
		begin := time.Now()
		_, err := c.Read(make([]byte, 1))
		requireFailed(t, err, secure.ErrTimeout)
		require.Equal(t, time.Second, time.Since(begin))
	})
}

// TestDeadlinesSetBeforeTheHandshakeHoldAfterIt is what a server's idle time-out
// rests on.
func TestDeadlinesSetBeforeTheHandshakeHoldAfterIt(t *testing.T) {
	bubble.Run(t, func(t *testing.T) {
		near, far := pipe(t)
		server := newServer(t, near)
		require.NoError(t, server.SetReadDeadline(in(time.Minute)))
		reading := startRead(server)
		client := newClient(t, far)
		requireWrite(t, client, quest(t, "work"))
		got, err := reading.Returned(t)
		require.NoError(t, err)
		require.Equal(t, quest(t, "work"), got)

		begin := time.Now()
		_, err = server.Read(make([]byte, 1))
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		require.Equal(t, time.Minute, time.Since(begin))
		require.NoError(t, server.SetReadDeadline(time.Time{}))
		requireWrite(t, client, quest(t, "more"))
		requireRead(t, server, quest(t, "more"))
	})
}

func TestWhatIsNoKeyExchangePassesAsItCame(t *testing.T) {
	t.Parallel()
	for name, first := range map[string]string{
		"quest":                   quest(t, "work"),
		"method of the length":    quest(t, "work")[:12] + "*kez" + "\x80",
		"method that begins so":   quest(t, "*keys"),
		"HTTP":                    "GET / HTTP/1.1\r\n\r\n",
		"four letters":            "POST",
		"answer numbered *key":    "FPNN\x01\x80\x02\x04\x01\x00\x00\x00*key\x80",
		"kind of no package":      "FPNN\x01\x80\x03\x04\x01\x00\x00\x00",
		"flags of no package":     "FPNN\x01\x00\x01\x04\x01\x00\x00\x00",
		"quest larger than a key": quest(t, "*key")[:8] + "\xff\xff\xff\x00*kex",
		"long":                    quest(t, "work") + string(make([]byte, 10000)),
	} {
		t.Run(name, func(t *testing.T) {
			bubble.Run(t, func(t *testing.T) {
				near, far := pipe(t)
				c := newServer(t, near)
				reading := bubble.Start(func() (any, error) {
					requireRead(t, c, first)
					return nil, nil
				})
				for i := range len(first) {
					requireWrite(t, far, first[i:i+1])
				}
				_, err := reading.Returned(t)
				require.NoError(t, err)
				require.False(t, c.Encrypted())
				requireWrite(t, c, "hello")
				requireRead(t, far, "hello")
				bubble.Advance(t, time.Hour)
				requireWrite(t, far, "anything")
				requireRead(t, c, "anything")
			})
		})
	}
}

// A server that pushes to a client it has not heard of cannot know whether to
// encrypt.
func TestWriteBeforeTheFirstPackageWaitsForIt(t *testing.T) {
	t.Run("encrypted", func(t *testing.T) {
		bubble.Run(t, func(t *testing.T) {
			near, far := pipe(t)
			server := newServer(t, near)
			push := startWrite(server, quest(t, "push"))
			reading := startRead(server)
			bubble.Advance(t, time.Minute)
			push.Blocked(t)
			require.False(t, server.Encrypted())
			client := newClient(t, far)
			requireRead(t, client, quest(t, "push"))
			_, err := push.Returned(t)
			require.NoError(t, err)
			require.NoError(t, client.Close())
			_, err = reading.Wait()
			require.Error(t, err)
		})
	})
	t.Run("plain", func(t *testing.T) {
		bubble.Run(t, func(t *testing.T) {
			near, far := pipe(t)
			server := newServer(t, near)
			push := startWrite(server, "push")
			requireWrite(t, far, quest(t, "work"))
			push.Blocked(t)
			requireRead(t, server, quest(t, "work"))
			requireRead(t, far, "push")
			_, err := push.Returned(t)
			require.NoError(t, err)
		})
	})
	t.Run("refused", func(t *testing.T) {
		bubble.Run(t, func(t *testing.T) {
			near, far := pipe(t)
			server := newServer(t, near)
			push := startWrite(server, "push")
			requireWrite(t, far, quest(t, "*key"))
			_, err := server.Read(make([]byte, 1))
			requireFailed(t, err, secure.ErrOneway)
			_, err = push.Returned(t)
			requireFailed(t, err, secure.ErrOneway)
		})
	})
}

func TestWriteThatWaitsHeedsDeadlineAndClose(t *testing.T) {
	for name, set := range map[string]func(c *secure.Conn, at time.Time) error{
		"SetWriteDeadline": (*secure.Conn).SetWriteDeadline,
		"SetDeadline":      (*secure.Conn).SetDeadline,
	} {
		t.Run(name, func(t *testing.T) {
			bubble.Run(t, func(t *testing.T) {
				near, _ := pipe(t)
				c := newServer(t, near)
				require.NoError(t, set(c, in(time.Minute)))
				push := startWrite(c, "push")
				bubble.Advance(t, 59*time.Second)
				require.NoError(t, set(c, in(time.Minute)))
				bubble.Advance(t, 59*time.Second)
				push.Blocked(t)
				require.NoError(t, set(c, time.Time{}))
				bubble.Advance(t, time.Hour)
				push.Blocked(t)
				require.NoError(t, set(c, time.Now()))
				n, err := push.Returned(t)
				require.ErrorIs(t, err, os.ErrDeadlineExceeded)
				require.Zero(t, n)
			})
		})
	}
	t.Run("Close", func(t *testing.T) {
		bubble.Run(t, func(t *testing.T) {
			near, _ := pipe(t)
			c := newServer(t, near)
			push := startWrite(c, "push")
			push.Blocked(t)
			require.NoError(t, c.Close())
			_, err := push.Returned(t)
			require.ErrorIs(t, err, net.ErrClosed)
			_ = c.Close()
		})
	})
}
