package fakeserver

import (
	"context"
	"errors"
	"time"

	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/rtm/wire"
)

// Pushes: what listeners are told. Those of a conversation go to a listener one
// after the other, each when the one before has been acknowledged.

const (
	// pushRetry is how long a listener that is busy (20011), or does not answer,
	// is left alone.
	pushRetry = 100 * time.Millisecond
	// maxPushes bounds what waits for one listener in one conversation. The
	// oldest are dropped.
	maxPushes = 10_000
)

// pushQueue are the pushes of a conversation that wait for a listener.
type pushQueue struct {
	waiting []wire.Quest
	running bool
}

// push tells the listeners of a message, and returns how many they are.
func (s *Server) push(p *wire.Push) int {
	if p.Method() == "" {
		return 0
	}
	return s.tell(keyOf(p.From, p.Target), p, func(l *listener) bool { return l.wants(p) })
}

// tell queues a push for each listener who wants it.
func (s *Server) tell(key conversationKey, q wire.Quest, wanted func(l *listener) bool) (told int) {
	s.listeners.each(func(l *listener) {
		if l.tell(key, q, wanted) {
			told++
		}
	})
	return told
}

// tell queues a push, if it is wanted.
func (l *listener) tell(key conversationKey, q wire.Quest, wanted func(l *listener) bool) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !wanted(l) {
		return false
	}
	queue := l.queues[key]
	if queue == nil {
		queue = new(pushQueue)
		l.queues[key] = queue
	}
	if queue.waiting = append(queue.waiting, q); len(queue.waiting) > maxPushes {
		queue.waiting = queue.waiting[1:]
	}
	l.start(key, queue)
	return true
}

// start has a queue sent, unless it is, or there is nobody. l.mu is held.
func (l *listener) start(key conversationKey, queue *pushQueue) {
	if !queue.running && len(l.conns) > 0 {
		queue.running = true
		l.all.tasks.Go(func() { l.run(key, queue) })
	}
}

// run sends what waits in a queue to the connection that came last, until nothing
// waits or nobody is there any more.
func (l *listener) run(key conversationKey, queue *pushQueue) {
	for {
		next, conn := l.next(key, queue)
		if next == nil {
			return
		}
		if delivered(conn, next) {
			l.done(queue, next)
			continue
		}
		timer := time.NewTimer(pushRetry)
		select {
		case <-timer.C:
		case <-conn.Done():
			timer.Stop()
			l.leave(conn)
		}
	}
}

// next returns the push to send, and to whom: nil if there is nothing to do.
func (l *listener) next(key conversationKey, queue *pushQueue) (wire.Quest, *fpnn.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case len(queue.waiting) == 0:
		delete(l.queues, key)
	case len(l.conns) == 0:
		queue.running = false
	default:
		return queue.waiting[0], l.conns[len(l.conns)-1]
	}
	return nil, nil
}

// done takes a push off its queue, which may have dropped it.
func (l *listener) done(queue *pushQueue, q wire.Quest) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(queue.waiting) > 0 && queue.waiting[0] == q {
		queue.waiting = queue.waiting[1:]
	}
}

// delivered sends a push and reports whether the listener is done with it: it has
// it, or will not have it.
func delivered(conn *fpnn.Conn, q wire.Quest) bool {
	_, err := conn.Call(context.Background(), q.Method(), wire.Unsigned{Quest: q})
	var refused *fpnn.RemoteError
	return err == nil || errors.As(err, &refused) && !refused.SafeToRetry() || errors.Is(err, fpnn.ErrTooLarge)
}
