package peer

import (
	"context"
	"fmt"
	"math/rand/v2"

	"github.com/gofpnn/gofpnn/benchmarks/measure"
	"github.com/gofpnn/gofpnn/fakeserver"
	"github.com/gofpnn/gofpnn/rtm"
)

// Conversations are the lengths of those that the peer [History] has: of group 1,
// 2 and so on.
var Conversations = []int{1_000, 10_000, 100_000, 1_000_000}

// PageRows is how many messages a page has.
const PageRows = rtm.MaxPage

// History is a fake gate with long conversations.
var History = Peer{
	Name: "history",
	What: "rtm.Client.History from the fake server",
	Serve: func(context.Context) (*Served, error) {
		srv, err := startGate("127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		for i, length := range Conversations {
			if err := seed(srv, rtm.Group(int64(i+1)), length); err != nil {
				return nil, err
			}
		}
		return &Served{Address: Address{Addr: srv.Addr()}, Stop: func() { _ = srv.Close() }}, nil
	},
	Dial: func(ctx context.Context, at Address) (Conn, error) { return DialGate(ctx, at) },
}

// seed fills a conversation.
func seed(srv *fakeserver.Server, to rtm.Target, length int) error {
	const from, batch = 1, 1000
	messages := make([]rtm.StoredMessage, 0, batch)
	for done := 0; done < length; done += len(messages) {
		messages = messages[:0]
		for range min(batch, length-done) {
			messages = append(messages, rtm.StoredMessage{From: from, Message: rtm.Message{Type: 51, Text: Text, Attrs: "{}"}})
		}
		if err := srv.SeedMessages(to, messages...); err != nil {
			return err
		}
	}
	return nil
}

// Pages returns a caller that reads pages of a conversation of [Conversations],
// each from another place in it.
func (c *Gate) Pages(conversation int) measure.Caller {
	ctx := context.Background()
	length := int64(Conversations[conversation])
	group := rtm.Group(int64(conversation + 1))
	return func() error {
		cursor := PageRows + 1 + rand.Int64N(length-PageRows)
		page, err := c.History(ctx, 1, group, rtm.HistoryQuery{Descending: true, Limit: PageRows, Cursor: cursor})
		if err != nil {
			return err
		}
		if len(page.Messages) != PageRows || page.Messages[0].Cursor != cursor-1 {
			return fmt.Errorf("page before %d: %w", cursor, errAnswer)
		}
		return nil
	}
}
