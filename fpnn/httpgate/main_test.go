package httpgate_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/fpnn/httpgate"
	"github.com/gofpnn/gofpnn/transport/mem"
	"github.com/gofpnn/gofpnn/transport/ws"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// inBubble runs f in a synctest bubble of its own, next to the other tests.
func inBubble(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, f)
}

// advance lets the clock of a synctest bubble run. Bubbles begin in 2000: a real
// clock is not waited for.
func advance(t *testing.T, d time.Duration) {
	t.Helper()
	require.Less(t, time.Now().Year(), 2020, "not in a bubble")
	<-time.After(d)
}

func handler(f func(ctx context.Context, q *fpnn.Quest) (any, error)) fpnn.Handler {
	return fpnn.HandlerFunc(f)
}

// methods is a handler of a few methods to call.
func methods() *fpnn.Mux {
	mux := fpnn.NewMux()
	mux.Handle("two way demo", handler(func(_ context.Context, q *fpnn.Quest) (any, error) {
		return map[string]any{"got": q.Payload, "method": q.Method()}, nil
	}))
	mux.Handle("echo", handler(func(_ context.Context, q *fpnn.Quest) (any, error) { return q.Payload, nil }))
	mux.Handle("a/b", handler(func(context.Context, *fpnn.Quest) (any, error) { return map[string]any{"slash": true}, nil }))
	mux.Handle("want", handler(func(_ context.Context, q *fpnn.Quest) (any, error) {
		_, err := q.Int64("n")
		return nil, err
	}))
	mux.Handle("error", handler(func(context.Context, *fpnn.Quest) (any, error) {
		return nil, &fpnn.Error{Code: 200070, Message: "gone", Raiser: "store"}
	}))
	mux.Handle("binary", handler(func(context.Context, *fpnn.Quest) (any, error) {
		return map[string]any{"b": []byte{0xff}}, nil
	}))
	mux.Handle("address", handler(func(_ context.Context, q *fpnn.Quest) (any, error) {
		return map[string]any{"remote": q.Conn().RemoteAddr().String(), "local": q.Conn().LocalAddr().String()}, nil
	}))
	mux.Handle("call me", handler(func(ctx context.Context, q *fpnn.Quest) (any, error) {
		if err := q.Conn().Notify(ctx, "pushed", nil); err != nil {
			return nil, err
		}
		answer, err := q.Conn().Call(ctx, "push", nil)
		if err != nil {
			return nil, fpnn.Errorf(fpnn.Code(err), "%v", err)
		}
		return answer.Payload, nil
	}))
	return mux
}

// gate is a server behind a gate in memory.
type gate struct {
	*fpnn.Server
	network mem.Network
	l       *httpgate.Listener
	served  chan error
}

const address = "gate:80"

func newGate(tb testing.TB, h fpnn.Handler, c httpgate.Config, opts ...fpnn.ServerOption) *gate {
	tb.Helper()
	g := &gate{served: make(chan error, 1)}
	l, err := g.network.Listen(address)
	require.NoError(tb, err)
	g.l = httpgate.NewListener(l, c)
	g.Server = serve(tb, g.l, h, g.served, opts...)
	return g
}

// serve serves h on l until the test ends.
func serve(tb testing.TB, l net.Listener, h fpnn.Handler, served chan error, opts ...fpnn.ServerOption) *fpnn.Server {
	tb.Helper()
	srv, err := fpnn.NewServer(h, opts...)
	require.NoError(tb, err)
	go func() {
		served <- srv.Serve(l)
		close(served)
	}()
	tb.Cleanup(func() {
		_ = srv.Close()
		for err := range served {
			require.ErrorIs(tb, err, fpnn.ErrClosed)
		}
	})
	return srv
}

func (g *gate) dial(tb testing.TB) *mem.Conn {
	tb.Helper()
	nc, err := g.network.DialContext(tb.Context(), "tcp", address)
	require.NoError(tb, err)
	tb.Cleanup(func() { _ = nc.Close() })
	return nc.(*mem.Conn)
}

// fpnn returns a client that speaks FPNN, fpnnOverWS one that does so over
// WebSocket.
func (g *gate) fpnn(tb testing.TB, opts ...fpnn.ClientOption) *fpnn.Client {
	tb.Helper()
	return newClient(tb, address, append(opts, fpnn.WithDialer(&g.network))...)
}

func (g *gate) fpnnOverWS(tb testing.TB, opts ...fpnn.ClientOption) *fpnn.Client {
	tb.Helper()
	return newClient(tb, "ws://"+address, append(opts, fpnn.WithDialer(&ws.Dialer{Dialer: &g.network}))...)
}

func newClient(tb testing.TB, endpoint string, opts ...fpnn.ClientOption) *fpnn.Client {
	tb.Helper()
	c, err := fpnn.NewClient([]string{endpoint}, opts...)
	require.NoError(tb, err)
	tb.Cleanup(func() { _ = c.Close() })
	return c
}

// web returns an HTTP client of the gate.
func (g *gate) web(tb testing.TB) *http.Client {
	tb.Helper()
	transport := &http.Transport{DialContext: g.network.DialContext}
	tb.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// response is an HTTP answer with its body.
type response struct {
	*http.Response
	body string
}

// send sends a request with header fields given as name and value.
func send(tb testing.TB, c *http.Client, method, url, body string, header ...string) response {
	tb.Helper()
	var r io.Reader
	if body != "" {
		r = strings.NewReader(body)
	}
	req, err := http.NewRequestWithContext(tb.Context(), method, url, r)
	require.NoError(tb, err)
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	return read(tb, func() (*http.Response, error) { return c.Do(req) })
}

func read(tb testing.TB, do func() (*http.Response, error)) response {
	tb.Helper()
	a, err := do()
	require.NoError(tb, err)
	body, err := io.ReadAll(a.Body)
	require.NoError(tb, err)
	require.NoError(tb, a.Body.Close())
	return response{a, string(body)}
}

const base = "http://" + address + "/service/"

// raw is an HTTP connection by hand.
type raw struct {
	*mem.Conn
	r *bufio.Reader
}

func (g *gate) raw(tb testing.TB) raw {
	tb.Helper()
	nc := g.dial(tb)
	return raw{nc, bufio.NewReader(nc)}
}

func (c raw) write(tb testing.TB, text string) {
	tb.Helper()
	_, err := io.WriteString(c.Conn, text)
	require.NoError(tb, err)
}

func (c raw) response(tb testing.TB) response {
	tb.Helper()
	return read(tb, func() (*http.Response, error) { return http.ReadResponse(c.r, nil) })
}

// head reads the header of a response only.
func (c raw) head(tb testing.TB) *http.Response {
	tb.Helper()
	a, err := http.ReadResponse(c.r, nil)
	require.NoError(tb, err)
	require.NoError(tb, a.Body.Close())
	return a
}

// requireEOF holds that nothing but the end comes.
func (c raw) requireEOF(tb testing.TB) {
	tb.Helper()
	_, err := c.r.ReadByte()
	require.Equal(tb, io.EOF, err)
}

// call is a function at work in another goroutine.
type call[T any] struct {
	done  chan struct{}
	value T
	err   error
}

func start[T any](f func() (T, error)) *call[T] {
	c := &call[T]{done: make(chan struct{})}
	go func() {
		defer close(c.done)
		c.value, c.err = f()
	}()
	return c
}

// blocked holds that the call has not returned and waits for something else
// than the present moment. It is for bubbles only.
func (c *call[T]) blocked(t *testing.T) {
	t.Helper()
	synctest.Wait()
	select {
	case <-c.done:
		require.FailNow(t, "returned", "value %v, error %v", c.value, c.err)
	default:
	}
}

func (c *call[T]) wait() (T, error) {
	<-c.done
	return c.value, c.err
}
