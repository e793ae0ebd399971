package rtm

import (
	"context"
	"errors"

	"github.com/gofpnn/gofpnn/codec"
	"github.com/gofpnn/gofpnn/rtm/wire"
)

// Get reads the message that a user has sent to a target under an id. One that
// is not there, or was deleted, is [ErrMessageNotFound].
func (c *Client) Get(ctx context.Context, from int64, to Target, id int64) (StoredMessage, error) {
	if err := checkTarget("to", to); err != nil {
		return StoredMessage{}, err
	}
	q := &wire.Get{MessageRef: wire.MessageRef{ID: id, From: from, Target: to}}
	found := true
	m, err := call(ctx, c, &wire.Signable{Signed: c.sign(), Quest: q}, func(p codec.Payload) (m StoredMessage, err error) {
		if found = p.Len() > 0; !found {
			return m, nil
		}
		var answer wire.GetAnswer
		if err = wire.Parse(p, &answer); err == nil {
			m = answer.Stored(q)
		}
		return m, err
	})
	if !found { // some SDKs take an empty answer for this
		return m, ErrMessageNotFound
	}
	return m, err
}

// Delete deletes the message that a user has sent to a target under an id: it is
// gone from the history of all who took part. One that is not there is
// [ErrMessageNotFound].
func (c *Client) Delete(ctx context.Context, from int64, to Target, id int64) error {
	if err := checkTarget("to", to); err != nil {
		return err
	}
	return c.change(ctx, &wire.Delete{MessageRef: wire.MessageRef{ID: id, From: from, Target: to}})
}

// EditRequest is what takes the place of a message's text and attributes.
type EditRequest struct {
	Text, Attrs string
	// TimeLimit in milliseconds leaves messages that are older as they are: the
	// gate answers with an error. 0 is no limit.
	TimeLimit int64
}

// Edit replaces the text and attributes of the message that a user has sent to a
// target under an id. RTM's documentation speaks of groups and rooms only.
func (c *Client) Edit(ctx context.Context, from int64, to Target, id int64, r EditRequest) error {
	if err := errors.Join(
		checkTarget("to", to),
		checkSize("EditRequest.Text", len(r.Text), c.limits.MessageBytes),
		checkSize("EditRequest.Attrs", len(r.Attrs), c.limits.AttrsBytes),
		checkLimit(r.TimeLimit),
	); err != nil {
		return err
	}
	return c.change(ctx, &wire.Edit{
		MessageRef: wire.MessageRef{ID: id, From: from, Target: to},
		Text:       r.Text, Attrs: r.Attrs, TimeLimit: r.TimeLimit,
	})
}

// Clean deletes the messages of a conversation from begin to end, both inclusive
// Unix milliseconds, 0 for no bound. It does not matter who sent them: in a
// group, a room and to everyone, from only says who cleans, and may be 0; between
// users it names one of them.
func (c *Client) Clean(ctx context.Context, from int64, with Target, begin, end int64) error {
	if err := errors.Join(checkTarget("with", with), checkRange("begin", begin, "end", end)); err != nil {
		return err
	}
	return c.change(ctx, &wire.Clean{From: from, Target: with, Begin: begin, End: end})
}

// DeleteConversation deletes all messages that a user has sent to a target.
func (c *Client) DeleteConversation(ctx context.Context, from int64, to Target) error {
	if err := checkTarget("to", to); err != nil {
		return err
	}
	return c.change(ctx, &wire.DeleteSent{From: from, Target: to})
}

// CountQuery says which messages to count.
type CountQuery struct {
	Types      []int8 // message types, each 1 to 127; empty for all
	Begin, End int64  // Unix milliseconds, both inclusive; 0 for no bound
}

// Count is a number of messages.
type Count struct {
	Senders  int // different ones
	Messages int
}

// Count counts the messages of a group, a room, or to everyone. The wire has no
// words for a conversation of two users. Only messages that the gate stores are
// counted: chat, and the types the project is set to store.
func (c *Client) Count(ctx context.Context, in Target, q CountQuery) (Count, error) {
	if in.Kind == P2P {
		return Count{}, &ArgumentError{"in", "is a user: only groups, rooms and Everyone can be counted", CodeMethodForbidden}
	}
	if err := errors.Join(
		checkTarget("in", in),
		checkRange("CountQuery.Begin", q.Begin, "CountQuery.End", q.End),
		checkTypes("CountQuery.Types", q.Types),
	); err != nil {
		return Count{}, err
	}
	var answer wire.CountAnswer
	err := c.ask(ctx, &wire.Count{Target: in, Types: q.Types, Begin: q.Begin, End: q.End}, &answer)
	return Count{Senders: int(answer.Senders), Messages: int(answer.Messages)}, err
}

// ClearKind says which conversations of a project to clear.
type ClearKind = wire.ClearKind

// The kinds of conversation to clear. Their numbers are not those of [Kind].
const (
	ClearP2P       = wire.ClearP2P
	ClearRooms     = wire.ClearRooms
	ClearGroups    = wire.ClearGroups
	ClearBroadcast = wire.ClearBroadcast
	ClearAll       = wire.ClearAll
)

// ClearProject deletes all messages of the project in conversations of a kind, or
// in all of them.
func (c *Client) ClearProject(ctx context.Context, kind ClearKind) error {
	if kind < ClearP2P || kind > ClearAll {
		return &ArgumentError{"kind", "is not one of the kinds to clear", CodePermissionDenied}
	}
	return c.do(ctx, &wire.ClearProject{Kind: kind})
}

// ClearUser deletes the messages of a user.
func (c *Client) ClearUser(ctx context.Context, uid int64) error {
	return c.do(ctx, &wire.ClearUser{UID: uid})
}

func checkLimit(ms int64) error {
	if ms < 0 {
		return &ArgumentError{"EditRequest.TimeLimit", "is negative", CodePermissionDenied}
	}
	return nil
}
