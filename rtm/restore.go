package rtm

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/rtm/wire"
)

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
