package httpgate

import (
	"container/list"
	"context"
	"net"
	"net/http"

	"github.com/gofpnn/gofpnn/codec"
	"github.com/gofpnn/gofpnn/fpnn"
)

// webConn is a connection of the HTTP server's. To the FPNN server it is a client
// of its own, whose packages travel through a pipe: quests that come by HTTP are
// handled, limited and counted like all others.
type webConn struct {
	*peeked
	gate   *Listener
	client *fpnn.Client

	// Under gate.mu.
	place   *list.Element // among those without a quest; nil if one is under way, or its answer
	refusal error         // why the server does not serve it
}

// connKey is what a request's context has its webConn under.
type connKey struct{}

// serveHTTP gives a connection to the HTTP server.
func (l *Listener) serveHTTP(nc *peeked) {
	c := &webConn{peeked: nc, gate: l}
	client, err := fpnn.NewClient([]string{"gate"},
		fpnn.WithDialer(pipes{c}),
		fpnn.WithEncoding(codec.JSON),
		fpnn.WithMaxPackage(l.config.MaxPackage),
		fpnn.WithTimeout(0), // as long as the HTTP client waits
		fpnn.WithReconnect(fpnn.Reconnect{Min: 1, Max: 1, FailFast: true}),
		fpnn.WithHandler(fpnn.HandlerFunc(refuse)),
	)
	if err != nil {
		panic(err) // an option of the above is out of range
	}
	c.client = client
	l.tasks.Add(1)
	leaving, ok := l.enter(c)
	if !ok {
		c.end()
		return
	}
	select {
	case l.requests <- c:
	case <-l.closed:
		c.end()
	}
	if leaving != nil {
		_ = leaving.Close()
	}
}

// enter makes c one of the HTTP connections. If they are too many it returns the
// one that has to go for it; it reports false if none can, or the listener is
// closed.
func (l *Listener) enter(c *webConn) (leaving *webConn, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.down {
		return nil, false
	}
	if len(l.webs) >= l.config.MaxHTTP {
		l.tooMany++
		oldest := l.waiting.Front()
		if oldest == nil {
			return nil, false
		}
		leaving = oldest.Value.(*webConn)
		l.leave(leaving)
	}
	l.webs[c] = struct{}{}
	c.place = l.waiting.PushBack(c)
	return leaving, true
}

// leave is the end of enter. l.mu is held.
func (l *Listener) leave(c *webConn) {
	delete(l.webs, c)
	if c.place != nil {
		l.waiting.Remove(c.place)
		c.place = nil
	}
}

// refuse answers the quests of handlers that call an HTTP client back.
func refuse(context.Context, *fpnn.Quest) (any, error) {
	return nil, fpnn.Errorf(fpnn.CodeCoreUnknownMethod, "HTTP clients take no quests")
}

// become follows the HTTP server's use of the connection.
func (c *webConn) become(s http.ConnState) {
	switch s {
	case http.StateIdle:
		c.rest()
	case http.StateHijacked:
		c.release()
	case http.StateClosed:
		c.end()
	default:
	}
}

// begin marks the connection as one that is not to be closed before a quest is
// answered, unless it is about to be.
func (c *webConn) begin() bool {
	l := c.gate
	l.mu.Lock()
	defer l.mu.Unlock()
	if c.place == nil || l.down {
		return false
	}
	l.waiting.Remove(c.place)
	c.place = nil
	return true
}

// rest is the end of begin.
func (c *webConn) rest() {
	l := c.gate
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, ok := l.webs[c]; ok && c.place == nil {
		c.place = l.waiting.PushBack(c)
	}
}

func (c *webConn) end() {
	_ = c.Close()
	c.release()
}

// release ends what the gate has of the connection.
func (c *webConn) release() {
	c.gate.mu.Lock()
	c.gate.leave(c)
	c.gate.mu.Unlock()
	_ = c.client.Close()
	c.gate.tasks.Done()
}

// pipes dials the FPNN server of an HTTP connection's gate: there is none but the
// one that accepts from it.
type pipes struct{ conn *webConn }

func (p pipes) DialContext(ctx context.Context, _, _ string) (net.Conn, error) {
	near, far := net.Pipe()
	select {
	case p.conn.gate.arrivals <- arrival{nc: &piped{far, p.conn}}:
		return near, nil
	case <-p.conn.gate.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// piped is the server's end of a pipe. It has the addresses of the HTTP
// connection.
type piped struct {
	net.Conn
	web *webConn
}

func (c *piped) Encrypted() bool      { return c.web.Encrypted() }
func (c *piped) LocalAddr() net.Addr  { return c.web.LocalAddr() }
func (c *piped) RemoteAddr() net.Addr { return c.web.RemoteAddr() }

// CloseWithError is how the server says why it does not serve the connection.
func (c *piped) CloseWithError(reason error) error {
	c.web.gate.mu.Lock()
	c.web.refusal = reason
	c.web.gate.mu.Unlock()
	return c.Close()
}

// refused returns that reason, if there is one.
func (c *webConn) refused() error {
	c.gate.mu.Lock()
	defer c.gate.mu.Unlock()
	return c.refusal
}
