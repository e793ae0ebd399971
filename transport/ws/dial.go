package ws

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/coder/websocket"
)

const (
	// defaultPath is where the vendor's C++ server takes WebSockets, whatever
	// its last segment.
	defaultPath = "/service/fpnn"
	// maxAnswer is the largest header in bytes of the answer to a handshake.
	maxAnswer = 64 << 10
)

// Dialer connects to WebSocket endpoints. It is a transport.Dialer. The zero
// value is ready to use.
type Dialer struct {
	// Dialer makes the connection underneath. Default: a [net.Dialer].
	Dialer interface {
		DialContext(ctx context.Context, network, address string) (net.Conn, error)
	}
	// TLS is for wss. Without a ServerName it is that of the endpoint. At least
	// TLS 1.2 is spoken. Default: the system's authorities.
	TLS *tls.Config
	// Header is sent with the handshake: Origin or Authorization, say.
	Header http.Header
	// MaxPackage is the largest package in bytes, header included, that is taken
	// or sent. Default: frame.DefaultMaxPackage.
	MaxPackage int
}

// DialContext connects to address: ws://HOST[:PORT][/PATH] or wss://..., by
// default with port 80 or 443 and the path /service/fpnn. What is no URL goes to
// the Dialer underneath as it is, and is spoken to as ws://address would be.
//
// ctx bounds the making of the connection, the handshake included. An answer
// that is not 101 is a [*HandshakeError].
func (d *Dialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	u, address, err := target(address)
	if err != nil {
		return nil, err
	}
	nc, err := d.connect(ctx, network, address, u)
	if err != nil {
		return nil, err
	}
	w := newWire(nc)
	stop := context.AfterFunc(ctx, func() { _ = nc.Close() })
	u.Scheme = "ws" // TLS, if any, is done with
	ws, answer, err := websocket.Dial(ctx, u.String(), &websocket.DialOptions{
		HTTPClient: &http.Client{Transport: handshake{w}, CheckRedirect: noRedirect},
		HTTPHeader: d.Header,
	})
	switch stopped := stop(); {
	case !stopped:
		err = ctx.Err()
	case err == nil:
		return newConn(ws, w, d.MaxPackage), nil
	case answer != nil:
		err = &HandshakeError{Status: answer.StatusCode, Err: err}
	}
	_ = nc.Close()
	return nil, err
}

// target reads an endpoint: the URL of the handshake, and where to connect.
func target(endpoint string) (u *url.URL, address string, err error) {
	if !strings.Contains(endpoint, "://") {
		return &url.URL{Scheme: "ws", Host: endpoint, Path: defaultPath}, endpoint, nil
	}
	if u, err = url.Parse(endpoint); err != nil {
		return nil, "", fmt.Errorf("ws: endpoint: %w", err)
	}
	port := u.Port()
	switch {
	case u.Scheme != "ws" && u.Scheme != "wss":
		return nil, "", fmt.Errorf("ws: endpoint %q: scheme is neither ws nor wss", endpoint)
	case u.Hostname() == "":
		return nil, "", fmt.Errorf("ws: endpoint %q without a host", endpoint)
	case port == "" && u.Scheme == "wss":
		port = "443"
	case port == "":
		port = "80"
	}
	if u.Path == "" {
		u.Path = defaultPath
	}
	return u, net.JoinHostPort(u.Hostname(), port), nil
}

// connect makes the connection underneath, TLS included.
func (d *Dialer) connect(ctx context.Context, network, address string, u *url.URL) (net.Conn, error) {
	dialer := d.Dialer
	if dialer == nil {
		dialer = new(net.Dialer)
	}
	nc, err := dialer.DialContext(ctx, network, address)
	if err != nil || u.Scheme != "wss" {
		return nc, err
	}
	config := d.TLS.Clone()
	if config == nil {
		config = new(tls.Config)
	}
	if config.ServerName == "" {
		config.ServerName = u.Hostname()
	}
	config.MinVersion = max(config.MinVersion, tls.VersionTLS12)
	secure := tls.Client(nc, config)
	if err := secure.HandshakeContext(ctx); err != nil {
		_ = nc.Close()
		return nil, err
	}
	return secure, nil
}

// handshake sends the one request of a connection and reads its answer. It has no
// goroutines, keeps nothing and logs nothing, all of which [http.Transport] would.
type handshake struct{ w *wire }

func (h handshake) RoundTrip(r *http.Request) (*http.Response, error) {
	asked := *r
	asked.Header = spelled(r.Header)
	if err := asked.Write(h.w); err != nil {
		return nil, err
	}
	head := bufio.NewReader(io.LimitReader(h.w, maxAnswer))
	answer, err := http.ReadResponse(head, r)
	if err != nil {
		return nil, err
	}
	if answer.StatusCode != http.StatusSwitchingProtocols {
		answer.Body = http.NoBody
		return answer, nil
	}
	ahead, _ := head.Peek(head.Buffered()) // frames that came with the answer
	answer.Body = stream{io.MultiReader(bytes.NewReader(ahead), h.w), h.w}
	return answer, nil
}

// spelled returns a header with names as RFC 6455 spells them, and not
// [http.Header]: the vendor's C++ server knows no other spelling.
func spelled(h http.Header) http.Header {
	s := make(http.Header, len(h))
	for name, values := range h {
		s[strings.Replace(name, "Sec-Websocket-", "Sec-WebSocket-", 1)] = values
	}
	return s
}

// stream is what follows the handshake.
type stream struct {
	io.Reader
	*wire
}

func (s stream) Read(b []byte) (int, error) { return s.Reader.Read(b) }

func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
