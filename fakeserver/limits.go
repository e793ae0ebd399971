package fakeserver

import (
	"math"
	"sync/atomic"
	"time"

	"github.com/gofpnn/gofpnn/rtm/wire"
)

// Limits are what a gate allows. A field of 0 is no limit.
type Limits struct {
	MessageBytes int           // of a message's text or data; more is 200030
	AttrsBytes   int           // of a message's attributes; more is 200030
	Receivers    int           // of one sendmsgs; more are 200032
	Items        int           // of other lists, of members to add, say; more are 200032
	Stored       int           // messages kept of a conversation; older ones are forgotten
	StoredFor    time.Duration // how long messages are kept
	Rate         int           // quests in a second, of all clients, which are then served one by one; more are 200010
}

// DocumentedLimits are those of RTM's documentation, the defaults of its
// console. They were not checked against the service.
var DocumentedLimits = Limits{
	MessageBytes: 20480,
	AttrsBytes:   2048,
	Receivers:    2000,
	Items:        100,
	Stored:       500,
	StoredFor:    7 * 24 * time.Hour,
	Rate:         100,
}

func over(n, limit int) bool { return limit > 0 && n > limit }

func (l *Limits) checkSize(message, attrs int) error {
	if over(message, l.MessageBytes) || over(attrs, l.AttrsBytes) {
		return refuse(wire.CodeMessageTooLarge)
	}
	return nil
}

// checkItems checks the length of a list, which must not be empty.
func (l *Limits) checkItems(n int) error { return checkList(n, l.Items) }

func checkList(n, limit int) error {
	switch {
	case n == 0:
		return refuse(wire.CodeNoItems)
	case over(n, limit):
		return refuse(wire.CodeTooManyItems)
	}
	return nil
}

// forget drops what a conversation may no longer hold.
func (l *Limits) forget(c *conversation, now int64) {
	if l.Stored == 0 && l.StoredFor == 0 {
		return
	}
	keep, oldest := l.Stored, int64(math.MinInt64)
	if keep == 0 {
		keep = math.MaxInt
	}
	if l.StoredFor > 0 {
		oldest = now - l.StoredFor.Milliseconds()
	}
	c.forget(keep, oldest)
}

// rate counts the quests of the present second.
type rate struct {
	now atomic.Int64 // the second, and in the lowest bits the quests in it
}

const rateBits = 24

// exceeded counts a quest and reports whether it is one too many.
func (r *rate) exceeded(limit int, at time.Time) bool {
	for {
		old := r.now.Load()
		next := at.Unix() << rateBits
		if old > next {
			next = old
		}
		next++
		if r.now.CompareAndSwap(old, next) {
			return next&(1<<rateBits-1) > int64(limit)
		}
	}
}
