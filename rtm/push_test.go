package rtm_test

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/fakeserver"
	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/rtm"
	"github.com/gofpnn/gofpnn/rtm/wire"
	"github.com/gofpnn/gofpnn/transport"
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
	for name, opts := range networks {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := fakeserver.New(t, opts...)
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

func TestListenSetGrowsShrinksAndIsReplaced(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := fakeserver.New(t)
		sender := dial(t, srv)
		var got collector
		c := dial(t, srv, rtm.WithHandler(got.handle))
		hears := func(want ...string) {
			t.Helper()
			got.pushes = nil
			for _, target := range []rtm.Target{rtm.Group(1), rtm.Group(2), rtm.Room(1), rtm.User(bob)} {
				_, err := sender.Send(t.Context(), alice, target, rtm.Message{Type: 66, Text: target.String()})
				require.NoError(t, err)
			}
			synctest.Wait()
			require.ElementsMatch(t, want, got.texts())
		}
		ctx := t.Context()
		hears()
		require.NoError(t, c.AddListen(ctx, rtm.ListenSet{Groups: []int64{1, 2}, Rooms: []int64{1}}))
		hears("group 1", "group 2", "room 1")
		require.NoError(t, c.RemoveListen(ctx, rtm.ListenSet{Groups: []int64{1}}))
		hears("group 2", "room 1")
		require.NoError(t, c.Listen(ctx, rtm.ListenSet{Groups: []int64{1}, Users: []int64{bob}}))
		hears("group 1", "room 1", "user 2002")
		require.NoError(t, c.Listen(ctx, rtm.ListenSet{Groups: []int64{}, Rooms: []int64{}}))
		hears("user 2002")
		require.NoError(t, c.ListenAll(ctx, rtm.ListenAll{Groups: true}))
		hears("user 2002", "group 1", "group 2")
		require.NoError(t, c.ListenAll(ctx, rtm.ListenAll{}))
		hears("user 2002")
		require.NoError(t, c.RemoveListen(ctx, rtm.ListenSet{Users: []int64{bob}}))
		hears()
		events := func() int {
			before := len(got.all())
			srv.PushEvent(fakeserver.Event{Name: "login"})
			synctest.Wait()
			return len(got.all()) - before
		}
		require.Zero(t, events())
		require.NoError(t, c.AddListen(ctx, rtm.ListenSet{Events: []string{"login"}}))
		require.Equal(t, 1, events())
		require.NoError(t, c.RemoveListen(ctx, rtm.ListenSet{Events: []string{"login"}}))
		require.Zero(t, events())
		set, all := c.Listening()
		require.Equal(t, rtm.ListenSet{}, set)
		require.Equal(t, rtm.ListenAll{}, all)
	})
}

// cuttable lets a test cut a client's connection.
type cuttable struct {
	dialer transport.Dialer
	mu     sync.Mutex
	nc     net.Conn
}

func (c *cuttable) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	nc, err := c.dialer.DialContext(ctx, network, address)
	c.mu.Lock()
	c.nc = nc
	c.mu.Unlock()
	return nc, err
}

func (c *cuttable) cut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	_ = c.nc.Close()
}

func TestWhatIsListenedToIsSaidAgainToEachConnection(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := fakeserver.New(t)
		sender := dial(t, srv)
		var got collector
		line := &cuttable{dialer: srv.Dialer()}
		c := dial(t, srv, rtm.WithDialer(line), rtm.WithHandler(got.handle))
		require.NoError(t, c.AddListen(t.Context(), rtm.ListenSet{Groups: []int64{1, 2}}))
		require.NoError(t, c.RemoveListen(t.Context(), rtm.ListenSet{Groups: []int64{2}}))
		require.NoError(t, c.ListenAll(t.Context(), rtm.ListenAll{Rooms: true}))
		for i := range 3 {
			line.cut()
			synctest.Wait()
			require.NoError(t, c.FPNN().Connect(t.Context()))
			for _, target := range []rtm.Target{rtm.Group(1), rtm.Group(2), rtm.Room(5)} {
				_, err := sender.Send(t.Context(), alice, target, rtm.Message{Type: 66, Text: fmt.Sprint(i)})
				require.NoError(t, err)
			}
			synctest.Wait()
			require.Len(t, got.all(), 2*(i+1))
		}
		// A change made while there is no connection is part of what is said.
		line.cut()
		synctest.Wait()
		require.NoError(t, c.AddListen(t.Context(), rtm.ListenSet{Groups: []int64{2}}))
		_, err := sender.Send(t.Context(), alice, rtm.Group(2), rtm.Message{Type: 66, Text: "two"})
		require.NoError(t, err)
		synctest.Wait()
		require.Equal(t, "two", got.all()[6].Text)
	})
}

func TestRefusedListenIsNotRemembered(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var heard []string
		refuse := false
		var line *cuttable
		l, dialer := listen(t)
		srv, err := fpnn.NewServer(fpnn.HandlerFunc(func(_ context.Context, q *fpnn.Quest) (any, error) {
			heard = append(heard, q.Method()+" "+q.String())
			if refuse {
				return nil, fpnn.Errorf(rtm.CodePermissionDenied, "no")
			}
			return nil, nil
		}))
		require.NoError(t, err)
		go srv.Serve(l)
		defer srv.Close()
		line = &cuttable{dialer: dialer}
		c, err := rtm.Dial(t.Context(), l.Addr().String(), rtm.Project{ID: 1, Secret: "s"}, rtm.WithDialer(line))
		require.NoError(t, err)
		defer c.Close()
		ctx := t.Context()
		require.NoError(t, c.AddListen(ctx, rtm.ListenSet{Groups: []int64{1, 2}, Events: []string{"login"}}))
		refuse = true
		for _, change := range []func() error{
			func() error { return c.AddListen(ctx, rtm.ListenSet{Groups: []int64{2, 3}, Rooms: []int64{4}}) },
			func() error { return c.RemoveListen(ctx, rtm.ListenSet{Groups: []int64{1}, Events: []string{"login"}}) },
			func() error { return c.Listen(ctx, rtm.ListenSet{Groups: []int64{}, Users: []int64{5}}) },
			func() error { return c.ListenAll(ctx, rtm.ListenAll{P2P: true}) },
		} {
			require.ErrorIs(t, change(), rtm.ErrPermissionDenied)
		}
		refuse, heard = false, nil
		line.cut()
		synctest.Wait()
		require.NoError(t, c.FPNN().Connect(ctx))
		require.Len(t, heard, 1)
		require.True(t, strings.HasPrefix(heard[0], "setlisten "), heard[0])
		require.Contains(t, heard[0], `"gids":[1, 2]`)
		require.Contains(t, heard[0], `"events":["login"]`)
		require.NotContains(t, heard[0], "rids")
	})
}

// Calls go on meanwhile, and are not told of a refusal that is not theirs.
func TestRefusedRestoreIsTriedAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var asked atomic.Int64
		l, dialer := listen(t)
		srv, err := fpnn.NewServer(fpnn.HandlerFunc(func(_ context.Context, q *fpnn.Quest) (any, error) {
			if q.Method() != "setlisten" {
				return wire.SendAnswer{ModifiedTime: 1}, nil
			}
			if asked.Add(1) <= 3 {
				return nil, fpnn.Errorf(rtm.CodeFrequencyLimit, "slowly")
			}
			return nil, nil
		}))
		require.NoError(t, err)
		go srv.Serve(l)
		defer srv.Close()
		var log logbook
		c, err := rtm.Dial(t.Context(), l.Addr().String(), rtm.Project{ID: 1, Secret: "s"}, rtm.WithDialer(dialer),
			rtm.WithLogger(slog.New(slog.NewTextHandler(&log, nil))),
			rtm.WithListen(rtm.ListenSet{Groups: []int64{1}}, rtm.ListenAll{Rooms: true}))
		require.NoError(t, err)
		defer c.Close()
		_, err = c.Send(t.Context(), alice, rtm.Group(1), rtm.Message{Type: 66})
		require.NoError(t, err)
		require.LessOrEqual(t, asked.Load(), int64(3))
		require.Contains(t, log.String(), "refused")
		advance(t, time.Minute)
		synctest.Wait()
		require.EqualValues(t, 3+2, asked.Load(), "lists and flags")
	})
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

func TestFullInboxRefusesAndLogsOnceAnEpisode(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		var got collector
		var log logbook
		c, conn := gateThatPushes(t, rtm.WithPushInbox(2), rtm.WithLogger(slog.New(slog.NewTextHandler(&log, nil))),
			rtm.WithHandler(func(ctx context.Context, p rtm.Push) {
				<-release
				got.handle(ctx, p)
			}))
		for episode := range 2 {
			base := int64(100 * episode)
			for id := range int64(3) { // one at the handler, two in the inbox
				require.NoError(t, push(t, conn, rtm.Group(7), base+id))
				synctest.Wait()
			}
			for id := range int64(5) {
				require.Equal(t, fpnn.CodeCoreWorkQueueFull, fpnn.Code(push(t, conn, rtm.Group(7), base+10+id)))
			}
			require.Equal(t, episode+1, strings.Count(log.String(), "too slow"))
			for range 3 {
				release <- struct{}{}
			}
			synctest.Wait()
			require.NoError(t, push(t, conn, rtm.Group(7), base+10), "it was not taken for seen")
			release <- struct{}{}
			synctest.Wait()
			require.Len(t, got.all(), 4*(episode+1))
		}
		require.EqualValues(t, 10, c.PushStats().Refused)
	})
}

func TestInboxIsBoundedInBytes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, conn := gateThatPushes(t, rtm.WithHandler(func(ctx context.Context, _ rtm.Push) { <-ctx.Done() }))
		accepted := 0
		for id := range int64(20) {
			q := &wire.Push{From: alice, Target: rtm.Group(7), Message: rtm.Message{ID: id, Type: 66, Data: make([]byte, 7<<20)}}
			_, err := conn.Call(t.Context(), q.Method(), wire.Unsigned{Quest: q})
			synctest.Wait()
			if err == nil {
				accepted++
				continue
			}
			require.Equal(t, fpnn.CodeCoreWorkQueueFull, fpnn.Code(err))
		}
		require.Equal(t, 10, accepted, "one at the handler, nine of 7 MiB that wait")
	})
}

// The fake gate pushes again what was refused.
func TestRefusedPushComesAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := fakeserver.New(t)
		sender := dial(t, srv)
		release := make(chan struct{})
		var got collector
		c := dial(t, srv, rtm.WithPushInbox(1), rtm.WithHandler(func(ctx context.Context, p rtm.Push) {
			<-release
			got.handle(ctx, p)
		}))
		require.NoError(t, c.Listen(t.Context(), rtm.ListenSet{Groups: []int64{7}}))
		ids := fill(t, sender, rtm.Group(7), 10)
		advance(t, time.Second)
		require.Positive(t, c.PushStats().Refused)
		close(release)
		advance(t, time.Minute)
		synctest.Wait()
		var handled []int64
		for _, p := range got.all() {
			handled = append(handled, p.ID)
		}
		require.Equal(t, ids, handled, "each once, in order")
	})
}

// A gate that does not answer is replaced, in time.
func TestUnansweredRestoreEndsTheConnection(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var dead atomic.Bool
		dead.Store(true)
		l, dialer := listen(t)
		srv, err := fpnn.NewServer(fpnn.HandlerFunc(func(ctx context.Context, q *fpnn.Quest) (any, error) {
			if dead.Load() && q.Method() == "setlisten" {
				<-ctx.Done()
			}
			return wire.SendAnswer{ModifiedTime: 1}, nil
		}))
		require.NoError(t, err)
		go srv.Serve(l)
		defer srv.Close()
		c, err := rtm.NewClient([]string{l.Addr().String()}, rtm.Project{ID: 1, Secret: "s"}, rtm.WithDialer(dialer),
			rtm.WithDialTimeout(24*time.Hour), rtm.WithListen(rtm.ListenSet{Groups: []int64{1}}, rtm.ListenAll{}))
		require.NoError(t, err)
		defer c.Close()
		start := time.Now()
		require.ErrorIs(t, c.Kickout(t.Context(), 1), context.DeadlineExceeded)
		require.Equal(t, 10*time.Second, time.Since(start))
		dead.Store(false)
		require.NoError(t, c.Kickout(t.Context(), 1))
	})
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
	_, conn := gateThatPushes(t, rtm.WithHandler(func(context.Context, rtm.Push) { t.Error("handled") }))
	for method, key := range map[string]string{"pushmsg": "from", "pushgroupmsg": "from", "pushroommsg": "from", "pushevent": "pid"} {
		_, err := conn.Call(t.Context(), method, nil)
		require.Equal(t, fpnn.CodeProtoKeyNotFound, fpnn.Code(err), method)
		require.ErrorContains(t, err, key)
		_, err = conn.Call(t.Context(), method, map[string]any{key: "x"})
		require.Equal(t, fpnn.CodeProtoTypeConvert, fpnn.Code(err), method)
	}
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
			if err := push(t, conn, rtm.Group(7), id); id < 2 {
				require.NoError(t, err)
			}
		}
		require.NoError(t, <-first)
		require.Equal(t, []string{"0", "1"}, texts)

		ctx, cancel := context.WithCancel(t.Context())
		second := loop(ctx, 100)
		require.NoError(t, push(t, conn, rtm.Group(7), 10))
		synctest.Wait()
		cancel()
		require.ErrorIs(t, <-second, context.Canceled)
		require.Equal(t, "10", texts[len(texts)-1])

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
