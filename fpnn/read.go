package fpnn

import (
	"io"
	"os"
	"time"

	"github.com/pkg/errors"

	"github.com/gofpnn/gofpnn/fpnn/frame"
	"github.com/gofpnn/gofpnn/transport"
)

const (
	// maxBatch is how many packages are routed under one lock.
	maxBatch = 128
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

// read is the connection's reader: it cuts the stream into packages and routes
// them. It runs no user code and waits for nothing but the socket.
func (c *Conn) read() {
	defer c.exit()
	r := frame.NewReader(countedReader{c}, c.maxPackage)
	r.Reserve = c.reserve
	defer r.Release()
	var (
		batch   []inbound
		names   = make(map[string]string)
		patient = patience{c: c}
	)
	for progress := false; ; {
		var err error
		batch, err = nextBatch(r, batch[:0])
		c.route(batch, names)
		if err != nil {
			c.fail(malformed(unreadable(r, "unreadable package"), err))
			return
		}
		progress = progress || len(batch) > 0
		if len(batch) == maxBatch {
			continue
		}
		if err := patient.arm(r.Partial(), progress); err != nil {
			c.fail(lost(err))
			return
		}
		progress = false
		if err := r.Fill(); err != nil {
			c.fail(patient.explain(r, err))
			return
		}
	}
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

// route hands answers to their calls and quests to the workers.
func (c *Conn) route(batch []inbound, names map[string]string) {
	if len(batch) == 0 {
		return
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
		} else if in.refusal = c.accept(in.quest); in.refusal == nil {
			in.quest = nil
		}
	}
	drained := c.drained()
	c.mu.Unlock()
	drained.send()
	for i := range batch {
		switch in := &batch[i]; {
		case in.call != nil:
			in.call.end(&in.Package)
		case in.Kind == frame.Answer:
			c.stats.unclaimed.Add(1)
		case in.quest != nil:
			c.refuse(in.quest, in.refusal)
		}
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
	c       *Conn
	partial bool
	set     time.Time // when the deadline was last set
}

// arm is called before each read. progress tells that packages were completed
// since the last one, so that a partial package is a new one.
func (p *patience) arm(partial, progress bool) error {
	if partial {
		if p.partial && !progress {
			return nil
		}
		p.partial, p.set = true, time.Now()
		return p.c.nc.SetReadDeadline(p.set.Add(p.c.readTimeout))
	}
	idle := p.c.idleTimeout
	if !p.partial && (idle == 0 || time.Since(p.set) < idle/idleSlack) {
		return nil
	}
	p.partial, p.set = false, time.Now()
	if idle == 0 {
		return p.c.nc.SetReadDeadline(time.Time{})
	}
	return p.c.nc.SetReadDeadline(p.set.Add(idle + idle/idleSlack))
}

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
	if c.stats.bytesIn.Load() > 0 || c.stats.bytesOut.Load() == 0 || transport.Encrypted(c.nc) {
		return ""
	}
	return " (it never sent anything: does it want TLS, or encryption?)"
}
