package fpnn_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/fpnn"
)

// recorder is a tracer that checks that each beginning has its end.
type recorder struct {
	t     *testing.T
	check func() // called by both methods; may be nil

	mu    sync.Mutex
	last  int
	begun map[int]fpnn.Operation
	ended []ended
}

type ended struct {
	began, op fpnn.Operation // as it was in the beginning and in the end
	err       error
}

type opID struct{}

func newRecorder(t *testing.T) *recorder {
	return &recorder{t: t, begun: make(map[int]fpnn.Operation)}
}

// opOf is the number of the operation that ctx belongs to, 0 if there is none.
func opOf(ctx context.Context) int {
	id, _ := ctx.Value(opID{}).(int)
	return id
}

func (r *recorder) Start(ctx context.Context, op fpnn.Operation) context.Context {
	if r.check != nil {
		r.check()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.last++
	r.begun[r.last] = op
	return context.WithValue(ctx, opID{}, r.last)
}

func (r *recorder) End(ctx context.Context, op fpnn.Operation, err error) {
	if r.check != nil {
		r.check()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	began, ok := r.begun[opOf(ctx)]
	if !ok {
		r.t.Errorf("the end of a %v that has not begun, or has ended", op.Kind)
	}
	delete(r.begun, opOf(ctx))
	r.ended = append(r.ended, ended{began, op, err})
}

// take returns what has ended since, but dials. Nothing else may have begun.
func (r *recorder) take() (ends []ended) {
	r.t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	require.Empty(r.t, r.begun, "begun and not ended")
	for _, e := range r.ended {
		if e.op.Kind != fpnn.OpDial {
			ends = append(ends, e)
		}
	}
	r.ended = nil
	return ends
}

// one is take where one operation is expected.
func (r *recorder) one() ended {
	r.t.Helper()
	ends := r.take()
	require.Len(r.t, ends, 1)
	return ends[0]
}

// open returns how many operations have begun and not ended.
func (r *recorder) open() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.begun)
}

// tracedPair is a client of a server, both traced.
func tracedPair(t *testing.T, h fpnn.Handler, opts ...fpnn.ClientOption) (c *fpnn.Client, srv *fpnn.Server, client, server *recorder) {
	t.Helper()
	client, server = newRecorder(t), newRecorder(t)
	c, srv = pair(t, h, []fpnn.ServerOption{fpnn.WithTracer(server)}, append(opts, fpnn.WithTracer(client))...)
	require.Empty(t, client.take(), "nothing but the dial")
	return c, srv, client, server
}

// appender is a payload of the test's making.
type appender func(b []byte) ([]byte, error)

func (f appender) AppendPayload(b []byte) ([]byte, error) { return f(b) }

func within(d time.Duration) func(ctx context.Context) (context.Context, context.CancelFunc) {
	return func(ctx context.Context) (context.Context, context.CancelFunc) { return context.WithTimeout(ctx, d) }
}

func cancelledAfter(d time.Duration) func(ctx context.Context) (context.Context, context.CancelFunc) {
	return func(ctx context.Context) (context.Context, context.CancelFunc) {
		ctx, cancel := context.WithCancel(ctx)
		time.AfterFunc(d, cancel)
		return ctx, cancel
	}
}

func returning(v any, err error) fpnn.Handler {
	return handler(func(context.Context, *fpnn.Quest) (any, error) { return v, err })
}

// startFunc is a tracer that minds beginnings only.
type startFunc func(ctx context.Context, op fpnn.Operation) context.Context

func (f startFunc) Start(ctx context.Context, op fpnn.Operation) context.Context { return f(ctx, op) }
func (startFunc) End(context.Context, fpnn.Operation, error)                     {}

type nested struct {
	name string
	told *[]string
}

type outer struct{}

func (n nested) Start(ctx context.Context, _ fpnn.Operation) context.Context {
	names, _ := ctx.Value(outer{}).(string)
	*n.told = append(*n.told, n.name+": "+names)
	return context.WithValue(ctx, outer{}, names+n.name)
}

func (n nested) End(ctx context.Context, _ fpnn.Operation, _ error) {
	*n.told = append(*n.told, "/"+n.name+": "+ctx.Value(outer{}).(string))
}
