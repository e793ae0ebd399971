package ws_test

import (
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/transport/internal/bubble"
	"github.com/gofpnn/gofpnn/transport/mem"
	"github.com/gofpnn/gofpnn/transport/ws"
)

var (
	_     http.Handler = new(ws.Listener)
	_     net.Listener = new(ws.Listener)
	quiet              = log.New(io.Discard, "", 0)
)

// shake has u answer a request with these header fields.
func shake(t *testing.T, u ws.Upgrader, method string, header ...string) (*httptest.ResponseRecorder, error) {
	t.Helper()
	near, far := mem.Pipe()
	r := request(t)
	r.Method = method
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	c, err := u.Upgrade(&hijackable{w, near}, r)
	require.NoError(t, far.Close())
	if err == nil {
		require.NoError(t, c.Close())
	}
	return w, err
}

func TestRequestedSubprotocolIsEchoed(t *testing.T) {
	t.Parallel()
	for requested, want := range map[string]string{"": "", "fpnn": "fpnn", "any, other": "any", " a ,b": "a", ",": ""} {
		w, err := shake(t, ws.Upgrader{}, http.MethodGet, "Sec-WebSocket-Protocol", requested)
		require.NoError(t, err)
		require.Equal(t, want, w.Header().Get("Sec-WebSocket-Protocol"))
	}
}

func TestCompressionIsNotAccepted(t *testing.T) {
	t.Parallel()
	w, err := shake(t, ws.Upgrader{}, http.MethodGet, "Sec-WebSocket-Extensions", "permessage-deflate")
	require.NoError(t, err)
	require.Empty(t, w.Header().Get("Sec-WebSocket-Extensions"))
}

func TestOriginsAreTheHostItselfAndThoseNamed(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		origin  string
		origins []string
		allowed bool
	}{
		{"", nil, true},
		{"http://gate", nil, true},
		{"https://gate", nil, true},
		{"http://evil.example", nil, false},
		{"http://gate.evil.example", nil, false},
		{"null", nil, false},
		{"%zz", nil, false},
		{"http://page.example", []string{"page.example"}, true},
		{"http://www.page.example", []string{"*.page.example"}, true},
		{"http://page.example.evil", []string{"page.example", "*.page.example"}, false},
		{"http://page.example", []string{"https://page.example"}, false},
		{"http://evil.example", []string{"*"}, true},
		{"null", []string{"*"}, true},
		{"HTTP://Page.example:8080", []string{"PAGE.example:8080"}, true},
		{"http://page.example:8080", []string{"page.example"}, false},
		{"http://page.example", []string{"["}, false},
	} {
		w, err := shake(t, ws.Upgrader{Origins: tt.origins}, http.MethodGet, "Origin", tt.origin)
		require.Equal(t, tt.allowed, err == nil, "%+v: %v", tt, err)
		if !tt.allowed {
			require.Equal(t, http.StatusForbidden, w.Code)
		}
	}
}

func TestRequestsThatAreNoHandshakeAreAnswered(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		method string
		header []string
		want   int
	}{
		{http.MethodPost, nil, http.StatusMethodNotAllowed},
		{http.MethodGet, []string{"Upgrade", "h2c"}, http.StatusUpgradeRequired},
		{http.MethodGet, []string{"Connection", "keep-alive"}, http.StatusUpgradeRequired},
		{http.MethodGet, []string{"Sec-WebSocket-Version", "8"}, http.StatusBadRequest},
		{http.MethodGet, []string{"Sec-WebSocket-Key", "short"}, http.StatusBadRequest},
	} {
		w, err := shake(t, ws.Upgrader{}, tt.method, tt.header...)
		require.Error(t, err)
		require.Equal(t, tt.want, w.Code)
	}
	w := httptest.NewRecorder() // which is no Hijacker, as that of HTTP/2
	_, err := new(ws.Upgrader).Upgrade(w, request(t))
	require.Error(t, err)
	require.Equal(t, http.StatusNotImplemented, w.Code)
}

func TestClosedListenerClosesWhatComes(t *testing.T) {
	bubble.Run(t, func(t *testing.T) {
		var network mem.Network
		inner, err := network.Listen("gate")
		require.NoError(t, err)
		l := ws.NewListener(inner.Addr(), nil)
		serve(t, inner, l)
		require.Equal(t, inner.Addr(), l.Addr())
		accepting := bubble.Start(l.Accept)
		accepting.Blocked(t)
		require.NoError(t, l.Close())
		require.NoError(t, l.Close())
		_, err = accepting.Wait()
		require.ErrorIs(t, err, net.ErrClosed)

		c, err := (&ws.Dialer{Dialer: &network}).DialContext(t.Context(), "tcp", "gate")
		require.NoError(t, err)
		_, err = c.Read(make([]byte, 1))
		require.Equal(t, io.EOF, err)
		require.NoError(t, c.Close())
	})
}
