package rtm_test

import (
	"context"
	"log/slog"
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
)

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

// Also of events, whose data count.
func TestEventsAreBoundedInBytes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, conn := gateThatPushes(t, rtm.WithHandler(func(ctx context.Context, _ rtm.Push) { <-ctx.Done() }))
		for range 20 {
			q := &wire.Event{Event: "login", Data: strings.Repeat("x", 7<<20)}
			_, _ = conn.Call(t.Context(), q.Method(), wire.Unsigned{Quest: q})
			synctest.Wait()
		}
		require.Equal(t, rtm.PushStats{Accepted: 10, Refused: 10, Handled: 1, Waiting: 9}, c.PushStats())
	})
}

// A handler that is too slow for hours is one episode, though it goes on taking
// pushes all the while.
func TestLongEpisodeIsLoggedOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log logbook
		srv := fakeserver.New(t)
		sender := dial(t, srv)
		c := dial(t, srv, rtm.WithPushInbox(10), rtm.WithLogger(slog.New(slog.NewTextHandler(&log, nil))),
			rtm.WithHandler(func(context.Context, rtm.Push) { <-time.After(time.Second) }))
		require.NoError(t, c.Listen(t.Context(), rtm.ListenSet{Groups: []int64{7}}))
		for range 500 {
			_, err := sender.Send(t.Context(), alice, rtm.Group(7), rtm.Message{Type: 66})
			require.NoError(t, err)
		}
		advance(t, time.Hour)
		require.EqualValues(t, 500, c.PushStats().Handled)
		require.Greater(t, c.PushStats().Refused, int64(1000))
		require.Equal(t, 1, strings.Count(log.String(), "too slow"))
	})
}

// What finds no room before the inbox is counted too: a connection holds no more
// quests than fill a package, and far more come at once.
func TestEveryRefusedPushIsCounted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const pushes = 5000
		c, conn := gateThatPushes(t, rtm.WithHandler(func(context.Context, rtm.Push) {}),
			rtm.WithPushInbox(1), rtm.WithFPNN(fpnn.WithMaxPackage(4096)))
		var refused atomic.Int64
		var pushed sync.WaitGroup
		for id := range int64(pushes) {
			pushed.Go(func() {
				if err := push(t, conn, rtm.Group(7), id); err != nil {
					require.Equal(t, fpnn.CodeCoreWorkQueueFull, fpnn.Code(err))
					refused.Add(1)
				}
			})
		}
		pushed.Wait()
		require.Positive(t, c.FPNN().Stats().Refused, "before the inbox of pushes")
		require.Equal(t, refused.Load(), c.PushStats().Refused)
		require.Equal(t, pushes-refused.Load(), c.PushStats().Accepted)
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
