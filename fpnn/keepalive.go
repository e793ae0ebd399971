package fpnn

import (
	"context"
	"fmt"
	"time"

	"github.com/pkg/errors"
)

// KeepAlive says how a silent peer is watched. Nothing is sent while packages
// come in.
type KeepAlive struct {
	// Interval is how long nothing may have come in before a `*ping` is sent. It
	// should be below the peer's idle time-out, 60 s of C++ servers.
	Interval time.Duration
	// Timeout is how long a ping may stay unanswered.
	Timeout time.Duration
	// Retries is how many pings may be missed in a row; one more ends the
	// connection. So a dead peer is found within Interval plus Retries+1 times
	// Timeout.
	Retries int
}

// DefaultKeepAlive is what the vendor's Go SDK does when its keep-alive is on.
var DefaultKeepAlive = KeepAlive{Interval: 10 * time.Second, Timeout: 5 * time.Second, Retries: 2}

// WithKeepAlive has connections kept alive, and a peer that is gone noticed.
// Default: no keep-alive. Interval and Timeout are above 0, Retries at least 0.
func WithKeepAlive(k KeepAlive) Option {
	return connOption(func(c *connConfig) error {
		if k.Interval <= 0 || k.Timeout <= 0 || k.Retries < 0 {
			return fmt.Errorf("fpnn: WithKeepAlive(%+v): out of range", k)
		}
		k.Interval, k.Timeout = min(k.Interval, maxPeriod), min(k.Timeout, maxPeriod)
		c.keepAlive = k
		return nil
	})
}

// WithoutKeepAlive turns keep-alive off again.
func WithoutKeepAlive() Option {
	return connOption(func(c *connConfig) error {
		c.keepAlive = KeepAlive{}
		return nil
	})
}

// errNoPong ends a connection whose peer answers no ping.
var errNoPong = errors.New("peer does not answer *ping")

// keep is the goroutine that pings.
func (c *Conn) keep() {
	defer c.exit()
	k := c.keepAlive
	timer := time.NewTimer(k.Interval)
	defer timer.Stop()
	missed := 0
	for {
		select {
		case <-c.down:
			return
		case <-timer.C:
		}
		wait := k.Interval - c.silence()
		if wait > 0 {
			missed = 0
		} else if c.ping(k.Timeout) {
			missed, wait = 0, k.Interval
		} else if missed++; missed > k.Retries {
			c.fail(lost(errNoPong))
			return
		}
		timer.Reset(max(wait, 0))
	}
}

// ping reports whether anything came in within the time-out: a peer that is busy
// with other answers is there. It pings also while the connection is shut down,
// when calls are waited for, and when no more calls are let in.
func (c *Conn) ping(timeout time.Duration) bool {
	ctx, cancel := context.WithTimeout(c.ctx, timeout)
	defer cancel()
	k := c.newCall()
	defer c.freeCall(k)
	k.ping = true
	var answer Answer
	err := c.callInto(ctx, k, "*ping", nil, &answer)
	return !errors.Is(err, context.DeadlineExceeded) || c.silence() < timeout
}

// silence returns for how long nothing has come in.
func (c *Conn) silence() time.Duration { return time.Since(c.born) - time.Duration(c.heard.Load()) }
