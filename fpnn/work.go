package fpnn

import (
	"context"
	"runtime/debug"
	"time"
)

// The way in, behind the reader. Quests wait in c.inbox; up to c.concurrency
// workers take them out, run the handler and append the answer. While quests wait
// and not all workers are at work one more is about to begin, which then sees to
// the next: quests that are served in no time have few workers, and slow ones do
// not hold up others. A worker ends when the inbox is empty. One worker keeps the
// order of arrival.

// Why quests are not accepted.
var (
	refusedFull     = Errorf(CodeCoreWorkQueueFull, "queue is full")
	refusedTooOften = Errorf(CodeCoreWorkQueueFull, "too many quests a second")
	refusedStopping = Errorf(CodeCoreServerStopping, "server is stopping")
)

// accept queues q, or returns why not: the inbox is full, there are too many a
// second, or the connection is shutting down. Quests that are answered late count
// as waiting. c.mu is held.
func (c *Conn) accept(q *Quest) *Error {
	waiting, bytes := c.inbox.len()+c.late, c.inboxBytes+c.lateBytes
	switch {
	case c.err != nil || c.draining:
		return refusedStopping
	case waiting >= c.inboxSize || bytes > 0 && bytes+len(q.buf) > c.maxPackage:
		return refusedFull
	case c.questRate.limited() && !c.allowance.take(&c.questRate, time.Since(c.born)):
		c.stats.limited.Add(1)
		return refusedTooOften
	}
	c.inbox.push(q)
	c.inboxBytes += len(q.buf)
	c.serving++
	c.stats.quests.Add(1)
	c.addWorker()
	return nil
}

// addWorker starts a worker if quests wait and none is about to begin. c.mu is held.
func (c *Conn) addWorker() {
	if c.inbox.len() > 0 && !c.beginning && c.workers < c.concurrency {
		c.beginning = true
		c.workers++
		c.spawn(c.goWork)
	}
}

// nextQuest takes the oldest quest. c.mu is held.
func (c *Conn) nextQuest() *Quest {
	if c.inbox.len() == 0 {
		return nil
	}
	q := c.inbox.pop()
	c.inboxBytes -= len(q.buf)
	if c.inbox.len() == 0 {
		c.overfull = false
	}
	return q
}

// refuse answers a quest that was not accepted. The reader does it itself and
// must not wait: a peer that reads none of its answers loses the connection.
func (c *Conn) refuse(q *Quest, reason *Error) {
	defer q.free()
	c.stats.refused.Add(1)
	c.mu.Lock()
	first := !c.overfull && reason != refusedStopping
	c.overfull = c.overfull || first
	c.mu.Unlock()
	if first {
		c.logger.Warn("quests are refused", "peer", c.nc.RemoteAddr(), "reason", reason.Message)
	}
	if q.Oneway() {
		return
	}
	pkg := q.encodeError(reason)
	c.mu.Lock()
	if c.closing {
		c.mu.Unlock()
		return
	}
	if len(c.out)+len(pkg) > c.writeBuffer {
		c.refusals += len(pkg)
	}
	if c.refusals > refusalQuota {
		c.mu.Unlock()
		c.fail(lost(errSlowPeer))
		return
	}
	if c.err == nil {
		c.append(pkg)
	}
	c.flushAndUnlock()
}

// work is a worker: it serves quests until none is left.
func (c *Conn) work() {
	defer c.exit()
	c.mu.Lock()
	c.beginning = false
	q := c.nextQuest()
	if q == nil {
		c.workers--
	}
	c.addWorker()
	c.mu.Unlock()
	for q != nil {
		q = c.serveAndNext(q)
	}
}

// serveAndNext serves q, gets its answer on the way and returns the next quest.
//
// A handler that calls runtime.Goexit (as a test does that fails in one) takes
// the worker with it: another one goes on in its place.
func (c *Conn) serveAndNext(q *Quest) (next *Quest) {
	var (
		pkg    []byte
		unsent error
	)
	late, returned := false, false
	defer func() {
		if !returned {
			pkg, late = q.result(nil, errHandler)
		}
		c.mu.Lock()
		if pkg != nil {
			unsent = c.appendOrStand(context.Background(), pkg, 0)
		}
		if late {
			c.late++
			c.lateBytes += len(q.buf)
		} else {
			c.serving--
		}
		if returned {
			next = c.nextQuest()
		}
		if next == nil {
			c.workers--
		}
		c.addWorker()
		c.answerAndUnlock(next != nil)
		if !late {
			q.traced.served(q, unsent)
			q.free()
		}
	}()
	pkg, late = c.serve(q)
	returned = true
	return nil
}

// answerAndUnlock gets the answers on their way. The last worker to leave writes
// them itself, which saves a hand-over; one with more to do leaves that to the
// flusher.
func (c *Conn) answerAndUnlock(busy bool) {
	others := c.workers
	if c.beginning {
		others--
	}
	if busy || others > 0 || c.writing || len(c.out) == 0 || c.err != nil {
		drained := c.drained()
		c.flushAndUnlock()
		drained.send()
		return
	}
	c.writing = true
	if !c.writeBatch() {
		return
	}
	c.mu.Lock()
	c.writing = false
	drained := c.drained()
	c.flushAndUnlock()
	drained.send()
}

// serve runs the handler and encodes its answer: nil for a oneway quest and for
// one that is answered through a Responder, which late tells. A panic in the
// handler, or in what it returned, is an error of this quest alone.
func (c *Conn) serve(q *Quest) (pkg []byte, late bool) {
	if err := q.parse(); err != nil {
		c.fail(malformed("quest with an unreadable payload", err))
		return nil, false
	}
	defer func() {
		if r := recover(); r != nil {
			c.logger.Error("handler panicked", "method", q.method, "panic", r, "stack", string(debug.Stack()))
			pkg, late = q.result(nil, errHandler)
		}
	}()
	ctx := c.ctx
	if c.tracer != nil {
		ctx = q.trace()
	}
	return q.result(c.handler.ServeQuest(ctx, q))
}
