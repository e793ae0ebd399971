package rtm

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"

	"github.com/gofpnn/gofpnn/codec"
	"github.com/gofpnn/gofpnn/rtm/wire"
)

// Limits of a history page in messages, as RTM documents them.
const (
	DefaultPage = 10
	MaxPage     = 20
)

// ErrCursor ends [Client.Messages]: a gate answered with a page that does not
// continue the one before, so that reading on might never end.
var ErrCursor = errors.New("rtm: history cursor does not advance")

// HistoryQuery says which messages of a conversation to read. The zero value
// reads from the first one forward.
type HistoryQuery struct {
	Descending bool   // from End backward, instead of from Begin forward
	Limit      int    // of a page, 1 to MaxPage; 0 for DefaultPage
	Begin, End int64  // Unix milliseconds, both inclusive; 0 for no bound
	Cursor     int64  // of the last message already read, exclusive; 0 for none
	Types      []int8 // message types wanted, each 1 to 127; empty for all
}

func (q *HistoryQuery) check(with Target) error {
	if q.Limit < 0 || q.Limit > MaxPage {
		return &ArgumentError{"HistoryQuery.Limit", fmt.Sprintf("is %d, not within 0 to %d", q.Limit, MaxPage), CodeTooManyItems}
	}
	return errors.Join(
		checkTarget("with", with),
		checkRange("HistoryQuery.Begin", q.Begin, "HistoryQuery.End", q.End),
		checkTypes("HistoryQuery.Types", q.Types),
	)
}

// Page is a part of a conversation's history.
type Page struct {
	Messages []StoredMessage // in the order asked for; may be fewer than asked for, even none
	next     HistoryQuery
}

// Next returns the query for the page after p, up to the end that the
// conversation had when the first page was read. After a page without messages
// there is none.
func (p *Page) Next() HistoryQuery { return p.next }

// History reads one page of the conversation that a user has with a target. All
// texts of a page share one string, which any of them keeps in memory.
func (c *Client) History(ctx context.Context, uid int64, with Target, q HistoryQuery) (*Page, error) {
	if err := q.check(with); err != nil {
		return nil, err
	}
	if q.Limit == 0 {
		q.Limit = DefaultPage
	}
	w := &wire.History{
		Signed: c.sign(), UID: uid, Target: with, Descending: q.Descending, Limit: q.Limit,
		Begin: q.Begin, End: q.End, Cursor: q.Cursor, Types: q.Types,
	}
	page, err := call(ctx, c, w, func(p codec.Payload) (*wire.Page, error) { return wire.ParsePage(p, w) })
	if err != nil {
		return nil, err
	}
	next := q
	next.Begin, next.End, next.Cursor = page.Begin, page.End, page.LastCursor
	return &Page{Messages: page.Messages, next: next}, nil
}

// Messages reads a conversation message by message, a page at a time. It ends
// after a page without messages; reading forward without an End it stops at the
// time of the first page, as far as the gate tells it. An error ends it too and
// is yielded last, with a zero message: [ErrCursor], or one of History's.
func (c *Client) Messages(ctx context.Context, uid int64, with Target, q HistoryQuery) iter.Seq2[StoredMessage, error] {
	return func(yield func(StoredMessage, error) bool) {
		q := q // whoever ranges twice starts anew
		for {
			page, err := c.History(ctx, uid, with, q)
			if err != nil {
				yield(StoredMessage{}, err)
				return
			}
			for _, m := range page.Messages {
				if !yield(m, nil) {
					return
				}
			}
			if len(page.Messages) == 0 {
				return
			}
			next := page.Next()
			if !advances(q, next) {
				yield(StoredMessage{}, ErrCursor)
				return
			}
			if !q.Descending && q.End != 0 {
				next.End = q.End
			}
			q = next
		}
	}
}

// advances reports whether next is beyond q, in the direction of reading.
func advances(q, next HistoryQuery) bool {
	if !q.Descending {
		return next.Cursor > q.Cursor
	}
	before := q.Cursor
	if before == 0 {
		before = math.MaxInt64
	}
	return next.Cursor < before && next.Cursor > 0
}
