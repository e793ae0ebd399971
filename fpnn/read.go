package fpnn

import (
	"io"
	"os"
	"runtime"
	"time"

	"github.com/pkg/errors"

	"github.com/gofpnn/gofpnn/fpnn/frame"
	"github.com/gofpnn/gofpnn/transport"
)

const (
	// maxBatch is how many packages are routed under one lock, and how many callers
	// are woken before the reader steps back: then their quests leave while answers
	// to others are still to be handed out, and what they need is still in the
	// processor's cache. Of more than 256 the scheduler would pass some to other
	// processors.
	maxBatch = 64
	// A step back that takes longer than slowStep is not made again for the next
	// crowded batches: others keep the processors busy, and the answers would wait for
	// their time slices.
	slowStep = time.Millisecond
	crowded  = 4096
	// maxInterned is how many method names a connection remembers, so that a
	// quest costs no string.
	maxInterned = 64
	// idleSlack spares most reads the setting of a deadline: a silent peer is
	// found after between 1 and 1 + 1/idleSlack idle time-outs.
	idleSlack = 8
)

// inbound is one package taken out of the read buffer and where it goes.
type inbound struct {
	frame.Package
	call    *call  // of an answer; nil if nobody waits for it
	quest   *Quest // of a quest
	refusal *Error // why the quest was not accepted
}

// input is what comes in. One goroutine at a time reads: the connection's reader,
// or a lone caller (lone.go).
type input struct {
	*frame.Reader
	batch    []inbound
	names    map[string]string // methods; see intern
	lone     bool              // the last batch was the answer to a lone call
	crowd    int               // for so many batches more the reader does not step back
	patience patience
}

func newInput(c *Conn) input {
	r := frame.NewReader(countedReader{c}, c.maxPackage)
	r.Reserve = c.reserve
	return input{Reader: r, names: make(map[string]string), patience: patience{c: c}}
}

// read is the connection's reader: it cuts the stream into packages and routes
// them. It runs no user code and waits for nothing but the socket, or its turn.
func (c *Conn) read() {
	defer c.exit()
	defer c.in.Release()
	for c.readOnce() {
		if c.mayStandBy() {
			c.standBy()
		}
	}
}

// readOnce calls the transport's Read once and routes the packages that are whole
// then. It reports false if the connection is down, or the read was interrupted.
func (c *Conn) readOnce() bool {
	in := &c.in
	if err := in.patience.arm(in.Partial()); err != nil {
		c.fail(lost(err))
		return false
	}
	if err := in.Fill(); err != nil {
		if !c.interruption(err) {
			c.fail(in.patience.explain(in.Reader, err))
		}
		return false
	}
	for more := true; more; {
		var err error
		in.batch, err = nextBatch(in.Reader, in.batch[:0])
		in.lone = c.route(in.batch, in.names)
		clear(in.batch) // or the read buffer of a large package would stay
		if err != nil {
			c.fail(malformed(unreadable(in.Reader, "unreadable package"), err))
			return false
		}
		in.patience.progress = in.patience.progress || len(in.batch) > 0
		more = len(in.batch) == maxBatch
	}
	return true
}

// unreadable tells what a peer seems to speak that speaks no FPNN, else reason.
func unreadable(r *frame.Reader, reason string) string {
	switch b := r.Unread(); {
	case len(b) >= 2 && b[0] >= 0x14 && b[0] <= 0x17 && b[1] == 3: // a record's type and version
		return "peer speaks TLS"
	case len(b) >= 5 && string(b[:5]) == "HTTP/":
		return "peer speaks HTTP"
	}
	return reason
}

// nextBatch takes up to maxBatch packages out of the bytes already read.
func nextBatch(r *frame.Reader, batch []inbound) ([]inbound, error) {
	for len(batch) < maxBatch {
		batch = append(batch, inbound{})
		ok, err := r.Next(&batch[len(batch)-1].Package)
		if !ok || err != nil {
			return batch[:len(batch)-1], err
		}
	}
	return batch, nil
}

// route hands answers to their calls and quests to the workers. It reports whether
// the batch was the answer to a lone call, one of a run.
func (c *Conn) route(batch []inbound, names map[string]string) (lone bool) {
	if len(batch) == 0 {
		return false
	}
	for i := range batch {
		if in := &batch[i]; in.Kind != frame.Answer {
			in.quest = newQuest(c, &in.Package, intern(names, in.Method))
		}
	}
	c.mu.Lock()
	for i := range batch {
		in := &batch[i]
		if in.Kind == frame.Answer {
			if in.call = c.pending.take(in.Seq); in.call != nil && in.call.batch == 0 {
				c.withdraw(in.call) // the peer answers what it cannot have seen
			}
			c.quiet = c.quiet || in.Seq == c.tail && c.tail != 0
			continue
		}
		c.lone.asked = true
		if in.refusal = c.accept(in.quest); in.refusal == nil {
			in.quest = nil
		}
	}
	lone = c.buffered && len(batch) == 1 && batch[0].call != nil && c.lone.calls >= loneRun
	drained := c.drained()
	c.mu.Unlock()
	drained.send()
	woken := 0
	for i := range batch {
		switch in := &batch[i]; {
		case in.call != nil:
			in.call.end(&in.Package)
			woken++
		case in.Kind == frame.Answer:
			c.stats.unclaimed.Add(1)
		case in.quest != nil:
			c.refuse(in.quest, in.refusal)
		}
	}
	if woken == maxBatch {
		c.in.stepBack()
	}
	return lone
}

// stepBack lets those run who were woken, unless that has taken long of late.
func (in *input) stepBack() {
	if in.crowd > 0 {
		in.crowd--
		return
	}
	start := time.Now()
	runtime.Gosched()
	if time.Since(start) > slowStep {
		in.crowd = crowded
	}
}

// end gives the call its answer. The caller goes on at the token, so nothing of
// the call may be touched after it.
func (k *call) end(p *frame.Package) {
	k.flags, k.status = p.Flags, p.SS
	k.buf = append(k.buf[:0], p.Payload...)
	k.sent = true
	k.done <- struct{}{}
}

func intern(names map[string]string, method []byte) string {
	if s, ok := names[string(method)]; ok {
		return s
	}
	s := string(method)
	if len(names) < maxInterned {
		names[s] = s
	}
	return s
}

// countedReader counts the bytes read from the transport.
type countedReader struct{ c *Conn }

func (r countedReader) Read(b []byte) (int, error) {
	n, err := r.c.nc.Read(b)
	r.c.stats.bytesIn.Add(int64(n))
	if r.c.keepAlive.Interval > 0 {
		r.c.heard.Store(int64(time.Since(r.c.born)))
	}
	return n, err
}

// patience sets the read deadline: a package once begun must be complete within
// the read time-out, and between packages nothing may be silent for longer than
// the idle time-out.
type patience struct {
	c        *Conn
	partial  bool
	progress bool      // packages were completed since the last read: a partial one is new
	set, due time.Time // when the deadline was last set, and to what
}

// arm is called before each read.
func (p *patience) arm(partial bool) error {
	progress := p.progress
	p.progress = false
	if partial {
		if p.partial && !progress {
			return nil
		}
		p.partial = true
		return p.expect(p.c.readTimeout)
	}
	idle := p.c.idleTimeout
	if !p.partial && (idle == 0 || time.Since(p.set) < idle/idleSlack) {
		return nil
	}
	p.partial = false
	return p.expect(idle + idle/idleSlack)
}

// expect sets the deadline to d from now, or to none if d is 0.
func (p *patience) expect(d time.Duration) error {
	p.set, p.due = time.Now(), time.Time{}
	if d > 0 {
		p.due = p.set.Add(d)
	}
	return p.c.nc.SetReadDeadline(p.due)
}

// renew sets the deadline again after an interruption.
func (p *patience) renew() error { return p.c.nc.SetReadDeadline(p.due) }

// explain turns the error of a read into what ends the connection.
func (p *patience) explain(r *frame.Reader, err error) error {
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded) && p.partial:
		return malformed("package not completed within the read time-out", err)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return lost(errors.New("idle time-out"))
	case errors.Is(err, io.EOF):
		return lost(errors.New("closed by peer" + p.c.hint()))
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, frame.ErrNoBuffer):
		return malformed(unreadable(r, "package cut short"), err)
	}
	return lost(errors.WithMessage(err, "read"+p.c.hint()))
}

// hint guesses why a peer has ended a connection on which it never sent anything.
func (c *Conn) hint() string {
	c.mu.Lock()
	silent := c.begun == 0 // so the peer waits, too
	c.mu.Unlock()
	if silent || c.stats.bytesIn.Load() > 0 || transport.Encrypted(c.nc) {
		return ""
	}
	return " (it never sent anything: does it want TLS, or encryption?)"
}
