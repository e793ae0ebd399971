package rtm

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/gofpnn/gofpnn/codec"
	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/rtm/wire"
)

// Client calls an RTM gate on behalf of one project. It connects when first
// used, and again on the next use after the connection is lost. All methods may
// be called concurrently.
type Client struct {
	project Project
	limits  Limits
	fpnn    *fpnn.Client
	ids     wire.IDGenerator
}

// Dial returns a [Client] that is connected to endpoint, see [NewClient].
func Dial(ctx context.Context, endpoint string, p Project, opts ...Option) (*Client, error) {
	c, err := NewClient([]string{endpoint}, p, opts...)
	if err != nil {
		return nil, err
	}
	if err := c.fpnn.Connect(ctx); err != nil {
		_ = c.Close()
		return nil, err
	}
	return c, nil
}

// NewClient returns a Client that connects on first use. It tries the endpoints
// in turn: "host:port", or "unix:PATH" for a Unix socket.
func NewClient(endpoints []string, p Project, opts ...Option) (*Client, error) {
	if p.Secret == "" {
		return nil, &ArgumentError{"Project", "has no secret", CodeBadSign}
	}
	cfg := config{
		limits: DocumentedLimits,
		fpnn:   []fpnn.ClientOption{fpnn.WithTimeout(DefaultTimeout), fpnn.WithDialTimeout(DefaultDialTimeout)},
	}
	for _, o := range opts {
		o(&cfg)
	}
	f, err := fpnn.NewClient(endpoints, cfg.fpnn...)
	if err != nil {
		return nil, err
	}
	return &Client{project: p, limits: cfg.limits, fpnn: f}, nil
}

// FPNN returns the client underneath: for the connection's counters, and for
// methods this package does not know.
func (c *Client) FPNN() *fpnn.Client { return c.fpnn }

// Close ends the client at once: calls in flight end with [fpnn.ErrClosed]. It
// returns when all goroutines have ended.
func (c *Client) Close() error { return c.fpnn.Close() }

// Shutdown refuses new calls, waits for those in flight and then closes. When
// ctx ends first, it closes at once and returns ctx's error.
func (c *Client) Shutdown(ctx context.Context) error { return c.fpnn.Shutdown(ctx) }

// Format writes the project's id for every verb: none shows the secret.
func (c *Client) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, fmt.Sprintf("rtm client of project %d", c.project.ID))
}

// sign returns what authenticates the next quest.
func (c *Client) sign() wire.Signed {
	return wire.Signed{Project: c.project, Salt: c.ids.Next(), Time: time.Now().Unix()}
}

// do sends q, whose answer has nothing to say.
func (c *Client) do(ctx context.Context, q wire.Quest) error {
	_, err := c.fpnn.Call(ctx, q.Method(), &wire.Signable{Signed: c.sign(), Quest: q})
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
