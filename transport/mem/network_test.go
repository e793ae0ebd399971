package mem_test

import (
	"context"
	"io"
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/transport"
	"github.com/gofpnn/gofpnn/transport/internal/bubble"
	"github.com/gofpnn/gofpnn/transport/mem"
)

// backlog is the documented number of connections that wait for Accept.
const backlog = 128

var _ transport.Dialer = (*mem.Network)(nil)

// requireNetworkError holds that err is the error of op on address.
func requireNetworkError(tb testing.TB, err error, op, address string, cause error) {
	tb.Helper()
	require.ErrorIs(tb, err, cause)
	require.Equal(tb, &net.OpError{Op: op, Net: "mem", Addr: mem.Addr(address), Err: cause}, err)
}

// requireReset holds that the other end closed without reading.
func requireReset(tb testing.TB, c net.Conn) {
	tb.Helper()
	n, err := c.Read(make([]byte, 1))
	require.Zero(tb, n)
	require.Equal(tb, io.EOF, err)
	_, err = c.Write([]byte("x"))
	require.ErrorIs(tb, err, syscall.EPIPE)
}

func TestDialReachesTheListenerAtItsAddress(t *testing.T) {
	t.Parallel()
	var network mem.Network
	for _, address := range []string{"a", "host:13321", ""} {
		l := listen(t, &network, address)
		if address != "" {
			require.Equal(t, mem.Addr(address), l.Addr())
		}
		client := dial(t, &network, l.Addr().String())
		server := accept(t, l)
		require.Equal(t, l.Addr(), client.RemoteAddr())
		require.Equal(t, l.Addr(), server.LocalAddr())
		require.Equal(t, client.LocalAddr(), server.RemoteAddr())
		requireWrite(t, client, "to "+address)
		requireRead(t, server, "to "+address)
		requireWrite(t, server, "from "+address)
		requireRead(t, client, "from "+address)
	}
}

func TestConnectionsAreAcceptedInOrder(t *testing.T) {
	t.Parallel()
	var network mem.Network
	l := listen(t, &network, "a")
	var clients []net.Conn
	for range 10 {
		clients = append(clients, dial(t, &network, "a"))
	}
	seen := map[string]bool{}
	for _, client := range clients {
		require.Equal(t, client.LocalAddr(), accept(t, l).RemoteAddr())
		require.False(t, seen[client.LocalAddr().String()], "each client has an address of its own")
		seen[client.LocalAddr().String()] = true
	}
}

func TestMadeUpAddressesAreFree(t *testing.T) {
	t.Parallel()
	var network, twin mem.Network
	seen := map[net.Addr]bool{}
	for range 10 { // take the names that network would make up, as its twin does
		addr := listen(t, &twin, "").Addr()
		listen(t, &network, addr.String())
		seen[addr] = true
	}
	for range 10 {
		addr := listen(t, &network, "").Addr()
		require.NotEmpty(t, addr.String())
		require.False(t, seen[addr], addr)
		seen[addr] = true
	}
}

func TestAddressInUse(t *testing.T) {
	t.Parallel()
	var network, other mem.Network
	l := listen(t, &network, "a")
	_, err := network.Listen("a")
	requireNetworkError(t, err, "listen", "a", syscall.EADDRINUSE)
	_, err = network.Listen(listen(t, &network, "").Addr().String())
	require.ErrorIs(t, err, syscall.EADDRINUSE)
	listen(t, &network, "b")
	listen(t, &other, "a") // networks share nothing

	dial(t, &network, "a")
	accept(t, l) // the failed Listen has not disturbed it
}

func TestListenerCloseFreesTheAddress(t *testing.T) {
	t.Parallel()
	var network mem.Network
	old := listen(t, &network, "a")
	require.NoError(t, old.Close())
	l := listen(t, &network, "a")
	require.NoError(t, old.Close(), "again, which is not the new one's")
	dial(t, &network, "a")
	accept(t, l)
	_, err := old.Accept()
	requireNetworkError(t, err, "accept", "a", net.ErrClosed)
}

func TestDialWithoutListenerIsRefused(t *testing.T) {
	t.Parallel()
	var network, other mem.Network
	listen(t, &other, "a")
	require.NoError(t, listen(t, &network, "closed").Close())
	for _, address := range []string{"a", "closed", ""} {
		c, err := network.DialContext(t.Context(), "tcp", address)
		require.Nil(t, c)
		requireNetworkError(t, err, "dial", address, syscall.ECONNREFUSED)
	}
}

func TestDialWithEndedContextFails(t *testing.T) {
	t.Parallel()
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	late, cancel := context.WithDeadline(t.Context(), time.Unix(1, 0))
	defer cancel()
	for _, ctx := range []context.Context{canceled, late} {
		var network mem.Network
		l := listen(t, &network, "a")
		for _, address := range []string{"a", "nobody"} {
			c, err := network.DialContext(ctx, "mem", address)
			require.Nil(t, c)
			requireNetworkError(t, err, "dial", address, ctx.Err())
		}
		require.NoError(t, l.Close())
	}
}

func TestContextEndsTheDialAndNotTheConnection(t *testing.T) {
	bubble.Run(t, func(t *testing.T) {
		var network mem.Network
		l := listen(t, &network, "a")
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		client, err := network.DialContext(ctx, "mem", "a")
		require.NoError(t, err)
		defer func() { _ = client.Close() }()
		bubble.Advance(t, time.Minute)
		requireWrite(t, client, "still")
		requireRead(t, accept(t, l), "still")
	})
}

func TestDialWaitsWhileTheBacklogIsFull(t *testing.T) {
	t.Parallel()
	// full is a listener with as many connections as fit.
	full := func(t *testing.T) (*mem.Network, net.Listener) {
		var network mem.Network
		l := listen(t, &network, "a")
		for range backlog {
			dial(t, &network, "a")
		}
		return &network, l
	}
	startDial := func(ctx context.Context, network *mem.Network) *bubble.Call[net.Conn] {
		return bubble.Start(func() (net.Conn, error) { return network.DialContext(ctx, "mem", "a") })
	}
	t.Run("for Accept", func(t *testing.T) {
		bubble.Run(t, func(t *testing.T) {
			network, l := full(t)
			dialing := startDial(t.Context(), network)
			bubble.Advance(t, time.Hour)
			dialing.Blocked(t)
			accept(t, l)
			client, err := dialing.Returned(t)
			require.NoError(t, err)
			defer func() { _ = client.Close() }()
			for range backlog - 1 {
				accept(t, l)
			}
			requireWrite(t, client, "last")
			requireRead(t, accept(t, l), "last")
		})
	})
	t.Run("until the deadline of its context", func(t *testing.T) {
		bubble.Run(t, func(t *testing.T) {
			network, l := full(t)
			begin := time.Now()
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			_, err := startDial(ctx, network).Wait()
			requireNetworkError(t, err, "dial", "a", context.DeadlineExceeded)
			var netErr net.Error
			require.ErrorAs(t, err, &netErr)
			require.True(t, netErr.Timeout())
			require.Equal(t, 5*time.Second, time.Since(begin))

			for range backlog { // and the one that gave up is not among them
				accept(t, l)
			}
			accepting := bubble.Start(l.Accept)
			accepting.Blocked(t)
			require.NoError(t, l.Close())
			_, err = accepting.Returned(t)
			require.ErrorIs(t, err, net.ErrClosed)
		})
	})
	t.Run("until it is canceled", func(t *testing.T) {
		bubble.Run(t, func(t *testing.T) {
			network, _ := full(t)
			ctx, cancel := context.WithCancel(t.Context())
			dialing := startDial(ctx, network)
			dialing.Blocked(t)
			cancel()
			_, err := dialing.Returned(t)
			requireNetworkError(t, err, "dial", "a", context.Canceled)
		})
	})
	t.Run("until the listener closes", func(t *testing.T) {
		bubble.Run(t, func(t *testing.T) {
			network, l := full(t)
			dialing := startDial(t.Context(), network)
			dialing.Blocked(t)
			require.NoError(t, l.Close())
			_, err := dialing.Returned(t)
			requireNetworkError(t, err, "dial", "a", syscall.ECONNREFUSED)
		})
	})
	t.Run("without holding up the network", func(t *testing.T) {
		bubble.Run(t, func(t *testing.T) {
			network, l := full(t)
			dialing := startDial(t.Context(), network)
			dialing.Blocked(t)
			other := listen(t, network, "b")
			dial(t, network, "b")
			accept(t, other)
			require.NoError(t, l.Close())
			_, err := dialing.Returned(t)
			require.Error(t, err)
		})
	})
}
