package fpnn_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/codec"
	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/fpnn/frame"
	"github.com/gofpnn/gofpnn/transport/mem"
)

// pair returns a client of a server in memory.
func pair(t *testing.T, h fpnn.Handler, serverOpts []fpnn.ServerOption, clientOpts ...fpnn.ClientOption) (*fpnn.Client, *fpnn.Server) {
	t.Helper()
	var network mem.Network
	l, err := network.Listen("")
	require.NoError(t, err)
	srv, err := fpnn.NewServer(h, serverOpts...)
	require.NoError(t, err)
	served := make(chan error, 1)
	go func() { served <- srv.Serve(l) }()
	c, err := fpnn.Dial(t.Context(), l.Addr().String(), append(clientOpts, fpnn.WithDialer(&network))...)
	require.NoError(t, err)
	t.Cleanup(func() {
		_ = c.Close()
		_ = srv.Close()
		require.ErrorIs(t, <-served, fpnn.ErrClosed)
	})
	return c, srv
}

func handler(f func(ctx context.Context, q *fpnn.Quest) (any, error)) fpnn.Handler {
	return fpnn.HandlerFunc(f)
}

var echoHandler = handler(func(_ context.Context, q *fpnn.Quest) (any, error) { return q.Payload, nil })

func TestAnswersGoBackInTheEncodingOfTheQuest(t *testing.T) {
	t.Parallel()
	for _, enc := range []codec.Encoding{codec.MsgPack, codec.JSON} {
		t.Run(enc.String(), func(t *testing.T) {
			t.Parallel()
			c, _ := pair(t, handler(func(_ context.Context, q *fpnn.Quest) (any, error) {
				if q.Encoding() != enc {
					return nil, errors.New("wrong encoding")
				}
				return q.Payload, nil
			}), nil, fpnn.WithEncoding(enc))
			const large = 7530343851100520577 // beyond the integers of a float64
			a, err := c.Call(t.Context(), "m", map[string]any{"id": int64(large), "text": "中文\n\"\x00"})
			require.NoError(t, err)
			id, err := a.Int64("id")
			require.NoError(t, err)
			require.EqualValues(t, large, id)
			text, err := a.Text("text")
			require.NoError(t, err)
			require.Equal(t, "中文\n\"\x00", text)
		})
	}
}

func TestWhatHandlersReturn(t *testing.T) {
	t.Parallel()
	mux := fpnn.NewMux()
	returns := func(v any, err error) fpnn.Handler {
		return handler(func(context.Context, *fpnn.Quest) (any, error) { return v, err })
	}
	mux.Handle("nothing", returns(nil, nil))
	mux.Handle("struct", returns(struct {
		N int `msgpack:"n"`
	}{5}, nil))
	mux.Handle("error", returns(nil, &fpnn.Error{Code: 200070, Message: "gone", Raiser: "store"}))
	mux.Handle("secret", returns(nil, errors.New("password is hunter2")))
	mux.Handle("remote", returns(nil, &fpnn.RemoteError{Code: 200001, Message: "from elsewhere"}))
	mux.Handle("unencodable", returns(func() {}, nil))
	mux.Handle("not a map", returns(7, nil))
	mux.Handle("huge", returns(map[string]any{"b": make([]byte, 1<<20)}, nil))
	mux.Handle("panic", handler(func(context.Context, *fpnn.Quest) (any, error) { panic("boom") }))
	mux.Handle("want", handler(func(_ context.Context, q *fpnn.Quest) (any, error) {
		_, err := q.Int64("n")
		return nil, err
	}))
	c, _ := pair(t, mux, []fpnn.ServerOption{fpnn.WithMaxPackage(64 << 10)})
	for _, tt := range []struct {
		method string
		args   any
		code   int
		text   string
	}{
		{"nothing", nil, 0, ""},
		{"struct", nil, 0, ""},
		{"error", nil, 200070, "gone"},
		{"secret", nil, 20001, "internal error"},
		{"remote", nil, 20001, "internal error"},
		{"unencodable", nil, 20005, "answer cannot be encoded"},
		{"not a map", nil, 20005, "answer cannot be encoded"},
		{"huge", nil, 20005, "answer cannot be encoded"},
		{"panic", nil, 20001, "handler failed"},
		{"want", num(1), 0, ""},
		{"want", nil, 10009, ""},
		{"want", map[string]any{"n": "zz"}, 10010, ""},
		{"nosuch", nil, 20004, "Unknown method: nosuch"},
		{"\xff\xfe", nil, 20004, `Unknown method: "\xff\xfe"`},
	} {
		_, err := c.Call(t.Context(), tt.method, tt.args)
		require.Equal(t, tt.code, fpnn.Code(err), "%s: %v", tt.method, err)
		if tt.text != "" {
			var remote *fpnn.RemoteError
			require.ErrorAs(t, err, &remote)
			require.Equal(t, tt.text, remote.Message)
		}
	}
	a, err := c.Call(t.Context(), "struct", nil)
	require.NoError(t, err)
	n, err := a.Int64("n")
	require.NoError(t, err)
	require.EqualValues(t, 5, n)
}

func TestLateAndEarlyAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mux := fpnn.NewMux()
		late := make(chan *fpnn.Responder, 1)
		mux.Handle("late", handler(func(_ context.Context, q *fpnn.Quest) (any, error) {
			late <- q.Later()
			return num(-1), nil // not this
		}))
		handlerEnds := make(chan struct{})
		mux.Handle("early", handler(func(_ context.Context, q *fpnn.Quest) (any, error) {
			require.NoError(t, q.Later().Reply(num(2), nil))
			<-handlerEnds
			return nil, errors.New("too late")
		}))
		mux.Handle("expires", handler(func(_ context.Context, q *fpnn.Quest) (any, error) {
			q.Later()
			return nil, nil
		}))
		c, srv := pair(t, mux, []fpnn.ServerOption{fpnn.WithLateTimeout(20 * time.Second)}, fpnn.WithTimeout(time.Hour))

		got := make(chan int64)
		go func() {
			a, err := c.Call(t.Context(), "late", nil)
			require.NoError(t, err)
			n, _ := a.Int64("n")
			got <- n
		}()
		r := <-late
		<-time.After(10 * time.Second)
		require.NoError(t, r.Reply(num(1), nil))
		require.EqualValues(t, 1, <-got)
		require.ErrorIs(t, r.Reply(num(1), nil), fpnn.ErrAnswered)

		a, err := c.Call(t.Context(), "early", nil)
		require.NoError(t, err, "answered while the handler still runs")
		n, _ := a.Int64("n")
		require.EqualValues(t, 2, n)
		close(handlerEnds)

		start := time.Now()
		_, err = c.Call(t.Context(), "expires", nil)
		require.Equal(t, fpnn.CodeCoreUnknown, fpnn.Code(err))
		require.Equal(t, 20*time.Second, time.Since(start))
		synctest.Wait()
		require.Zero(t, srv.Stats().Serving)
	})
}

func TestDroppedQuestIsNeverAnswered(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		dropped := make(chan *fpnn.Responder, 1)
		c, srv := pair(t, handler(func(_ context.Context, q *fpnn.Quest) (any, error) {
			r := q.Later()
			r.Drop()
			dropped <- r
			return nil, nil
		}), []fpnn.ServerOption{fpnn.WithLateTimeout(time.Second)}, fpnn.WithTimeout(10*time.Second))
		start := time.Now()
		_, err := c.Call(t.Context(), "m", nil)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, 10*time.Second, time.Since(start))
		r := <-dropped
		require.ErrorIs(t, r.Reply(nil, nil), fpnn.ErrAnswered)
		r.Drop()
		require.Zero(t, srv.Stats().Serving)
		require.NoError(t, srv.Shutdown(t.Context()), "nothing is left to do")
	})
}

func TestMiddlewareSeesEveryMethod(t *testing.T) {
	t.Parallel()
	var seen []string
	note := func(name string) fpnn.ServerOption {
		return fpnn.WithMiddleware(func(next fpnn.Handler) fpnn.Handler {
			return handler(func(ctx context.Context, q *fpnn.Quest) (any, error) {
				seen = append(seen, fmt.Sprintf("%s %s %d", name, q.Method(), q.Seq()))
				if q.Method() == "*status" {
					return num(7), nil
				}
				return next.ServeQuest(ctx, q)
			})
		})
	}
	synctest.Test(t, func(t *testing.T) {
		c, _ := pair(t, echoHandler, []fpnn.ServerOption{note("inner"), note("outer")})
		require.NoError(t, echoed(t.Context(), c, 1))
		a, err := c.Call(t.Context(), "*ping", nil)
		require.NoError(t, err)
		require.True(t, a.Has("ts"))
		a, err = c.Call(t.Context(), "*status", nil)
		require.NoError(t, err)
		n, err := a.Int64("n")
		require.NoError(t, err)
		require.EqualValues(t, 7, n)
	})
	require.Equal(t, []string{"outer echo 1", "inner echo 1", "outer *ping 2", "inner *ping 2", "outer *status 3"}, seen)
}

func TestServerCallsItsClient(t *testing.T) {
	t.Parallel()
	mux := fpnn.NewMux()
	mux.Handle("call me back", handler(func(ctx context.Context, q *fpnn.Quest) (any, error) {
		a, err := q.Conn().Call(ctx, "back", q.Payload)
		if err != nil {
			return nil, err
		}
		n, err := a.Int64("n")
		return num(n + 1), err
	}))
	c, _ := pair(t, mux, nil, fpnn.WithHandler(handler(func(_ context.Context, q *fpnn.Quest) (any, error) {
		n, err := q.Int64("n")
		return num(n * 10), err
	})))
	a, err := c.Call(t.Context(), "call me back", num(4))
	require.NoError(t, err)
	n, err := a.Int64("n")
	require.NoError(t, err)
	require.EqualValues(t, 41, n)
}

func TestClientWithoutHandlerAnswersUnknownMethod(t *testing.T) {
	t.Parallel()
	codes := make(chan int, 1)
	c, _ := pair(t, handler(func(ctx context.Context, q *fpnn.Quest) (any, error) {
		_, err := q.Conn().Call(ctx, "nosuch", nil)
		codes <- fpnn.Code(err)
		return nil, nil
	}), nil)
	_, err := c.Call(t.Context(), "m", nil)
	require.NoError(t, err)
	require.Equal(t, fpnn.CodeCoreUnknownMethod, <-codes)
}

func TestClientHandlesQuestsInTheOrderOfArrival(t *testing.T) {
	t.Parallel()
	const quests = 1000
	var seen []int64
	done := make(chan struct{})
	c, _ := pair(t, handler(func(ctx context.Context, q *fpnn.Quest) (any, error) {
		for i := range quests {
			if err := q.Conn().Notify(ctx, "n", num(i)); err != nil {
				return nil, err
			}
		}
		return nil, nil
	}), nil, fpnn.WithInbox(quests), fpnn.WithHandler(handler(func(_ context.Context, q *fpnn.Quest) (any, error) {
		n, _ := q.Int64("n")
		seen = append(seen, n) // one at a time: the race detector would tell
		if len(seen) == quests {
			close(done)
		}
		return nil, nil
	})))
	_, err := c.Call(t.Context(), "go", nil)
	require.NoError(t, err)
	<-done
	for i, n := range seen {
		require.EqualValues(t, i, n)
	}
}

func TestServerHandlesQuestsConcurrently(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var now, most atomic.Int64
		c, _ := pair(t, handler(func(context.Context, *fpnn.Quest) (any, error) {
			if n := now.Add(1); n > most.Load() {
				most.Store(n)
			}
			<-time.After(time.Second)
			now.Add(-1)
			return nil, nil
		}), []fpnn.ServerOption{fpnn.WithConcurrency(4)}, fpnn.WithTimeout(time.Hour))
		start := time.Now()
		var wg sync.WaitGroup
		for range 12 {
			wg.Go(func() {
				_, err := c.Call(t.Context(), "m", nil)
				require.NoError(t, err)
			})
		}
		wg.Wait()
		require.Equal(t, 3*time.Second, time.Since(start))
		require.EqualValues(t, 4, most.Load())
	})
}

func TestFullInboxRefusesWithoutHarm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		var log bytes.Buffer
		logger := slog.New(slog.NewTextHandler(&log, nil))
		c, srv := pair(t, handler(func(context.Context, *fpnn.Quest) (any, error) {
			<-release
			return nil, nil
		}), []fpnn.ServerOption{fpnn.WithConcurrency(1), fpnn.WithInbox(2), fpnn.WithLogger(logger)}, fpnn.WithTimeout(time.Hour))
		for episode := range 2 {
			before := srv.Stats()
			errs := make(chan error, 10)
			for range 10 {
				go func() {
					_, err := c.Call(t.Context(), "m", nil)
					errs <- err
				}()
			}
			synctest.Wait()
			for range len(errs) {
				err := <-errs
				require.Equal(t, fpnn.CodeCoreWorkQueueFull, fpnn.Code(err))
				require.True(t, fpnn.SafeToRetry(err))
			}
			s := srv.Stats()
			served := s.Quests - before.Quests
			require.EqualValues(t, 10, served+s.Refused-before.Refused)
			require.LessOrEqual(t, served, int64(3))
			require.Equal(t, episode+1, strings.Count(log.String(), "quests are refused"), "a line for all of them")
			for range served {
				release <- struct{}{}
				require.NoError(t, <-errs)
			}
		}
	})
}

// A peer that sends quests but reads no answers cannot make the server hold
// more than its limits.
func TestPeerThatReadsNoAnswersIsCutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network mem.Network
		l, err := network.Listen("srv")
		require.NoError(t, err)
		srv, err := fpnn.NewServer(handler(func(context.Context, *fpnn.Quest) (any, error) {
			return map[string]any{"b": make([]byte, 10<<10)}, nil
		}), fpnn.WithWriteBuffer(32<<10), fpnn.WithWriteTimeout(time.Hour), fpnn.WithInbox(8))
		require.NoError(t, err)
		go srv.Serve(l)
		defer srv.Close()
		nc, err := network.DialContext(t.Context(), "", "srv")
		require.NoError(t, err)
		defer nc.Close()
		w := frame.NewWriter(nc, 1024)
		n := 0
		for ; n < 1_000_000; n++ {
			q := quest(uint32(n), "m")
			if w.Write(&q) != nil {
				break
			}
		}
		require.Less(t, n, 1_000_000)
		synctest.Wait()
		require.Zero(t, srv.Stats().Connections)
	})
}

func TestIdleConnectionIsClosedByTheServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, srv := pair(t, echoHandler, []fpnn.ServerOption{fpnn.WithIdleTimeout(time.Minute)})
		for range 10 {
			<-time.After(50 * time.Second)
			_, err := c.Call(t.Context(), "m", nil)
			require.NoError(t, err)
		}
		require.EqualValues(t, 1, srv.Stats().Accepted, "traffic keeps it open")
		start := time.Now()
		<-c.Conn().Done()
		require.GreaterOrEqual(t, time.Since(start), time.Minute)
		require.LessOrEqual(t, time.Since(start), time.Minute*9/8)
		require.Nil(t, c.Conn())
	})
}

func TestHandlerMayCloseItsConnection(t *testing.T) {
	t.Parallel()
	c, _ := pair(t, handler(func(_ context.Context, q *fpnn.Quest) (any, error) {
		return nil, q.Conn().Close()
	}), nil)
	_, err := c.Call(t.Context(), "close", nil)
	require.ErrorIs(t, err, fpnn.ErrDisconnected)
}

// Bytes of packages not yet complete are bounded over all connections.
func TestIncompletePackagesShareOneBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network mem.Network
		l, err := network.Listen("srv")
		require.NoError(t, err)
		srv, err := fpnn.NewServer(echoHandler, fpnn.WithMaxBuffered(1<<20), fpnn.WithReadTimeout(time.Hour))
		require.NoError(t, err)
		go srv.Serve(l)
		defer srv.Close()
		raw, err := frame.Append(nil, &frame.Package{
			Header:  frame.Header{Flags: frame.MsgPack, Kind: frame.Twoway},
			Method:  []byte("m"),
			Payload: make([]byte, 8<<20-100),
		}, frame.DefaultMaxPackage)
		require.NoError(t, err)
		cut := 0
		for range 10 {
			nc, err := network.DialContext(t.Context(), "", "srv")
			require.NoError(t, err)
			defer nc.Close()
			if _, err := nc.Write(raw[:400<<10]); err != nil {
				cut++
			}
			synctest.Wait()
			require.LessOrEqual(t, srv.Stats().Buffered, int64(1<<20))
		}
		require.Positive(t, cut+10-srv.Stats().Connections)
		c, err := fpnn.Dial(t.Context(), "srv", fpnn.WithDialer(&network))
		require.NoError(t, err)
		defer c.Close()
		_, err = c.Call(t.Context(), "m", nil)
		require.NoError(t, err, "others are served")
	})
}

// What others reserve is taken from the same budget, and given back.
func TestReservedBytesCountLikeThoseOfTheServer(t *testing.T) {
	t.Parallel()
	srv, err := fpnn.NewServer(echoHandler, fpnn.WithMaxBuffered(100))
	require.NoError(t, err)
	require.True(t, srv.Reserve(60))
	require.False(t, srv.Reserve(41))
	require.True(t, srv.Reserve(40))
	require.EqualValues(t, 100, srv.Stats().Buffered)
	require.False(t, srv.Reserve(1))
	require.True(t, srv.Reserve(-100))
	require.Zero(t, srv.Stats().Buffered)
	require.NoError(t, srv.Close())
}

func TestServeOnAClosedServerReturnsAtOnce(t *testing.T) {
	t.Parallel()
	srv, err := fpnn.NewServer(echoHandler)
	require.NoError(t, err)
	require.NoError(t, srv.Close())
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.ErrorIs(t, srv.Serve(l), fpnn.ErrClosed)
}

// Packages are routed some at a time. A package begun after exactly so many has
// a read time-out of its own all the same.
func TestReadTimeoutBeginsWithEachPackage(t *testing.T) {
	t.Parallel()
	for _, whole := range []int{1, 100, 127, 128, 255, 256} {
		synctest.Test(t, func(t *testing.T) {
			srv, err := fpnn.NewServer(echoHandler, fpnn.WithReadTimeout(time.Second))
			require.NoError(t, err)
			defer srv.Close()
			near, far := mem.Pipe()
			defer near.Close()
			require.NoError(t, srv.ServeConn(far))
			note := quest(0, "note")
			note.Kind = frame.Oneway
			one, err := frame.Append(nil, &note, frame.DefaultMaxPackage)
			require.NoError(t, err)
			write := func(b []byte) {
				_, err := near.Write(b)
				require.NoError(t, err)
				synctest.Wait()
			}
			for range 8 { // the read buffer grows to take all of what follows
				write(bytes.Repeat(one, 1000))
			}
			write(one[:5])
			<-time.After(900 * time.Millisecond)
			write(slices.Concat(one[5:], bytes.Repeat(one, whole), one[:5]))
			<-time.After(900 * time.Millisecond)
			write(one[5:])
			require.Len(t, srv.Conns(), 1, "after %d packages", whole)
			write(one[:5])
			<-time.After(1100 * time.Millisecond)
			synctest.Wait()
			require.Empty(t, srv.Conns())
		})
	}
}

// A client that sends its last notices and leaves has sent them.
func TestQuestsThatCameBeforeTheEndAreServed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const quests = 100
		var served atomic.Int64
		c, srv := pair(t, handler(func(ctx context.Context, _ *fpnn.Quest) (any, error) {
			<-time.After(time.Second)
			served.Add(1)
			return nil, ctx.Err()
		}), []fpnn.ServerOption{fpnn.WithConcurrency(1)})
		for range quests {
			require.NoError(t, c.Notify(t.Context(), "notice", nil))
		}
		require.NoError(t, c.Shutdown(t.Context()))
		<-time.After(quests*time.Second + time.Millisecond)
		require.EqualValues(t, quests, served.Load())
		require.Zero(t, srv.Stats().Connections)
	})
}

// Close does not wait for what connections have left that are lost already.
func TestCloseServesNoMoreQuestsOfALostConnection(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var served atomic.Int64
		slow := handler(func(context.Context, *fpnn.Quest) (any, error) {
			served.Add(1)
			<-time.After(time.Second)
			return nil, nil
		})
		client := newPeer(t, func(p *peer) {
			for n := range uint32(100) {
				p.write(quest(n+1, "push"))
			}
			synctest.Wait()
		}, fpnn.WithHandler(slow))
		conn := connected(t, client)
		<-time.After(time.Millisecond)
		require.Error(t, conn.Err(), "the peer has left")
		start := time.Now()
		require.NoError(t, client.Close())
		require.Less(t, time.Since(start), time.Second)
		require.EqualValues(t, 1, served.Load())

		c, srv := pair(t, slow, []fpnn.ServerOption{fpnn.WithConcurrency(1)})
		for range 100 {
			require.NoError(t, c.Notify(t.Context(), "notice", nil))
		}
		require.NoError(t, c.Shutdown(t.Context()))
		start = time.Now()
		require.NoError(t, srv.Close())
		require.LessOrEqual(t, time.Since(start), time.Second)
		require.EqualValues(t, 2, served.Load())
	})
}

// manyListeners is one that cannot be compared.
type manyListeners []net.Listener

func (m manyListeners) Accept() (net.Conn, error) { return m[0].Accept() }
func (m manyListeners) Close() error              { return m[0].Close() }
func (m manyListeners) Addr() net.Addr            { return m[0].Addr() }

func TestListenersNeedNotBeComparable(t *testing.T) {
	t.Parallel()
	var network mem.Network
	l, err := network.Listen("srv")
	listenOn(t, manyListeners{l}, err)
	c := clientOf(t, []string{"srv"}, fpnn.WithDialer(&network))
	require.NoError(t, echoed(t.Context(), c, 1))
}
