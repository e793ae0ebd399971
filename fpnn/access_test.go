package fpnn_test

import (
	"context"
	"io"
	"math"
	"net"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/transport"
	"github.com/gofpnn/gofpnn/transport/mem"
)

// from has a connection say that its peer is elsewhere.
type from struct {
	net.Conn
	addr net.Addr
}

func (f from) RemoteAddr() net.Addr { return f.addr }

// named is an address of another kind than TCP's.
type named string

func (named) Network() string  { return "other" }
func (n named) String() string { return string(n) }

func peerAt(addr string) net.Addr {
	if at, err := netip.ParseAddrPort(addr); err == nil {
		return net.TCPAddrFromAddrPort(at)
	}
	return named(addr)
}

// reached returns a client of srv whose address is addr, and what ServeConn says.
func reached(t *testing.T, srv *fpnn.Server, addr net.Addr) (*fpnn.Client, error) {
	t.Helper()
	near, far := mem.Pipe()
	err := srv.ServeConn(from{far, addr})
	once := fpnn.Reconnect{Min: time.Hour, Max: time.Hour, Stable: time.Hour, FailFast: true}
	c, clientErr := fpnn.NewClient([]string{"x"}, fpnn.WithReconnect(once), fpnn.WithDialer(transport.DialerFunc(
		func(context.Context, string, string) (net.Conn, error) { return near, nil })))
	require.NoError(t, clientErr)
	t.Cleanup(func() { _ = c.Close() })
	return c, err
}

func newServer(t *testing.T, opts ...fpnn.ServerOption) *fpnn.Server {
	t.Helper()
	srv, err := fpnn.NewServer(echoHandler, opts...)
	require.NoError(t, err)
	t.Cleanup(func() { _ = srv.Close() })
	return srv
}

func TestOnlyAllowedPeersAreServed(t *testing.T) {
	t.Parallel()
	srv := newServer(t, fpnn.WithAllowedPeers(
		netip.MustParsePrefix("10.1.0.0/16"), netip.MustParsePrefix("192.0.2.7/32"), netip.MustParsePrefix("2001:db8::/32")))
	refused := int64(0)
	for addr, allowed := range map[string]bool{
		"10.1.2.3:99": true, "10.2.2.3:99": false, "192.0.2.7:1": true, "192.0.2.8:1": false, "127.0.0.1:1": false,
		"[::ffff:10.1.2.3]:99": true, "[2001:db8::1]:99": true, "[2001:db9::1]:99": false, "[2001:db8::1%eth0]:9": true,
		"@": true, "": true, "a client in memory": true,
	} {
		for _, at := range []net.Addr{peerAt(addr), named(addr), nil}[:2] {
			c, err := reached(t, srv, at)
			if !allowed {
				refused++
				require.ErrorIs(t, err, fpnn.ErrNotAllowed, addr)
				require.ErrorIs(t, echoed(t.Context(), c, 1), fpnn.ErrDisconnected, addr)
				continue
			}
			require.NoError(t, err, addr)
			require.NoError(t, echoed(t.Context(), c, 1), addr)
		}
	}
	require.Equal(t, refused, srv.Stats().NotAllowed)
	_, err := reached(t, srv, nil)
	require.NoError(t, err, "no address at all")
}

// Who is not allowed does not count as one too many.
func TestPeersThatAreNotAllowedAreToldFromThoseTooMany(t *testing.T) {
	t.Parallel()
	srv := newServer(t, fpnn.WithMaxConns(1), fpnn.WithAllowedPeers(netip.MustParsePrefix("10.0.0.0/8")))
	_, err := reached(t, srv, peerAt("10.0.0.1:1"))
	require.NoError(t, err)
	_, err = reached(t, srv, peerAt("11.0.0.1:1"))
	require.ErrorIs(t, err, fpnn.ErrNotAllowed)
	_, err = reached(t, srv, peerAt("10.0.0.1:1"))
	require.ErrorIs(t, err, fpnn.ErrTooManyConns)
	stats := srv.Stats()
	require.EqualValues(t, 1, stats.NotAllowed)
	require.EqualValues(t, 1, stats.TooMany)
}

// parting is a connection whose Close waits, as that of a WebSocket does for its
// peer.
type parting struct {
	net.Conn
	told   chan error
	parted chan struct{}
}

func (p *parting) CloseWithError(reason error) error {
	p.told <- reason
	<-p.parted
	return p.Close()
}

func TestConnectionsThatAreTurnedAwayHoldUpNobody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := newServer(t, fpnn.WithMaxConns(1))
		one, err := reached(t, srv, nil)
		require.NoError(t, err)
		near, far := mem.Pipe()
		defer near.Close()
		slow := &parting{far, make(chan error, 1), make(chan struct{})}
		require.ErrorIs(t, srv.ServeConn(slow), fpnn.ErrTooManyConns)
		require.ErrorIs(t, <-slow.told, fpnn.ErrTooManyConns, "the connection gets the reason")
		require.NoError(t, echoed(t.Context(), one, 1))

		closed := make(chan struct{})
		go func() {
			_ = srv.Close()
			close(closed)
		}()
		synctest.Wait()
		select {
		case <-closed:
			require.Fail(t, "the server has not waited for it")
		default:
		}
		close(slow.parted)
		<-closed
		late := &parting{far, make(chan error, 1), slow.parted}
		require.ErrorIs(t, srv.ServeConn(late), fpnn.ErrClosed)
		require.ErrorIs(t, <-late.told, fpnn.ErrClosed)
	})
}

// A listener goes on after connections that are not served.
func TestConnectionsBeyondTheCapAreClosed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var network mem.Network
		l, err := network.Listen("gate")
		require.NoError(t, err)
		srv := newServer(t, fpnn.WithMaxConns(2))
		go srv.Serve(l)
		dial := func() *fpnn.Client { return clientOf(t, []string{"gate"}, fpnn.WithDialer(&network)) }
		one, two := dial(), dial()
		require.NoError(t, echoed(t.Context(), one, 1))
		require.NoError(t, echoed(t.Context(), two, 1))
		for n := range int64(3) {
			nc, err := network.DialContext(t.Context(), "", "gate")
			require.NoError(t, err)
			_, err = nc.Read(make([]byte, 1))
			require.ErrorIs(t, err, io.EOF)
			require.Equal(t, n+1, srv.Stats().TooMany)
			require.NoError(t, nc.Close())
		}
		require.EqualValues(t, 2, srv.Stats().Accepted)
		require.NoError(t, one.Close())
		synctest.Wait()
		require.NoError(t, echoed(t.Context(), dial(), 1), "there is a place again")
		require.NoError(t, echoed(t.Context(), two, 1))
	})
}

func TestBuiltinsForPrivateAddressesOnly(t *testing.T) {
	t.Parallel()
	for _, private := range []bool{false, true} {
		var opts []fpnn.ServerOption
		if private {
			opts = append(opts, fpnn.WithPrivateBuiltins())
		}
		srv := newServer(t, opts...)
		forbidden := int64(0)
		for addr, inside := range map[string]bool{
			"10.1.2.3:9": true, "192.168.0.1:9": true, "172.16.5.5:9": true, "127.0.0.1:9": true, "[::1]:9": true, "[fd00::1]:9": true,
			"[::ffff:10.0.0.1]:9": true, "@": true, "169.254.1.1:9": true,
			"192.0.2.7:9": false, "172.32.0.1:9": false, "[2001:db8::1]:9": false,
		} {
			c, err := reached(t, srv, peerAt(addr))
			require.NoError(t, err)
			_, err = c.Call(t.Context(), "*ping", nil)
			require.NoError(t, err, "for everybody")
			for _, method := range []string{"*infos", "*status", "*tune"} {
				var args any
				if method == "*tune" {
					args = map[string]any{"key": "k", "value": "v"}
				}
				_, err := c.Call(t.Context(), method, args)
				switch {
				case private && !inside:
					forbidden++
					require.Equal(t, fpnn.CodeCoreForbidden, fpnn.Code(err), addr)
					require.ErrorContains(t, err, "from external")
				case method == "*tune":
					require.ErrorContains(t, err, "nothing to tune", addr)
				default:
					require.NoError(t, err, addr)
				}
			}
			require.NoError(t, echoed(t.Context(), c, 1))
		}
		require.Equal(t, forbidden, srv.Stats().Forbidden)
	}
}

func TestQuestsOfOneConnectionHaveARate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := newServer(t, fpnn.WithQuestRate(10, 5), fpnn.WithIdleTimeout(0))
		c, err := reached(t, srv, nil)
		require.NoError(t, err)
		other, err := reached(t, srv, nil)
		require.NoError(t, err)
		served := func(c *fpnn.Client, n int) (ok int) {
			for range n {
				err := echoed(t.Context(), c, 1)
				if err == nil {
					ok++
					continue
				}
				require.Equal(t, fpnn.CodeCoreWorkQueueFull, fpnn.Code(err))
				require.ErrorContains(t, err, "a second")
				require.True(t, fpnn.SafeToRetry(err))
			}
			return ok
		}
		require.Equal(t, 5, served(c, 20))
		require.Equal(t, 5, served(other, 20), "each has its own")
		require.Equal(t, 0, served(c, 1))
		<-time.After(100 * time.Millisecond)
		require.Equal(t, 1, served(c, 3))
		<-time.After(time.Hour)
		require.Equal(t, 5, served(c, 20), "no more than a burst is saved")
		total := 0
		for range 100 {
			total += served(c, 3)
			<-time.After(50 * time.Millisecond)
		}
		require.InDelta(t, 50, total, 1, "in five seconds")
		served(c, 3)
		before := srv.Stats().Limited
		require.Positive(t, before)
		for range 10 {
			require.NoError(t, c.Notify(t.Context(), "echo", num(1)))
		}
		synctest.Wait()
		require.Equal(t, before+10, srv.Stats().Limited, "oneway quests are dropped")
		require.NoError(t, c.Conn().Err())
	})
}

func TestBurstMayBeAnyNumber(t *testing.T) {
	t.Parallel()
	for _, opt := range []fpnn.ServerOption{fpnn.WithQuestRate(1, math.MaxInt), fpnn.WithQuestRate(math.MaxInt, math.MaxInt)} {
		c, err := reached(t, newServer(t, opt), nil)
		require.NoError(t, err)
		for range 3 {
			require.NoError(t, echoed(t.Context(), c, 1))
		}
	}
}

func TestAccessOptionsOutOfRange(t *testing.T) {
	t.Parallel()
	for name, opt := range map[string]fpnn.ServerOption{
		"WithAllowedPeers":   fpnn.WithAllowedPeers(),
		"WithAllowedPeers(i": fpnn.WithAllowedPeers(netip.Prefix{}),
		"WithMaxConns":       fpnn.WithMaxConns(0),
		"WithQuestRate(0":    fpnn.WithQuestRate(0, 1),
		"WithQuestRate(1, 0": fpnn.WithQuestRate(1, 0),
	} {
		_, err := fpnn.NewServer(echoHandler, opt)
		require.ErrorContains(t, err, name)
	}
}
