package httpgate_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/fpnn/httpgate"
	"github.com/gofpnn/gofpnn/transport/ws"
)

func TestAllProtocolsOnOnePortAtTheSameTime(t *testing.T) {
	t.Parallel()
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var seen atomic.Int64
	count := func(next fpnn.Handler) fpnn.Handler {
		return handler(func(ctx context.Context, q *fpnn.Quest) (any, error) {
			seen.Add(1)
			return next.ServeQuest(ctx, q)
		})
	}
	srv := serve(t, httpgate.NewListener(inner, httpgate.Config{}), methods(), make(chan error, 1), fpnn.WithMiddleware(count))
	addr := inner.Addr().String()
	const workers, calls = 5, 40
	var g errgroup.Group
	overFPNN := func(endpoint string, opts ...fpnn.ClientOption) {
		g.Go(func() error {
			pushed := fpnn.WithHandler(handler(func(context.Context, *fpnn.Quest) (any, error) {
				return map[string]any{"me": true}, nil
			}))
			c, err := fpnn.Dial(t.Context(), endpoint, append(opts, pushed)...)
			if err != nil {
				return err
			}
			defer c.Close()
			for range calls {
				if a, err := c.Call(t.Context(), "call me", nil); err != nil || a.String() != `{"me":true}` {
					return fmt.Errorf("answer %v, error %w", a, err)
				}
			}
			return nil
		})
	}
	overHTTP := func(i int) {
		g.Go(func() error {
			client := &http.Client{Transport: &http.Transport{DisableKeepAlives: i%2 == 0}}
			defer client.CloseIdleConnections()
			for j := range calls {
				body := fmt.Sprintf(`{"n":%d}`, i*calls+j)
				a, err := client.Post("http://"+addr+"/service/echo", "text/plain", strings.NewReader(body))
				if err != nil {
					return err
				}
				got, err := io.ReadAll(a.Body)
				if _ = a.Body.Close(); err != nil || string(got) != body {
					return fmt.Errorf("got %q for %q, error %w", got, body, err)
				}
			}
			return nil
		})
	}
	for i := range workers {
		overFPNN(addr)
		overFPNN("ws://"+addr, fpnn.WithDialer(new(ws.Dialer)))
		overHTTP(i)
	}
	require.NoError(t, g.Wait())
	require.EqualValues(t, 3*workers*calls, seen.Load())
	require.EqualValues(t, 3*workers*calls, srv.Stats().Quests)
}

func TestWebSocketOnAnyPathOfOneMethod(t *testing.T) {
	t.Parallel()
	g := newGate(t, methods(), httpgate.Config{MaxPackage: 4096})
	for path, ok := range map[string]bool{"": true, "/service/any": true, "/": false, "/service/": false, "/ws": false, "/service/a/b": false} {
		c, err := (&ws.Dialer{Dialer: &g.network}).DialContext(t.Context(), "tcp", "ws://"+address+path)
		require.Equal(t, ok, err == nil, path)
		if ok {
			require.NoError(t, c.Close())
			continue
		}
		var handshake *ws.HandshakeError
		require.ErrorAs(t, err, &handshake)
		require.Equal(t, http.StatusNotFound, handshake.Status)
	}
	c := g.fpnnOverWS(t)
	_, err := c.Call(t.Context(), "echo", map[string]any{"b": make([]byte, 5000)})
	var closed *ws.CloseError
	require.ErrorAs(t, err, &closed)
	require.Equal(t, 1009, closed.Status, "the limit holds for WebSocket")
}

// The WebSocket begins where the last answer ended.
func TestConnectionIsUpgradedAfterRequests(t *testing.T) {
	t.Parallel()
	g := newGate(t, methods(), httpgate.Config{})
	c := g.raw(t)
	c.write(t, post("echo", "{}"))
	require.Equal(t, 200, c.response(t).StatusCode)
	c.write(t, "GET /service/x HTTP/1.1\r\nHost: g\r\nUpgrade: websocket\r\nConnection: upgrade\r\nSec-WebSocket-Version: 13\r\n"+
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: any\r\n\r\n"+
		"\x89\x80\x00\x00\x00\x00") // a ping right behind it
	a, err := http.ReadResponse(c.r, nil)
	require.NoError(t, err)
	require.NoError(t, a.Body.Close())
	require.Equal(t, http.StatusSwitchingProtocols, a.StatusCode)
	require.Equal(t, "any", a.Header.Get("Sec-WebSocket-Protocol"))
	require.Equal(t, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", a.Header.Get("Sec-WebSocket-Accept"))
	pong := make([]byte, 2)
	_, err = io.ReadFull(c.r, pong)
	require.NoError(t, err)
	require.Equal(t, []byte{0x8a, 0}, pong)
}

// stuckGate is a gate with a connection in every state: silent, inside a header,
// inside a body, between requests, and with a quest under way, over everything.
func stuckGate(t *testing.T, h fpnn.Handler) (g *gate, silent []raw, quests []*call[string]) {
	t.Helper()
	g = newGate(t, h, httpgate.Config{}, fpnn.WithIdleTimeout(0))
	for _, text := range []string{
		"", "P", "POST /service/slow HTTP/1.1\r\n", post("slow", "{}")[:60], post("echo", "{}"), post("slow", "{}"),
	} {
		c := g.raw(t)
		c.write(t, text)
		if text == post("echo", "{}") {
			require.Equal(t, 200, c.response(t).StatusCode)
		}
		if text != post("slow", "{}") {
			silent = append(silent, c)
			continue
		}
		quests = append(quests, start(func() (string, error) {
			a, err := http.ReadResponse(c.r, nil)
			if err != nil {
				return "", err
			}
			body, err := io.ReadAll(a.Body)
			_, end := c.r.ReadByte()
			return fmt.Sprint(a.StatusCode, " ", string(body), " ", end), err
		}))
	}
	for _, client := range []*fpnn.Client{g.fpnn(t, fpnn.WithTimeout(0)), g.fpnnOverWS(t, fpnn.WithTimeout(0))} {
		quests = append(quests, start(func() (string, error) {
			a, err := client.Call(context.Background(), "slow", nil)
			return fmt.Sprint(fpnn.Code(err), " ", a), nil
		}))
	}
	for _, q := range quests {
		q.blocked(t)
	}
	return g, silent, quests
}

func TestCloseEndsAllAtOnce(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		mux := methods()
		mux.Handle("slow", handler(func(ctx context.Context, _ *fpnn.Quest) (any, error) {
			<-ctx.Done()
			return nil, nil
		}))
		g, silent, quests := stuckGate(t, mux)
		begin := time.Now()
		require.NoError(t, g.Close())
		require.ErrorIs(t, <-g.served, fpnn.ErrClosed)
		require.Equal(t, begin, time.Now())
		for _, c := range silent {
			c.requireEOF(t)
		}
		var got []string
		for _, q := range quests {
			s, err := q.wait()
			require.NoError(t, err)
			got = append(got, s)
		}
		require.Equal(t, []string{`500 {"code":20002, "ex":"connection closed"} EOF`, `20002 {}`, `20002 {}`}, got)
		require.Equal(t, begin, time.Now())
	})
}

func TestShutdownLetsAnswersOutOverEverything(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		mux := methods()
		mux.Handle("slow", handler(func(context.Context, *fpnn.Quest) (any, error) {
			advance(t, time.Minute)
			return map[string]any{"done": true}, nil
		}))
		g, silent, quests := stuckGate(t, mux)
		begin := time.Now()
		stopping := start(func() (int, error) { return 0, g.Shutdown(t.Context()) })
		stopping.blocked(t)
		for _, c := range silent {
			c.requireEOF(t)
		}
		require.Equal(t, begin, time.Now())
		_, err := stopping.wait()
		require.NoError(t, err)
		require.Equal(t, time.Minute, time.Since(begin).Truncate(time.Second))
		var got []string
		for _, q := range quests {
			s, err := q.wait()
			require.NoError(t, err)
			got = append(got, s)
		}
		require.Equal(t, []string{`200 {"done":true} EOF`, `0 {"done":true}`, `0 {"done":true}`}, got)
	})
}

func TestCloseDoesNotWaitForClientsThatDoNotRead(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		g := newGate(t, handler(func(context.Context, *fpnn.Quest) (any, error) {
			return map[string]any{"text": strings.Repeat("x", 1<<20)}, nil
		}), httpgate.Config{})
		c := g.raw(t)
		c.write(t, post("m", "{}"))
		advance(t, 2*time.Second)
		begin := time.Now()
		require.NoError(t, g.Close())
		require.Equal(t, time.Second, time.Since(begin))
	})
}

// The same holds for an answer that comes after the gate was closed.
func TestShutdownDoesNotWaitForClientsThatDoNotRead(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		release := make(chan struct{})
		g := newGate(t, handler(func(context.Context, *fpnn.Quest) (any, error) {
			<-release
			return map[string]any{"text": strings.Repeat("x", 1<<20)}, nil
		}), httpgate.Config{})
		g.raw(t).write(t, post("m", "{}"))
		synctest.Wait()
		stopping := start(func() (int, error) { return 0, g.Shutdown(t.Context()) })
		stopping.blocked(t)
		begin := time.Now()
		close(release)
		_, err := stopping.wait()
		require.NoError(t, err)
		require.Equal(t, time.Second, time.Since(begin).Truncate(time.Second))
	})
}

func TestClosedListenerRefusesAndWaits(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		l, dial := accepted(t, httpgate.Config{})
		require.Equal(t, address, l.Addr().String())
		c := dial()
		_, err := io.WriteString(c, post("m", "{}"))
		require.NoError(t, err)
		far, err := l.Accept() // the pipe of the quest
		require.NoError(t, err)
		require.NoError(t, l.Close())
		require.ErrorIs(t, l.Close(), net.ErrClosed)
		accepting := start(l.Accept)
		accepting.blocked(t)
		require.NoError(t, far.Close())
		_, err = accepting.wait()
		require.ErrorIs(t, err, net.ErrClosed)
		got, err := io.ReadAll(c)
		require.NoError(t, err)
		require.Contains(t, string(got), `{"code":20002, "ex":"connection closed"}`)
	})
}

// A quest that comes when nobody accepts any more is refused.
func TestQuestOfAGateThatIsClosing(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		l, dial := accepted(t, httpgate.Config{})
		c := dial()
		_, err := io.WriteString(c, post("m", "{}"))
		require.NoError(t, err)
		advance(t, time.Second) // it waits for Accept
		require.NoError(t, l.Close())
		got, err := io.ReadAll(c)
		require.NoError(t, err)
		require.True(t, strings.HasPrefix(string(got), "HTTP/1.1 503 "), "%s", got)
		require.Contains(t, string(got), `{"code":20014, "ex":"server is stopping"}`)
	})
}

func TestManyGatesComeAndGo(t *testing.T) {
	t.Parallel()
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			inner, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Error(err)
				return
			}
			srv, err := fpnn.NewServer(methods())
			if err != nil {
				t.Error(err)
				return
			}
			served := start(func() (int, error) { return 0, srv.Serve(httpgate.NewListener(inner, httpgate.Config{})) })
			client := &http.Client{Transport: new(http.Transport)}
			var g errgroup.Group
			for range 5 {
				g.Go(func() error {
					a, err := client.Get("http://" + inner.Addr().String() + "/service/echo")
					if err == nil {
						_ = a.Body.Close()
					}
					return nil // it may have come too late
				})
			}
			_ = srv.Close()
			_, _ = served.wait()
			_ = g.Wait()
			client.CloseIdleConnections()
		})
	}
	wg.Wait()
}
