package fpnn_test

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/fpnn"
)

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
