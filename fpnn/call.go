package fpnn

import (
	"context"
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
	batch    uint64        // the Write the package belongs to; 0: in no buffer yet
	sent     bool          // set with err
	deadline time.Duration // since Conn.born; 0: none
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
	k := c.newCall()
	defer c.freeCall(k)
	var err error
	if k.pkg, err = c.appendQuest(ctx, k.pkg[:0], frame.Twoway, method, args); err != nil {
		return &OpError{Op: "call", Method: method, Err: err}
	}
	if _, ok := ctx.Deadline(); !ok && c.timeout > 0 {
		k.deadline = time.Since(c.born) + c.timeout
	}
	k.buf = answer.buf[:0]
	answer.Payload, answer.notMap = codec.Payload{}, false
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
	remote, err := answer.remoteError(method)
	if err != nil {
		return &OpError{Op: "call", Method: method, Seq: k.seq, Sent: true, Err: err}
	}
	return remote
}

// roundTrip registers and sends k and waits for its end.
func (c *Conn) roundTrip(ctx context.Context, k *call) error {
	if err := c.send(ctx, k); err != nil {
		return err
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

// send registers k and puts its package on the way. An error says that k is not
// registered; nil leaves its end to whoever takes it out of the table.
func (c *Conn) send(ctx context.Context, k *call) error {
	c.mu.Lock()
	if err := c.refusal(); err != nil {
		c.mu.Unlock()
		return err
	}
	if c.pending.count >= c.maxInFlight {
		c.mu.Unlock()
		return ErrQueueFull
	}
	c.pending.add(k)
	frame.SetSeq(k.pkg, k.seq)
	if k.deadline != 0 && !c.sweeping {
		c.sweeping = true
		c.spawn(c.goSweep)
	}
	if c.loneCaller(k) {
		c.writeOwn(k) // unlocks
		return nil
	}
	for !c.room(k.pkg) {
		space := c.space()
		c.mu.Unlock()
		select {
		case <-space:
		case <-k.done:
			k.done <- struct{}{}
			return nil
		case <-ctx.Done():
			return nil // the caller sees it too
		}
		c.mu.Lock()
		if !c.pending.has(k) {
			c.mu.Unlock()
			return nil
		}
	}
	k.batch = c.append(k.pkg)
	c.tail = k.seq
	c.flushAndUnlock()
	return nil
}

// abandon ends k for its caller's ctx, unless it has just ended otherwise.
func (c *Conn) abandon(ctx context.Context, k *call) error {
	c.mu.Lock()
	if !c.pending.has(k) {
		c.mu.Unlock()
		<-k.done
		return k.err
	}
	c.pending.take(k.seq)
	freed := c.withdraw(k)
	drained := c.drained()
	c.mu.Unlock()
	freed.send()
	drained.send()
	return ctx.Err()
}

// withdraw takes the package of a call that has ended back out of the buffer,
// if it is still there: then the peer will never see it. It returns the notice
// to send to those who wait for the room.
func (c *Conn) withdraw(k *call) notice {
	k.sent = k.batch != 0 && k.batch <= c.begun
	if k.batch <= c.begun {
		return nil
	}
	c.out = cut(c.out, k.seq)
	return c.takeSpace()
}

// cut removes the twoway quest numbered seq from a buffer of whole packages.
func cut(out []byte, seq uint32) []byte {
	var p frame.Package
	for at := 0; at < len(out); {
		n, err := p.Parse(out[at:], len(out))
		if n == 0 || err != nil {
			panic("fpnn: write buffer holds something else than packages")
		}
		if p.Kind == frame.Twoway && p.Seq == seq {
			return append(out[:at], out[at+n:]...)
		}
		at += n
	}
	return out
}

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
		var freed notice
		for _, k := range expired {
			if n := c.withdraw(k); n != nil {
				freed = n
			}
		}
		c.sweeping = next != 0
		drained := c.drained()
		c.mu.Unlock()
		freed.send()
		drained.send()
		for _, k := range expired {
			k.err = context.DeadlineExceeded
			k.done <- struct{}{}
		}
		if next == 0 {
			return
		}
		timer.Reset(next - now)
	}
}

// Notify sends a oneway quest: nothing comes back. See [Client.Notify].
func (c *Conn) Notify(ctx context.Context, method string, args any) error {
	k := c.newCall()
	defer c.freeCall(k)
	var err error
	if k.pkg, err = c.appendQuest(ctx, k.pkg[:0], frame.Oneway, method, args); err == nil {
		err = c.notify(ctx, k.pkg)
	}
	if err != nil {
		return &OpError{Op: "notify", Method: method, Err: err}
	}
	return nil
}

func (c *Conn) notify(ctx context.Context, pkg []byte) error {
	c.mu.Lock()
	err := c.refusal()
	c.mu.Unlock()
	if err != nil {
		return err
	}
	timeout := c.timeout
	if _, ok := ctx.Deadline(); ok {
		timeout = 0
	}
	return c.put(ctx, pkg, timeout)
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
	if flags&frame.JSON == 0 {
		return codec.Append(b, v)
	}
	raw, err := codec.Append(nil, v)
	if err != nil {
		return b, err
	}
	p, err := codec.ParsePayload(raw)
	if err != nil {
		return b, err
	}
	return p.AppendJSON(b)
}
