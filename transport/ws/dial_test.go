package ws_test

import (
	"bufio"
	"context"
	"crypto/sha1"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/transport"
	"github.com/gofpnn/gofpnn/transport/internal/bubble"
	"github.com/gofpnn/gofpnn/transport/mem"
	"github.com/gofpnn/gofpnn/transport/ws"
)

var _ transport.Dialer = new(ws.Dialer)

func TestEndpointsSayWhereToConnect(t *testing.T) {
	t.Parallel()
	errAsked := errors.New("asked")
	for endpoint, want := range map[string]string{
		"ws://gate":                          "tcp gate:80",
		"wss://gate":                         "tcp gate:443",
		"ws://gate:13325/other/path?x=1":     "tcp gate:13325",
		"wss://user:word@[::1]/service/fpnn": "tcp [::1]:443",
		"127.0.0.1:9876":                     "tcp 127.0.0.1:9876",
		"mem-1":                              "tcp mem-1",
	} {
		var asked string
		d := ws.Dialer{Dialer: transport.DialerFunc(func(_ context.Context, network, address string) (net.Conn, error) {
			asked = network + " " + address
			return nil, errAsked
		})}
		_, err := d.DialContext(t.Context(), "tcp", endpoint)
		require.ErrorIs(t, err, errAsked)
		require.Equal(t, want, asked, endpoint)
	}
	for endpoint, want := range map[string]string{
		"http://gate":       "scheme is neither ws nor wss",
		"fpnn://gate:1":     "scheme is neither ws nor wss",
		"ws://":             "without a host",
		"ws:///service/x":   "without a host",
		"ws://gate:x/":      "invalid port",
		"ws://gate/%zz":     "invalid URL escape",
		"://gate":           "missing protocol scheme",
		"ws://ga te/":       "invalid character",
		"ws://[::1/service": "missing ']'",
	} {
		_, err := new(ws.Dialer).DialContext(t.Context(), "tcp", endpoint)
		require.ErrorContains(t, err, want, endpoint)
	}
}

// dialTo is a dialer that always connects to nc.
func dialTo(nc net.Conn) transport.Dialer {
	return transport.DialerFunc(func(context.Context, string, string) (net.Conn, error) { return nc, nil })
}

// answering returns a Dialer to an HTTP server.
func answering(t *testing.T, h http.HandlerFunc) *ws.Dialer {
	t.Helper()
	network := new(mem.Network)
	l, err := network.Listen("gate:80")
	require.NoError(t, err)
	serve(t, l, h)
	return &ws.Dialer{Dialer: network}
}

func TestHandshakeAsksForThePathWithTheHeader(t *testing.T) {
	t.Parallel()
	for endpoint, path := range map[string]string{
		"ws://gate": "/service/fpnn", "gate:80": "/service/fpnn", "ws://gate/": "/", "ws://gate/a/b?c=d": "/a/b?c=d",
	} {
		asked := make(chan *http.Request, 1)
		d := answering(t, func(w http.ResponseWriter, r *http.Request) {
			asked <- r
			http.Error(w, "not here", http.StatusNotFound)
		})
		d.Header = http.Header{"Origin": {"https://page"}}
		_, err := d.DialContext(t.Context(), "tcp", endpoint)
		var handshake *ws.HandshakeError
		require.ErrorAs(t, err, &handshake)
		require.Equal(t, http.StatusNotFound, handshake.Status)
		r := <-asked
		require.Equal(t, path, r.URL.String())
		require.Equal(t, "https://page", r.Header.Get("Origin"))
	}
}

func TestAnswersThatAreNoHandshakeFail(t *testing.T) {
	t.Parallel()
	accept := "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
	for name, tt := range map[string]struct {
		answer string
		status int // 0: not even HTTP
	}{
		"redirect":            {"HTTP/1.1 302 Found\r\nLocation: http://elsewhere/\r\nContent-Length: 0\r\n\r\n", 302},
		"refusal with a body": {"HTTP/1.1 403 Forbidden\r\nContent-Length: 100000\r\n\r\n" + strings.Repeat("x", 100000), 403},
		"wrong key":           {accept + "Sec-WebSocket-Accept: AAAA\r\n\r\n", 101},
		"no upgrade":          {"HTTP/1.1 101 Switching Protocols\r\n\r\n", 101},
		"FPNN":                {"FPNN\x01\x80\x02\x00\x01\x00\x00\x00\x01\x00\x00\x00\x80", 0},
		"informational":       {"HTTP/1.1 103 Early Hints\r\n\r\n", 103},
		"nothing":             {"", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			near, far := mem.Pipe()
			answered := bubble.Start(func() (int, error) {
				n, err := io.WriteString(far, tt.answer)
				_ = far.CloseWrite()
				_, _ = io.Copy(io.Discard, far)
				return n, err
			})
			d := ws.Dialer{Dialer: dialTo(near)}
			_, err := d.DialContext(t.Context(), "tcp", "ws://gate")
			require.Error(t, err)
			var handshake *ws.HandshakeError
			require.Equal(t, tt.status != 0, errors.As(err, &handshake), "%v", err)
			if tt.status != 0 {
				require.Equal(t, tt.status, handshake.Status)
			}
			_, _ = answered.Wait() // for the connection to be closed
		})
	}
}

// handshakeBy answers the handshake of a client on far, and sends what follows in
// the same piece.
func handshakeBy(far net.Conn, frames []byte) (*http.Request, error) {
	r, err := http.ReadRequest(bufio.NewReader(far))
	if err != nil {
		return nil, err
	}
	sum := sha1.Sum([]byte(r.Header.Get("Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	answer := "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
		"Sec-WebSocket-Accept: " + base64.StdEncoding.EncodeToString(sum[:]) + "\r\n\r\n"
	_, err = far.Write(append([]byte(answer), frames...))
	return r, err
}

// A server may send its first packages with its answer.
func TestFramesRightBehindTheAnswerAreRead(t *testing.T) {
	t.Parallel()
	near, far := mem.Pipe()
	defer far.Close()
	p, large := pkg(t, 100), pkg(t, 20<<10)
	answering := bubble.Start(func() (*http.Request, error) {
		return handshakeBy(far, append(serverFrame(final|opBinary, p), serverFrame(final|opBinary, large)...))
	})
	c, err := (&ws.Dialer{Dialer: dialTo(near)}).DialContext(t.Context(), "tcp", "gate")
	require.NoError(t, err)
	_, err = answering.Wait()
	require.NoError(t, err)
	requireRead(t, c, p)
	requireRead(t, c, large)
	require.NoError(t, far.Close())
	require.NoError(t, c.Close())
}

// Symptom: the vendor's C++ server, which knows names of header fields in this
// spelling only, answered the handshake with 500.
func TestHeaderOfTheHandshakeIsSpelledAsInTheRFC(t *testing.T) {
	t.Parallel()
	near, far := mem.Pipe()
	asking := bubble.Start(func() (string, error) {
		var head strings.Builder
		_, err := http.ReadRequest(bufio.NewReader(io.TeeReader(far, &head)))
		_ = far.Close()
		return head.String(), err
	})
	header := http.Header{}
	header.Set("Origin", "https://page")
	header.Set("Sec-WebSocket-Protocol", "any")
	_, err := (&ws.Dialer{Dialer: dialTo(near), Header: header}).DialContext(t.Context(), "tcp", "gate")
	require.Error(t, err)
	head, err := asking.Wait()
	require.NoError(t, err)
	for _, field := range []string{
		"Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: ",
		"Sec-WebSocket-Protocol: any", "Origin: https://page",
	} {
		require.Contains(t, head, "\r\n"+field)
	}
}

func TestAnswerWithoutEndIsGivenUp(t *testing.T) {
	t.Parallel()
	near, far := mem.Pipe()
	defer far.Close()
	answering := bubble.Start(func() (n int, err error) {
		_, err = io.WriteString(far, "HTTP/1.1 101 Switching Protocols\r\n")
		for ; err == nil && n < 1<<20; n += 100 {
			_, err = io.WriteString(far, "X: "+strings.Repeat("x", 95)+"\r\n")
		}
		_ = far.CloseWrite()
		return n, err
	})
	_, err := (&ws.Dialer{Dialer: dialTo(near)}).DialContext(t.Context(), "tcp", "gate")
	require.Error(t, err)
	n, err := answering.Wait()
	require.Error(t, err, "its connection is closed")
	require.Less(t, n, 200<<10)
}

func TestContextBoundsTheHandshakeOnly(t *testing.T) {
	bubble.Run(t, func(t *testing.T) {
		near, far := mem.Pipe()
		defer far.Close()
		silent := ws.Dialer{Dialer: dialTo(near)}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		begin := time.Now()
		_, err := silent.DialContext(ctx, "tcp", "ws://gate")
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, time.Second, time.Since(begin))
		_, err = io.Copy(io.Discard, far)
		require.NoError(t, err, "it has closed what it had")

		var network mem.Network
		inner, err := network.Listen("gate")
		require.NoError(t, err)
		l := ws.NewListener(inner.Addr(), nil)
		serve(t, inner, l)
		ctx, cancel = context.WithTimeout(t.Context(), time.Second)
		c, err := (&ws.Dialer{Dialer: &network}).DialContext(ctx, "tcp", "gate")
		cancel()
		require.NoError(t, err)
		server, err := l.Accept()
		require.NoError(t, err)
		bubble.Advance(t, time.Hour)
		_, err = server.Write(pkg(t, 100))
		require.NoError(t, err)
		requireRead(t, c, pkg(t, 100))
		reading := startRead(server)
		require.NoError(t, c.Close())
		_, err = reading.Wait()
		require.Equal(t, io.EOF, err)
		require.NoError(t, server.Close())
	})
}

// secureServer serves l over TLS, with a certificate of httptest's own making
// for example.com, and returns what clients need to trust it.
func secureServer(t *testing.T, h http.Handler) (addr net.Addr, roots *x509.CertPool) {
	t.Helper()
	srv := httptest.NewUnstartedServer(h)
	srv.Config.ErrorLog = quiet
	srv.StartTLS()
	t.Cleanup(srv.Close)
	roots = x509.NewCertPool()
	roots.AddCert(srv.Certificate())
	return srv.Listener.Addr(), roots
}

func TestWSSVerifiesTheServer(t *testing.T) {
	t.Parallel()
	l := ws.NewListener(nil, nil)
	addr, roots := secureServer(t, l)
	endpoint := "wss://" + addr.String()

	var last net.Conn
	kept := transport.DialerFunc(func(ctx context.Context, network, address string) (nc net.Conn, err error) {
		last, err = new(net.Dialer).DialContext(ctx, network, address)
		return last, err
	})
	_, err := (&ws.Dialer{Dialer: kept}).DialContext(t.Context(), "tcp", endpoint)
	var unknown x509.UnknownAuthorityError
	require.ErrorAs(t, err, &unknown)
	require.ErrorIs(t, last.SetDeadline(time.Time{}), net.ErrClosed, "the connection is closed")

	_, err = (&ws.Dialer{TLS: &tls.Config{RootCAs: roots, ServerName: "somebody.else"}}).DialContext(t.Context(), "tcp", endpoint)
	var wrong x509.HostnameError
	require.ErrorAs(t, err, &wrong)

	config := &tls.Config{RootCAs: roots}
	client, err := (&ws.Dialer{TLS: config}).DialContext(t.Context(), "tcp", endpoint)
	require.NoError(t, err)
	require.Empty(t, config.ServerName, "the caller's")
	require.IsType(t, new(tls.Conn), client.(*ws.Conn).NetConn())
	server, err := l.Accept()
	require.NoError(t, err)
	require.True(t, client.(*ws.Conn).Encrypted())
	require.True(t, server.(*ws.Conn).Encrypted())
	for range 3 {
		_, err = client.Write(pkg(t, 100<<10))
		require.NoError(t, err)
		requireRead(t, server, pkg(t, 100<<10))
	}
	closing := bubble.Start(func() (int, error) { return 0, client.Close() })
	_, err = server.Read(make([]byte, 1))
	require.Equal(t, io.EOF, err)
	require.NoError(t, server.Close())
	_, _ = closing.Wait()
}

func TestOldTLSIsRefused(t *testing.T) {
	t.Parallel()
	srv := httptest.NewUnstartedServer(ws.NewListener(nil, nil))
	srv.Config.ErrorLog = quiet
	srv.TLS = &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}
	srv.StartTLS()
	defer srv.Close()
	roots := x509.NewCertPool()
	roots.AddCert(srv.Certificate())
	config := &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS10}
	_, err := (&ws.Dialer{TLS: config}).DialContext(t.Context(), "tcp", "wss://"+srv.Listener.Addr().String())
	require.ErrorContains(t, err, "protocol version")
	require.EqualValues(t, tls.VersionTLS10, config.MinVersion, "the caller's")
}

func TestPlainServerBehindWSSIsAClearError(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(ws.NewListener(nil, nil))
	defer srv.Close()
	_, err := new(ws.Dialer).DialContext(t.Context(), "tcp", "wss://"+srv.Listener.Addr().String())
	var header tls.RecordHeaderError
	require.ErrorAs(t, err, &header)
}
