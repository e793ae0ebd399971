package rtm

import (
	"context"
	"iter"
	"runtime/debug"
	"sync/atomic"

	"github.com/gofpnn/gofpnn/fpnn"
)

// Pushes yields what the gate pushes, for programs that want a loop instead of a
// handler ([WithHandler]). Pushes are accepted from the first call on (before it
// they are refused with 20004), and wait for a loop, also between two of them: as
// many as [WithPushInbox] says. There is one loop at a time, from the call of
// Pushes to its end: another yields [ErrConsumer]. Pushes come when there is a
// connection, which [Dial] and [Client.Connect] make.
//
// The loop ends with an error, yielded last: ctx's, or [fpnn.ErrClosed] when the
// client is closed and what was accepted has been yielded.
func (c *Client) Pushes(ctx context.Context) iter.Seq2[Push, error] {
	var claimed atomic.Bool
	claimed.Store(c.pushes.claim())
	return func(yield func(Push, error) bool) {
		if !claimed.Swap(false) && !c.pushes.claim() {
			yield(Push{}, ErrConsumer)
			return
		}
		defer c.pushes.leave()
		for {
			p, err := c.pushes.next(ctx)
			if !yield(p, err) || err != nil {
				return
			}
		}
	}
}

// claim makes the caller the one consumer.
func (s *pushes) claim() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.handler != nil || s.consumer {
		return false
	}
	s.consumer, s.wanted = true, true
	return true
}

// leave ends what claim began.
func (s *pushes) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.consumer = false
}

// next returns the oldest push. It waits for one until ctx ends.
func (s *pushes) next(ctx context.Context) (Push, error) {
	for {
		if err := ctx.Err(); err != nil {
			return Push{}, err
		}
		s.mu.Lock()
		if len(s.queue) > s.held {
			p := s.queue[0]
			s.queue[0] = Push{}
			s.queue = s.queue[1:]
			s.bytes -= p.size()
			s.full = s.full && len(s.queue) > s.inbox/2
			s.stats.Handled++
			s.mu.Unlock()
			return p, nil
		}
		if s.closed {
			s.mu.Unlock()
			return Push{}, fpnn.ErrClosed
		}
		if s.arrived == nil {
			s.arrived = make(chan struct{})
		}
		arrived := s.arrived
		s.mu.Unlock()
		select {
		case <-arrived:
		case <-ctx.Done():
			return Push{}, ctx.Err()
		}
	}
}

// consume is the goroutine of a client with a handler. It ends with ctx, or when
// all is handled after close. A handler that calls runtime.Goexit (as a test does
// that fails in one) takes it along: it calls again, for another to go on.
func (s *pushes) consume(ctx context.Context, again func()) {
	ended := false
	defer func() {
		if !ended {
			again()
		}
	}()
	for {
		p, err := s.next(ctx)
		if err != nil {
			ended = true
			return
		}
		s.handle(ctx, p)
	}
}

func (s *pushes) handle(ctx context.Context, p Push) {
	defer func() {
		if r := recover(); r != nil {
			s.logger.Error("push handler panicked", "panic", r, "stack", string(debug.Stack()))
		}
	}()
	s.handler(ctx, p)
}
