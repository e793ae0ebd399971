package fpnn

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/gofpnn/gofpnn/fpnn/frame"
)

// Tracer is told when operations begin and when they end. Its methods are called
// concurrently, on the goroutine of the operation, which waits for them; no lock is
// held. They must not panic.
//
// An operation is a call or notice of this side's, with the wait for a connection
// it may need; the serving of a quest, from when its handler is called until its
// answer is on the way, by whom and whenever it is given ([Quest.Later]); or an
// attempt to connect to an endpoint, TLS and the hook of [WithOnConnect] included.
// Not among them are the pings of [WithKeepAlive], and quests that no handler gets
// to see: refused, unreadable, or dropped by a Close.
type Tracer interface {
	// Start returns the ctx with which the operation goes on: it is ctx or made
	// from it. Handlers get it, dialers, and the hook of [WithOnConnect].
	Start(ctx context.Context, op Operation) context.Context
	// End is called once for each Start that has returned, with the ctx that it
	// returned, however the operation ends: also when a handler panics or the
	// connection is lost. err is what the caller gets; of a quest what the handler
	// returned, or else why its answer could not be sent.
	End(ctx context.Context, op Operation, err error)
}

// Operation describes an operation to a [Tracer].
type Operation struct {
	Kind   OpKind
	Method string // "" of a dial; not necessarily UTF-8
	// Endpoint is what is dialled, or has been for Conn, as given to [NewClient];
	// "" on a server. Of a call that has to wait for a connection it may change.
	Endpoint string
	Conn     *Conn // nil while there is none
	Seq      uint32
	Began    time.Time

	// The rest is known in the end.

	Duration time.Duration
	// Code is 0 if the operation succeeded, else that of the error answer, sent or
	// received, or what [Code] finds in the error.
	Code int
	// BytesOut and BytesIn are the lengths of the payloads, of quest and answer, in
	// the direction they went or were to go.
	BytesOut, BytesIn int
}

// OpKind says what an operation is.
type OpKind int8

// The kinds of operations.
const (
	OpCall   OpKind = iota + 1 // a twoway quest sent
	OpNotify                   // a oneway quest sent
	OpHandle                   // a quest served; it is oneway if its Seq is 0
	OpDial                     // an attempt to connect to one endpoint
)

var opNames = [...]string{OpCall: "call", OpNotify: "notify", OpHandle: "handle", OpDial: "dial"}

// String returns the kind's name.
func (k OpKind) String() string {
	if k < OpCall || int(k) >= len(opNames) {
		return fmt.Sprintf("OpKind(%d)", int(k))
	}
	return opNames[k]
}

// WithTracer sets who is told of operations. Given several times, all are: of
// beginnings in the order they are given, of ends in the reverse. Default: nobody.
func WithTracer(t Tracer) Option {
	return connOption(func(c *connConfig) error {
		switch {
		case t == nil:
			return errors.New("fpnn: WithTracer(nil)")
		case c.tracer == nil:
			c.tracer = t
		default:
			c.tracer = tracers{c.tracer, t}
		}
		return nil
	})
}

type tracers []Tracer

func (ts tracers) Start(ctx context.Context, op Operation) context.Context {
	for _, t := range ts {
		ctx = t.Start(ctx, op)
	}
	return ctx
}

func (ts tracers) End(ctx context.Context, op Operation, err error) {
	for _, t := range slices.Backward(ts) {
		t.End(ctx, op, err)
	}
}

var (
	errAborted = errors.New("fpnn: ended by a panic or runtime.Goexit")
	errDropped = errors.New("fpnn: dropped without an answer")
)

// traced is an operation under way. That a method may be called on nil spares those
// who call it a question.
type traced struct {
	Operation
	tracer Tracer
	ctx    context.Context // that Start returned
	err    error           // of a quest
}

func startTrace(ctx context.Context, tracer Tracer, op Operation) traced {
	op.Began = time.Now()
	return traced{op, tracer, tracer.Start(ctx, op), nil}
}

func (t *traced) end(err error) {
	t.Duration = time.Since(t.Began)
	if t.Code == 0 {
		t.Code = Code(err)
	}
	t.tracer.End(t.ctx, t.Operation, err)
}

// sent notes a quest that was sent on c, or was to be.
func (t *traced) sent(c *Conn, k *call, in int) {
	if t != nil {
		t.Conn, t.Endpoint, t.Seq = c, c.endpoint, k.seq
		t.BytesOut, t.BytesIn = payloadSize(k.pkg), in
	}
}

// failed notes what a quest is answered with instead of a value, if err is not nil.
func (t *traced) failed(err error) {
	if t != nil && err != nil {
		t.err, t.Code = err, answerFor(err).Code
	}
}

// served ends the serving of a quest. unsent says why its answer is not on its way.
func (t *traced) served(q *Quest, unsent error) {
	if t == nil {
		return
	}
	if t.err == nil {
		t.err = unsent
	}
	t.BytesOut = payloadSize(q.reply)
	t.end(t.err)
}

// payloadSize is the length of the payload of a package, or of what there is of it.
func payloadSize(pkg []byte) int {
	if len(pkg) < frame.HeaderSize {
		return 0
	}
	h, err := frame.ParseHeader(pkg)
	if err != nil {
		return 0
	}
	return int(h.PayloadSize)
}

// trace begins the serving of a quest and returns its ctx.
func (q *Quest) trace() context.Context {
	c := q.conn
	t := startTrace(c.ctx, c.tracer, Operation{
		Kind: OpHandle, Method: q.method, Endpoint: c.endpoint, Conn: c, Seq: q.seq, BytesIn: len(q.buf),
	})
	q.traced = &t
	return t.ctx
}

func (c *Conn) traceCall(ctx context.Context, method string, args any, answer *Answer) (err error) {
	t := startTrace(ctx, c.tracer, Operation{Kind: OpCall, Method: method, Endpoint: c.endpoint, Conn: c})
	err = errAborted
	defer func() { t.end(err) }()
	return c.call(t.ctx, method, args, answer, &t)
}

func (c *Conn) traceNotify(ctx context.Context, method string, args any) (err error) {
	t := startTrace(ctx, c.tracer, Operation{Kind: OpNotify, Method: method, Endpoint: c.endpoint, Conn: c})
	err = errAborted
	defer func() { t.end(err) }()
	return c.sendOneway(t.ctx, method, args, &t)
}

func (c *Client) traceCall(ctx context.Context, method string, args any, answer *Answer) (err error) {
	t := c.startTrace(ctx, OpCall, method)
	err = errAborted
	defer func() { t.end(err) }()
	if conn := c.Conn(); conn != nil {
		if err := conn.call(t.ctx, method, args, answer, &t); !c.tooLate(conn, err) {
			return err
		}
		<-conn.down // in a moment
	}
	return c.callNext(t.ctx, method, args, answer, &t)
}

func (c *Client) traceNotify(ctx context.Context, method string, args any) (err error) {
	t := c.startTrace(ctx, OpNotify, method)
	err = errAborted
	defer func() { t.end(err) }()
	return c.sendOneway(t.ctx, method, args, &t)
}

// startTrace begins a call or notice. Without a connection its endpoint is the one
// that will be tried first.
func (c *Client) startTrace(ctx context.Context, kind OpKind, method string) traced {
	op := Operation{Kind: kind, Method: method, Conn: c.Conn()}
	if op.Conn != nil {
		op.Endpoint = op.Conn.endpoint
	} else {
		c.mu.Lock()
		op.Endpoint = c.endpoints[c.endpoint].name
		c.mu.Unlock()
	}
	return startTrace(ctx, c.config.tracer, op)
}

func (c *Client) traceDial(ctx context.Context, e endpoint) (conn *Conn, err error) {
	t := startTrace(ctx, c.config.tracer, Operation{Kind: OpDial, Endpoint: e.name})
	err = errAborted
	defer func() {
		t.Conn = conn
		t.end(err)
	}()
	return c.dialOne(t.ctx, e)
}
