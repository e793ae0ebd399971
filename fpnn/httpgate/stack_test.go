package httpgate_test

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/fpnn/httpgate"
	"github.com/gofpnn/gofpnn/transport"
	"github.com/gofpnn/gofpnn/transport/secure"
	"github.com/gofpnn/gofpnn/transport/ws"
)

// What is over TLS counts as encrypted, whatever else it is over; FPNN's own
// encryption is for FPNN alone, whether the gate lies around it or inside.
func TestEncryptionBelowAndAroundTheGate(t *testing.T) {
	t.Parallel()
	key, err := secure.GenerateKey(secure.Secp256r1)
	require.NoError(t, err)
	encrypted := func(l net.Listener) net.Listener {
		l, err := secure.NewListener(l, secure.ServerConfig{Key: key})
		require.NoError(t, err)
		return l
	}
	gated := func(l net.Listener) net.Listener { return httpgate.NewListener(l, httpgate.Config{}) }
	certified := httptest.NewUnstartedServer(nil) // has a certificate
	certified.StartTLS()
	certified.Close()
	trusting := certified.Client().Transport.(*http.Transport).TLSClientConfig
	trusting.ServerName = "example.com"
	overTLS := func(l net.Listener) net.Listener {
		return tls.NewListener(l, &tls.Config{Certificates: certified.TLS.Certificates})
	}
	for name, tt := range map[string]struct {
		wrap             func(l net.Listener) net.Listener
		tls              bool
		fpnn, ws, secure bool // who may
	}{
		"plain":               {gated, false, false, false, false},
		"TLS":                 {func(l net.Listener) net.Listener { return gated(overTLS(l)) }, true, true, true, false},
		"secure below":        {func(l net.Listener) net.Listener { return gated(encrypted(l)) }, false, false, false, true},
		"secure around":       {func(l net.Listener) net.Listener { return encrypted(gated(l)) }, false, false, false, true},
		"secure below in TLS": {func(l net.Listener) net.Listener { return gated(encrypted(overTLS(l))) }, true, true, true, false},
		"secure around TLS":   {func(l net.Listener) net.Listener { return encrypted(gated(overTLS(l))) }, true, true, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inner, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
			require.NoError(t, err)
			serve(t, tt.wrap(inner), methods(), make(chan error, 1), fpnn.WithMiddleware(fpnn.RequireEncryption))
			addr := inner.Addr().String()
			var dialer transport.Dialer = new(net.Dialer)
			if tt.tls {
				dialer = &tls.Dialer{Config: trusting}
			}
			call := func(d transport.Dialer, method string) error {
				c := newClient(t, addr, fpnn.WithDialer(d))
				_, err := c.Call(t.Context(), method, nil)
				return err
			}
			require.NoError(t, call(dialer, "*ping"))
			require.Equal(t, tt.fpnn, call(dialer, "echo") == nil)
			require.NoError(t, call(&ws.Dialer{Dialer: dialer}, "*ping"))
			require.Equal(t, tt.ws, call(&ws.Dialer{Dialer: dialer}, "echo") == nil)
			for _, packages := range []bool{false, true} {
				plain := transport.DialerFunc(func(ctx context.Context, network, address string) (net.Conn, error) {
					nc, err := dialer.DialContext(ctx, network, address)
					return struct{ net.Conn }{nc}, err // which does not tell that it is TLS
				})
				d, err := secure.NewDialer(plain, secure.ClientConfig{Key: key.Public(), PackageMode: packages})
				require.NoError(t, err)
				require.Equal(t, tt.secure, call(d, "echo") == nil)
			}

			web := &http.Transport{DialContext: dialer.DialContext, DialTLSContext: dialer.DialContext}
			defer web.CloseIdleConnections()
			post := func(method string) int {
				r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+addr+"/service/"+method, strings.NewReader("{}"))
				require.NoError(t, err)
				a, err := web.RoundTrip(r)
				require.NoError(t, err)
				_, err = io.Copy(io.Discard, a.Body)
				require.NoError(t, err)
				require.NoError(t, a.Body.Close())
				return a.StatusCode
			}
			require.Equal(t, 200, post("*ping"))
			require.Equal(t, tt.ws, post("echo") == 200)
		})
	}
}
