package fpnn

import (
	"context"
	"net"
	"os"
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
	maxWaiting  int

	onConnect    func(ctx context.Context, c *Conn) error
	onDisconnect func(c *Conn, reason error)

	ctx     context.Context // of dials; ends with Close
	cancel  context.CancelFunc
	current atomic.Pointer[Conn]
	dials   singleflight.Group

	mu      sync.Mutex
	closed  bool
	dialing bool
	waiting int            // callers in conn, and those who have left the dial in progress
	left    int            // the latter
	tasks   sync.WaitGroup // connections, and the dial in progress
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
	c.config.ended = c.ended
	for _, o := range opts {
		if err := o.applyToClient(c); err != nil {
			return nil, err
		}
	}
	if len(endpoints) == 0 {
		return nil, errors.New("fpnn: NewClient without an endpoint")
	}
	for _, s := range endpoints {
		e, err := c.parseEndpoint(s)
		if err != nil {
			return nil, err
		}
		c.endpoints = append(c.endpoints, e)
	}
	c.ctx, c.cancel = context.WithCancel(context.Background())
	return c, nil
}

// Connect makes sure that there is a connection. Calls do so themselves; it
// serves to fail early. Its error is an [*OpError].
func (c *Client) Connect(ctx context.Context) error {
	_, err := c.conn(ctx)
	var op *OpError
	if err != nil && !errors.As(err, &op) {
		err = &OpError{Op: "dial", Err: err}
	}
	return err
}

// Call sends a twoway quest and waits for its answer, whose bytes the caller
// owns.
//
// args is the quest's payload: nil for an empty one, a [codec.Appender] (the
// fastest), or a map or struct that becomes one map. method is 1 to 255 bytes.
// Without a deadline in ctx the client's time-out applies ([WithTimeout]), to the
// making of a connection and the call together.
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
	if conn := c.Conn(); conn != nil {
		return conn.CallInto(ctx, method, args, answer)
	}
	answer.reset()
	ctx, cancel := c.withTimeout(ctx)
	defer cancel()
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
	ctx, cancel := c.withTimeout(ctx)
	defer cancel()
	conn, err := c.conn(ctx)
	if err != nil {
		return &OpError{Op: "notify", Method: method, Err: err}
	}
	return conn.Notify(ctx, method, args)
}

// withTimeout gives ctx the default time-out, if it has none of its own and there
// is no connection. With one, no context is made.
func (c *Client) withTimeout(ctx context.Context) (context.Context, context.CancelFunc) {
	if _, ok := ctx.Deadline(); ok || c.config.timeout == 0 || c.Conn() != nil {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, c.config.timeout)
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
	if !c.queue() {
		return nil, ErrQueueFull
	}
	select {
	case r := <-c.dials.DoChan("", c.dial):
		c.unqueue(false)
		if r.Err != nil {
			return nil, r.Err
		}
		return r.Val.(*Conn), nil
	case <-ctx.Done():
		c.unqueue(true)
		return nil, ctx.Err()
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

// dial tries the endpoints in turn.
func (c *Client) dial() (any, error) {
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		return nil, ErrClosed
	}
	c.tasks.Add(1)
	c.dialing = true
	c.mu.Unlock()
	defer c.dialed()

	if conn := c.Conn(); conn != nil {
		return conn, nil // made since the caller looked
	}
	var err error
	for _, e := range c.endpoints {
		var conn *Conn
		if conn, err = c.dialOne(e); err == nil {
			return conn, nil
		}
		if c.ctx.Err() != nil {
			return nil, ErrClosed
		}
		c.config.logger.Debug("dial failed", "endpoint", e.address, "err", err)
	}
	return nil, err
}

func (c *Client) dialed() {
	c.mu.Lock()
	c.dialing = false
	c.waiting -= c.left
	c.left = 0
	c.mu.Unlock()
	c.tasks.Done()
}

// dialOne makes a connection to an endpoint, and makes it the client's.
func (c *Client) dialOne(e endpoint) (*Conn, error) {
	ctx, cancel := context.WithTimeout(c.ctx, c.dialTimeout)
	defer cancel()
	nc, err := c.dialer.DialContext(ctx, e.network, e.address)
	if err != nil {
		// A Dialer may find the deadline passed before ctx has noticed.
		if errors.Is(err, os.ErrDeadlineExceeded) {
			err = &timeoutError{err}
		}
		return nil, errors.WithStack(&OpError{Op: "dial", Err: err})
	}
	conn, err := c.begin(nc)
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
	closed := c.closed
	if !closed {
		c.current.Store(conn)
	}
	c.mu.Unlock()
	if closed {
		conn.fail(ErrClosed)
		return nil, ErrClosed
	}
	return conn, nil
}

// begin starts a connection that is not yet the client's.
func (c *Client) begin(nc net.Conn) (*Conn, error) {
	conn := newConn(nc, &c.config)
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		_ = nc.Close()
		return nil, ErrClosed
	}
	c.tasks.Add(1)
	c.mu.Unlock()
	conn.start()
	return conn, nil
}

// ended is called when all of a connection has ended.
func (c *Client) ended(conn *Conn) {
	if c.onDisconnect != nil {
		c.onDisconnect(conn, conn.Err())
	}
	c.tasks.Done()
}

// endpoint is where a server listens, as a Dialer wants it.
type endpoint struct{ network, address string }

func (c *Client) parseEndpoint(s string) (endpoint, error) {
	if path, ok := strings.CutPrefix(s, "unix:"); ok {
		if path == "" {
			return endpoint{}, errors.Errorf("fpnn: endpoint %q without a path", s)
		}
		return endpoint{"unix", path}, nil
	}
	if _, plain := c.dialer.(*net.Dialer); plain && strings.Contains(s, "://") {
		return endpoint{}, errors.Errorf("fpnn: endpoint %q: no dialer for its scheme", s)
	}
	if s == "" {
		return endpoint{}, errors.New("fpnn: empty endpoint")
	}
	return endpoint{"tcp", s}, nil
}
