package fpnn

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
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
	// be dialled without end: 0 takes that protection away.
	Stable time.Duration
	// Eager has a lost connection replaced though nobody calls, and the first one
	// made that could not be when somebody called or used [Client.Connect].
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
// Idle or Waiting: the end of the connection, or the failure of an attempt. It is
// told of one change after the other, in their order. It must return soon, since
// an attempt may wait for it, and must not close the client.
func WithOnState(f func(s State, reason error)) ClientOption {
	return clientOption(func(c *Client) error {
		if f == nil {
			return errors.New("fpnn: WithOnState(nil)")
		}
		c.states.tell = f
		return nil
	})
}

// announcer tells of states.
type announcer struct {
	tell func(s State, reason error) // nil: nobody wants to know

	mu      sync.Mutex
	news    []news
	telling bool // somebody is
	quiet   sync.Cond
}

type news struct {
	state  State
	reason error
}

// add queues a change. The order of its calls is that of telling.
func (a *announcer) add(s State, reason error) {
	if a.tell != nil {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.news = append(a.news, news{s, reason})
	}
}

// run tells what is queued, unless somebody else is about to.
func (a *announcer) run() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.telling {
		return
	}
	a.telling = true
	defer func() { // also if tell panics
		a.telling = false
		a.quiet.Broadcast()
	}()
	for len(a.news) > 0 {
		next := a.news[0]
		a.news = a.news[1:]
		a.tellOne(next)
	}
}

// wait returns when nobody tells any more.
func (a *announcer) wait() {
	a.mu.Lock()
	defer a.mu.Unlock()
	for a.telling {
		a.quiet.Wait()
	}
}

// tellOne gives a.mu away while it tells.
func (a *announcer) tellOne(n news) {
	a.mu.Unlock()
	defer a.mu.Lock()
	a.tell(n.state, n.reason)
}

// become changes the state, unless the client is closed, which it stays. It is
// called with c.mu held, and returns what to call without it.
func (c *Client) become(s State, reason error) (tell func()) {
	if c.state == Closed || c.state == s {
		return func() {}
	}
	c.state = s
	c.states.add(s, reason)
	return c.states.run
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
	c.replace()
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

// lost is called when a connection goes down, by the goroutine that found it so,
// and returns what to call when others have been told. The connection's own end
// may take a while longer, but nobody waits for that.
func (c *Client) lost(conn *Conn, reason error) (tell func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	tell = func() {}
	if c.current.Load() != conn {
		return tell // it never was the client's, or this has been called before
	}
	c.current.Store(nil)
	next := Idle
	if errors.Is(reason, ErrClosed) || time.Since(conn.born) >= c.reconnect.Stable {
		c.outage.failures = 0
	} else {
		c.outage.count(reason, &c.reconnect)
		c.nextEndpoint()
		next = Waiting
	}
	if c.state == Ready { // else an attempt is under way
		tell = c.become(next, reason)
	}
	c.replace()
	return tell
}

// replace has a connection made though nobody calls, if the client is to. c.mu is
// held.
func (c *Client) replace() {
	if c.reconnect.Eager && c.state != Closed && !c.redialing {
		c.redialing = true
		c.tasks.Add(1)
		go c.redial()
	}
}

func (c *Client) redial() {
	defer c.tasks.Done()
	for again := true; again; {
		<-c.dials.DoChan("", c.dial)
		c.mu.Lock()
		again = c.state != Closed && c.current.Load() == nil
		c.redialing = again
		c.mu.Unlock()
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
// failed: more callers wait through an outage than have left. Otherwise the dial
// ends, and with it what it keeps for those who left; who still waits begins
// another. An eager client has its own goroutine that goes on.
func (c *Client) persists() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.outage.connected && !c.reconnect.FailFast && c.waiting > 2*c.left
}

// patient reports whether callers wait through failures.
func (c *Client) patient() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.outage.connected && !c.reconnect.FailFast && c.state != Closed
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
