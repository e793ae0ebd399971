package httpgate_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/fpnn/httpgate"
)

// slowGate is a gate with a method "slow" that waits for release.
func slowGate(t *testing.T, c httpgate.Config) (g *gate, release chan struct{}) {
	t.Helper()
	release = make(chan struct{})
	mux := methods()
	mux.Handle("slow", handler(func(ctx context.Context, _ *fpnn.Quest) (any, error) {
		select {
		case <-release:
		case <-ctx.Done():
		}
		return nil, nil
	}))
	return newGate(t, mux, c, fpnn.WithIdleTimeout(0)), release
}

func TestConnectionLongestWithoutAQuestMakesRoom(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		g, release := slowGate(t, httpgate.Config{MaxHTTP: 3})
		first, again, busy := g.raw(t), g.raw(t), g.raw(t)
		for _, c := range []raw{first, again, first, again} {
			c.write(t, post("echo", "{}"))
			require.Equal(t, 200, c.response(t).StatusCode)
			synctest.Wait() // the client has its answer before the gate counts it as waiting
		}
		busy.write(t, post("slow", "{}"))
		synctest.Wait()
		require.Equal(t, httpgate.Stats{HTTP: 3, Bodies: 512}, g.l.Stats())

		reading := g.raw(t)
		reading.write(t, post("echo", "{}")[:50])
		first.requireEOF(t)
		again.write(t, post("echo", "{}"))
		require.Equal(t, 200, again.response(t).StatusCode)
		synctest.Wait()
		fresh := g.raw(t)
		fresh.write(t, post("echo", "{}"))
		reading.requireEOF(t)
		require.Equal(t, 200, fresh.response(t).StatusCode)
		require.Equal(t, httpgate.Stats{HTTP: 3, Bodies: 512, TooMany: 2}, g.l.Stats())

		// When all have a quest under way, the new one has to go.
		again.write(t, post("slow", "{}"))
		fresh.write(t, post("slow", "{}"))
		synctest.Wait()
		last := g.raw(t)
		last.write(t, post("echo", "{}"))
		last.requireEOF(t)
		require.Equal(t, httpgate.Stats{HTTP: 3, Bodies: 3 * 512, TooMany: 3}, g.l.Stats())
		close(release)
		for _, c := range []raw{busy, again, fresh} {
			require.Equal(t, 200, c.response(t).StatusCode)
		}
		require.Equal(t, httpgate.Stats{HTTP: 3, TooMany: 3}, g.l.Stats())
	})
}

func TestWebSocketsAreNoHTTPConnections(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		g, _ := slowGate(t, httpgate.Config{MaxHTTP: 1})
		for range 3 {
			_, err := g.fpnnOverWS(t).Call(t.Context(), "echo", nil)
			require.NoError(t, err)
		}
		c := g.raw(t)
		c.write(t, post("echo", "{}"))
		require.Equal(t, 200, c.response(t).StatusCode)
		require.Equal(t, httpgate.Stats{HTTP: 1}, g.l.Stats())
		require.Equal(t, 4, g.Stats().Connections)
	})
}

func TestBodiesTogetherHaveABound(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		g, release := slowGate(t, httpgate.Config{MaxBodies: 8 << 10})
		large := `{"text":"` + strings.Repeat("x", 4000) + `"}`
		held, slow, claims, other := g.raw(t), g.raw(t), g.raw(t), g.raw(t)
		held.write(t, post("slow", large)) // while its quest is under way
		synctest.Wait()
		require.EqualValues(t, 4096, g.l.Stats().Bodies)
		slow.write(t, post("echo", large)[:600]) // while it comes
		claims.write(t, "POST /service/echo HTTP/1.1\r\nHost: g\r\nContent-Length: 8000000\r\n\r\n{")
		synctest.Wait()
		require.EqualValues(t, 4096+1024+512, g.l.Stats().Bodies, "what is only claimed does not count")

		other.write(t, post("echo", large))
		a := other.response(t)
		require.Equal(t, http.StatusServiceUnavailable, a.StatusCode)
		require.Equal(t, `{"code":20011, "ex":"too many quests at a time"}`, a.body)
		stats := g.l.Stats()
		require.EqualValues(t, 1, stats.Refused)
		require.EqualValues(t, 4096+1024+512, stats.Bodies, "what had come of it is given back")
		other.write(t, post("echo", "{}"))
		require.Equal(t, "{}", other.response(t).body, "there is room for a smaller one")

		require.NoError(t, claims.Close())
		close(release)
		require.Equal(t, 200, held.response(t).StatusCode)
		slow.write(t, post("echo", large)[600:])
		require.Equal(t, large, slow.response(t).body)
		advance(t, time.Second) // net/http lingers on the one that was closed
		require.Equal(t, httpgate.Stats{HTTP: 3, Refused: 1}, g.l.Stats())
	})
}

// elsewhere is a listener of connections whose peers are at an address.
type elsewhere struct {
	net.Listener
	peer net.Addr
}

type elsewhereConn struct {
	net.Conn
	peer net.Addr
}

func (l elsewhere) Accept() (net.Conn, error) {
	nc, err := l.Listener.Accept()
	return elsewhereConn{nc, l.peer}, err
}

func (c elsewhereConn) RemoteAddr() net.Addr { return c.peer }

func TestConnectionsTheServerDoesNotServeAreToldSo(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		opt    fpnn.ServerOption
		taken  int // connections before
		status int
		body   string
		count  func(s fpnn.ServerStats) int64
	}{
		"not allowed": {
			fpnn.WithAllowedPeers(netip.MustParsePrefix("10.0.0.0/8")), 0, http.StatusForbidden,
			`{"code":20013, "ex":"peer is not allowed"}`, func(s fpnn.ServerStats) int64 { return s.NotAllowed },
		},
		"too many": {
			fpnn.WithMaxConns(1), 1, http.StatusServiceUnavailable,
			`{"code":20011, "ex":"too many connections"}`, func(s fpnn.ServerStats) int64 { return s.TooMany },
		},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				g := &gate{served: make(chan error, 1)}
				l, err := g.network.Listen(address)
				require.NoError(t, err)
				g.l = httpgate.NewListener(elsewhere{l, net.TCPAddrFromAddrPort(netip.MustParseAddrPort("192.0.2.1:9"))}, httpgate.Config{})
				g.Server = serve(t, g.l, methods(), g.served, tt.opt)
				for range tt.taken {
					require.NoError(t, g.fpnn(t).Connect(t.Context()))
					synctest.Wait()
				}
				advance(t, httpgate.DefaultSniffTimeout+time.Second) // it has said nothing
				for n := range 3 {
					c := g.raw(t)
					c.write(t, post("echo", "{}"))
					a := c.response(t)
					require.Equal(t, tt.status, a.StatusCode)
					require.Equal(t, tt.body, a.body)
					c.requireEOF(t)
					require.EqualValues(t, n+1, tt.count(g.Stats()))
				}
			})
		})
	}
}

// WebSockets that are turned away, and whose clients do not answer the close
// frame, keep nobody waiting.
func TestWebSocketsTurnedAwayHoldUpNobody(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		g := newGate(t, methods(), httpgate.Config{}, fpnn.WithMaxConns(1))
		only := g.fpnn(t)
		require.NoError(t, echo(t, only))
		for range 10 {
			c := g.raw(t)
			c.write(t, upgrade)
			require.Equal(t, http.StatusSwitchingProtocols, c.head(t).StatusCode)
		}
		synctest.Wait()
		require.EqualValues(t, 10, g.Stats().TooMany)
		begin := time.Now()
		require.NoError(t, only.Close())
		synctest.Wait()
		require.NoError(t, echo(t, g.fpnn(t)))
		require.Equal(t, begin, time.Now())
	})
}

func echo(t *testing.T, c *fpnn.Client) error {
	t.Helper()
	_, err := c.Call(t.Context(), "echo", nil)
	return err
}

// upgrade asks for a WebSocket.
var upgrade = fmt.Sprintf("GET /service/x HTTP/1.1\r\nHost: g\r\nUpgrade: websocket\r\nConnection: upgrade\r\n"+
	"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %s\r\n\r\n", "dGhlIHNhbXBsZSBub25jZQ==")
