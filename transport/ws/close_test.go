package ws_test

import (
	"io"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/transport/internal/bubble"
	"github.com/gofpnn/gofpnn/transport/mem"
	"github.com/gofpnn/gofpnn/transport/ws"
)

func TestCloseOfEitherEndIsReadAsTheEnd(t *testing.T) {
	t.Parallel()
	for name, closes := range map[string]func(c net.Conn) error{
		"Close":      net.Conn.Close,
		"CloseWrite": func(c net.Conn) error { return c.(*ws.Conn).CloseWrite() },
	} {
		for _, side := range []string{"client", "server"} {
			t.Run(name+" by the "+side, func(t *testing.T) {
				bubble.Run(t, func(t *testing.T) {
					first, second := pair(t)
					if side == "server" {
						first, second = second, first
					}
					begin := time.Now()
					reading := startRead(first) // as fpnn always does
					_, err := first.Write(pkg(t, 100))
					require.NoError(t, err)
					closing := bubble.Start(func() (int, error) { return 0, closes(first) })
					requireRead(t, second, pkg(t, 100))
					_, err = second.Read(make([]byte, 1))
					require.Equal(t, io.EOF, err)
					_, err = closing.Wait()
					require.NoError(t, err)
					_, err = reading.Wait()
					if name == "Close" {
						require.ErrorIs(t, err, net.ErrClosed)
					} else {
						require.Equal(t, io.EOF, err)
					}
					_, err = first.Write(pkg(t, 100))
					require.ErrorIs(t, err, net.ErrClosed)
					require.NoError(t, second.Close())
					require.NoError(t, first.Close(), "again")
					require.Equal(t, begin, time.Now(), "nobody has waited in vain")
				})
			})
		}
	}
}

func TestCloseWaitsASecondForASilentPeer(t *testing.T) {
	bubble.Run(t, func(t *testing.T) {
		c, raw := serverConn(t, ws.Upgrader{})
		reading, writing := startRead(c), fill(c, pkg(t, 1000))
		reading.Blocked(t)
		writing.Blocked(t)
		begin := time.Now()
		require.NoError(t, c.Close())
		require.Equal(t, time.Second, time.Since(begin))
		for _, blocked := range []*bubble.Call[int]{reading, writing} {
			_, err := blocked.Wait()
			require.ErrorIs(t, err, net.ErrClosed)
			require.Equal(t, time.Second, time.Since(begin))
		}
		_, err := io.Copy(io.Discard, raw.nc)
		require.NoError(t, err, "the stream has ended")
	})
}

func TestCloseByBothEndsAtOnce(t *testing.T) {
	bubble.Run(t, func(t *testing.T) {
		for range 50 {
			client, server := pair(t)
			begin := time.Now()
			calls := []*bubble.Call[int]{startRead(client), startRead(server)}
			closes := []*bubble.Call[int]{
				bubble.Start(func() (int, error) { return 0, client.Close() }),
				bubble.Start(func() (int, error) { return 0, server.Close() }),
				bubble.Start(func() (int, error) { return 0, server.Close() }),
			}
			for _, c := range closes {
				_, err := c.Wait()
				require.NoError(t, err)
			}
			for _, c := range calls {
				_, err := c.Wait()
				require.Error(t, err)
			}
			require.Less(t, time.Since(begin), time.Second)
		}
	})
}

func TestPeerThatIsGoneIsNotWaitedFor(t *testing.T) {
	bubble.Run(t, func(t *testing.T) {
		c, raw := serverConn(t, ws.Upgrader{})
		require.NoError(t, raw.nc.Close())
		begin := time.Now()
		require.NoError(t, c.Close())
		require.Equal(t, begin, time.Now())
	})
}

func TestConnTellsWhatIsUnderneath(t *testing.T) {
	t.Parallel()
	near, far := mem.Pipe()
	c := upgrade(t, new(ws.Upgrader), near)
	require.Same(t, near, c.NetConn())
	require.False(t, c.Encrypted())
	require.Equal(t, near.LocalAddr(), c.LocalAddr())
	require.Equal(t, near.RemoteAddr(), c.RemoteAddr())
	require.NoError(t, far.Close())
	require.NoError(t, c.Close())
}
