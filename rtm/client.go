package rtm

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/gofpnn/gofpnn/codec"
	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/rtm/wire"
)

// Client calls an RTM gate on behalf of one project. It connects when first
// used, and again when the connection is lost ([WithReconnect]). All methods may
// be called concurrently. The package's documentation says what becomes of calls
// and pushes in an outage.
type Client struct {
	project   Project
	limits    Limits
	resend    resend
	logger    *slog.Logger
	fpnn      *fpnn.Client
	ids       wire.IDGenerator
	pushes    pushes
	listening listening

	end         func()        // closes ending, once
	ending      chan struct{} // no more attempts are made
	stopHandler context.CancelFunc
	tasks       sync.WaitGroup // the handler's goroutine
}

// Dial returns a [Client] that is connected to endpoint, see [NewClient].
func Dial(ctx context.Context, endpoint string, p Project, opts ...Option) (*Client, error) {
	c, err := NewClient([]string{endpoint}, p, opts...)
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
// in turn: "host:port", "tls://host:port", "unix:PATH" for a Unix socket, or
// another "SCHEME://..." for which there is a dialer ([WithDialerFor]).
func NewClient(endpoints []string, p Project, opts ...Option) (*Client, error) {
	if p.Secret == "" {
		return nil, &ArgumentError{"Project", "has no secret", CodeBadSign}
	}
	eager := fpnn.DefaultReconnect
	eager.Eager = true
	cfg := config{
		limits: DocumentedLimits,
		resend: resend{attempts: DefaultAttempts, within: DefaultResendWithin},
		pushes: pushConfig{
			inbox:   DefaultPushInbox,
			logger:  slog.New(slog.DiscardHandler),
			seen:    DefaultDedupPushes,
			seenAge: DefaultDedupAge,
		},
		fpnn: []fpnn.ClientOption{
			fpnn.WithTimeout(DefaultTimeout),
			fpnn.WithDialTimeout(DefaultDialTimeout),
			fpnn.WithKeepAlive(fpnn.DefaultKeepAlive),
			fpnn.WithReconnect(eager),
		},
	}
	for _, o := range opts {
		o(&cfg)
	}
	if cfg.err != nil {
		return nil, cfg.err
	}
	c := &Client{project: p, limits: cfg.limits, resend: cfg.resend, logger: cfg.pushes.logger, listening: listening{turn: make(chan struct{}, 1)}}
	c.listening.groups.add(cfg.listen.Groups)
	c.listening.rooms.add(cfg.listen.Rooms)
	c.listening.users.add(cfg.listen.Users)
	c.listening.events.add(cfg.listen.Events)
	c.listening.all = cfg.listenAll
	c.pushes.pushConfig = cfg.pushes
	c.pushes.window = window{size: cfg.pushes.seen, age: cfg.pushes.seenAge}
	c.pushes.wanted = c.pushes.handler != nil
	var err error
	c.fpnn, err = fpnn.NewClient(endpoints, append(cfg.fpnn,
		fpnn.WithHandler(fpnn.HandlerFunc(c.pushes.serve)),
		fpnn.WithConcurrency(1), // pushes are queued in the order they come
		fpnn.WithInbox(max(cfg.pushes.inbox, fpnn.DefaultInbox)),
		fpnn.WithOnConnect(c.connected))...)
	if err != nil {
		return nil, err
	}
	c.ending = make(chan struct{})
	c.end = sync.OnceFunc(func() { close(c.ending) })
	ctx, cancel := context.WithCancel(context.Background())
	c.stopHandler = cancel
	if c.pushes.handler != nil {
		c.consume(ctx)
	}
	return c, nil
}

// consume starts the handler's goroutine.
func (c *Client) consume(ctx context.Context) {
	c.tasks.Go(func() { c.pushes.consume(ctx, func() { c.consume(ctx) }) })
}

// Connect makes sure that there is a connection. Calls do so themselves; a client
// that only listens calls it, or has it called by [Dial]. Without a connection
// before, a failed attempt is an error at once, but the client goes on to try,
// unless [WithReconnect] says otherwise. In an outage it waits as long as ctx
// allows: no time-out of the client's ends it.
func (c *Client) Connect(ctx context.Context) error { return c.fpnn.Connect(ctx) }

// FPNN returns the client underneath: for the connection's counters, and for
// methods this package does not know.
func (c *Client) FPNN() *fpnn.Client { return c.fpnn }

// Close ends the client at once: calls in flight end with [fpnn.ErrClosed], and
// pushes not yet handled are not any more ([PushStats]). It returns when all
// goroutines have ended, the handler's included.
func (c *Client) Close() error {
	c.end()
	c.stopHandler()
	err := c.fpnn.Close()
	c.listening.close()
	c.pushes.close()
	c.tasks.Wait()
	return err
}

// Shutdown refuses new calls, waits for those in flight and for the handler to
// come to the end of the pushes accepted, and then closes. When ctx ends first,
// it closes at once and returns ctx's error.
func (c *Client) Shutdown(ctx context.Context) error {
	c.end()
	err := c.fpnn.Shutdown(ctx)
	c.listening.close()
	c.pushes.close()
	stop := context.AfterFunc(ctx, c.stopHandler)
	c.tasks.Wait()
	if !stop() && err == nil {
		err = ctx.Err()
	}
	c.stopHandler()
	return err
}

// Format writes the project's id for every verb: none shows the secret.
func (c *Client) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, fmt.Sprintf("rtm client of project %d", c.project.ID))
}

// sign returns what authenticates the next quest.
func (c *Client) sign() wire.Signed { return c.signAt(time.Now()) }

func (c *Client) signAt(now time.Time) wire.Signed {
	return wire.Signed{Project: c.project, Salt: c.ids.NextAt(now)}
}

// do sends q, whose answer has nothing to say.
func (c *Client) do(ctx context.Context, q wire.Quest) error {
	_, err := c.fpnn.Call(ctx, q.Method(), &wire.Signable{Signed: c.sign(), Quest: q})
	return err
}

// change is do for what may be attempted again, if the client is to.
func (c *Client) change(ctx context.Context, q wire.Quest) error {
	start := time.Now()
	err := c.do(ctx, q)
	if err != nil && c.resend.changes {
		err = c.changeAgain(ctx, q, start, err)
	}
	return err
}

// ask sends q and reads its answer.
func (c *Client) ask(ctx context.Context, q wire.Quest, answer wire.Params) error {
	_, err := call(ctx, c, &wire.Signable{Signed: c.sign(), Quest: q}, func(p codec.Payload) (struct{}, error) {
		return struct{}{}, wire.Parse(p, answer)
	})
	return err
}

// quest is what package wire makes of a call's arguments.
type quest interface {
	codec.Appender
	Method() string
}

// call sends q and returns what parse reads in the answer.
func call[T any](ctx context.Context, c *Client, q quest, parse func(codec.Payload) (T, error)) (T, error) {
	answer, err := c.fpnn.Call(ctx, q.Method(), q)
	if err != nil {
		var none T
		return none, err
	}
	v, err := parse(answer.Payload)
	if err != nil {
		return v, &AnswerError{Method: q.Method(), Err: err}
	}
	return v, nil
}
