package ws

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/coder/websocket"
)

// Upgrader makes WebSocket connections of HTTP requests. The zero value is ready
// to use.
type Upgrader struct {
	// MaxPackage is the largest package in bytes, header included, that is taken
	// or sent. Default: frame.DefaultMaxPackage.
	MaxPackage int
	// Origins are the hosts, besides the one that is asked, whose web pages may
	// connect: patterns of [path.Match] for host and port, behind a scheme and
	// "://" if that matters; "*" alone is for all. Others are refused with 403.
	// What comes without an Origin header is no browser and is let in.
	Origins []string
}

// Upgrade makes a connection of a request, which it takes away from its server.
// If it fails it has answered the request with the reason.
func (u *Upgrader) Upgrade(w http.ResponseWriter, r *http.Request) (*Conn, error) {
	if !u.Allows(r) {
		http.Error(w, "origin not allowed", http.StatusForbidden)
		return nil, fmt.Errorf("ws: origin %q is not allowed", r.Header.Get("Origin"))
	}
	h := &hijacker{ResponseWriter: w}
	if canHijack(w) {
		w = h
	}
	ws, err := websocket.Accept(w, r, &websocket.AcceptOptions{
		Subprotocols:       requested(r.Header),
		InsecureSkipVerify: true, // see above
	})
	if err != nil {
		return nil, fmt.Errorf("ws: %w", err)
	}
	return newConn(ws, h.wire, u.MaxPackage), nil
}

// Allows reports whether the Origin of a request is one of those.
func (u *Upgrader) Allows(r *http.Request) bool {
	origin := strings.ToLower(r.Header.Get("Origin"))
	if origin == "" || slices.Contains(u.Origins, "*") {
		return true
	}
	o, err := url.Parse(origin)
	if err != nil || o.Host == "" {
		return false
	}
	return o.Host == strings.ToLower(r.Host) || slices.ContainsFunc(u.Origins, func(pattern string) bool {
		page := o.Host
		if strings.Contains(pattern, "://") {
			page = o.Scheme + "://" + o.Host
		}
		matched, _ := path.Match(strings.ToLower(pattern), page)
		return matched
	})
}

// requested returns the sub-protocols a client offers. FPNN has none of its own,
// so all are as good.
func requested(h http.Header) (protocols []string) {
	for p := range strings.SplitSeq(strings.Join(h.Values("Sec-WebSocket-Protocol"), ","), ",") {
		if p = strings.TrimSpace(p); p != "" {
			protocols = append(protocols, p)
		}
	}
	return protocols
}

// hijacker puts a wire between the library and the connection.
type hijacker struct {
	http.ResponseWriter
	wire *wire
}

func (h *hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	nc, rw, err := http.NewResponseController(h.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	h.wire = newWire(nc)
	rw.Writer.Reset(h.wire)
	return h.wire, rw, nil
}

func canHijack(w http.ResponseWriter) bool {
	for {
		switch outer := w.(type) {
		case http.Hijacker:
			return true
		case interface{ Unwrap() http.ResponseWriter }:
			w = outer.Unwrap()
		default:
			return false
		}
	}
}

// Listener is a [net.Listener] of the WebSocket connections that come to it as an
// [http.Handler].
type Listener struct {
	addr     net.Addr
	upgrader *Upgrader
	conns    chan *Conn
	once     sync.Once
	closed   chan struct{}
}

// NewListener returns a Listener that says it listens at addr, which is that of
// the HTTP server. A nil u is the zero Upgrader.
func NewListener(addr net.Addr, u *Upgrader) *Listener {
	if u == nil {
		u = new(Upgrader)
	}
	return &Listener{addr: addr, upgrader: u, conns: make(chan *Conn), closed: make(chan struct{})}
}

// ServeHTTP upgrades the request and waits until its connection is accepted.
// After Close it closes it.
func (l *Listener) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c, err := l.upgrader.Upgrade(w, r)
	if err != nil {
		return
	}
	select {
	case l.conns <- c:
	case <-l.closed:
		_ = c.Close()
	}
}

// Accept returns the next connection, or [net.ErrClosed] after Close.
func (l *Listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, &net.OpError{Op: "accept", Net: "ws", Addr: l.addr, Err: net.ErrClosed}
	}
}

// Close ends Accept. The HTTP server is not the Listener's and goes on.
func (l *Listener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

// Addr returns the address given to [NewListener].
func (l *Listener) Addr() net.Addr { return l.addr }
