package httpgate_test

import (
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/fpnn/httpgate"
)

// post is a request by hand.
func post(method, body string) string {
	return fmt.Sprintf("POST /service/%s HTTP/1.1\r\nhost: gate\r\ncontent-length: %d\r\n\r\n%s", method, len(body), body)
}

func TestRequestsByteByByte(t *testing.T) {
	t.Parallel()
	g := newGate(t, methods(), httpgate.Config{})
	c := g.raw(t)
	for _, b := range []byte(post("echo", `{"a":1}`)) {
		c.write(t, string(b))
	}
	require.Equal(t, `{"a":1}`, c.response(t).body)
}

func TestPipelinedRequestsAreAnsweredInOrder(t *testing.T) {
	t.Parallel()
	g := newGate(t, methods(), httpgate.Config{})
	c := g.raw(t)
	var all strings.Builder
	for i := range 50 {
		all.WriteString(post("echo", fmt.Sprintf(`{"a":%d}`, i)))
		all.WriteString("GET /nothing HTTP/1.1\r\nHost: gate\r\n\r\n")
	}
	c.write(t, all.String())
	for i := range 50 {
		require.Equal(t, fmt.Sprintf(`{"a":%d}`, i), c.response(t).body)
		require.Equal(t, 404, c.response(t).StatusCode)
	}
}

func TestChunkedBodies(t *testing.T) {
	t.Parallel()
	g := newGate(t, methods(), httpgate.Config{MaxPackage: 4096})
	head := "POST /service/echo HTTP/1.1\r\nHost: gate\r\nTransfer-Encoding: chunked\r\n\r\n"
	c := g.raw(t)
	c.write(t, head+"2\r\n{\"\r\n5;ext=1\r\na\":1}\r\n0\r\nTrailer: x\r\n\r\n")
	require.Equal(t, `{"a":1}`, c.response(t).body)

	c.write(t, head)
	writing := start(func() (int, error) { // without end
		var err error
		for err == nil {
			_, err = io.WriteString(c.Conn, "400\r\n"+strings.Repeat(" ", 1024)+"\r\n")
		}
		return 0, err
	})
	require.Equal(t, 413, c.response(t).StatusCode)
	c.requireEOF(t)
	require.NoError(t, c.Close())
	_, _ = writing.wait()
}

func TestOldAndClosingClients(t *testing.T) {
	t.Parallel()
	g := newGate(t, methods(), httpgate.Config{})
	for _, head := range []string{"HTTP/1.0\r\n", "HTTP/1.1\r\nHost: gate\r\nConnection: close\r\n"} {
		c := g.raw(t)
		c.write(t, "POST /service/echo "+head+"Content-Length: 2\r\n\r\n{}")
		require.Equal(t, "{}", c.response(t).body)
		c.requireEOF(t)
	}
}

func TestMalformedRequestsAreRefused(t *testing.T) {
	t.Parallel()
	g := newGate(t, methods(), httpgate.Config{})
	for name, tt := range map[string]struct {
		text   string
		status int
	}{
		"no host":            {"GET /service/echo HTTP/1.1\r\n\r\n", 400},
		"no version":         {"GET /service/echo\r\n\r\n", 400},
		"version 9":          {"GET /service/echo HTTP/9.9\r\nHost: gate\r\n\r\n", 505},
		"no header":          {"GET /service/echo HTTP/1.1\r\nHost gate\r\n\r\n", 400},
		"two lengths":        {"POST /service/echo HTTP/1.1\r\nHost: gate\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}", 400},
		"negative length":    {"POST /service/echo HTTP/1.1\r\nHost: gate\r\nContent-Length: -2\r\n\r\n{}", 400},
		"length of terabyte": {"POST /service/echo HTTP/1.1\r\nHost: gate\r\nContent-Length: 1099511627776\r\n\r\n{}", 413},
		"malformed chunk":    {"POST /service/echo HTTP/1.1\r\nHost: gate\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}", 400},
		"huge header":        {"GET /service/echo HTTP/1.1\r\nHost: gate\r\nX: " + strings.Repeat("x", 80<<10) + "\r\n\r\n", 431},
		"endless URL":        {"GET /service/echo?fpnn=" + strings.Repeat("x", 80<<10), 431},
		"HTTP/2 upgrade":     {"GET /service/echo HTTP/1.1\r\nHost: gate\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n", 200},
		"all of the server":  {"OPTIONS * HTTP/1.1\r\nHost: gate\r\n\r\n", 404},
		"tunnel":             {"CONNECT gate:80 HTTP/1.1\r\nHost: gate\r\n\r\n", 404},
		"PUT first":          {"PUT /service/echo HTTP/1.1\r\nHost: gate\r\n\r\n", 405},
		"DELETE first":       {"DELETE /service/echo HTTP/1.1\r\nHost: gate\r\n\r\n", 405},
		"PATCH first":        {"PATCH /service/echo HTTP/1.1\r\nHost: gate\r\n\r\n", 405},
		"TRACE first":        {"TRACE /service/echo HTTP/1.1\r\nHost: gate\r\n\r\n", 405},
		"OPTIONS first":      {"OPTIONS /service/echo HTTP/1.1\r\nHost: gate\r\n\r\n", 204},
		"absolute URL":       {"GET http://gate/service/echo HTTP/1.1\r\nHost: gate\r\n\r\n", 200},
		"malformed escape":   {"GET /service/%zz HTTP/1.1\r\nHost: gate\r\n\r\n", 400},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := g.raw(t)
			writing := start(func() (int, error) { return io.WriteString(c.Conn, tt.text) })
			require.Equal(t, tt.status, c.response(t).StatusCode)
			require.NoError(t, c.Close())
			_, _ = writing.wait()
		})
	}
}

func TestSlowRequestsEnd(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		text   string
		status int // 0: closed without an answer
		after  time.Duration
	}{
		"half a request line": {"GET /serv", 400, 10 * time.Second},
		"half a header":       {"POST /service/echo HTTP/1.1\r\nHost: g", 0, 10 * time.Second},
		"half a body":         {"POST /service/echo HTTP/1.1\r\nHost: g\r\nContent-Length: 10\r\n\r\n{", 400, 30 * time.Second},
		"between requests":    {post("echo", "{}"), 200, 60 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				g := newGate(t, methods(), httpgate.Config{})
				c := g.raw(t)
				c.write(t, tt.text)
				begin := time.Now()
				if tt.status != 0 {
					require.Equal(t, tt.status, c.response(t).StatusCode)
				}
				c.requireEOF(t)
				require.Equal(t, tt.after, time.Since(begin).Truncate(time.Second))
			})
		})
	}
}

func TestClientThatDoesNotTakeItsAnswerLosesTheConnection(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		g := newGate(t, fpnn.HandlerFunc(func(context.Context, *fpnn.Quest) (any, error) {
			return map[string]any{"text": strings.Repeat("x", 1<<20)}, nil
		}), httpgate.Config{})
		c := g.raw(t)
		begin := time.Now()
		c.write(t, post("m", "{}"))
		advance(t, time.Minute)
		_, err := io.Copy(io.Discard, c)
		require.NoError(t, err)
		require.Zero(t, g.Stats().Connections)
		require.Equal(t, time.Minute, time.Since(begin))
	})
}

func TestQuestMayTakeLongerThanAnyRequest(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		g := newGate(t, fpnn.HandlerFunc(func(context.Context, *fpnn.Quest) (any, error) {
			advance(t, time.Hour)
			return nil, nil
		}), httpgate.Config{}, fpnn.WithIdleTimeout(0))
		for _, text := range []string{post("m", "{}"), "GET /service/m HTTP/1.1\r\nHost: g\r\n\r\n"} {
			c := g.raw(t)
			begin := time.Now()
			c.write(t, text)
			require.Equal(t, 200, c.response(t).StatusCode)
			require.Equal(t, time.Hour, time.Since(begin))
		}
	})
}

func TestQuestEndsWithTheHTTPClient(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		ended := make(chan error, 1)
		g := newGate(t, fpnn.HandlerFunc(func(ctx context.Context, _ *fpnn.Quest) (any, error) {
			<-ctx.Done()
			ended <- ctx.Err()
			return nil, nil
		}), httpgate.Config{}, fpnn.WithIdleTimeout(0))
		c := g.raw(t)
		c.write(t, post("m", "{}"))
		advance(t, time.Hour)
		require.Empty(t, ended)
		begin := time.Now()
		require.NoError(t, c.Close())
		require.ErrorIs(t, <-ended, context.Canceled)
		require.Equal(t, begin, time.Now())
	})
}

func TestIdleTimeoutOfTheServerEndsAQuest(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		g := newGate(t, fpnn.HandlerFunc(func(ctx context.Context, _ *fpnn.Quest) (any, error) {
			<-ctx.Done()
			return nil, nil
		}), httpgate.Config{}, fpnn.WithIdleTimeout(8*time.Second))
		c := g.raw(t)
		begin := time.Now()
		c.write(t, post("m", "{}"))
		a := c.response(t)
		require.Equal(t, 500, a.StatusCode)
		require.Equal(t, `{"code":20002, "ex":"connection closed"}`, a.body)
		require.Equal(t, 9*time.Second, time.Since(begin))
	})
}

// FuzzRequest sends anything that begins like HTTP. It is answered as HTTP, or
// not at all, and nothing is left behind.
func FuzzRequest(f *testing.F) {
	f.Add([]byte("/service/echo HTTP/1.1\r\nHost: g\r\nContent-Length: 7\r\n\r\n{\"a\":1}"))
	f.Add([]byte("/service/echo?fpnn=%7B%7D HTTP/1.1\r\nHost: g\r\n\r\n"))
	f.Add([]byte("/service/echo HTTP/1.1\r\nHost: g\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\nGET / HTTP/1.1\r\n\r\n"))
	f.Add([]byte("/service/a%2Fb HTTP/1.1\r\nHost: g\r\nOrigin: x\r\nContent-Length: 2\r\n\r\n{}"))
	f.Add([]byte("/service/x HTTP/1.1\r\nHost: g\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n\x82\x80\x00\x00\x00\x00"))
	g := newGate(f, methods(), httpgate.Config{MaxPackage: 4096})
	f.Fuzz(func(t *testing.T, in []byte) {
		for _, method := range []string{"POST ", "GET "} {
			c := g.raw(t)
			writing := start(func() (int, error) {
				_, _ = io.WriteString(c.Conn, method+string(in))
				return 0, c.CloseWrite()
			})
			got, err := io.ReadAll(c)
			require.NoError(t, err)
			require.True(t, len(got) == 0 || strings.HasPrefix(string(got), "HTTP/1."), "%q", got)
			require.NoError(t, c.Close())
			_, _ = writing.wait()
		}
	})
}
