package httpgate_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/fpnn/httpgate"
)

// The rows are those of the documentation's table, and what the C++ server was
// seen to do where it is the same.
func TestRequests(t *testing.T) {
	t.Parallel()
	g := newGate(t, methods(), httpgate.Config{MaxPackage: 4096})
	client := g.web(t)
	sized := func(n int) string { return `{"text":"` + strings.Repeat("x", n-len(`{"text":""}`)) + `"}` }
	for name, tt := range map[string]struct {
		method, path, body string
		status             int
		want               string // the body, or its beginning
	}{
		"POST":                      {"POST", "echo", `{"a":1, "b":[true,null]}`, 200, `{"a":1, "b":[true, null]}`},
		"POST of an empty object":   {"POST", "echo", "{}", 200, "{}"},
		"POST with white space":     {"POST", "echo", " \r\n{ } ", 200, "{}"},
		"POST of a large number":    {"POST", "echo", `{"id":7530343851100520577}`, 200, `{"id":7530343851100520577}`},
		"POST of Chinese":           {"POST", "echo", `{"text":"中文 \"\u0000"}`, 200, `{"text":"中文 \"\u0000"}`},
		"method decoded":            {"POST", "two%20way%20demo", "{}", 200, `{"got":{}, "method":"two way demo"}`},
		"slash in the method":       {"POST", "a%2Fb", "{}", 200, `{"slash":true}`},
		"GET":                       {"GET", "echo?fpnn=" + url.QueryEscape(`{"a":1}`), "", 200, `{"a":1}`},
		"GET without an argument":   {"GET", "echo", "", 200, "{}"},
		"GET of something else":     {"GET", "echo?x=1&y", "", 200, "{}"},
		"GET of & and =":            {"GET", "echo?x=1&fpnn=" + url.QueryEscape(`{"a":"x&y=z"}`), "", 200, `{"a":"x&y=z"}`},
		"GET of = as it is":         {"GET", `echo?fpnn={%22a%22:%22x=y%22}`, "", 200, `{"a":"x=y"}`},
		"GET of plus signs":         {"GET", `echo?fpnn={%22a%22:%221+1%22}`, "", 200, `{"a":"1+1"}`},
		"GET of two arguments":      {"GET", `echo?fpnn={}&fpnn={%22a%22:1}`, "", 200, `{"a":1}`},
		"ping":                      {"POST", "*ping", "{}", 200, `{"ts":1`},
		"infos":                     {"GET", "*infos", "", 200, `{"FPNN.status":{`},
		"unknown method":            {"POST", "nosuch", "{}", 500, `{"code":20004, "ex":"Unknown method: nosuch"}`},
		"unknown, of any bytes":     {"POST", "%ff%00", "{}", 500, `{"code":20004, "ex":"Unknown method: \"\\xff\\x00\""}`},
		"error of a handler":        {"POST", "error", "{}", 500, `{"code":200070, "ex":"gone", "raiser":"store"}`},
		"wanted key missing":        {"POST", "want", "{}", 500, `{"code":10009, `},
		"answer that is no JSON":    {"POST", "binary", "{}", 500, `{"code":20005, "ex":"answer cannot be encoded"}`},
		"handler that calls back":   {"POST", "call%20me", "{}", 500, `{"code":20004, "ex":"fpnn: push: error 20004 from peer: \"HTTP clients take no quests\""}`},
		"no path":                   {"GET", "", "", 404, `{"code":20010, "ex":"path is not /service/METHOD"}`},
		"an empty segment":          {"GET", "echo/", "", 404, `{"code":20010, `},
		"three segments":            {"GET", "a/b", "", 404, `{"code":20010, `},
		"elsewhere":                 {"GET", "../favicon.ico", "", 404, `{"code":20010, `},
		"method too long":           {"GET", strings.Repeat("m", 256), "", 404, `{"code":20010, `},
		"longest method":            {"GET", strings.Repeat("m", 255), "", 500, `{"code":20004, `},
		"POST without a body":       {"POST", "echo", "", 400, `{"code":10004, `},
		"POST of half an object":    {"POST", "echo", `{"a":`, 400, `{"code":10004, `},
		"POST of two objects":       {"POST", "echo", `{}{}`, 400, `{"code":10004, `},
		"POST of an array":          {"POST", "echo", `[1]`, 400, `{"code":10006, `},
		"POST of a number too big":  {"POST", "echo", `{"a":1e999}`, 400, `{"code":10004, `},
		"POST of no UTF-8":          {"POST", "echo", "{\"a\":\"\xff\"}", 400, `{"code":10004, `},
		"POST of nesting":           {"POST", "echo", `{"a":` + strings.Repeat("[", 2000), 400, `{"code":10004, `},
		"POST of deep nesting":      {"POST", "echo", `{"a":` + strings.Repeat("[", 300) + strings.Repeat("]", 300) + "}", 400, `{"code":10003, `},
		"POST within the limit":     {"POST", "echo", sized(4000), 200, `{"text":"xxx`},
		"POST over the limit":       {"POST", "echo", sized(5000), 413, `{"code":20009, `},
		"POST just over the limit":  {"POST", "echo", sized(4080), 413, `{"code":20009, `},
		"GET of half an object":     {"GET", "echo?fpnn={", "", 400, `{"code":10004, `},
		"GET of nothing":            {"GET", "echo?fpnn=", "", 400, `{"code":10004, `},
		"GET of a malformed escape": {"GET", "echo?fpnn={}%zz", "", 400, `{"code":20010, "ex":"quest cannot be read"}`},
		"PUT":                       {"PUT", "echo", "{}", 405, `{"code":20010, `},
		"DELETE":                    {"DELETE", "echo", "", 405, `{"code":20010, `},
		"PATCH":                     {"PATCH", "echo", "{}", 405, `{"code":20010, `},
		"TRACE":                     {"TRACE", "echo", "", 405, `{"code":20010, `},
		"HEAD":                      {"HEAD", "echo", "", 405, ""},
		"OPTIONS":                   {"OPTIONS", "echo", "", 204, ""},
		"upgrade to something else": {"GET", "echo", "", 200, "{}"},
		"quest that closes":         {"POST", "*tune", "{}", 500, `{"code":20002, "ex":"connection closed"}`},
		"late *key":                 {"POST", "*key", "{}", 500, `{"code":20002, "ex":"connection closed"}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var header []string
			if strings.HasPrefix(name, "upgrade") {
				header = []string{"Connection", "Upgrade", "Upgrade", "h2c"}
			}
			for range 2 { // on a kept connection, most likely
				a := send(t, client, tt.method, base+tt.path, tt.body, header...)
				require.Equal(t, tt.status, a.StatusCode, a.body)
				require.True(t, strings.HasPrefix(a.body, tt.want), a.body)
				require.Equal(t, "FPNN/1.0", a.Header.Get("Server"))
				if a.body != "" {
					require.Equal(t, "application/json", a.Header.Get("Content-Type"))
					require.True(t, json.Valid([]byte(a.body)))
					require.EqualValues(t, len(a.body), a.ContentLength)
				}
				if tt.status == 405 || tt.status == 204 {
					require.Equal(t, "GET, POST, OPTIONS", a.Header.Get("Allow"))
				}
				require.Empty(t, a.Header.Get("Access-Control-Allow-Origin"))
			}
		})
	}
}

func TestWebPagesOfAllOriginsAreServedByDefault(t *testing.T) {
	t.Parallel()
	g := newGate(t, methods(), httpgate.Config{})
	for method, status := range map[string]int{"GET": 200, "POST": 200, "OPTIONS": 204, "PUT": 405} {
		a := send(t, g.web(t), method, base+"echo", "{}", "Origin", "https://page.example")
		require.Equal(t, status, a.StatusCode)
		require.Equal(t, "*", a.Header.Get("Access-Control-Allow-Origin"))
		require.Equal(t, "true", a.Header.Get("Access-Control-Allow-Credentials"))
		require.Equal(t, "GET, POST", a.Header.Get("Access-Control-Allow-Methods"))
		require.Equal(t, method == "OPTIONS", a.Header.Get("Access-Control-Allow-Headers") == "Content-Type")
	}
}

func TestOriginsMayBeLimited(t *testing.T) {
	t.Parallel()
	g := newGate(t, methods(), httpgate.Config{Origins: []string{"*.page.example"}})
	client := g.web(t)
	for origin, allowed := range map[string]bool{
		"": true, "https://www.page.example": true, "http://" + address: true, "https://evil.example": false, "null": false,
	} {
		var header []string
		if origin != "" {
			header = []string{"Origin", origin}
		}
		a := send(t, client, "POST", base+"echo", "{}", header...)
		require.Equal(t, allowed, a.StatusCode == http.StatusOK, origin)
		if !allowed {
			require.Equal(t, http.StatusForbidden, a.StatusCode)
			require.Contains(t, a.body, `{"code":20013, `)
			origin = ""
		}
		require.Equal(t, origin, a.Header.Get("Access-Control-Allow-Origin"))
		require.Equal(t, origin != "", a.Header.Get("Vary") == "Origin")
		b := send(t, client, "GET", base+"any", "", append(header, "Connection", "Upgrade", "Upgrade", "WebSocket",
			"Sec-WebSocket-Version", "13", "Sec-WebSocket-Key", "x")...)
		require.Equal(t, allowed, b.StatusCode == http.StatusBadRequest, "refused for its key only")
	}
}

func TestConnectionIsOneToTheServer(t *testing.T) {
	t.Parallel()
	g := newGate(t, methods(), httpgate.Config{})
	client := g.web(t)
	var first string
	for i := range 10 {
		a := send(t, client, "POST", base+"address", "{}")
		require.Equal(t, http.StatusOK, a.StatusCode)
		if i == 0 {
			first = a.body
		}
		require.Equal(t, first, a.body, "the address of the same HTTP connection")
	}
	require.Regexp(t, fmt.Sprintf(`"local":"%s"`, address), first)
	require.Regexp(t, `"remote":"mem-\d+"`, first)
	stats := g.Stats()
	require.EqualValues(t, 1, stats.Accepted)
	require.EqualValues(t, 10, stats.Quests)

	// What closes it costs the HTTP client nothing but that answer.
	require.Equal(t, http.StatusInternalServerError, send(t, client, "POST", base+"*tune", "{}").StatusCode)
	require.Equal(t, first, send(t, client, "POST", base+"address", "{}").body)
	require.EqualValues(t, 2, g.Stats().Accepted)
}
