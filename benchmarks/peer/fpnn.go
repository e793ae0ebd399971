package peer

import (
	"context"
	"errors"
	"math/rand/v2"

	"github.com/gofpnn/gofpnn/benchmarks/measure"
	"github.com/gofpnn/gofpnn/codec"
	"github.com/gofpnn/gofpnn/fpnn"
)

// method is what is called.
const method = "two way demo"

var errAnswer = errors.New("answer is not what was sent")

// quest is the payload of a quest, and of its answer. n is another number each time.
type quest struct {
	text string
	n    int64
}

func (q *quest) AppendPayload(b []byte) ([]byte, error) {
	b = codec.AppendString(codec.AppendString(codec.AppendMapHeader(b, 2), "text"), q.text)
	return codec.AppendInt(codec.AppendString(b, "n"), q.n), nil
}

var fpnnRaw = Peer{
	Name:  "fpnn",
	What:  "fpnn.Client; the peer echoes raw frames in its read loop",
	Serve: serveRaw,
	Dial:  func(ctx context.Context, at Address) (Conn, error) { return DialFPNN(ctx, at.Addr) },
}

var fpnnServer = Peer{
	Name:  "fpnn-server",
	What:  "fpnn.Client and fpnn.Server",
	Serve: func(ctx context.Context) (*Served, error) { return serveFPNN(ctx, tcp) },
	Dial:  func(ctx context.Context, at Address) (Conn, error) { return DialFPNN(ctx, at.Addr) },
}

var fpnnJSON = Peer{
	Name:  "fpnn-json",
	What:  "fpnn, with payloads in JSON",
	Serve: serveRaw,
	Dial: func(ctx context.Context, at Address) (Conn, error) {
		return DialFPNN(ctx, at.Addr, fpnn.WithEncoding(codec.JSON))
	},
}

// The queue of servers, enough for the most callers and the largest messages that
// are measured: in quests and, as the largest package it is said to take, in bytes.
const (
	inbox      = 1 << 14
	inboxBytes = 32 << 20
)

func serveFPNN(ctx context.Context, t transportOf) (*Served, error) {
	l, trust, err := t.listen(ctx)
	if err != nil {
		return nil, err
	}
	mux := fpnn.NewMux()
	mux.Handle(method, fpnn.HandlerFunc(serveEcho))
	srv, err := fpnn.NewServer(mux, fpnn.WithInbox(inbox), fpnn.WithMaxPackage(inboxBytes))
	if err != nil {
		return nil, err
	}
	return &Served{
		Address: Address{Addr: l.Addr().String(), Trust: trust},
		Stop:    serving(func() { _ = srv.Serve(l) }, func() { _ = srv.Close() }),
	}, nil
}

// echo answers a quest with what it brought.
type echo fpnn.Quest

func (e *echo) AppendPayload(b []byte) ([]byte, error) {
	return append(b, (*fpnn.Quest)(e).Raw()...), nil
}

func serveEcho(_ context.Context, q *fpnn.Quest) (any, error) { return (*echo)(q), nil }

// FPNN is the peer of the row fpnn.
func FPNN() Peer { return fpnnRaw }

// FPNNServer is the peer of the row fpnn-server.
func FPNNServer() Peer { return fpnnServer }

// Client is an FPNN client.
type Client struct{ *fpnn.Client }

// DialFPNN connects to an FPNN server.
func DialFPNN(ctx context.Context, endpoint string, opts ...fpnn.ClientOption) (Client, error) {
	c, err := fpnn.Dial(ctx, endpoint, opts...)
	return Client{c}, err
}

// Caller returns a caller that sends [Text].
func (c Client) Caller() measure.Caller { return c.Sender(Text) }

// Sender returns a caller that sends a text, and reads what comes back.
func (c Client) Sender(text string) measure.Caller {
	var answer fpnn.Answer
	q := &quest{text: text, n: 1<<30 + rand.Int64N(1<<30)}
	ctx := context.Background()
	return func() error {
		q.n++
		if err := c.CallInto(ctx, method, q, &answer); err != nil {
			return err
		}
		return q.check(&answer)
	}
}

// check reports whether an answer says what q does.
func (q *quest) check(answer *fpnn.Answer) error {
	text, err := answer.Bytes("text")
	if err != nil {
		return err
	}
	n, err := answer.Int64("n")
	if err != nil {
		return err
	}
	if n != q.n || string(text) != q.text {
		return errAnswer
	}
	return nil
}
