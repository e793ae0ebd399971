package httpgate

import (
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
	gate   *listener
	client *fpnn.Client
	busy   bool // a quest is under way, or its answer; under gate.mu
}

// connKey is what a request's context has its webConn under.
type connKey struct{}

// serveHTTP gives a connection to the HTTP server.
func (l *listener) serveHTTP(nc *peeked) {
	c := &webConn{peeked: nc, gate: l}
	client, err := fpnn.NewClient([]string{"gate"},
		fpnn.WithDialer(pipes{c}),
		fpnn.WithEncoding(codec.JSON),
		fpnn.WithMaxPackage(l.MaxPackage),
		fpnn.WithTimeout(0), // as long as the HTTP client waits
		fpnn.WithReconnect(fpnn.Reconnect{Min: 1, Max: 1, FailFast: true}),
		fpnn.WithHandler(fpnn.HandlerFunc(refuse)),
	)
	if err != nil {
		panic(err) // an option of the above is out of range
	}
	c.client = client
	l.mu.Lock()
	down := l.down
	if !down {
		l.webs[c] = struct{}{}
	}
	l.mu.Unlock()
	l.tasks.Add(1)
	if down {
		c.end()
		return
	}
	select {
	case l.requests <- c:
	case <-l.closed:
		c.end()
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
		c.gate.mu.Lock()
		c.busy = false
		down := c.gate.down
		c.gate.mu.Unlock()
		if down {
			_ = c.Close()
		}
	case http.StateHijacked:
		c.release()
	case http.StateClosed:
		c.end()
	default:
	}
}

// begin marks the connection as one that is not to be closed before a quest is
// answered, unless the listener is closed already.
func (c *webConn) begin() bool {
	c.gate.mu.Lock()
	defer c.gate.mu.Unlock()
	c.busy = !c.gate.down
	return c.busy
}

func (c *webConn) end() {
	_ = c.Close()
	c.release()
}

// release ends what the gate has of the connection.
func (c *webConn) release() {
	c.gate.mu.Lock()
	delete(c.gate.webs, c)
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
