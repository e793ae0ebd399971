package fpnn

import (
	"context"
	"errors"
	"time"

	"github.com/gofpnn/gofpnn/codec"
	"github.com/gofpnn/gofpnn/fpnn/frame"
)

// call is one twoway quest in flight.
//
// Whoever takes it out of the pending table under Conn.mu owns its end: the
// reader with an answer, the sweeper with a time-out, fail with the
// connection's error. The owner fills in the result and sends one token to
// done. A canceller that finds the call gone has lost and waits for the token;
// only then may the struct, and the buffer the reader wrote to, be used again.
type call struct {
	pkg      []byte        // the quest, encoded
	buf      []byte        // the answer's payload, copied by the reader
	flags    frame.Flags   // of the answer
	status   uint8         // of the answer
	err      error         // instead of an answer
	done     chan struct{} // one token per call; capacity 1
	seq      uint32
	standing *standing     // where the package waits for room, if so
	batch    uint64        // the Write the package belongs to; 0: in no buffer yet
	sent     bool          // set with err
	deadline time.Duration // since Conn.born; 0: none
	ping     bool          // goes out whatever is refused to others
}

func (c *Conn) newCall() *call {
	if k, ok := c.calls.Get().(*call); ok {
		return k
	}
	return &call{done: make(chan struct{}, 1)}
}

func (c *Conn) freeCall(k *call) {
	pkg := k.pkg
	if cap(pkg) > maxPooled {
		pkg = nil
	}
	*k = call{pkg: pkg[:0], done: k.done}
	c.calls.Put(k)
}

// Call sends a quest to the peer and waits for its answer, whose bytes the
// caller owns. See [Client.Call] for args and errors.
func (c *Conn) Call(ctx context.Context, method string, args any) (Answer, error) {
	var answer Answer
	err := c.CallInto(ctx, method, args, &answer)
	return answer, err
}

// CallInto is [Conn.Call] with an Answer whose buffer is used again.
func (c *Conn) CallInto(ctx context.Context, method string, args any, answer *Answer) error {
	if c.tracer != nil {
		return c.traceCall(ctx, method, args, answer)
	}
	return c.call(ctx, method, args, answer, nil)
}

// call is CallInto, and notes in t, unless it is nil, what there is to know.
func (c *Conn) call(ctx context.Context, method string, args any, answer *Answer, t *traced) error {
	k := c.newCall()
	err := c.callInto(ctx, k, method, args, answer)
	t.sent(c, k, len(answer.buf))
	c.freeCall(k) // not after a panic of args or OnQueued: the call may be in flight
	return err
}

func (c *Conn) callInto(ctx context.Context, k *call, method string, args any, answer *Answer) (err error) {
	answer.reset()
	if k.pkg, err = c.appendQuest(ctx, k.pkg[:0], frame.Twoway, method, args); err != nil {
		return &OpError{Op: "call", Method: method, Err: err}
	}
	if _, ok := ctx.Deadline(); !ok && c.timeout > 0 {
		k.deadline = time.Since(c.born) + c.timeout
	}
	k.buf = answer.buf[:0]
	err = c.roundTrip(ctx, k)
	answer.buf = k.buf
	if err != nil {
		return &OpError{Op: "call", Method: method, Seq: k.seq, Sent: k.sent, Err: err}
	}
	if err := answer.read(k.flags); err != nil {
		return &OpError{Op: "call", Method: method, Seq: k.seq, Sent: true, Err: err}
	}
	if k.status == 0 {
		return nil
	}
	c.stats.errorsIn.Add(1)
	remote, err := answer.remoteError(method)
	if err != nil {
		return &OpError{Op: "call", Method: method, Seq: k.seq, Sent: true, Err: err}
	}
	return remote
}

// roundTrip registers and sends k and waits for its end.
func (c *Conn) roundTrip(ctx context.Context, k *call) error {
	own, err := c.send(k)
	if err != nil {
		return err
	}
	if queued, ok := ctx.Value(queuedKey{}).(func()); ok {
		queued()
	}
	if own {
		c.readOwn(k)
	}
	if ctx.Done() == nil {
		<-k.done
		return k.err
	}
	select {
	case <-k.done:
		return k.err
	case <-ctx.Done():
		return c.abandon(ctx, k)
	}
}

type queuedKey struct{}

// OnQueued returns a ctx for a call, or several, that has f called each time a
// quest has got its place among those to be written. Quests queued one after the
// other leave in that order, so who starts calls in goroutines can wait for f to
// keep them in order. f must not block.
func OnQueued(ctx context.Context, f func()) context.Context {
	return context.WithValue(ctx, queuedKey{}, f)
}

// send registers k and puts its package on the way. An error says that k is not
// registered; nil leaves its end to whoever takes it out of the table. own tells
// the caller to read by itself.
func (c *Conn) send(k *call) (own bool, err error) {
	c.mu.Lock()
	err = c.refusal()
	switch {
	case k.ping && !c.closing:
		err = c.err
	case err == nil && c.pending.count >= c.maxInFlight:
		err = ErrQueueFull
		c.counts.overflowed++
	}
	if err != nil {
		c.mu.Unlock()
		return false, err
	}
	c.pending.add(k)
	if c.lone.calls++; c.pending.count > 1 {
		c.lone.calls = 0
	}
	c.counts.calls++
	frame.SetSeq(k.pkg, k.seq)
	if k.deadline != 0 && !c.sweeping {
		c.sweeping = true
		c.spawn(c.goSweep)
	}
	if c.loneCaller(k) {
		own = c.reads == anyonesTurn
		c.writeOwn(k) // unlocks
		return own, nil
	}
	back := c.giveBack()
	c.appendCall(k)
	c.flushAndUnlock()
	if back {
		c.resume <- struct{}{}
	}
	return false, nil
}

// abandon ends k for its caller's ctx, unless it has just ended otherwise.
func (c *Conn) abandon(ctx context.Context, k *call) error {
	reason := ctx.Err()
	count := &c.counts.givenUp
	if errors.Is(reason, context.DeadlineExceeded) {
		count = &c.counts.timedOut
	}
	c.mu.Lock()
	if !c.pending.has(k) {
		c.mu.Unlock()
		<-k.done
		return k.err
	}
	c.pending.take(k.seq)
	*count++
	c.withdraw(k)
	drained := c.drained()
	c.mu.Unlock()
	drained.send()
	return reason
}

// withdraw has the package of a call that has ended not written, if no Write has
// taken it yet: then the peer will never see it.
func (c *Conn) withdraw(k *call) {
	k.sent = k.batch != 0 && k.batch <= c.begun
	if k.standing != nil {
		c.leave(k.standing)
	}
	if k.batch <= c.begun {
		return
	}
	if c.withdrawn == nil {
		c.withdrawn = make(map[uint32]struct{})
	}
	c.withdrawn[k.seq] = struct{}{}
}

// without removes the twoway quests with those numbers from a buffer of whole
// packages.
func without(out []byte, seqs map[uint32]struct{}) []byte {
	if len(seqs) == 0 {
		return out
	}
	var p frame.Package
	kept := 0
	for at := 0; at < len(out); {
		n, err := p.Parse(out[at:], len(out))
		if n == 0 || err != nil {
			panic("fpnn: write buffer holds something else than packages")
		}
		if _, gone := seqs[p.Seq]; !gone || p.Kind != frame.Twoway {
			kept += copy(out[kept:], out[at:at+n])
		}
		at += n
	}
	return out[:kept]
}

// appendQuest appends a whole quest, its number still to be set.
func (c *Conn) appendQuest(ctx context.Context, b []byte, kind frame.Kind, method string, args any) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return b, err
	}
	b, err := frame.AppendQuest(b, frame.Version, c.flags, kind, method)
	if err != nil {
		return b, err
	}
	if b, err = appendPayload(b, c.flags, args); err != nil {
		return b, err
	}
	return b, frame.Finish(b, c.maxPackage)
}

// appendPayload appends v, a map in the end, in the encoding that flags name.
func appendPayload(b []byte, flags frame.Flags, v any) ([]byte, error) {
	at := len(b)
	b, err := codec.Append(b, v)
	if err != nil || flags&frame.JSON == 0 {
		return b, err
	}
	if len(b) < at { // args did not append
		return b, codec.ErrNotMap
	}
	p, err := codec.ParsePayload(b[at:])
	if err != nil {
		return b, err
	}
	end := len(b)
	if b, err = p.AppendJSON(b); err != nil {
		return b, err
	}
	return append(b[:at], b[end:]...), nil
}
