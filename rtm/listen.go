package rtm

import (
	"context"
	"maps"
	"slices"
	"sync"

	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/rtm/wire"
)

// ListenSet names groups, rooms, users and kinds of events. A user stands for
// the messages between users in which the user takes part. It has the fields Groups,
// Rooms and Users, of int64, and Events, of strings such as "login" and "logout".
type ListenSet = wire.ListenSet

// ListenAll says for what everything is listened to, besides what a [ListenSet]
// names. It has the boolean fields Groups, Rooms, P2P and Events.
type ListenAll = wire.ListenAll

// listening is what the client listens to, kept to say it again to each new
// connection.
type listening struct {
	turn chan struct{} // held by the change under way: one token

	mu                   sync.Mutex
	groups, rooms, users idSet[int64]
	events               idSet[string]
	all                  ListenAll
	told                 int64      // how often all of it was said
	restoring            *fpnn.Conn // the one that is being told, before calls use it
	again                bool       // what it is told is not right any more
	latest               *fpnn.Conn // the last one that was told
	saying               *fpnn.Conn // the one to which a goroutine is to say it again
	closed               bool       // no goroutine starts any more
}

func (l *listening) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
}

// undo takes a change back.
type undo func()

// idSet is a set whose changes can be taken back.
type idSet[T comparable] map[T]struct{}

func (s *idSet[T]) add(ts []T) undo {
	if *s == nil {
		*s = make(idSet[T])
	}
	var added []T
	for _, t := range ts {
		if _, ok := (*s)[t]; !ok {
			(*s)[t] = struct{}{}
			added = append(added, t)
		}
	}
	return func() {
		for _, t := range added {
			delete(*s, t)
		}
	}
}

func (s *idSet[T]) remove(ts []T) undo {
	var removed []T
	for _, t := range ts {
		if _, ok := (*s)[t]; ok {
			delete(*s, t)
			removed = append(removed, t)
		}
	}
	return func() { s.add(removed) }
}

// replace leaves the set as it is if ts is nil.
func (s *idSet[T]) replace(ts []T) undo {
	if ts == nil {
		return func() {}
	}
	before := *s
	*s = nil
	s.add(ts)
	return func() { *s = before }
}

// Listen replaces what the client listens to: each list that is not nil takes
// the place of the one before. What is listened to is remembered, and said again
// to each new connection before pushes of it are handled. Changes take turns.
//
// If the gate refuses for good, nothing has changed, nor if ctx ends, or the client's
// time-out passes, while another change has its turn. After any other error the
// client goes on to say it, to this connection or the next: also after 20011, 20014
// and 200006, which say that it was not carried out just now. [Client.Listening]
// tells.
func (c *Client) Listen(ctx context.Context, s ListenSet) error {
	return c.listen(ctx, &wire.SetListen{ListenSet: s}, func(l *listening) []undo {
		return []undo{l.groups.replace(s.Groups), l.rooms.replace(s.Rooms), l.users.replace(s.Users), l.events.replace(s.Events)}
	})
}

// AddListen adds to what the client listens to, see [Client.Listen].
func (c *Client) AddListen(ctx context.Context, s ListenSet) error {
	return c.listen(ctx, &wire.AddListen{ListenSet: s}, func(l *listening) []undo {
		return []undo{l.groups.add(s.Groups), l.rooms.add(s.Rooms), l.users.add(s.Users), l.events.add(s.Events)}
	})
}

// RemoveListen takes away from what the client listens to, see [Client.Listen].
func (c *Client) RemoveListen(ctx context.Context, s ListenSet) error {
	return c.listen(ctx, &wire.RemoveListen{ListenSet: s}, func(l *listening) []undo {
		return []undo{l.groups.remove(s.Groups), l.rooms.remove(s.Rooms), l.users.remove(s.Users), l.events.remove(s.Events)}
	})
}

// ListenAll sets for what the client listens to everything, see [Client.Listen].
func (c *Client) ListenAll(ctx context.Context, all ListenAll) error {
	return c.listen(ctx, &wire.SetListen{All: &all}, func(l *listening) []undo {
		before := l.all
		l.all = all
		return []undo{func() { l.all = before }}
	})
}

// listen remembers a change and tells the gate. Changes take turns, or the gate
// might hear of them in another order.
func (c *Client) listen(ctx context.Context, q wire.Quest, change func(l *listening) []undo) error {
	if _, ok := ctx.Deadline(); !ok && c.fpnn.Timeout() > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, c.fpnn.Timeout())
		defer cancel()
	}
	l := &c.listening
	select {
	case l.turn <- struct{}{}:
		defer func() { <-l.turn }()
	case <-ctx.Done():
	}
	if err := ctx.Err(); err != nil {
		return &fpnn.OpError{Op: "call", Method: q.Method(), Err: err}
	}
	l.mu.Lock() // remembered first: a connection made meanwhile says it
	back := change(l)
	told := l.told
	l.mu.Unlock()
	err := c.do(ctx, q)
	if err == nil {
		return nil
	}
	refusal := judge(ctx, err) == refused || unsendable(err)
	l.mu.Lock()
	if refusal {
		for _, undo := range back {
			undo()
		}
	}
	unsure := !refusal || l.told != told // a connection made meanwhile has said what is undone
	l.again = l.again || unsure && l.restoring != nil
	latest := l.latest
	l.mu.Unlock()
	conn := c.fpnn.Conn()
	if conn == nil {
		conn = latest // which calls may be about to use
	}
	if unsure && conn != nil {
		c.sayLater(conn)
	}
	return err
}

// Listening returns what the client listens to: the lists in rising order.
func (c *Client) Listening() (ListenSet, ListenAll) {
	c.listening.mu.Lock()
	defer c.listening.mu.Unlock()
	return c.listening.copy()
}

// copy returns what is listened to. l.mu is held.
func (l *listening) copy() (ListenSet, ListenAll) {
	return wire.ListenSet{
		Groups: slices.Sorted(maps.Keys(l.groups)),
		Rooms:  slices.Sorted(maps.Keys(l.rooms)),
		Users:  slices.Sorted(maps.Keys(l.users)),
		Events: slices.Sorted(maps.Keys(l.events)),
	}, l.all
}
