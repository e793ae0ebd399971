package fpnn

import (
	"context"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pkg/errors"
	"golang.org/x/sync/singleflight"

	"github.com/gofpnn/gofpnn/transport"
)

// Client calls one server over one connection, shared by all callers. It
// connects when first used, and again on the next use after the connection is
// lost. All methods may be called concurrently.
type Client struct {
	config      connConfig
	endpoints   []endpoint
	dialer      transport.Dialer
	dialTimeout time.Duration
	maxWaiting  int64

	ctx     context.Context // of dials; ends with Close
	cancel  context.CancelFunc
	current atomic.Pointer[Conn]
	dials   singleflight.Group
	waiting atomic.Int64

	mu     sync.Mutex
	closed bool
	tasks  sync.WaitGroup // connections, and the dial in progress
}

// Dial returns a [Client] that is connected to endpoint, see [NewClient].
func Dial(ctx context.Context, endpoint string, opts ...ClientOption) (*Client, error) {
	c, err := NewClient([]string{endpoint}, opts...)
	if err != nil {
		return nil, err
	}
	if err := c.Connect(ctx); err != nil {
		_ = c.Close()
		return nil, err
	}
	return c, nil
}

// NewClient returns a Client that connects on first use. It tries the endpoints
// in turn: "host:port", or "unix:PATH" for a Unix socket. With a dialer of
// another kind ([WithDialer]) they are what that dialer understands.
func NewClient(endpoints []string, opts ...ClientOption) (*Client, error) {
	c := &Client{
		config:      defaultConfig(),
		dialer:      new(net.Dialer),
		dialTimeout: DefaultDialTimeout,
		maxWaiting:  DefaultMaxInFlight,
	}
	c.config.ended = func(*Conn) { c.tasks.Done() }
	for _, o := range opts {
		if err := o.applyToClient(c); err != nil {
			return nil, err
		}
	}
	if len(endpoints) == 0 {
		return nil, errors.New("fpnn: NewClient without an endpoint")
	}
	for _, s := range endpoints {
		e, err := parseEndpoint(s)
		if err != nil {
			return nil, err
		}
		c.endpoints = append(c.endpoints, e)
	}
	c.ctx, c.cancel = context.WithCancel(context.Background())
	return c, nil
}

// Connect makes sure that there is a connection. Calls do so themselves; it
// serves to fail early.
func (c *Client) Connect(ctx context.Context) error {
	_, err := c.conn(ctx)
	return err
}

// Call sends a twoway quest and waits for its answer, whose bytes the caller
// owns.
//
// args is the quest's payload: nil for an empty one, a [codec.Appender] (the
// fastest), or a map or struct that becomes one map. method is 1 to 255 bytes.
// Without a deadline in ctx the client's time-out applies ([WithTimeout]).
//
// An error answer is a [*RemoteError], any other failure an [*OpError] whose
// cause is ctx's error, [ErrDisconnected], [ErrClosed], [ErrQueueFull],
// [ErrTooLarge] or what the codec found wrong. [Code] gives the FPNN code,
// [SafeToRetry] whether the peer cannot have acted.
func (c *Client) Call(ctx context.Context, method string, args any) (Answer, error) {
	var answer Answer
	err := c.CallInto(ctx, method, args, &answer)
	return answer, err
}

// CallInto is [Client.Call] with an Answer whose buffer is used again: with a
// codec.Appender for args it allocates nothing. After an error the Answer is
// that of the peer's error answer, or empty.
func (c *Client) CallInto(ctx context.Context, method string, args any, answer *Answer) error {
	conn, err := c.conn(ctx)
	if err != nil {
		return &OpError{Op: "call", Method: method, Err: err}
	}
	return conn.CallInto(ctx, method, args, answer)
}

// Notify sends a oneway quest. It returns when the quest is in the write buffer:
// nothing tells whether the peer got it. Arguments and errors are those of
// [Client.Call].
func (c *Client) Notify(ctx context.Context, method string, args any) error {
	conn, err := c.conn(ctx)
	if err != nil {
		return &OpError{Op: "notify", Method: method, Err: err}
	}
	return conn.Notify(ctx, method, args)
}

// Conn returns the present connection, or nil while there is none.
func (c *Client) Conn() *Conn {
	conn := c.current.Load()
	if conn == nil || conn.isDown() {
		return nil
	}
	return conn
}

// Close ends the client at once: calls in flight and a dial in progress end with
// [ErrClosed]. It returns when all goroutines have ended, handlers included, so
// a handler must not call it.
func (c *Client) Close() error {
	if conn := c.stop(); conn != nil {
		conn.fail(ErrClosed)
	}
	c.cancel()
	c.tasks.Wait()
	return nil
}

// Shutdown refuses new calls, waits for those in flight and then closes. When
// ctx ends first, it closes at once and returns ctx's error.
func (c *Client) Shutdown(ctx context.Context) error {
	var err error
	if conn := c.stop(); conn != nil {
		err = conn.Shutdown(ctx)
	}
	c.cancel()
	c.tasks.Wait()
	return err
}

func (c *Client) stop() *Conn {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	return c.current.Load()
}

// conn returns a live connection, making one if need be: one dial for all who
// wait, and each leaves on its own ctx.
func (c *Client) conn(ctx context.Context) (*Conn, error) {
	if conn := c.Conn(); conn != nil {
		return conn, nil
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	defer c.waiting.Add(-1)
	if c.waiting.Add(1) > c.maxWaiting {
		return nil, ErrQueueFull
	}
	select {
	case r := <-c.dials.DoChan("", c.dial):
		if r.Err != nil {
			return nil, r.Err
		}
		return r.Val.(*Conn), nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// dial tries the endpoints in turn.
func (c *Client) dial() (any, error) {
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		return nil, ErrClosed
	}
	c.tasks.Add(1)
	c.mu.Unlock()
	defer c.tasks.Done()

	if conn := c.Conn(); conn != nil {
		return conn, nil // made since the caller looked
	}
	var err error
	for _, e := range c.endpoints {
		var nc net.Conn
		if nc, err = c.dialOne(e); err == nil {
			return c.adopt(nc)
		}
		if c.ctx.Err() != nil {
			return nil, ErrClosed
		}
		c.config.logger.Debug("dial failed", "endpoint", e.address, "err", err)
	}
	return nil, err
}

func (c *Client) dialOne(e endpoint) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(c.ctx, c.dialTimeout)
	defer cancel()
	nc, err := c.dialer.DialContext(ctx, e.network, e.address)
	if err != nil {
		return nil, errors.WithStack(&OpError{Op: "dial", Err: err})
	}
	return nc, nil
}

// adopt makes nc the client's connection.
func (c *Client) adopt(nc net.Conn) (*Conn, error) {
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		_ = nc.Close()
		return nil, ErrClosed
	}
	conn := newConn(nc, &c.config)
	c.tasks.Add(1)
	c.current.Store(conn)
	c.mu.Unlock()
	conn.start()
	return conn, nil
}

// endpoint is where a server listens, as a Dialer wants it.
type endpoint struct{ network, address string }

func parseEndpoint(s string) (endpoint, error) {
	if path, ok := strings.CutPrefix(s, "unix:"); ok {
		return endpoint{"unix", path}, nil
	}
	if scheme, _, ok := strings.Cut(s, "://"); ok {
		return endpoint{}, errors.Errorf("fpnn: endpoint %q: no dialer for scheme %q", s, scheme)
	}
	if s == "" {
		return endpoint{}, errors.New("fpnn: empty endpoint")
	}
	return endpoint{"tcp", s}, nil
}
