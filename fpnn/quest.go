package fpnn

import (
	"context"
	"sync"
	"time"

	"github.com/gofpnn/gofpnn/codec"
	"github.com/gofpnn/gofpnn/fpnn/frame"
)

// Quest is a quest that came from the peer. Its payload reads through the
// embedded [codec.Payload], JSON and msgpack alike.
//
// A Quest and all bytes read from it are valid until its handler returns, or
// after [Quest.Later] for as long as the [Responder] is held.
type Quest struct {
	codec.Payload
	conn   *Conn
	method string
	head   frame.Header
	seq    uint32
	buf    []byte     // the payload as it came
	reply  []byte     // the encoded answer
	later  *Responder // set by Later
	traced *traced    // nil: not traced
}

// quests are shared by all connections: they hold no channel.
var quests = sync.Pool{New: func() any { return new(Quest) }}

func newQuest(c *Conn, p *frame.Package, method string) *Quest {
	q := quests.Get().(*Quest)
	q.conn, q.method, q.head, q.seq = c, method, p.Header, p.Seq
	q.buf = append(q.buf[:0], p.Payload...)
	return q
}

func (q *Quest) free() {
	buf, reply := q.buf, q.reply
	if cap(buf) > maxPooled || cap(reply) > maxPooled {
		buf, reply = nil, nil
	}
	*q = Quest{buf: buf[:0], reply: reply[:0]}
	quests.Put(q)
}

// Method returns the name of the method called: 1 to 255 bytes, not necessarily
// UTF-8.
func (q *Quest) Method() string { return q.method }

// Seq returns the quest's number, unique among the quests of its connection that
// are not answered yet; 0 if it is oneway.
func (q *Quest) Seq() uint32 { return q.seq }

// Oneway reports whether the peer wants no answer.
func (q *Quest) Oneway() bool { return q.head.Kind == frame.Oneway }

// Encoding returns how the peer encoded the payload; the answer goes back in
// the same way.
func (q *Quest) Encoding() codec.Encoding {
	if q.head.Flags&frame.JSON != 0 {
		return codec.JSON
	}
	return codec.MsgPack
}

// Conn returns the connection the quest came on, for calling the peer back.
func (q *Quest) Conn() *Conn { return q.conn }

// parse scans the payload. Nothing of it is looked at before.
func (q *Quest) parse() (err error) {
	if q.Encoding() == codec.JSON {
		q.Payload, err = codec.ParseJSON(q.buf)
	} else {
		q.Payload, err = codec.ParsePayload(q.buf)
	}
	return err
}

// result is what is to be done with what a handler returned.
func (q *Quest) result(v any, err error) (pkg []byte, late bool) {
	switch {
	case q.later != nil:
		return nil, true
	case q.Oneway():
		q.traced.failed(err)
		return nil, false
	}
	return q.encode(v, err), false
}

// encode builds the answer package: v, or err as an error answer.
func (q *Quest) encode(v any, err error) []byte {
	if err == nil {
		if q.reply, err = q.appendAnswer(0, v); err == nil {
			return q.reply
		}
		q.conn.logger.Error("answer cannot be encoded", "method", q.method, "err", err)
		err = Errorf(CodeCoreEncoding, "answer cannot be encoded")
	}
	q.traced.failed(err)
	q.conn.stats.errorsOut.Add(1)
	return q.encodeError(answerFor(err))
}

// encodeError builds the answer package of an error answer.
func (q *Quest) encodeError(e *Error) []byte {
	var err error
	if q.reply, err = q.appendAnswer(1, e); err != nil {
		// Only the message can be at fault: not UTF-8 in JSON, or too long.
		q.reply, _ = q.appendAnswer(1, &Error{Code: e.Code})
	}
	return q.reply
}

func (q *Quest) appendAnswer(status uint8, v any) ([]byte, error) {
	b := frame.AppendAnswer(q.reply[:0], q.head.Version, q.head.Flags, status, q.seq)
	b, err := appendPayload(b, q.head.Flags, v)
	if err != nil {
		return b, err
	}
	return b, frame.Finish(b, q.conn.maxPackage)
}

// AppendPayload appends the error as the payload of an error answer.
func (e *Error) AppendPayload(b []byte) ([]byte, error) {
	n := 2
	if e.Raiser != "" {
		n++
	}
	b = codec.AppendMapHeader(b, n)
	b = codec.AppendInt(codec.AppendString(b, "code"), int64(e.Code))
	b = codec.AppendString(codec.AppendString(b, "ex"), e.Message)
	if e.Raiser != "" {
		b = codec.AppendString(codec.AppendString(b, "raiser"), e.Raiser)
	}
	return b, nil
}

// Later lets the handler return without an answer: it is given, now or later
// and from any goroutine, through the Responder. What the handler itself
// returns is then ignored. The quest stays valid until it is answered.
//
// A quest not answered within the late time-out ([WithLateTimeout]) is answered
// with 20001. Until it is answered it counts as one that waits ([WithInbox]).
// Later is called by the handler; called again it returns the same Responder.
func (q *Quest) Later() *Responder {
	if q.later != nil {
		return q.later
	}
	r := &Responder{quest: q}
	q.later = r
	r.timer = time.AfterFunc(q.conn.lateTimeout, func() {
		if q := r.take(); q != nil {
			_ = q.answerLate(nil, Errorf(CodeCoreUnknown, "no answer in time"))
		}
	})
	return r
}

// Responder answers one quest, once. Its methods may be called concurrently.
type Responder struct {
	timer *time.Timer
	mu    sync.Mutex
	quest *Quest // nil once answered
}

// Reply answers the quest as a handler's return values would. Only the first
// reply counts; another gets [ErrAnswered]. If the connection is down Reply
// returns why. The reply to a oneway quest goes nowhere.
func (r *Responder) Reply(v any, err error) error {
	q := r.take()
	if q == nil {
		return ErrAnswered
	}
	r.timer.Stop()
	return q.answerLate(v, err)
}

// Drop leaves the quest without an answer: the peer waits in vain. That is for
// test servers, and for proxies whose own peer has not answered. It does nothing
// if the quest has been answered.
func (r *Responder) Drop() {
	if q := r.take(); q != nil {
		r.timer.Stop()
		q.traced.served(q, errDropped)
		q.endLate()
	}
}

// take returns the quest to whoever comes first.
func (r *Responder) take() *Quest {
	r.mu.Lock()
	defer r.mu.Unlock()
	q := r.quest
	r.quest = nil
	return q
}

func (q *Quest) answerLate(v any, err error) error {
	var sendErr error
	if q.Oneway() {
		q.traced.failed(err)
	} else {
		sendErr = q.conn.put(context.Background(), q.encode(v, err), 0)
	}
	q.traced.served(q, sendErr)
	q.endLate()
	return sendErr
}

// endLate takes the quest off those that wait for their Responder.
func (q *Quest) endLate() {
	c := q.conn
	c.mu.Lock()
	c.serving--
	c.late--
	c.lateBytes -= len(q.buf)
	drained := c.drained()
	c.mu.Unlock()
	drained.send()
}
