package main

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/fakeserver"
	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/rtm"
	"github.com/gofpnn/gofpnn/transport/mem"
)

// site is a gate, its page and those who use them, all in memory.
type site struct {
	t      *testing.T
	srv    *fakeserver.Server
	web    *web
	client *rtm.Client
	http   http.Client
}

// onTCP is a listener that says it is on a port.
type onTCP struct{ net.Listener }

const siteAddress = "127.0.0.1:8080"

func (onTCP) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8080} }

func newSite(t *testing.T, opts ...fakeserver.Option) *site {
	t.Helper()
	w, err := newWeb(siteAddress)
	require.NoError(t, err)
	srv := fakeserver.New(t, append(opts, fakeserver.WithFPNN(fpnn.WithTracer(&w.quests)))...)
	var network mem.Network
	l, err := network.Listen("")
	require.NoError(t, err)
	w.serve(srv, onTCP{l})
	t.Cleanup(func() { require.NoError(t, w.close()) })
	client, err := rtm.Dial(t.Context(), srv.Addr(), srv.Project(), rtm.WithDialer(srv.Dialer()),
		rtm.WithHandler(func(context.Context, rtm.Push) {}), rtm.WithLimits(rtm.Limits{}))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, client.Close()) })
	s := &site{t: t, srv: srv, web: w, client: client}
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return network.DialContext(ctx, "tcp", l.Addr().String())
	}}
	s.http.Transport = transport
	t.Cleanup(transport.CloseIdleConnections)
	return s
}

// ask sends a request and returns the answer, whose body is closed with the test.
func (s *site) ask(method, path string, change ...func(r *http.Request)) *http.Response {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), method, "http://"+siteAddress+path, nil)
	require.NoError(s.t, err)
	for _, f := range change {
		f(r)
	}
	answer, err := s.http.Do(r)
	require.NoError(s.t, err)
	s.t.Cleanup(func() { answer.Body.Close() })
	return answer
}

func (s *site) get(path string) string {
	s.t.Helper()
	answer := s.ask(http.MethodGet, path)
	body, err := io.ReadAll(answer.Body)
	require.NoError(s.t, err)
	require.Equal(s.t, http.StatusOK, answer.StatusCode, string(body))
	return string(body)
}

func (s *site) state() (st stateView) {
	s.t.Helper()
	require.NoError(s.t, json.Unmarshal([]byte(s.get("/api/state")), &st))
	return st
}

func (s *site) say(to rtm.Target, text string) {
	s.t.Helper()
	_, err := s.client.Send(s.t.Context(), 1001, to, rtm.Message{Type: 66, Text: text})
	require.NoError(s.t, err)
}

func withHeader(name, value string) func(r *http.Request) {
	return func(r *http.Request) { r.Header.Set(name, value) }
}

func withHost(host string) func(r *http.Request) {
	return func(r *http.Request) { r.Host = host }
}

var paths = []string{"/", "/app.js", "/style.css", "/api/state", "/api/journal", "/metrics"}

func TestPagesAreOnlyForReadingAndKeptNowhere(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for _, path := range append(paths, "/nothing", "/api/", "/page.html", "/..%2fmain.go") {
		for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodOptions, "BREW"} {
			answer := s.ask(method, path)
			switch {
			case method != http.MethodGet && method != http.MethodHead:
				require.Equal(t, http.StatusMethodNotAllowed, answer.StatusCode, "%s %s", method, path)
				require.Equal(t, "GET, HEAD", answer.Header.Get("Allow"))
			case strings.Contains(strings.Join(paths, " ")+" ", path+" "):
				require.Equal(t, http.StatusOK, answer.StatusCode, "%s %s", method, path)
			default:
				require.Equal(t, http.StatusNotFound, answer.StatusCode, "%s %s", method, path)
			}
			h := answer.Header
			require.Equal(t, "no-store", h.Get("Cache-Control"), "%s %s", method, path)
			require.Equal(t, "nosniff", h.Get("X-Content-Type-Options"))
			require.Equal(t, "no-referrer", h.Get("Referrer-Policy"))
			require.Equal(t, "same-origin", h.Get("Cross-Origin-Resource-Policy"))
			require.Empty(t, h.Get("Access-Control-Allow-Origin"))
			require.Contains(t, h.Get("Content-Security-Policy"), "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';")
			require.NotContains(t, h.Get("Content-Security-Policy"), "unsafe")
			answer.Body.Close()
		}
	}
}

func TestPageIsSmallAndHoldsNoCode(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	lines := 0
	for _, path := range []string{"/", "/app.js", "/style.css"} {
		text := s.get(path)
		lines += strings.Count(text, "\n")
		require.NotRegexp(t, `(?i)https?:|//[a-z]|innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|Function\(`, text, path)
	}
	require.LessOrEqual(t, lines, 300)
	page := s.get("/")
	require.NotRegexp(t, `(?i)<style|\son[a-z]+=|style=|<script>`, page, "the policy would forbid it")
	require.Contains(t, page, `<script src="app.js" defer></script>`)
}

func TestHostIsChecked(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for _, host := range []string{"127.0.0.1:8080", "localhost:8080", "LOCALHOST:8080", "[::1]:8080"} {
		require.Equal(t, http.StatusOK, s.ask(http.MethodGet, "/api/state", withHost(host)).StatusCode, host)
	}
	for _, host := range []string{
		"evil.example", "evil.example:8080", "127.0.0.1", "127.0.0.1:80", "localhost", "localhost.evil.example:8080", "127.0.0.2:8080",
		"192.168.1.5:8080", "0.0.0.0:8080", "[::]:8080", "localhost:8080.evil.example", "x@localhost:8080",
	} {
		for _, path := range append(paths, "/nothing") {
			require.Equal(t, http.StatusForbidden, s.ask(http.MethodGet, path, withHost(host)).StatusCode, "%s %s", host, path)
		}
	}
}

func TestHostsAreThoseOfTheAddress(t *testing.T) {
	t.Parallel()
	local := []string{"localhost", "127.0.0.1", "[::1]"}
	for _, c := range []struct {
		named, actual string
		port          string
		more          []string
	}{
		{"127.0.0.1:0", "127.0.0.1:4711", ":4711", nil},
		{"Gate.Example:8080", "192.168.1.5:8080", ":8080", []string{"gate.example:8080", "192.168.1.5:8080"}},
		{"0.0.0.0:8080", "0.0.0.0:8080", ":8080", []string{"0.0.0.0:8080"}},
		{"[2001:db8::5]:8080", "[2001:db8::5]:8080", ":8080", []string{"[2001:db8::5]:8080"}},
		{"127.0.0.1:80", "127.0.0.1:80", ":80", local},
	} {
		want := map[string]bool{}
		for _, host := range local {
			want[host+c.port] = true
		}
		for _, host := range c.more {
			want[host] = true
		}
		require.Equal(t, want, hostsOf(c.named, c.actual), c.named)
	}
}

// What a browser says of a request, and what it gets: of the page, and of all else.
func TestPagesOfOthersGetNothing(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for _, c := range []struct {
		site, mode, dest string
		page, rest       int
	}{
		{"", "", "", http.StatusOK, http.StatusOK}, // no browser
		{"none", "navigate", "document", http.StatusOK, http.StatusOK},
		{"same-origin", "navigate", "document", http.StatusOK, http.StatusOK},
		{"same-origin", "cors", "empty", http.StatusForbidden, http.StatusOK},
		{"cross-site", "navigate", "document", http.StatusOK, http.StatusForbidden},
		{"same-site", "navigate", "document", http.StatusOK, http.StatusForbidden},
		{"cross-site", "navigate", "iframe", http.StatusForbidden, http.StatusForbidden},
		{"same-site", "navigate", "frame", http.StatusForbidden, http.StatusForbidden},
		{"cross-site", "navigate", "object", http.StatusForbidden, http.StatusForbidden},
		{"cross-site", "no-cors", "image", http.StatusForbidden, http.StatusForbidden},
		{"same-site", "no-cors", "script", http.StatusForbidden, http.StatusForbidden},
		{"cross-site", "cors", "empty", http.StatusForbidden, http.StatusForbidden},
		{"cross-site", "websocket", "empty", http.StatusForbidden, http.StatusForbidden},
		{"new-kind", "navigate", "document", http.StatusOK, http.StatusForbidden},
	} {
		for _, path := range append(paths, "/nothing") {
			want := c.rest
			switch {
			case path == "/":
				want = c.page
			case path == "/nothing" && want == http.StatusOK:
				want = http.StatusNotFound
			}
			answer := s.ask(http.MethodGet, path, func(r *http.Request) {
				for name, value := range map[string]string{"Site": c.site, "Mode": c.mode, "Dest": c.dest} {
					if value != "" {
						r.Header.Set("Sec-Fetch-"+name, value)
					}
				}
			})
			require.Equal(t, want, answer.StatusCode, "%v %s", c, path)
			answer.Body.Close()
		}
	}
}

func TestHalfRequestsEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		for _, text := range []string{
			"GET / HTTP/1.1\r\nHost: ", "GET /api/state HTTP/1.1\r\nHost: localhost:8080\r\nContent-Length: 1000000\r\n\r\nx",
			"GET / HTTP/1.1\r\nHost: localhost:8080\r\nX: " + strings.Repeat("x", 1<<17), "no HTTP at all\r\n\r\n",
		} {
			conn, err := s.http.Transport.(*http.Transport).DialContext(t.Context(), "", "")
			require.NoError(t, err)
			defer conn.Close()
			go func() { _, _ = io.WriteString(conn, text) }()
			start := time.Now()
			_, _ = io.Copy(io.Discard, conn)
			require.LessOrEqual(t, time.Since(start), readTimeout+time.Second, "%.40q", text)
		}
		s.state()
	})
}

func TestPageIsAnnounced(t *testing.T) {
	t.Parallel()
	g := start(t, "-http", ":0")
	require.Regexp(t, `^127\.0\.0\.1:\d+$`, g.addr)
	url := g.said("web page on ")
	require.Regexp(t, `^http://127\.0\.0\.1:\d+$`, url, "of the loopback")
	client := http.Client{Transport: new(http.Transport)}
	defer client.CloseIdleConnections()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"/api/journal", nil)
	require.NoError(t, err)
	answer, err := client.Do(r)
	require.NoError(t, err)
	defer answer.Body.Close()
	require.Equal(t, http.StatusOK, answer.StatusCode)

	require.Zero(t, g.stop())
	_, err = io.ReadAll(answer.Body)
	require.NoError(t, err)
	require.Empty(t, g.rest())
	require.Empty(t, g.stderr.String())
}

func TestPageThatCannotBeServedFails(t *testing.T) {
	t.Parallel()
	srv := fakeserver.New(t, fakeserver.WithTCP("127.0.0.1:0"))
	exit, complaint := fails(t, "-http", srv.Addr())
	require.Equal(t, 1, exit)
	require.Contains(t, complaint, "address already in use")
}
