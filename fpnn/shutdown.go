package fpnn

import (
	"context"
	"time"

	"github.com/pkg/errors"
)

// Shutdown ends the connection when the calls in flight have their answers, the
// quests being handled are answered and all of it is written. Meanwhile new
// calls get [ErrClosed] and new quests the error answer 20014. When ctx ends
// first, the connection is closed as by Close and ctx's error returned. When it
// is lost first, that is the error.
func (c *Conn) Shutdown(ctx context.Context) error {
	c.mu.Lock()
	c.draining = true
	if c.idle == nil {
		c.idle = make(notice)
	}
	idle := c.idle // before drained takes it away
	drained := c.drained()
	c.mu.Unlock()
	drained.send()
	var err error
	select {
	case <-idle:
		c.linger(ctx)
	case <-c.down:
		err = c.undrained()
	case <-ctx.Done():
		err = ctx.Err()
	}
	c.fail(ErrClosed)
	return err
}

// undrained returns why a connection that is down had not run out of things to
// do, nil if it had or was closed from this side.
func (c *Conn) undrained() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closing || errors.Is(c.err, ErrClosed) {
		return nil
	}
	return c.err
}

// linger waits for the peer to close too, for maxLinger at most. A socket closed
// while it still receives takes back the answers that are on their way.
func (c *Conn) linger(ctx context.Context) {
	nc, ok := c.nc.(interface{ CloseWrite() error })
	if !ok || c.nc.SetWriteDeadline(time.Now().Add(maxLinger)) != nil || nc.CloseWrite() != nil {
		return
	}
	timer := time.NewTimer(maxLinger)
	defer timer.Stop()
	select {
	case <-c.down:
	case <-timer.C:
	case <-ctx.Done():
	}
}

// maxLinger is how long Shutdown waits for the peer to close, when all is done.
const maxLinger = time.Second

// notice is a channel closed once, after c.mu has been released.
type notice chan struct{}

func (n notice) send() {
	if n != nil {
		close(n)
	}
}

// drained returns the notice to send if a connection that is being shut down
// has just run out of things to do.
func (c *Conn) drained() notice {
	if c.idle == nil || c.pending.count+c.serving+len(c.out) > 0 || c.writing {
		return nil
	}
	n := c.idle
	c.idle = nil
	c.closing = true
	return n
}
