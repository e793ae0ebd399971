package fpnn

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

// Reconnect says what a [Client] does in an outage: while it has no connection,
// and had one before. There is one attempt at a time, for all callers.
type Reconnect struct {
	// Min and Max bound the pause before an attempt: after n failures in a row it
	// is a random time up to Min*2^(n-1), Max at most. The first attempt after a
	// connection that was of use is made at once.
	Min, Max time.Duration
	// Stable is how long a connection must live to be of use. One that is lost
	// sooner counts as a failure, or a server that closes after each answer would
	// be dialled without end.
	Stable time.Duration
	// Eager has a lost connection replaced though nobody calls.
	Eager bool
	// FailFast ends calls with the failure of the last attempt, or with the first
	// one to come, instead of letting them wait as long as their ctx and time-out
	// allow.
	FailFast bool
}

// DefaultReconnect is what a client does unless [WithReconnect] says otherwise.
var DefaultReconnect = Reconnect{Min: 100 * time.Millisecond, Max: 30 * time.Second, Stable: 1500 * time.Millisecond}

// WithReconnect sets what the client does in an outage. Default
// [DefaultReconnect]. Min is above 0, Max at least Min, Stable at least 0.
func WithReconnect(r Reconnect) ClientOption {
	return clientOption(func(c *Client) error {
		if r.Min <= 0 || r.Max < r.Min || r.Stable < 0 {
			return fmt.Errorf("fpnn: WithReconnect(%+v): out of range", r)
		}
		r.Max, r.Min = min(r.Max, maxPeriod), min(r.Min, maxPeriod)
		c.reconnect = r
		return nil
	})
}

// State is how a client stands with its server.
type State int8

// The states. A client begins Idle; from Ready it comes to Idle or Waiting when
// the connection is lost.
const (
	Idle       State = iota // no connection, and none is being made
	Connecting              // an attempt is under way
	Ready                   // there is a connection
	Waiting                 // the pause before the next attempt
	Closed                  // for good
)

var stateNames = [...]string{"idle", "connecting", "ready", "waiting", "closed"}

// String returns the state's name.
func (s State) String() string {
	if s < 0 || int(s) >= len(stateNames) {
		return fmt.Sprintf("State(%d)", int(s))
	}
	return stateNames[s]
}

// State returns the present state.
func (c *Client) State() State {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state
}

// WithOnState sets what is called when the state has changed, with what made it
// Idle or Waiting: the end of the connection, or the failure of an attempt. It
// must return soon and not close the client: the next attempt waits for it.
func WithOnState(f func(s State, reason error)) ClientOption {
	return clientOption(func(c *Client) error {
		if f == nil {
			return errors.New("fpnn: WithOnState(nil)")
		}
		c.onState = f
		return nil
	})
}

// become changes the state, unless the client is closed, which it stays. It is
// called with c.mu held, and returns what to call without it.
func (c *Client) become(s State, reason error) (tell func()) {
	if c.state == Closed || c.state == s {
		return func() {}
	}
	c.state = s
	if c.onState == nil {
		return func() {}
	}
	return func() { c.onState(s, reason) }
}

func (c *Client) setState(s State) {
	c.mu.Lock()
	tell := c.become(s, nil)
	c.mu.Unlock()
	tell()
}

// outage is what a client knows of its failures.
type outage struct {
	connected bool      // once before
	failures  int       // in a row
	next      time.Time // before which no attempt is made
	reason    error     // of the last one
}

// failed counts a failed attempt.
func (c *Client) failed(reason error) {
	c.mu.Lock()
	c.outage.count(reason, &c.reconnect)
	tell := c.become(Waiting, reason)
	c.mu.Unlock()
	tell()
}

// count counts a failure and sets the time of the next attempt.
func (o *outage) count(reason error, r *Reconnect) {
	o.failures++
	o.reason = reason
	most := r.Max
	if doublings := o.failures - 1; doublings < 32 {
		most = min(most, r.Min<<doublings)
	}
	o.next = time.Now().Add(rand.N(most + 1))
}

// lost is called when a connection has ended.
func (c *Client) lost(conn *Conn, reason error) {
	c.mu.Lock()
	if c.current.Load() != conn {
		c.mu.Unlock()
		return // it never was the client's, or there is another already
	}
	c.current.Store(nil)
	c.outage.connected = true
	next := Idle
	if errors.Is(reason, ErrClosed) || time.Since(conn.born) >= c.reconnect.Stable {
		c.outage.failures = 0
	} else {
		c.outage.count(reason, &c.reconnect)
		next = Waiting
	}
	tell := func() {}
	if c.state == Ready { // else an attempt is under way
		tell = c.become(next, reason)
	}
	eager := c.reconnect.Eager && c.state != Closed
	if eager {
		c.tasks.Add(1)
	}
	c.mu.Unlock()
	tell()
	if eager {
		go c.redial()
	}
}

// redial is the goroutine that replaces a lost connection though nobody calls.
func (c *Client) redial() {
	defer c.tasks.Done()
	for c.Conn() == nil {
		if r := <-c.dials.DoChan("", c.dial); r.Err != nil {
			return // closed
		}
	}
}

// pause waits until the next attempt may be made. It reports false if the client
// is closed before.
func (c *Client) pause() bool {
	c.mu.Lock()
	wait := time.Until(c.outage.next)
	c.mu.Unlock()
	if wait <= 0 {
		return c.ctx.Err() == nil
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-c.ctx.Done():
		return false
	}
}

// persists reports whether there is a reason for another attempt after one that
// failed: somebody waits through an outage, or the client is eager.
func (c *Client) persists() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.outage.connected {
		return false
	}
	return c.reconnect.Eager || !c.reconnect.FailFast && c.waiting > c.left
}

// refuseNow returns the error of a call that is to fail fast.
func (c *Client) refuseNow() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.reconnect.FailFast && c.outage.failures > 0 && time.Now().Before(c.outage.next) {
		return c.outage.reason
	}
	return nil
}

// outageError is the end of a caller's wait, with the reason why there was
// nothing to wait for.
func (c *Client) outageError(end error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.outage.failures == 0 {
		return end
	}
	return &waitError{end, c.outage.reason}
}

type waitError struct{ end, reason error }

func (e *waitError) Error() string   { return e.end.Error() + " (" + e.reason.Error() + ")" }
func (e *waitError) Unwrap() []error { return []error{e.end, e.reason} }
