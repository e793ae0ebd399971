package fpnn

import (
	"context"
	"net"
	"os"
	"strings"

	"github.com/pkg/errors"

	"github.com/gofpnn/gofpnn/transport"
)

// conn returns a live connection, making one if need be: one dial for all who
// wait, and each leaves on its own ctx.
func (c *Client) conn(ctx context.Context) (*Conn, error) {
	if conn := c.Conn(); conn != nil {
		return conn, nil
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if !c.queue() {
		return nil, ErrQueueFull
	}
	if err := c.refuseNow(); err != nil {
		c.unqueue(false)
		return nil, err
	}
	for {
		select {
		case r := <-c.dials.DoChan("", c.dial):
			if r.Err != nil && c.patient() {
				continue // the end of a dial that did not know of this caller
			}
			c.unqueue(false)
			if r.Err != nil {
				return nil, r.Err
			}
			return r.Val.(*Conn), nil
		case <-ctx.Done():
			c.unqueue(true)
			return nil, c.outageError(ctx.Err())
		}
	}
}

// queue admits one more caller who waits for a connection.
func (c *Client) queue() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.waiting >= c.maxWaiting {
		return false
	}
	c.waiting++
	return true
}

// unqueue tells that a caller waits no more. The dial keeps something for each
// who leaves it, so they count until it ends.
func (c *Client) unqueue(early bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if early && c.dialing {
		c.left++
	} else {
		c.waiting--
	}
}

// dial makes a connection, after as many attempts as there is reason for. One
// runs at a time, for all who wait.
func (c *Client) dial() (any, error) {
	if !c.beginDial() {
		return nil, ErrClosed
	}
	defer c.endDial()
	for {
		if conn := c.Conn(); conn != nil {
			return conn, nil // made since the caller looked
		}
		if !c.pause() {
			return nil, ErrClosed
		}
		c.setState(Connecting)
		conn, err := c.attempt()
		if err == nil {
			return conn, nil
		}
		if c.ctx.Err() != nil {
			return nil, ErrClosed
		}
		c.failed(err)
		if !c.persists() {
			return nil, err
		}
	}
}

// attempt tries the endpoints in turn.
func (c *Client) attempt() (conn *Conn, err error) {
	for range c.endpoints {
		c.mu.Lock()
		e := c.endpoints[c.endpoint]
		c.mu.Unlock()
		if conn, err = c.tryEndpoint(e); err == nil || c.ctx.Err() != nil {
			return conn, err
		}
		c.config.logger.Debug("dial failed", "endpoint", e.address, "err", err)
		c.mu.Lock()
		c.nextEndpoint()
		c.mu.Unlock()
	}
	return nil, err
}

// nextEndpoint has the next attempt begin behind an endpoint that is of no use.
// c.mu is held.
func (c *Client) nextEndpoint() { c.endpoint = (c.endpoint + 1) % len(c.endpoints) }

func (c *Client) beginDial() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state == Closed {
		return false
	}
	c.tasks.Add(1)
	c.dialing = true
	return true
}

func (c *Client) endDial() {
	c.mu.Lock()
	c.dialing = false
	c.waiting -= c.left
	c.left = 0
	c.mu.Unlock()
	c.tasks.Done()
}

// tryEndpoint is dialOne, within the dial time-out, counted and traced.
func (c *Client) tryEndpoint(e endpoint) (conn *Conn, err error) {
	ctx, cancel := context.WithTimeout(c.ctx, c.dialTimeout)
	defer cancel()
	c.mu.Lock()
	c.dialled++
	c.mu.Unlock()
	err = errAborted
	defer func() {
		if err != nil {
			c.mu.Lock()
			c.undialled++
			c.mu.Unlock()
		}
	}()
	if c.config.tracer != nil {
		return c.traceDial(ctx, e)
	}
	return c.dialOne(ctx, e)
}

// dialOne makes a connection to an endpoint, and makes it the client's.
func (c *Client) dialOne(ctx context.Context, e endpoint) (*Conn, error) {
	nc, err := e.dialer.DialContext(ctx, e.network, e.address)
	if err == nil && e.tls {
		nc, err = c.encrypt(ctx, nc, e)
	}
	if err != nil {
		// A Dialer may find the deadline passed before ctx has noticed.
		if errors.Is(err, os.ErrDeadlineExceeded) {
			err = &timeoutError{err}
		}
		return nil, errors.WithStack(&OpError{Op: "dial", Err: err})
	}
	conn, err := c.begin(nc, e)
	if err != nil {
		return nil, err
	}
	if c.onConnect != nil {
		if err := c.onConnect(ctx, conn); err != nil {
			conn.fail(ErrClosed)
			return nil, errors.WithStack(&OpError{Op: "dial", Err: err})
		}
	}
	c.mu.Lock()
	closed := c.state == Closed
	if !closed {
		c.outage.connected = true
		c.current.Store(conn)
	}
	tell := c.become(Ready, nil)
	c.mu.Unlock()
	if tell(); closed {
		conn.fail(ErrClosed)
		return nil, ErrClosed
	}
	if err := conn.Err(); err != nil {
		c.lost(conn, err)() // perhaps it was not the client's yet when it went down
	}
	return conn, nil
}

// begin starts a connection that is not yet the client's.
func (c *Client) begin(nc net.Conn, e endpoint) (*Conn, error) {
	conn := newConn(nc, &c.config)
	conn.endpoint = e.name
	c.mu.Lock()
	if c.state == Closed {
		c.mu.Unlock()
		_ = nc.Close()
		return nil, ErrClosed
	}
	c.tasks.Add(1)
	c.conns[conn] = struct{}{}
	c.mu.Unlock()
	conn.start()
	return conn, nil
}

// ended is called when all of a connection has ended.
func (c *Client) ended(conn *Conn) {
	if c.onDisconnect != nil {
		c.onDisconnect(conn, conn.Err())
	}
	stats := conn.final()
	c.mu.Lock()
	delete(c.conns, conn)
	c.past.add(stats)
	c.mu.Unlock()
	c.tasks.Done()
}

// endpoint is where a server listens, as a Dialer wants it.
type endpoint struct {
	name             string // as given to NewClient
	network, address string
	dialer           transport.Dialer
	tls              bool
}

func (c *Client) parseEndpoint(s string) (endpoint, error) {
	if s == "" {
		return endpoint{}, errors.New("fpnn: empty endpoint")
	}
	if path, ok := strings.CutPrefix(s, "unix:"); ok {
		if path == "" {
			return endpoint{}, errors.Errorf("fpnn: endpoint %q without a path", s)
		}
		return endpoint{s, "unix", path, c.dialer, c.tls != nil}, nil
	}
	scheme, rest, ok := strings.Cut(s, "://")
	if !ok {
		return endpoint{s, "tcp", s, c.dialer, c.tls != nil}, nil
	}
	if d := c.dialers[scheme]; d != nil {
		return endpoint{s, "tcp", s, d, false}, nil
	}
	if scheme == "tls" {
		e, err := c.parseEndpoint(rest)
		e.name, e.tls = s, true
		return e, err
	}
	if _, plain := c.dialer.(*net.Dialer); plain {
		return endpoint{}, errors.Errorf("fpnn: endpoint %q: no dialer for its scheme", s)
	}
	return endpoint{s, "tcp", s, c.dialer, c.tls != nil}, nil
}
