package fpnn

import (
	"os"
	"time"

	"github.com/pkg/errors"
)

// A lone caller makes one call after the other, and nobody else makes any. What
// takes its time are hand-overs to and from other goroutines, each of which wakes
// a thread. So it writes its packages by itself, and when its calls follow each
// other closely it also reads by itself: the reader stands by until another call
// is made, a call has no answer soon, or none follows. Where quests come the reader
// does not, since what the caller waits for next may be one of them, or its next
// call be made when one is served.
const (
	// maxOwn is the largest package in bytes that a lone caller writes itself.
	// Any send buffer takes as much when the peer has read all that came before.
	maxOwn = 4 << 10
	// The reader stands by when loneRun calls have been made and answered, one
	// after the other, in less than loneTime.
	loneRun  = 16
	loneTime = 4 * time.Millisecond
	// standByTick is how often it looks whether it still should. What comes in
	// while nobody reads, the end of the connection, and that of a ctx whose caller
	// reads, are noticed after twice that at the latest.
	standByTick = time.Millisecond
)

// run is a number of calls, each made while no other was under way.
type run struct {
	calls   int
	checked time.Duration // since Conn.born: when it last was as long as loneRun
	asked   bool          // quests have come since
}

// turn says who may read.
type turn uint8

const (
	readersTurn turn = iota
	anyonesTurn      // the next lone caller's; the reader stands by
	callersTurn
)

// loneCaller reports whether k's caller may write its package itself. It may only
// if that cannot block: the package is small, the transport has a send buffer, and
// the peer has read all that was written before, since it has answered the last of
// it.
func (c *Conn) loneCaller(k *call) bool {
	return c.buffered && c.quiet && !c.writing && len(c.out) == 0 &&
		c.lone.calls > 1 && len(k.pkg) <= maxOwn
}

// writeOwn writes k's package as a batch of its own. It is called with c.mu
// held and unlocks.
func (c *Conn) writeOwn(k *call) {
	c.writing = true
	c.begun++
	k.batch = c.begun
	c.quiet, c.tail = false, k.seq
	c.mu.Unlock()
	if !c.write(k.pkg) {
		return
	}
	c.mu.Lock()
	c.writing = false
	drained := c.drained() // the answer may have come already
	c.flushAndUnlock()
	drained.send()
}

// readOwn reads until k has ended, if it is anyone's turn. It may return before:
// then the reader goes on.
func (c *Conn) readOwn(k *call) {
	c.mu.Lock()
	if c.reads != anyonesTurn {
		c.mu.Unlock()
		return
	}
	c.reads = callersTurn
	c.turns++
	c.mu.Unlock()
	alive := true
	for alive && len(k.done) == 0 {
		alive = c.readOnce()
	}
	c.mu.Lock()
	c.reads = anyonesTurn
	back := (!alive || c.pending.count > 0 || c.lone.asked) && c.giveBack()
	c.mu.Unlock()
	if back {
		c.resume <- struct{}{}
	}
}

// giveBack ends anyone's turn, if it is that. It reports whether it was: then the
// token for the reader is to be sent, which never blocks. c.mu is held.
func (c *Conn) giveBack() bool {
	if c.reads != anyonesTurn {
		return false
	}
	c.reads = readersTurn
	return true
}

// mayStandBy is asked by the reader after each read. It makes it anyone's turn if
// that read brought the answer to a lone call, the last of a run in quick
// succession, and nothing else.
func (c *Conn) mayStandBy() bool {
	if !c.in.lone {
		return false
	}
	now := time.Since(c.born)
	c.mu.Lock()
	defer c.mu.Unlock()
	quick := now-c.lone.checked < loneTime && !c.lone.asked
	c.lone = run{calls: 1, checked: now}
	if !quick || c.pending.count+c.serving > 0 || c.err != nil {
		return false
	}
	c.reads = anyonesTurn
	return true
}

// standBy waits until it is the reader's turn again.
func (c *Conn) standBy() {
	timer := time.NewTimer(standByTick)
	defer timer.Stop()
	for seen := uint64(0); ; timer.Reset(standByTick) {
		select {
		case <-c.resume:
			c.renew()
			return
		case <-timer.C:
		}
		c.mu.Lock()
		idle := seen == c.turns
		seen = c.turns
		mine := idle && c.giveBack()
		stuck := idle && c.reads == callersTurn
		c.interrupted = c.interrupted || stuck
		c.mu.Unlock()
		if mine {
			c.renew()
			return
		}
		if stuck {
			_ = c.nc.SetReadDeadline(time.Unix(1, 0))
		}
	}
}

// interruption reports whether a read has ended because the reader is to go on.
func (c *Conn) interruption(err error) bool {
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.interrupted
}

// renew undoes interruptions.
func (c *Conn) renew() {
	c.mu.Lock()
	interrupted := c.interrupted
	c.interrupted = false
	c.mu.Unlock()
	if !interrupted {
		return
	}
	if err := c.in.patience.renew(); err != nil {
		c.fail(lost(err))
	}
}
