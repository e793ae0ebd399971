package rtm_test

import (
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/fakeserver"
	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/rtm"
	"github.com/gofpnn/gofpnn/rtm/wire"
	"github.com/gofpnn/gofpnn/transport/fault"
)

// collector is a handler that keeps what it is given.
type collector struct {
	mu     sync.Mutex
	pushes []rtm.Push
}

func (c *collector) handle(_ context.Context, p rtm.Push) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pushes = append(c.pushes, p)
}

func (c *collector) all() []rtm.Push {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]rtm.Push(nil), c.pushes...)
}

func (c *collector) texts() []string {
	texts := []string{}
	for _, p := range c.all() {
		texts = append(texts, p.Text)
	}
	return texts
}

func (c *collector) waitFor(t *testing.T, n int) []rtm.Push {
	t.Helper()
	require.Eventually(t, func() bool { return len(c.all()) >= n }, 10*time.Second, time.Millisecond)
	return c.all()
}

// logbook is what a client has logged so far.
type logbook struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *logbook) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *logbook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func TestListenersAreToldOfMessages(t *testing.T) {
	t.Parallel()
	for name := range ways {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := gateBy(t, name)
			sender := dial(t, srv)
			var got collector
			listener := dial(t, srv, rtm.WithHandler(got.handle))
			require.NoError(t, listener.Listen(t.Context(), rtm.ListenSet{
				Groups: []int64{7}, Rooms: []int64{9}, Users: []int64{bob}, Events: []string{"login"},
			}))
			messages := []rtm.Message{{Type: 66, Text: "你好", Attrs: "{}"}, {Type: 51, Data: []byte{0, 0xff}}, {Type: 40, Text: `{"url":"u"}`}}
			var want []rtm.Push
			for _, m := range messages {
				for _, target := range []rtm.Target{rtm.User(bob), rtm.Group(7), rtm.Room(9)} {
					for _, deaf := range []rtm.Target{rtm.User(3), rtm.Group(8), rtm.Room(8), rtm.Everyone} {
						_, err := sender.Send(t.Context(), alice, deaf, m)
						require.NoError(t, err)
					}
					_, err := sender.Send(t.Context(), alice, target, m)
					require.NoError(t, err)
					page, err := sender.History(t.Context(), alice, target, rtm.HistoryQuery{Descending: true, Limit: 1})
					require.NoError(t, err)
					stored := page.Messages[0]
					stored.Cursor = 0
					want = append(want, rtm.Push{StoredMessage: stored, Target: target})
					got.waitFor(t, len(want))
				}
			}
			_, err := sender.Send(t.Context(), bob, rtm.User(3), messages[0])
			require.NoError(t, err, "a user listened to is the sender here")
			require.EqualValues(t, bob, got.waitFor(t, len(want)+1)[len(want)].From)
			require.Equal(t, want, got.all()[:len(want)])

			srv.PushEvent(fakeserver.Event{Name: "logout", UID: alice})
			srv.PushEvent(fakeserver.Event{Name: "login", UID: alice, Data: "d"})
			event := got.waitFor(t, len(want)+2)[len(want)+1].Event
			require.Equal(t, "login", event.Event)
			require.EqualValues(t, alice, event.UID)
			require.Equal(t, "d", event.Data)
			require.Equal(t, srv.Project().ID, event.ProjectID)
		})
	}
}

func TestPushesOfAConversationComeInOrder(t *testing.T) {
	t.Parallel()
	srv := fakeserver.New(t)
	sender := dial(t, srv)
	var got collector
	listener := dial(t, srv, rtm.WithHandler(got.handle))
	require.NoError(t, listener.ListenAll(t.Context(), rtm.ListenAll{Groups: true}))
	const groups, each = 3, 100
	var wg sync.WaitGroup
	for g := range int64(groups) {
		wg.Go(func() {
			for i := range each {
				_, err := sender.Send(t.Context(), alice, rtm.Group(g), rtm.Message{Type: 66, Text: fmt.Sprint(i)})
				require.NoError(t, err)
			}
		})
	}
	wg.Wait()
	next := map[rtm.Target]int{}
	for _, p := range got.waitFor(t, groups*each) {
		require.Equal(t, fmt.Sprint(next[p.Target]), p.Text)
		next[p.Target]++
	}
}

// gateThatPushes returns a client with a handler and its gate's connection.
func gateThatPushes(t *testing.T, opts ...rtm.Option) (*rtm.Client, *fpnn.Conn) {
	t.Helper()
	l, dialer := listen(t)
	srv, err := fpnn.NewServer(fpnn.HandlerFunc(func(context.Context, *fpnn.Quest) (any, error) { return nil, nil }))
	require.NoError(t, err)
	go srv.Serve(l)
	t.Cleanup(func() { _ = srv.Close() })
	c, err := rtm.Dial(t.Context(), l.Addr().String(), rtm.Project{ID: 1, Secret: "s"}, append(opts, rtm.WithDialer(dialer))...)
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close() })
	require.Eventually(t, func() bool { return len(srv.Conns()) == 1 }, 10*time.Second, time.Millisecond)
	return c, srv.Conns()[0]
}

func push(t *testing.T, conn *fpnn.Conn, target rtm.Target, id int64) error {
	t.Helper()
	q := &wire.Push{From: alice, Target: target, Message: rtm.Message{ID: id, Type: 66, Text: fmt.Sprint(id)}, ModifiedTime: 1}
	_, err := conn.Call(t.Context(), q.Method(), wire.Unsigned{Quest: q})
	return err
}

func TestMessagePushedTwiceIsHandledOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var got collector
		c, conn := gateThatPushes(t, rtm.WithHandler(got.handle), rtm.WithDedup(3, time.Minute))
		for range 2 {
			require.NoError(t, push(t, conn, rtm.Group(7), 1))
			require.NoError(t, push(t, conn, rtm.Room(7), 1), "another conversation")
			require.NoError(t, push(t, conn, rtm.User(7), 1), "another conversation")
		}
		synctest.Wait()
		require.Len(t, got.all(), 3)
		require.Equal(t, rtm.PushStats{Accepted: 3, Duplicates: 3, Handled: 3}, c.PushStats())

		require.NoError(t, push(t, conn, rtm.Group(7), 2), "the first is forgotten")
		require.NoError(t, push(t, conn, rtm.Group(7), 1))
		advance(t, time.Minute+1)
		require.NoError(t, push(t, conn, rtm.Group(7), 1), "all are forgotten")
		synctest.Wait()
		require.Len(t, got.all(), 6)
	})
}

// What was not acknowledged before an outage comes again after it, however long it
// has lasted.
func TestMessagePushedAgainAfterALongOutageIsHandledOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := fakeserver.New(t, fakeserver.WithPushRedelivery())
		f := fault.New(1)
		var got collector
		c := dial(t, srv, rtm.WithDialer(f.Dialer(srv.Dialer())), rtm.WithHandler(got.handle),
			rtm.WithListen(rtm.ListenSet{Groups: []int64{7}}, rtm.ListenAll{}))
		advance(t, time.Minute)
		f.Partition(fault.Out) // pushes come, acknowledgements do not leave
		_, err := srv.Send(alice, rtm.Group(7), rtm.Message{Type: 66, Text: "hello"})
		require.NoError(t, err)
		synctest.Wait()
		require.Equal(t, []string{"hello"}, got.texts())
		srv.Network().RefuseDials(true)
		advance(t, 10*time.Hour)
		require.Nil(t, c.FPNN().Conn())
		before := c.PushStats().Duplicates
		f.Heal()
		srv.Network().RefuseDials(false)
		advance(t, 10*time.Minute)
		require.Equal(t, []string{"hello"}, got.texts())
		require.Equal(t, before+1, c.PushStats().Duplicates, "it has come again")
	})
}

// Pushes that a gate sends without waiting keep their order, whatever the options
// say.
func TestPipelinedPushesKeepTheirOrder(t *testing.T) {
	t.Parallel()
	var got collector
	c, conn := gateThatPushes(t, rtm.WithHandler(got.handle), rtm.WithPushInbox(5000), rtm.WithFPNN(fpnn.WithConcurrency(8)))
	const n = 5000
	var answered sync.WaitGroup
	for id := range int64(n) {
		q := &wire.Push{From: alice, Target: rtm.Group(7), Message: rtm.Message{ID: id, Type: 66}, ModifiedTime: 1}
		queued := make(chan struct{})
		answered.Go(func() {
			_, err := conn.Call(fpnn.OnQueued(t.Context(), func() { close(queued) }), q.Method(), wire.Unsigned{Quest: q})
			require.NoError(t, err, "the connection has room for as many as the inbox")
		})
		<-queued
	}
	answered.Wait()
	for i, p := range got.waitFor(t, n) {
		require.EqualValues(t, i, p.ID)
	}
	require.Zero(t, c.PushStats().Refused)
}

func TestHandlerMayPanicAndCall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var c *rtm.Client
		called := 0
		c, conn := gateThatPushes(t, rtm.WithHandler(func(ctx context.Context, p rtm.Push) {
			if p.ID == 1 {
				panic("on purpose")
			}
			require.NoError(t, c.Kickout(ctx, p.ID))
			called++
		}))
		for id := range int64(4) {
			require.NoError(t, push(t, conn, rtm.Group(7), id))
		}
		synctest.Wait()
		require.Equal(t, 3, called)
	})
}

func TestUnhandledPushesAreCountedAtClose(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, conn := gateThatPushes(t, rtm.WithHandler(func(ctx context.Context, _ rtm.Push) { <-ctx.Done() }))
		for id := range int64(5) {
			require.NoError(t, push(t, conn, rtm.Group(7), id))
		}
		synctest.Wait()
		require.NoError(t, c.Close())
		require.Equal(t, rtm.PushStats{Accepted: 5, Handled: 1, Waiting: 4}, c.PushStats())
	})
}

func TestShutdownLetsTheHandlerFinish(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		handled := 0
		c, conn := gateThatPushes(t, rtm.WithHandler(func(context.Context, rtm.Push) {
			<-time.After(time.Minute)
			handled++
		}))
		for id := range int64(5) {
			require.NoError(t, push(t, conn, rtm.Group(7), id))
		}
		require.NoError(t, c.Shutdown(context.Background()))
		require.Equal(t, 5, handled)

		c, conn = gateThatPushes(t, rtm.WithHandler(func(ctx context.Context, _ rtm.Push) { <-ctx.Done() }))
		for id := range int64(5) {
			require.NoError(t, push(t, conn, rtm.Group(7), id))
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		require.ErrorIs(t, c.Shutdown(ctx), context.DeadlineExceeded)
		require.Equal(t, 4, c.PushStats().Waiting)

		c, conn = gateThatPushes(t, rtm.WithHandler(func(ctx context.Context, _ rtm.Push) { <-ctx.Done() }))
		require.NoError(t, push(t, conn, rtm.Group(7), 1))
		ctx, cancel = context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		require.ErrorIs(t, c.Shutdown(ctx), context.DeadlineExceeded, "in the middle of the last one")
		require.Zero(t, c.PushStats().Waiting)
	})
}

// As a test does that fails in its handler.
func TestHandlerMayEndItsGoroutine(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var handled []int64
		_, conn := gateThatPushes(t, rtm.WithHandler(func(_ context.Context, p rtm.Push) {
			handled = append(handled, p.ID)
			if p.ID == 1 {
				runtime.Goexit()
			}
		}))
		for id := range int64(4) {
			require.NoError(t, push(t, conn, rtm.Group(7), id))
		}
		synctest.Wait()
		require.Equal(t, []int64{0, 1, 2, 3}, handled)
	})
}

// By default: the C++ server closes what is idle for a minute.
func TestIdleClientIsKeptAliveAndALostGateFound(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := fakeserver.New(t)
		c := dial(t, srv, rtm.WithReconnect(fpnn.DefaultReconnect))
		conn := c.FPNN().Conn()
		advance(t, time.Hour)
		require.NoError(t, conn.Err())
		srv.Network().Cut()
		start := time.Now()
		<-conn.Done()
		require.ErrorIs(t, conn.Err(), fpnn.ErrDisconnected)
		k := fpnn.DefaultKeepAlive
		require.LessOrEqual(t, time.Since(start), k.Interval+time.Duration(k.Retries+1)*k.Timeout)
		srv.Network().Heal()
	})
}

// A client that only listens has to be connected, and then stays so.
func TestListenerConnectsAndGoesOnTrying(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := fakeserver.New(t)
		var got collector
		c, err := rtm.NewClient([]string{srv.Addr()}, srv.Project(), rtm.WithDialer(srv.Dialer()), rtm.WithHandler(got.handle),
			rtm.WithListen(rtm.ListenSet{Groups: []int64{7}}, rtm.ListenAll{}))
		require.NoError(t, err)
		defer c.Close()
		srv.Network().RefuseDials(true)
		require.ErrorIs(t, c.Connect(t.Context()), syscall.ECONNREFUSED)
		advance(t, time.Hour)
		srv.Network().RefuseDials(false)
		srv.Expect(t).Within(fpnn.DefaultReconnect.Max).Listening(alice, rtm.Group(7), 1)
		_, err = srv.Send(alice, rtm.Group(7), rtm.Message{Type: 66, Text: "hello"})
		require.NoError(t, err)
		synctest.Wait()
		require.Equal(t, []string{"hello"}, got.texts())
	})
}

func TestPushNobodyWantsIsAnUnknownMethod(t *testing.T) {
	t.Parallel()
	c, conn := gateThatPushes(t)
	require.Equal(t, fpnn.CodeCoreUnknownMethod, fpnn.Code(push(t, conn, rtm.Group(7), 1)))
	_, err := conn.Call(t.Context(), "nosuchmethod", nil)
	require.Equal(t, fpnn.CodeCoreUnknownMethod, fpnn.Code(err))
	_, err = conn.Call(t.Context(), "ping", nil)
	require.NoError(t, err, "ping is answered by the library")
	require.Zero(t, c.PushStats())
}

func TestOddPushesAreRefusedByName(t *testing.T) {
	t.Parallel()
	var log logbook
	c, conn := gateThatPushes(t, rtm.WithHandler(func(context.Context, rtm.Push) { t.Error("handled") }),
		rtm.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
	for method, key := range map[string]string{"pushmsg": "from", "pushgroupmsg": "from", "pushroommsg": "from", "pushevent": "pid"} {
		_, err := conn.Call(t.Context(), method, nil)
		require.Equal(t, fpnn.CodeProtoKeyNotFound, fpnn.Code(err), method)
		require.ErrorContains(t, err, key)
		_, err = conn.Call(t.Context(), method, map[string]any{key: "x"})
		require.Equal(t, fpnn.CodeProtoTypeConvert, fpnn.Code(err), method)
	}
	require.Equal(t, rtm.PushStats{Unreadable: 8}, c.PushStats())
	require.Equal(t, 1, strings.Count(log.String(), "unreadable"))
}

func TestLoopOverPushes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, conn := gateThatPushes(t)
		var texts []string
		loop := func(ctx context.Context, n int) <-chan error {
			ended := make(chan error, 1)
			go func() {
				for p, err := range c.Pushes(ctx) {
					if err != nil {
						ended <- err
						return
					}
					if texts = append(texts, p.Text); len(texts) == n {
						break
					}
				}
				ended <- nil
			}()
			synctest.Wait()
			return ended
		}
		first := loop(t.Context(), 2)
		require.ErrorIs(t, <-loop(t.Context(), 1), rtm.ErrConsumer, "one at a time")
		for id := range int64(5) {
			require.NoError(t, push(t, conn, rtm.Group(7), id), "between loops they wait")
		}
		require.NoError(t, <-first)
		require.Equal(t, []string{"0", "1"}, texts)

		ctx, cancel := context.WithCancel(t.Context())
		second := loop(ctx, 100)
		require.NoError(t, push(t, conn, rtm.Group(7), 10))
		synctest.Wait()
		cancel()
		require.ErrorIs(t, <-second, context.Canceled)
		require.Equal(t, []string{"0", "1", "2", "3", "4", "10"}, texts)

		third := loop(t.Context(), 100)
		require.NoError(t, c.Close())
		require.ErrorIs(t, <-third, fpnn.ErrClosed)

		h, _ := gateThatPushes(t, rtm.WithHandler(func(context.Context, rtm.Push) {}))
		for _, err := range h.Pushes(t.Context()) {
			require.ErrorIs(t, err, rtm.ErrConsumer, "there is a handler")
		}
	})
}

func TestPushOptionsOutOfRangeAreRefused(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]rtm.Option{
		"WithHandler(nil)":   rtm.WithHandler(nil),
		"WithPushInbox(0)":   rtm.WithPushInbox(0),
		"WithDedup(-1, 1s)":  rtm.WithDedup(-1, time.Second),
		"WithDedup(1, -1s)":  rtm.WithDedup(1, -time.Second),
		"WithKeepAlive(":     rtm.WithKeepAlive(fpnn.KeepAlive{}),
		"WithTimeout(-1ns)":  rtm.WithTimeout(-1),
		"WithDialTimeout(0s": rtm.WithDialTimeout(0),
		"WithLogger(nil)":    rtm.WithLogger(nil),
		"WithDialer(nil)":    rtm.WithDialer(nil),
	} {
		_, err := rtm.NewClient([]string{"x"}, rtm.Project{ID: 1, Secret: "s"}, o)
		require.ErrorContains(t, err, name)
	}
}
