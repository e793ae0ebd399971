package fakeserver

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/rtm/wire"
)

// call is one quest while a method serves it.
type call struct {
	conn   *fpnn.Conn
	now    time.Time   // the server's time for all that the quest does
	order  int64       // the quest's place among all that were served
	fields wire.Fields // what the quest says
	send   sendTask    // what it asks for, if it sends
}

// calls are used again.
var calls = sync.Pool{New: func() any { return new(call) }}

func newCall(conn *fpnn.Conn, now time.Time) *call {
	c := calls.Get().(*call)
	c.conn, c.now = conn, now
	return c
}

// free lets go of the quest: nothing of the call is used any more.
func (c *call) free() {
	c.fields.Close()
	c.conn, c.order, c.send = nil, 0, sendTask{}
	calls.Put(c)
}

func (c *call) millis() int64 { return c.now.UnixMilli() }

// turns make methods atomic and give each its place in the order in which they
// took effect: served again one by one in that order, at the same times, quests
// have the same answers and leave the same state.
//
// Methods on one conversation take turns in it and meet no others, but for what
// changes more than one conversation, or members, tokens and listeners.
type turns struct {
	world sync.RWMutex
	last  atomic.Int64    // next to what is touched just before
	lanes [256]sync.Mutex // each of the conversations that share it
}

// turn is what a method holds while it runs.
type turn struct {
	of   *turns
	lane *sync.Mutex // nil: everything
}

// within begins a turn in one conversation.
func (t *turns) within(c *call, key conversationKey) turn {
	held := t.holdOne(key)
	c.order = t.last.Add(1)
	return held
}

// alone begins a turn during which there is no other.
func (t *turns) alone(c *call) turn {
	held := t.hold()
	c.order = t.last.Add(1)
	return held
}

// holdOne is within, for what is no quest.
func (t *turns) holdOne(key conversationKey) turn {
	t.world.RLock()
	lane := &t.lanes[key.hash()%uint64(len(t.lanes))]
	lane.Lock()
	return turn{t, lane}
}

// hold is alone, for what is no quest.
func (t *turns) hold() turn {
	t.world.Lock()
	return turn{of: t}
}

// pass takes a place for a quest whose answer depends on no state.
func (t *turns) pass(c *call) { c.order = t.last.Add(1) }

func (t turn) end() {
	if t.lane == nil {
		t.of.world.Unlock()
		return
	}
	t.lane.Unlock()
	t.of.world.RUnlock()
}

// hash spreads conversations, those with neighbouring numbers and those of one
// number and different kinds too.
func (k conversationKey) hash() uint64 {
	h := uint64(k.a)*0x9e3779b97f4a7c15 ^ uint64(k.b)*0xc2b2ae3d27d4eb4f ^ uint64(k.kind)*0x165667b19e3779f9
	h ^= h >> 32
	return h * 0x9e3779b97f4a7c15 >> 40
}
