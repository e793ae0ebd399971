package fpnn

import (
	"context"
	"crypto/tls"
	"maps"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pkg/errors"
	"golang.org/x/sync/singleflight"

	"github.com/gofpnn/gofpnn/transport"
)

// Client calls one server over one connection, shared by all callers. It
// connects when first used. While the connection is lost calls wait for another
// one, as [Reconnect] says. All methods may be called concurrently.
type Client struct {
	config      connConfig
	endpoints   []endpoint
	dialer      transport.Dialer
	dialers     map[string]transport.Dialer // by scheme
	tls         *tls.Config                 // nil: only to endpoints that say so
	dialTimeout time.Duration
	maxWaiting  int

	onConnect    func(ctx context.Context, c *Conn) error
	onDisconnect func(c *Conn, reason error)

	reconnect Reconnect
	states    announcer

	ctx     context.Context // of dials; ends with Close
	cancel  context.CancelFunc
	current atomic.Pointer[Conn]
	dials   singleflight.Group

	unconnected atomic.Int64 // calls and notices that ended without a connection

	mu        sync.Mutex
	state     State
	waiting   int    // callers in conn, and those who have left the dial in progress
	left      int    // the latter
	dialing   bool   // the dial in progress has not come to its end
	redialing bool   // there is a goroutine that does so
	endpoint  int    // the one to begin with
	outage    outage // since the last connection that was of use
	dialled   int64  // attempts, each endpoint by itself
	undialled int64  // of these, those that failed
	conns     map[*Conn]struct{}
	past      ConnStats      // sums over the connections that are gone
	tasks     sync.WaitGroup // connections, and dials
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
// in turn, beginning with the one that was of use last:
//
//	host:port         TCP, or TLS if WithTLS is given
//	unix:PATH         a Unix socket, likewise
//	tls://host:port   TLS
//	SCHEME://...      what the dialer of WithDialerFor understands
//
// With a dialer of another kind ([WithDialer]) they are what that dialer
// understands.
func NewClient(endpoints []string, opts ...ClientOption) (*Client, error) {
	c := &Client{
		config:      defaultConfig(),
		dialer:      new(net.Dialer),
		dialTimeout: DefaultDialTimeout,
		maxWaiting:  DefaultMaxInFlight,
		reconnect:   DefaultReconnect,
		conns:       make(map[*Conn]struct{}),
	}
	c.config.failed, c.config.ended = c.lost, c.ended
	c.states.quiet.L = &c.states.mu
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
// serves to fail early: without a connection before, a failed attempt is an error
// at once, though an eager client ([Reconnect]) goes on to try. In an outage it
// waits as long as ctx allows, whatever [WithTimeout] says. Its error is an
// [*OpError].
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
	if c.config.tracer != nil {
		return c.traceCall(ctx, method, args, answer)
	}
	if conn := c.Conn(); conn != nil {
		if err := conn.call(ctx, method, args, answer, nil); !c.tooLate(conn, err) {
			return err
		}
		<-conn.down // in a moment
	}
	return c.callNext(ctx, method, args, answer, nil)
}

// callNext makes a call on the next connection, or the one after.
func (c *Client) callNext(ctx context.Context, method string, args any, answer *Answer, t *traced) error {
	answer.reset()
	ctx, cancel := c.withTimeout(ctx)
	defer cancel()
	for {
		conn, err := c.conn(ctx)
		if err != nil {
			c.unconnected.Add(1)
			return &OpError{Op: "call", Method: method, Err: err}
		}
		if err := conn.call(ctx, method, args, answer, t); !c.tooLate(conn, err) {
			return err
		}
		<-conn.down
	}
}

// tooLate reports whether a call found its connection going down and so has not
// begun: it waits for the next one like those that find none, unless calls are to
// fail fast.
func (c *Client) tooLate(conn *Conn, err error) bool {
	if err == nil || c.reconnect.FailFast || !errors.Is(err, ErrDisconnected) || conn.Err() == nil { // args may fail with the loss of another
		return false
	}
	var op *OpError
	return errors.As(err, &op) && op.Seq == 0
}

// Notify sends a oneway quest. It returns when the quest is in the write buffer:
// nothing tells whether the peer got it. Arguments and errors are those of
// [Client.Call].
func (c *Client) Notify(ctx context.Context, method string, args any) error {
	if c.config.tracer != nil {
		return c.traceNotify(ctx, method, args)
	}
	return c.sendOneway(ctx, method, args, nil)
}

func (c *Client) sendOneway(ctx context.Context, method string, args any, t *traced) error {
	if conn := c.Conn(); conn != nil {
		return conn.sendOneway(ctx, method, args, t)
	}
	ctx, cancel := c.withTimeout(ctx)
	defer cancel()
	conn, err := c.conn(ctx)
	if err != nil {
		c.unconnected.Add(1)
		return &OpError{Op: "notify", Method: method, Err: err}
	}
	return conn.sendOneway(ctx, method, args, t)
}

// withTimeout gives ctx the default time-out, if it has none of its own. Who has a
// connection leaves that to it, which makes no context.
func (c *Client) withTimeout(ctx context.Context) (context.Context, context.CancelFunc) {
	if _, ok := ctx.Deadline(); ok || c.config.timeout == 0 {
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
	c.setState(Closed)
	c.end()
	return nil
}

// Shutdown refuses new calls, waits for those in flight and then closes. When
// ctx ends first, it closes at once and returns ctx's error.
func (c *Client) Shutdown(ctx context.Context) error {
	c.setState(Closed)
	var err error
	if conn := c.current.Load(); conn != nil {
		err = conn.Shutdown(ctx)
	}
	c.end()
	return err
}

// end ends what is left of a closed client, and waits for it: also connections
// that are lost, whose last quests are being handled.
func (c *Client) end() {
	c.mu.Lock()
	conns := slices.Collect(maps.Keys(c.conns))
	c.mu.Unlock()
	for _, conn := range conns {
		conn.fail(ErrClosed)
	}
	c.cancel()
	c.tasks.Wait()
	c.states.wait()
}

// Timeout returns the time-out of calls without a deadline, see [WithTimeout].
func (c *Client) Timeout() time.Duration { return c.config.timeout }

// FailsFast reports whether calls fail while there is no connection, see
// [Reconnect].
func (c *Client) FailsFast() bool { return c.reconnect.FailFast }
