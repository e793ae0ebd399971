package ws_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/codec"
	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/transport/internal/bubble"
	"github.com/gofpnn/gofpnn/transport/mem"
	"github.com/gofpnn/gofpnn/transport/ws"
)

// num is the payload {"n": n}.
type num int64

func (n num) AppendPayload(b []byte) ([]byte, error) {
	return codec.AppendInt(codec.AppendString(codec.AppendMapHeader(b, 1), "n"), int64(n)), nil
}

// doubler answers with twice the number, which it has its client add.
var doubler = fpnn.HandlerFunc(func(ctx context.Context, q *fpnn.Quest) (any, error) {
	n, err := q.Int64("n")
	if err != nil {
		return nil, err
	}
	answer, err := q.Conn().Call(ctx, "add", map[string]any{"n": n, "pad": make([]byte, n%5000)})
	if err != nil {
		return nil, err
	}
	sum, err := answer.Int64("n")
	return num(sum), err
})

var adder = fpnn.HandlerFunc(func(_ context.Context, q *fpnn.Quest) (any, error) {
	n, err := q.Int64("n")
	return num(2 * n), err
})

// serveFPNN serves h on l until the test ends.
func serveFPNN(tb testing.TB, l net.Listener, h fpnn.Handler, opts ...fpnn.ServerOption) *fpnn.Server {
	tb.Helper()
	srv, err := fpnn.NewServer(h, opts...)
	require.NoError(tb, err)
	served := make(chan error, 1)
	go func() { served <- srv.Serve(l) }()
	tb.Cleanup(func() {
		_ = srv.Close()
		require.ErrorIs(tb, <-served, fpnn.ErrClosed)
	})
	return srv
}

func requireDoubled(t *testing.T, c *fpnn.Client, callers, calls int) {
	t.Helper()
	var wg sync.WaitGroup
	for i := range callers {
		wg.Go(func() {
			for j := range calls {
				n := int64(i*calls + j)
				answer, err := c.Call(t.Context(), "double", num(n))
				if err != nil {
					t.Error(err)
					return
				}
				if doubled, err := answer.Int64("n"); doubled != 2*n || err != nil {
					t.Errorf("got %d for %d, error %v", doubled, n, err)
				}
			}
		})
	}
	wg.Wait()
}

func TestConcurrentCallsInBothDirections(t *testing.T) {
	t.Parallel()
	plain := func(t *testing.T) (net.Listener, string, *ws.Dialer) {
		inner, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		l := ws.NewListener(inner.Addr(), nil)
		serve(t, inner, l)
		return l, "ws://" + inner.Addr().String(), new(ws.Dialer)
	}
	secure := func(t *testing.T) (net.Listener, string, *ws.Dialer) {
		l := ws.NewListener(nil, nil)
		addr, roots := secureServer(t, l)
		return l, "wss://" + addr.String(), &ws.Dialer{TLS: &tls.Config{RootCAs: roots}}
	}
	for name, listen := range map[string]func(*testing.T) (net.Listener, string, *ws.Dialer){"ws": plain, "wss": secure} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l, endpoint, dialer := listen(t)
			serveFPNN(t, l, doubler)
			c, err := fpnn.Dial(t.Context(), endpoint, fpnn.WithDialer(dialer), fpnn.WithHandler(adder))
			require.NoError(t, err)
			defer c.Close()
			requireDoubled(t, c, 20, 50)
		})
	}
}

// A virtual hour of two clients, with keep-alive, a silent time and an outage.
func virtualHour(t *testing.T) {
	t.Helper()
	begin := time.Now()
	var network mem.Network
	inner, err := network.Listen("gate")
	require.NoError(t, err)
	l := ws.NewListener(inner.Addr(), nil)
	serve(t, inner, l)
	srv := serveFPNN(t, l, doubler)
	for range 2 {
		c, err := fpnn.Dial(t.Context(), "gate",
			fpnn.WithDialer(&ws.Dialer{Dialer: &network}), fpnn.WithHandler(adder), fpnn.WithKeepAlive(fpnn.DefaultKeepAlive))
		require.NoError(t, err)
		defer c.Close()
		requireDoubled(t, c, 3, 10)
		bubble.Advance(t, 29*time.Minute)
		requireDoubled(t, c, 3, 10)
		first := c.Conn()
		for _, conn := range srv.Conns() {
			if conn.RemoteAddr() == first.LocalAddr() {
				require.NoError(t, conn.Close())
			}
		}
		<-first.Done()
		requireDoubled(t, c, 1, 1)
		require.NotSame(t, first, c.Conn())
	}
	require.GreaterOrEqual(t, time.Since(begin), 58*time.Minute)
	require.NoError(t, srv.Shutdown(t.Context()))
}

func TestVirtualHourInManyBubbles(t *testing.T) {
	t.Parallel()
	for i := range 4 {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			for range 2 {
				synctest.Test(t, virtualHour)
			}
		})
	}
}

func TestSilentPeersAreFound(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		sent []byte
		want time.Duration
	}{
		"idle":        {nil, 45 * time.Second},
		"inside":      {message(pkg(t, 10000))[:6000], 5 * time.Second},
		"only pings":  {clientFrame(final|opPing, nil), 45 * time.Second},
		"after quest": {message(pkg(t, 100)), 45 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			bubble.Run(t, func(t *testing.T) {
				near, far := mem.Pipe()
				srv, err := fpnn.NewServer(adder, fpnn.WithIdleTimeout(40*time.Second), fpnn.WithReadTimeout(5*time.Second))
				require.NoError(t, err)
				require.NoError(t, srv.ServeConn(upgrade(t, new(ws.Upgrader), near)))
				newPeer(far).write(t, tt.sent)
				begin := time.Now()
				_, err = io.Copy(io.Discard, far)
				require.NoError(t, err)
				require.Equal(t, tt.want, time.Since(begin))
				require.NoError(t, srv.Close())
			})
		})
	}
}

func TestShutdownLetsAnswersOut(t *testing.T) {
	bubble.Run(t, func(t *testing.T) {
		var network mem.Network
		inner, err := network.Listen("gate")
		require.NoError(t, err)
		l := ws.NewListener(inner.Addr(), &ws.Upgrader{})
		serve(t, inner, http.HandlerFunc(l.ServeHTTP))
		srv := serveFPNN(t, l, fpnn.HandlerFunc(func(context.Context, *fpnn.Quest) (any, error) {
			bubble.Advance(t, 3*time.Second)
			return num(1), nil
		}))
		c, err := fpnn.Dial(t.Context(), "gate", fpnn.WithDialer(&ws.Dialer{Dialer: &network}))
		require.NoError(t, err)
		defer c.Close()
		call := bubble.Start(func() (fpnn.Answer, error) { return c.Call(t.Context(), "slow", nil) })
		call.Blocked(t)
		begin := time.Now()
		require.NoError(t, srv.Shutdown(t.Context()))
		require.Equal(t, 3*time.Second, time.Since(begin), "nobody lingers when the peer answers the close frame")
		_, err = call.Wait()
		require.NoError(t, err)
	})
}
