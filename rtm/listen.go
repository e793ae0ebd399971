package rtm

import (
	"context"
	"errors"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/rtm/wire"
)

// ListenSet names groups, rooms, users and kinds of events. A user stands for
// the messages between users in which the user takes part.
type ListenSet = wire.ListenSet

// ListenAll says for what everything is listened to, besides what a [ListenSet]
// names.
type ListenAll = wire.ListenAll

// listening is what the client listens to, kept to say it again to each new
// connection.
type listening struct {
	turn chan struct{} // held by the change under way: one token

	mu                   sync.Mutex
	groups, rooms, users idSet[int64]
	events               idSet[string]
	all                  ListenAll
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
// on each new connection before anything else is.
//
// If the gate refuses, nothing has changed; after any other error it is not
// known whether the gate has heard of it, but the next connection will.
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
	l := &c.listening
	select {
	case l.turn <- struct{}{}:
	case <-ctx.Done():
		return &fpnn.OpError{Op: "call", Method: q.Method(), Err: ctx.Err()}
	}
	defer func() { <-l.turn }()
	l.mu.Lock() // remembered first: a connection made meanwhile says it
	back := change(l)
	l.mu.Unlock()
	err := c.do(ctx, q)
	var refused *fpnn.RemoteError
	if errors.As(err, &refused) {
		l.mu.Lock()
		for _, undo := range back {
			undo()
		}
		l.mu.Unlock()
	}
	return err
}

// Listening returns what the client listens to: the lists in rising order.
func (c *Client) Listening() (ListenSet, ListenAll) {
	l := &c.listening
	l.mu.Lock()
	defer l.mu.Unlock()
	return wire.ListenSet{
		Groups: slices.Sorted(maps.Keys(l.groups)),
		Rooms:  slices.Sorted(maps.Keys(l.rooms)),
		Users:  slices.Sorted(maps.Keys(l.users)),
		Events: slices.Sorted(maps.Keys(l.events)),
	}, l.all
}

// restoreTimeout is how long a gate may take to hear what is listened to. One
// that does not answer is not of use: the next attempt follows.
const restoreTimeout = 10 * time.Second

// restore says to a new connection what is listened to: the lists, then the
// flags. A gate that refuses, as one does that is asked too often, is asked again
// later; calls need not wait for that.
func (c *Client) restore(ctx context.Context, conn *fpnn.Conn) error {
	ctx, cancel := context.WithTimeout(ctx, restoreTimeout)
	defer cancel()
	err := c.say(ctx, conn)
	var refused *fpnn.RemoteError
	if !errors.As(err, &refused) {
		return err
	}
	c.logger.Warn("what is listened to was refused", "err", err)
	c.tasks.Go(func() { c.sayLater(conn) })
	return nil
}

func (c *Client) say(ctx context.Context, conn *fpnn.Conn) error {
	lists, all := c.Listening()
	var quests []wire.Quest
	if len(lists.Groups)+len(lists.Rooms)+len(lists.Users)+len(lists.Events) > 0 {
		quests = append(quests, &wire.SetListen{ListenSet: lists})
	}
	if all != (ListenAll{}) {
		quests = append(quests, &wire.SetListen{All: &all})
	}
	for _, q := range quests {
		if _, err := conn.Call(ctx, q.Method(), &wire.Signable{Signed: c.sign(), Quest: q}); err != nil {
			return err
		}
	}
	return nil
}

// Pauses before a gate that has refused is told again what is listened to.
const (
	firstSayPause = time.Second
	lastSayPause  = time.Minute
)

// sayLater says it again until the gate takes it or the connection is lost: then
// the next one is told. Changes wait for it.
func (c *Client) sayLater(conn *fpnn.Conn) {
	for pause := firstSayPause; ; pause = min(2*pause, lastSayPause) {
		timer := time.NewTimer(pause/2 + rand.N(pause/2))
		select {
		case <-timer.C:
		case <-conn.Done():
			timer.Stop()
			return
		}
		c.listening.turn <- struct{}{}
		ctx, cancel := context.WithTimeout(context.Background(), restoreTimeout)
		err := c.say(ctx, conn)
		cancel()
		<-c.listening.turn
		var refused *fpnn.RemoteError
		if !errors.As(err, &refused) {
			return
		}
	}
}
