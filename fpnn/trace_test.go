package fpnn_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/codec"
	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/transport"
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

func TestTracerIsToldOfCallsOnBothSides(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, srv, client, server := tracedPair(t, handler(func(_ context.Context, q *fpnn.Quest) (any, error) {
			<-time.After(3 * time.Second)
			return map[string]any{"text": "twelve bytes"}, nil
		}), fpnn.WithTimeout(time.Minute))
		endpoint, now := c.Conn().RemoteAddr().String(), time.Now()
		for n := range uint32(2) {
			_, err := c.Call(t.Context(), "echo", num(7))
			require.NoError(t, err)
			synctest.Wait()
			call, handle := client.one(), server.one()
			began := fpnn.Operation{Kind: fpnn.OpCall, Method: "echo", Endpoint: endpoint, Conn: c.Conn(), Began: now}
			require.Equal(t, began, call.began)
			op := began
			op.Seq, op.Duration, op.BytesOut, op.BytesIn = n+1, 3*time.Second, 4, 19
			require.Equal(t, ended{began, op, nil}, call)

			began = fpnn.Operation{Kind: fpnn.OpHandle, Method: "echo", Conn: srv.Conns()[0], Seq: n + 1, Began: now, BytesIn: 4}
			op = began
			op.Duration, op.BytesOut = 3*time.Second, 19
			require.Equal(t, ended{began, op, nil}, handle)
			now = time.Now()
		}
		require.NoError(t, c.Notify(t.Context(), "echo", num(7)))
		<-time.After(3 * time.Second)
		synctest.Wait()
		notice, handle := client.one(), server.one()
		op := fpnn.Operation{Kind: fpnn.OpNotify, Method: "echo", Endpoint: endpoint, Conn: c.Conn(), Began: now, BytesOut: 4}
		require.Equal(t, op, notice.op)
		op = fpnn.Operation{Kind: fpnn.OpHandle, Method: "echo", Conn: srv.Conns()[0], Began: now, Duration: 3 * time.Second, BytesIn: 4}
		require.Equal(t, op, handle.op)
	})
}

// appender is a payload of the test's making.
type appender func(b []byte) ([]byte, error)

func (f appender) AppendPayload(b []byte) ([]byte, error) { return f(b) }

// However a call ends, the tracer is told once, and what its caller is told.
func TestTracerIsToldOfEveryEndOfACall(t *testing.T) {
	t.Parallel()
	silent := handler(func(ctx context.Context, q *fpnn.Quest) (any, error) {
		switch q.Method() {
		case "silence":
			q.Later()
			return nil, nil
		case "hang up":
			return nil, q.Conn().Close()
		}
		return nil, fpnn.Errorf(200070, "gone")
	})
	for name, tt := range map[string]struct {
		method string
		args   any
		ctx    func(ctx context.Context) (context.Context, context.CancelFunc)
		code   int
		seq    bool
	}{
		"error answer":  {method: "gone", code: 200070, seq: true},
		"time-out":      {method: "silence", code: fpnn.CodeCoreTimeout, seq: true},
		"deadline":      {method: "silence", code: fpnn.CodeCoreTimeout, seq: true, ctx: within(time.Second)},
		"cancelled":     {method: "silence", code: fpnn.CodeCoreCanceled, seq: true, ctx: cancelledAfter(time.Second)},
		"ended before":  {method: "gone", code: fpnn.CodeCoreTimeout, ctx: within(0)},
		"disconnected":  {method: "hang up", code: fpnn.CodeCoreConnectionClosed, seq: true},
		"not encodable": {method: "gone", args: func() {}, code: fpnn.CodeCoreUnknown},
		"no method":     {method: "", code: fpnn.CodeCoreUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c, _, client, _ := tracedPair(t, silent)
				ctx, cancel := t.Context(), context.CancelFunc(func() {})
				if tt.ctx != nil {
					ctx, cancel = tt.ctx(ctx)
				}
				defer cancel()
				_, err := c.Call(ctx, tt.method, tt.args)
				end := client.one()
				require.Equal(t, err, end.err)
				require.Equal(t, tt.code, fpnn.Code(err), "%v", err)
				require.Equal(t, tt.code, end.op.Code)
				require.Equal(t, tt.seq, end.op.Seq != 0)
			})
		})
	}
}

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

// What a caller passes may panic: that is the caller's affair, and ends the call.
func TestTracerIsToldOfCallsThatPanic(t *testing.T) {
	t.Parallel()
	c, _, client, _ := tracedPair(t, echoHandler)
	for _, bad := range []appender{
		func([]byte) ([]byte, error) { panic("boom") },
		func([]byte) ([]byte, error) { runtime.Goexit(); return nil, nil },
	} {
		for kind, send := range map[fpnn.OpKind]func(){
			fpnn.OpCall:   func() { _, _ = c.Call(t.Context(), "m", bad) },
			fpnn.OpNotify: func() { _ = c.Notify(t.Context(), "m", bad) },
		} {
			gone := make(chan struct{})
			go func() {
				defer close(gone)
				defer func() { _ = recover() }()
				send()
			}()
			<-gone
			end := client.one()
			require.Equal(t, kind, end.op.Kind)
			require.ErrorContains(t, end.err, "panic")
			require.Equal(t, fpnn.CodeCoreUnknown, end.op.Code)
		}
	}
	require.NoError(t, echoed(t.Context(), c, 1))
}

// However a quest ends, the tracer is told once, with the code that is answered.
func TestTracerIsToldOfEveryEndOfAQuest(t *testing.T) {
	t.Parallel()
	later := func(f func(r *fpnn.Responder)) fpnn.Handler {
		return handler(func(_ context.Context, q *fpnn.Quest) (any, error) {
			f(q.Later())
			return nil, errors.New("ignored")
		})
	}
	for name, tt := range map[string]struct {
		h    fpnn.Handler
		code int
		err  string // "" for none
		none bool   // no answer
	}{
		"value":   {h: echoHandler},
		"error":   {h: returning(nil, fpnn.Errorf(200070, "gone")), code: 200070, err: "gone"},
		"another": {h: returning(nil, context.DeadlineExceeded), code: fpnn.CodeCoreUnknown, err: "deadline"},
		"unencodable": {
			h: returning(func() {}, nil), code: fpnn.CodeCoreEncoding, err: "cannot be encoded",
		},
		"panic":  {h: handler(func(context.Context, *fpnn.Quest) (any, error) { panic("boom") }), code: fpnn.CodeCoreUnknown, err: "failed"},
		"Goexit": {h: handler(func(context.Context, *fpnn.Quest) (any, error) { runtime.Goexit(); return nil, nil }), code: fpnn.CodeCoreUnknown, err: "failed"},
		"panic of the answer": {
			h: returning(appender(func([]byte) ([]byte, error) { panic("boom") }), nil), code: fpnn.CodeCoreUnknown, err: "failed",
		},
		"later": {h: later(func(r *fpnn.Responder) {
			time.AfterFunc(time.Second, func() { _ = r.Reply(num(1), nil) })
		})},
		"later an error": {h: later(func(r *fpnn.Responder) {
			time.AfterFunc(time.Second, func() { _ = r.Reply(nil, fpnn.Errorf(200070, "gone")) })
		}), code: 200070, err: "gone"},
		"later, at once and twice": {h: later(func(r *fpnn.Responder) { _, _ = r.Reply(num(1), nil), r.Reply(num(2), nil) })},
		"later too late":           {h: later(func(*fpnn.Responder) {}), code: fpnn.CodeCoreUnknown, err: "no answer in time"},
		"later dropped":            {h: later((*fpnn.Responder).Drop), code: fpnn.CodeCoreUnknown, err: "without an answer", none: true},
		"later and panic": {h: later(func(r *fpnn.Responder) {
			time.AfterFunc(time.Second, func() { _ = r.Reply(num(1), nil) })
			panic("boom")
		})},
		"later and Goexit": {h: later(func(r *fpnn.Responder) {
			time.AfterFunc(time.Second, func() { _ = r.Reply(num(1), nil) })
			runtime.Goexit()
		})},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c, _, client, server := tracedPair(t, tt.h, fpnn.WithTimeout(fpnn.DefaultLateTimeout+time.Second))
				_, err := c.Call(t.Context(), "m", num(1))
				synctest.Wait()
				end := server.one()
				require.Equal(t, tt.code, end.op.Code, "%v", end.err)
				require.Equal(t, tt.none, end.op.BytesOut == 0)
				if tt.none {
					require.Equal(t, fpnn.CodeCoreTimeout, fpnn.Code(err))
				} else {
					require.Equal(t, tt.code, fpnn.Code(err), "what the caller gets")
					require.Equal(t, client.one().op.BytesIn, end.op.BytesOut)
				}
				if tt.err == "" {
					require.NoError(t, end.err)
				} else {
					require.ErrorContains(t, end.err, tt.err)
				}

				require.NoError(t, c.Notify(t.Context(), "m", num(1)))
				<-time.After(2 * fpnn.DefaultLateTimeout)
				end = server.one()
				require.Zero(t, end.op.Seq, "oneway")
				require.Zero(t, end.op.BytesOut)
			})
		})
	}
}

func returning(v any, err error) fpnn.Handler {
	return handler(func(context.Context, *fpnn.Quest) (any, error) { return v, err })
}

// Of a oneway quest it counts what its handler says, though nobody gets it.
func TestTracerIsToldHowOnewayQuestsWent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		mux := fpnn.NewMux()
		mux.Handle("good", fpnn.OnewayFunc(func(context.Context, *fpnn.Quest) {}))
		mux.Handle("bad", returning(nil, fpnn.Errorf(200070, "gone")))
		mux.Handle("later", handler(func(_ context.Context, q *fpnn.Quest) (any, error) {
			return nil, q.Later().Reply(nil, fpnn.Errorf(200071, "gone"))
		}))
		c, _, _, server := tracedPair(t, mux)
		for method, code := range map[string]int{"good": 0, "bad": 200070, "later": 200071} {
			require.NoError(t, c.Notify(t.Context(), method, nil))
			synctest.Wait()
			end := server.one()
			require.Equal(t, code, end.op.Code, method)
			require.Equal(t, code, fpnn.Code(end.err), method)
		}
	})
}

// The connection may be gone when the answer is to be sent.
func TestTracerIsToldOfAnswersThatCannotBeSent(t *testing.T) {
	t.Parallel()
	for _, late := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			c, _, client, server := tracedPair(t, handler(func(ctx context.Context, q *fpnn.Quest) (any, error) {
				if late {
					r := q.Later()
					context.AfterFunc(ctx, func() { _ = r.Reply(nil, nil) })
					return nil, nil
				}
				<-ctx.Done()
				return nil, nil
			}))
			ends := calls(t.Context(), c, 1)
			synctest.Wait()
			require.Equal(t, 1, server.open())
			require.NoError(t, c.Close())
			require.ErrorIs(t, <-ends, fpnn.ErrClosed)
			synctest.Wait()
			require.ErrorIs(t, client.one().err, fpnn.ErrClosed)
			end := server.one()
			require.ErrorIs(t, end.err, fpnn.ErrDisconnected)
			require.Equal(t, fpnn.CodeCoreConnectionClosed, end.op.Code)
		})
	}
}

// When Close and Shutdown return, handlers have returned and the tracer knows.
func TestTracerHasBeenToldWhenTheServerIsClosed(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(srv *fpnn.Server) error{
		"Close":    (*fpnn.Server).Close,
		"Shutdown": func(srv *fpnn.Server) error { return srv.Shutdown(context.Background()) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c, srv, _, server := tracedPair(t, handler(func(ctx context.Context, q *fpnn.Quest) (any, error) {
					if q.Seq()%2 == 0 {
						r := q.Later()
						time.AfterFunc(time.Second, func() { _ = r.Reply(nil, nil) })
						return nil, nil
					}
					select {
					case <-ctx.Done():
					case <-time.After(time.Second):
					}
					return nil, nil
				}))
				ends := calls(t.Context(), c, 10)
				synctest.Wait()
				require.Equal(t, 10, server.open())
				server.check = func() { <-time.After(time.Second) }
				require.NoError(t, end(srv))
				if name == "Close" {
					require.Equal(t, 5, server.open(), "those answered later are not waited for")
					<-time.After(3 * time.Second)
				}
				require.Len(t, server.take(), 10)
				require.Len(t, ends, 10)
			})
		})
	}
}

func TestTracersContextIsUsed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var dialled, connected, handled, pushed int
		l := newLine(t, handler(func(ctx context.Context, q *fpnn.Quest) (any, error) {
			handled = opOf(ctx)
			_, err := q.Conn().Call(ctx, "push", nil)
			return nil, err
		}))
		dialer := transport.DialerFunc(func(ctx context.Context, network, address string) (net.Conn, error) {
			dialled = opOf(ctx)
			return l.DialContext(ctx, network, address)
		})
		r := newRecorder(t)
		c := clientOf(t, []string{l.addr}, fpnn.WithDialer(dialer), fpnn.WithTracer(r),
			fpnn.WithOnConnect(func(ctx context.Context, conn *fpnn.Conn) error {
				connected = opOf(ctx)
				_, err := conn.Call(ctx, "*ping", nil)
				return err
			}),
			fpnn.WithHandler(handler(func(ctx context.Context, _ *fpnn.Quest) (any, error) {
				pushed = opOf(ctx)
				return nil, nil
			})))
		require.NoError(t, c.Connect(t.Context()))
		require.Equal(t, []int{1, 1}, []int{dialled, connected})
		_, err := c.Call(t.Context(), "m", nil)
		require.NoError(t, err)
		synctest.Wait()
		require.Zero(t, handled, "the server is not traced")
		require.Equal(t, 4, pushed, "dial, ping, call, push")
		require.Len(t, r.take(), 3)
	})
}

// A tracer may end what it is told of.
func TestCallsGoOnWithTheTracersContext(t *testing.T) {
	t.Parallel()
	for _, connected := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			l := newLine(t, echoHandler)
			c := clientOf(t, []string{l.addr}, fpnn.WithDialer(l), fpnn.WithTracer(startFunc(
				func(ctx context.Context, op fpnn.Operation) context.Context {
					if op.Kind == fpnn.OpDial {
						return ctx
					}
					ctx, cancel := context.WithCancel(ctx)
					cancel()
					return ctx
				})))
			if connected {
				require.NoError(t, c.Connect(t.Context()))
				_, err := c.Conn().Call(t.Context(), "m", nil)
				require.ErrorIs(t, err, context.Canceled)
				require.ErrorIs(t, c.Conn().Notify(t.Context(), "m", nil), context.Canceled)
			}
			require.ErrorIs(t, echoed(t.Context(), c, 1), context.Canceled)
			require.ErrorIs(t, c.Notify(t.Context(), "m", nil), context.Canceled)
		})
	}
}

// What a handler calls, it calls within the serving of its quest.
func TestCallsOfHandlersAreTracedWithinTheirQuest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		parents := map[string]int{}
		r := newRecorder(t)
		tracer := startFunc(func(ctx context.Context, op fpnn.Operation) context.Context {
			parents[op.Kind.String()] = opOf(ctx)
			return r.Start(ctx, op)
		})
		c, _ := pair(t, handler(func(ctx context.Context, q *fpnn.Quest) (any, error) {
			_, err := q.Conn().Call(ctx, "push", nil)
			return nil, errors.Join(err, q.Conn().Notify(ctx, "push", nil))
		}), []fpnn.ServerOption{fpnn.WithTracer(tracer)}, fpnn.WithHandler(echoHandler))
		_, err := c.Call(t.Context(), "m", nil)
		require.NoError(t, err)
		require.Equal(t, map[string]int{"handle": 0, "call": 1, "notify": 1}, parents)
	})
}

// startFunc is a tracer that minds beginnings only.
type startFunc func(ctx context.Context, op fpnn.Operation) context.Context

func (f startFunc) Start(ctx context.Context, op fpnn.Operation) context.Context { return f(ctx, op) }
func (startFunc) End(context.Context, fpnn.Operation, error)                     {}

func TestTracerIsToldOfDials(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLine(t, echoHandler)
		r := newRecorder(t)
		refuse := errors.New("no log-in")
		var reject atomic.Bool
		c := clientOf(t, []string{"x://nowhere", l.addr}, fpnn.WithDialer(l), fpnn.WithTracer(r),
			fpnn.WithDialerFor("x", transport.DialerFunc(func(context.Context, string, string) (net.Conn, error) {
				<-time.After(time.Second)
				return nil, syscall.ECONNREFUSED
			})),
			fpnn.WithOnConnect(func(context.Context, *fpnn.Conn) error {
				if reject.Load() {
					return refuse
				}
				return nil
			}))
		reject.Store(true)
		require.ErrorIs(t, c.Connect(t.Context()), refuse)
		reject.Store(false)
		require.NoError(t, c.Connect(t.Context()))
		require.Zero(t, r.open())
		var got []string
		for _, e := range r.ended {
			require.Nil(t, e.began.Conn)
			got = append(got, fmt.Sprint(e.op.Kind, " ", e.op.Endpoint, " ", e.op.Duration, " ", e.op.Code, " ", e.op.Conn != nil))
		}
		require.Equal(t, []string{
			"dial x://nowhere 1s 20012 false", "dial " + l.addr + " 0s 20012 false",
			"dial x://nowhere 1s 20012 false", "dial " + l.addr + " 0s 0 true",
		}, got)
		require.ErrorIs(t, r.ended[1].err, refuse)
		require.Equal(t, c.Conn(), r.ended[3].op.Conn)
	})
}

// Endpoints are called what the program calls them.
func TestTracerIsToldOfEndpointsByTheirNames(t *testing.T) {
	t.Parallel()
	nobody := transport.DialerFunc(func(context.Context, string, string) (net.Conn, error) { return nil, syscall.ECONNREFUSED })
	endpoints := []string{"tls://a:1", "tls://unix:/b", "unix:/c", "x://d:2", "e:3"}
	var names []string
	c := clientOf(t, endpoints, fpnn.WithDialer(nobody), fpnn.WithDialerFor("x", nobody), fpnn.WithTracer(startFunc(
		func(ctx context.Context, op fpnn.Operation) context.Context {
			names = append(names, op.Endpoint)
			return ctx
		})))
	require.Error(t, c.Connect(t.Context()))
	require.Equal(t, endpoints, names)
}

// A dialer that ends its goroutine is no reason to forget the dial.
func TestTracerIsToldOfDialsThatPanic(t *testing.T) {
	t.Parallel()
	r := newRecorder(t)
	c := clientOf(t, []string{"x"}, fpnn.WithTracer(r), fpnn.WithDialer(transport.DialerFunc(
		func(context.Context, string, string) (net.Conn, error) { runtime.Goexit(); return nil, nil })))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = c.Connect(ctx)
	}()
	require.Eventually(t, func() bool { return c.Stats().DialsFailed == 1 }, 10*time.Second, time.Millisecond)
	cancel()
	<-done
	require.Zero(t, r.open())
	require.Len(t, r.ended, 1)
	require.ErrorContains(t, r.ended[0].err, "Goexit")
}

// The wait for a connection is part of a call.
func TestTracedCallsWaitThroughAnOutage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLine(t, echoHandler)
		r := newRecorder(t)
		c := l.client(t, fpnn.WithTracer(r))
		r.take()
		l.cut()
		ends := calls(t.Context(), c, 3)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		notified := c.Notify(ctx, "m", nil)
		require.ErrorIs(t, notified, context.DeadlineExceeded)
		l.heal()
		allAnswered(t, ends)
		for _, e := range r.take() {
			require.Nil(t, e.began.Conn)
			require.Equal(t, l.addr, e.began.Endpoint)
			require.Equal(t, l.addr, e.op.Endpoint)
			if e.op.Kind == fpnn.OpNotify {
				require.Equal(t, notified, e.err)
				require.Nil(t, e.op.Conn)
				require.Equal(t, fpnn.CodeCoreTimeout, e.op.Code)
				continue
			}
			require.NoError(t, e.err)
			require.Equal(t, c.Conn(), e.op.Conn)
			require.NotZero(t, e.op.Seq)
			require.GreaterOrEqual(t, e.op.Duration, time.Second)
		}
	})
}

// Nobody asked for pings, and no handler sees what is refused.
func TestTracerIsNotToldOfPingsAndRefusals(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, server := newRecorder(t), newRecorder(t)
		c, srv := pair(t, echoHandler, []fpnn.ServerOption{fpnn.WithTracer(server), fpnn.WithQuestRate(1, 2)},
			fpnn.WithTracer(client), fpnn.WithKeepAlive(fpnn.DefaultKeepAlive))
		<-time.After(65 * time.Second) // between two pings
		require.Empty(t, client.take())
		require.NotEmpty(t, server.take(), "it cannot tell a ping from another's")
		for range 5 {
			_, _ = c.Call(t.Context(), "m", nil)
		}
		synctest.Wait()
		require.EqualValues(t, 3, srv.Stats().Refused)
		require.Zero(t, srv.Stats().ErrorsOut, "to quests that were accepted")
		require.Len(t, server.take(), 2)
		require.Len(t, client.take(), 5)
	})
}

// Of several the one that is told first of a beginning is told last of its end.
func TestSeveralTracersNest(t *testing.T) {
	t.Parallel()
	var told []string
	tracer := func(name string) fpnn.Tracer { return nested{name, &told} }
	c, _ := pair(t, echoHandler, nil, fpnn.WithTracer(tracer("a")), fpnn.WithTracer(tracer("b")), fpnn.WithTracer(tracer("c")))
	told = nil
	require.NoError(t, echoed(t.Context(), c, 1))
	require.Equal(t, []string{"a: ", "b: a", "c: ab", "/c: abc", "/b: abc", "/a: abc"}, told)
}

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

func TestWithTracerWantsOne(t *testing.T) {
	t.Parallel()
	_, err := fpnn.NewServer(echoHandler, fpnn.WithTracer(nil))
	require.ErrorContains(t, err, "WithTracer")
	require.Equal(t, []string{"OpKind(0)", "call", "notify", "handle", "dial", "OpKind(5)"}, []string{
		fpnn.OpKind(0).String(), fpnn.OpCall.String(), fpnn.OpNotify.String(), fpnn.OpHandle.String(), fpnn.OpDial.String(), fpnn.OpKind(5).String(),
	})
}

// Tracers may ask clients, connections and servers whatever they like.
func TestTracedStormEndsEvenly(t *testing.T) {
	t.Parallel()
	client, server := newRecorder(t), newRecorder(t)
	later := handler(func(_ context.Context, q *fpnn.Quest) (any, error) {
		switch q.Seq() % 5 {
		case 0:
			return nil, q.Later().Reply(q.Payload, nil)
		case 1:
			q.Later().Drop()
		case 2:
			r := q.Later()
			go func() { _ = r.Reply(q.Payload, nil) }()
		case 3:
			panic("boom")
		}
		return q.Payload, nil
	})
	c, srv := pair(t, later, []fpnn.ServerOption{fpnn.WithTracer(server)}, fpnn.WithTracer(client),
		fpnn.WithReconnect(fpnn.Reconnect{Min: time.Microsecond, Max: time.Microsecond}))
	client.check = func() {
		_, _, _ = c.Stats(), c.State(), c.Conn()
	}
	server.check = func() {
		_ = srv.Stats()
	}
	const callers, each = 50, 40
	var wg sync.WaitGroup
	for i := range callers {
		wg.Go(func() {
			for j := range each {
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(j)*100*time.Microsecond)
				_, _ = c.Call(ctx, "m", num(j))
				cancel()
				if i == 0 {
					for _, conn := range srv.Conns() {
						_ = conn.Close()
					}
				}
			}
		})
	}
	wg.Wait()
	require.Len(t, client.take(), callers*each)
	require.NoError(t, srv.Close())
	require.Eventually(t, func() bool { return server.open() == 0 }, 10*time.Second, time.Millisecond)
	server.take()
	stats := c.Stats()
	require.Equal(t, stats.Calls, stats.Answered+stats.TimedOut+stats.GivenUp+stats.Lost)
}

func TestTracedCallAllocatesNothingItself(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	tracer := startFunc(func(ctx context.Context, _ fpnn.Operation) context.Context { return ctx })
	client, err := fpnn.Dial(t.Context(), rawPeer(t), fpnn.WithTracer(tracer))
	require.NoError(t, err)
	defer client.Close()
	ctx := context.Background()
	args := &hundred{1}
	var answer fpnn.Answer
	require.Zero(t, testing.AllocsPerRun(1000, func() {
		if err := client.CallInto(ctx, "echo", args, &answer); err != nil {
			panic(err)
		}
	}))
}

var _ codec.Appender = appender(nil)
