package fpnn_test

import (
	"context"
	"net"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/codec"
	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/transport"
)

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
