package fpnn

import (
	"context"
	"time"
)

// How much later than its default time-out a call may end, so that one sweep
// ends many: this part of the time-out, but no more than this time.
const (
	sweepFraction = 64
	maxSweep      = 10 * time.Millisecond
)

// sweep ends the calls whose default time-out has passed: one timer for all of
// them, since a context each would cost more than the call. It stops when no
// call with a default time-out is left.
func (c *Conn) sweep() {
	timer := time.NewTimer(c.timeout)
	defer timer.Stop()
	defer c.exit()
	for {
		select {
		case <-c.down:
			return
		case <-timer.C:
		}
		now := time.Since(c.born)
		c.mu.Lock()
		expired, next := c.pending.takeExpired(now)
		c.counts.timedOut += int64(len(expired))
		for _, k := range expired {
			c.withdraw(k)
		}
		c.sweeping = next != 0
		drained := c.drained()
		c.mu.Unlock()
		drained.send()
		for _, k := range expired {
			k.err = context.DeadlineExceeded
			k.done <- struct{}{}
		}
		if next == 0 {
			return
		}
		timer.Reset(max(next-now, min(c.timeout/sweepFraction, maxSweep)))
	}
}
