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

// connected is called with each new connection. What it pushes is not handled
// before it has been told what is listened to.
func (c *Client) connected(ctx context.Context, conn *fpnn.Conn) error {
	c.pushes.hold()
	defer c.pushes.release()
	l := &c.listening
	l.mu.Lock()
	l.restoring, l.again = conn, false
	l.mu.Unlock()
	err := c.restore(ctx, conn)
	l.mu.Lock()
	l.restoring = nil
	if err == nil {
		l.latest = conn
	}
	again := l.again
	l.mu.Unlock()
	if err == nil && again {
		c.sayLater(conn)
	}
	return err
}

// restoreTimeout is how long a gate may take to hear what is listened to, if the
// dial time-out leaves as much. One that does not answer is not of use: the next
// attempt follows.
const restoreTimeout = 10 * time.Second

// restore says to a new connection what is listened to: the lists, then the
// flags. A gate that refuses, as one does that is asked too often, is asked again
// later; calls need not wait for that.
func (c *Client) restore(ctx context.Context, conn *fpnn.Conn) error {
	ctx, cancel := context.WithTimeout(ctx, restoreTimeout)
	defer cancel()
	err := c.say(ctx, conn, true)
	if answered(err) {
		c.logger.Warn("what is listened to was refused", "err", err)
		c.sayLater(conn)
		return nil
	}
	return err
}

// mostIDs is how many ids and names a quest has at first; one that is too large
// for a package is made smaller.
const mostIDs = 10_000

// say tells a connection what is listened to. To a fresh one it does not say what
// is not.
func (c *Client) say(ctx context.Context, conn *fpnn.Conn, fresh bool) error {
	c.listening.mu.Lock()
	c.listening.told++
	lists, all := c.listening.copy()
	c.listening.mu.Unlock()
	for most := mostIDs; ; most /= 2 {
		var quests []wire.Quest
		if !fresh || size(lists) > 0 {
			quests = listQuests(lists, most, fresh)
		}
		if !fresh || all != (ListenAll{}) {
			quests = append(quests, &wire.SetListen{All: &all})
		}
		err := c.sayQuests(ctx, conn, quests)
		if !errors.Is(err, fpnn.ErrTooLarge) || most == 1 {
			return err
		}
	}
}

// sayQuests goes on behind a quest the gate refuses, and returns its first
// refusal.
func (c *Client) sayQuests(ctx context.Context, conn *fpnn.Conn, quests []wire.Quest) (refusal error) {
	for _, q := range quests {
		_, err := conn.Call(ctx, q.Method(), &wire.Signable{Signed: c.sign(), Quest: q})
		if err != nil && !answered(err) {
			return err
		}
		if refusal == nil {
			refusal = err
		}
	}
	return refusal
}

// listQuests are the quests that say the lists: one that sets them, the empty ones
// only if the connection is not fresh, and more that add to them if they are long.
func listQuests(lists ListenSet, most int, fresh bool) (quests []wire.Quest) {
	first := &wire.SetListen{ListenSet: ListenSet{
		Groups: cut(&lists.Groups, most, fresh), Rooms: cut(&lists.Rooms, most, fresh),
		Users: cut(&lists.Users, most, fresh), Events: cut(&lists.Events, most, fresh),
	}}
	quests = append(quests, first)
	for size(lists) > 0 {
		quests = append(quests, &wire.AddListen{ListenSet: ListenSet{
			Groups: cut(&lists.Groups, most, true), Rooms: cut(&lists.Rooms, most, true),
			Users: cut(&lists.Users, most, true), Events: cut(&lists.Events, most, true),
		}})
	}
	return quests
}

func size(s ListenSet) int { return len(s.Groups) + len(s.Rooms) + len(s.Users) + len(s.Events) }

// cut takes up to most off the list. What it returns is nil if that is nothing and
// optional.
func cut[T any](list *[]T, most int, optional bool) []T {
	n := min(len(*list), most)
	if n == 0 && !optional {
		return []T{}
	}
	var part []T
	part, *list = append(part, (*list)[:n]...), (*list)[n:]
	return part
}

// Pauses before a gate is told again what is listened to.
const (
	firstSayPause = time.Second
	lastSayPause  = time.Minute
)

// sayLater has a goroutine say it again until the gate takes it or the connection
// is lost: then the next one is told. There is one for each connection. It says
// what is listened to when its turn comes, and so what was changed until then.
func (c *Client) sayLater(conn *fpnn.Conn) {
	l := &c.listening
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.saying == conn || l.closed {
		return
	}
	l.saying = conn
	c.tasks.Go(func() { c.sayAgain(conn) })
}

func (c *Client) sayAgain(conn *fpnn.Conn) {
	l := &c.listening
	for pause := firstSayPause; ; pause = min(2*pause, lastSayPause) {
		timer := time.NewTimer(pause/2 + rand.N(pause/2))
		select {
		case <-timer.C:
		case <-conn.Done():
			timer.Stop()
			return
		}
		select { // changes wait for it, and it for them
		case l.turn <- struct{}{}:
		case <-conn.Done():
			return
		}
		ctx, cancel := context.WithTimeout(context.Background(), restoreTimeout)
		err := c.say(ctx, conn, false)
		cancel()
		if err == nil {
			l.said(conn)
		}
		<-l.turn
		if err == nil {
			return
		}
	}
}

// said lets the next goroutine begin that has to say it to conn.
func (l *listening) said(conn *fpnn.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.saying == conn {
		l.saying = nil
	}
}
