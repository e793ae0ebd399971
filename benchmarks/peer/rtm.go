package peer

import (
	"context"

	"github.com/gofpnn/gofpnn/benchmarks/measure"
	"github.com/gofpnn/gofpnn/fakeserver"
	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/rtm"
)

// project is the fake server's.
var project = rtm.Project{ID: fakeserver.DefaultProject, Secret: fakeserver.DefaultSecret}

var rtmSend = Peer{
	Name:  "rtm",
	What:  "rtm.Client.Send to the fake server, which checks signature and id and stores the message; each caller sends to another user",
	Keeps: true,
	Serve: func(context.Context) (*Served, error) {
		srv, err := startGate("127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		return &Served{Address: Address{Addr: srv.Addr()}, Stop: func() { _ = srv.Close() }}, nil
	},
	Dial: func(ctx context.Context, at Address) (Conn, error) { return DialGate(ctx, at) },
}

// RTM is the peer of the row rtm.
func RTM() Peer { return rtmSend }

// startGate starts a fake gate without a journal.
func startGate(listen string, opts ...fpnn.ServerOption) (*fakeserver.Server, error) {
	return fakeserver.Start(
		fakeserver.WithTCP(listen),
		fakeserver.WithJournal(0, 0),
		fakeserver.WithFPNN(append(opts, fpnn.WithInbox(inbox))...),
	)
}

// Gate is a connection to a fake gate.
type Gate struct {
	*rtm.Client
	callers int64
}

// DialGate connects to the gate of [RTM] or [History].
func DialGate(ctx context.Context, at Address, opts ...rtm.Option) (*Gate, error) {
	c, err := rtm.Dial(ctx, at.Addr, project, opts...)
	if err != nil {
		return nil, err
	}
	return &Gate{Client: c}, nil
}

// Caller returns a caller that sends messages from a user to another, neither of
// which any other caller knows.
func (c *Gate) Caller() measure.Caller {
	c.callers++
	return c.Sender(2*c.callers, rtm.User(2*c.callers+1))
}

// Sender returns a caller that sends messages from a user to a target.
func (c *Gate) Sender(from int64, to rtm.Target) measure.Caller {
	m := rtm.Message{Type: 51, Text: Text}
	ctx := context.Background()
	return func() error {
		receipt, err := c.Send(ctx, from, to, m)
		if err != nil {
			return err
		}
		if receipt.ModifiedTime == 0 {
			return errAnswer
		}
		return nil
	}
}
