package rtm_test

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
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
		require.EqualValues(t, 6, asked.Load(), "lists and flags, until no one of them is refused")
	})
}

// A refusal of the lists does not keep the flags from being said.
func TestFlagsAreSaidBehindARefusedList(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var b book
		play(t, func(_ context.Context, q *fpnn.Quest) (any, error) {
			if q.Has("gids") {
				return nil, fpnn.Errorf(rtm.CodePermissionDenied, "too many groups")
			}
			b.note(t, q)
			return nil, nil
		}, rtm.WithListen(rtm.ListenSet{Groups: []int64{1}}, rtm.ListenAll{Rooms: true}))
		require.True(t, b.rooms)
		require.Equal(t, []string{"setlisten"}, b.quests)
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

// Lists first, then flags, and no push of the new connection is handled before.
func TestRestoreComesBeforePushes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var quests []string
		var told time.Time
		var handled []time.Time
		g := play(t, func(_ context.Context, q *fpnn.Quest) (any, error) {
			if q.Method() != "setlisten" {
				return nil, nil
			}
			if q.Has("group") {
				quests = append(quests, "flags")
				<-time.After(5 * time.Second)
				told = time.Now()
				return nil, nil
			}
			quests = append(quests, "lists")
			require.NoError(t, push(t, q.Conn(), rtm.Group(1), int64(len(quests))))
			return nil, nil
		}, rtm.WithListen(rtm.ListenSet{Groups: []int64{1}}, rtm.ListenAll{Rooms: true}),
			rtm.WithHandler(func(context.Context, rtm.Push) { handled = append(handled, time.Now()) }))
		for n := range 3 {
			synctest.Wait()
			require.Equal(t, slices.Repeat([]string{"lists", "flags"}, n+1), quests)
			require.Len(t, handled, n+1)
			require.Equal(t, told, handled[n])
			advance(t, time.Minute)
			g.line.cut()
			advance(t, time.Minute)
		}
	})
}

// A gate that has once refused, and then does not answer, is told all the same.
func TestRestoreIsSaidUntilTheGateTakesIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		var b book
		play(t, func(_ context.Context, q *fpnn.Quest) (any, error) {
			switch asked++; asked {
			case 1, 3:
				return nil, fpnn.Errorf(rtm.CodeFrequencyLimit, "slowly")
			case 2:
				<-time.After(11 * time.Second)
				return nil, fpnn.Errorf(rtm.CodeFrequencyLimit, "slowly")
			}
			b.note(t, q)
			return nil, nil
		}, rtm.WithListen(rtm.ListenSet{Groups: []int64{1}}, rtm.ListenAll{}))
		advance(t, time.Hour)
		require.Equal(t, []int64{1}, b.has())
	})
}

// More than fits in a package is said in parts.
func TestLongListsAreSaidInParts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var b *book
		g := play(t, func(_ context.Context, q *fpnn.Quest) (any, error) {
			b.note(t, q)
			return nil, nil
		}, rtm.WithFPNN(fpnn.WithMaxPackage(1024)))
		var want []int64
		b = new(book)
		for i := range int64(1000) {
			want = append(want, i*1_000_000)
		}
		for part := range slices.Chunk(want, 50) {
			require.NoError(t, g.AddListen(t.Context(), rtm.ListenSet{Groups: part}))
		}
		require.ErrorIs(t, g.AddListen(t.Context(), rtm.ListenSet{Groups: want, Rooms: []int64{1}}), fpnn.ErrTooLarge)
		require.NoError(t, g.ListenAll(t.Context(), rtm.ListenAll{Rooms: true}))
		require.Equal(t, want, b.has())
		for range 2 {
			b = new(book)
			advance(t, time.Minute)
			g.line.cut()
			advance(t, time.Minute)
			require.Equal(t, want, b.has())
			require.True(t, b.rooms)
			require.Equal(t, "setlisten", b.quests[0])
			require.Equal(t, "addlisten", b.quests[1])
			require.Equal(t, "setlisten", b.quests[len(b.quests)-1])
			set, _ := g.Listening()
			require.Equal(t, want, set.Groups)
			require.Empty(t, set.Rooms, "what is too large is not remembered")
		}
	})
}

// A change that fails while a new connection is being told is told to it later.
func TestChangeDuringARestoreIsNotLost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var b book
		var slow, refuse atomic.Bool
		g := play(t, func(_ context.Context, q *fpnn.Quest) (any, error) {
			if q.Method() == "removelisten" && refuse.Load() {
				_ = q.Conn().Close() // after the refusal below has left, or not
				return nil, fpnn.Errorf(rtm.CodeFrequencyLimit, "slowly")
			}
			b.note(t, q)
			if slow.Load() {
				<-time.After(3 * time.Second)
			}
			return nil, nil
		}, rtm.WithListen(rtm.ListenSet{Groups: []int64{1}}, rtm.ListenAll{}))
		advance(t, time.Minute)
		slow.Store(true)
		g.line.cut()
		advance(t, time.Second) // into the restore
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.ErrorIs(t, g.AddListen(ctx, rtm.ListenSet{Groups: []int64{2}}), context.DeadlineExceeded)
		advance(t, time.Hour)
		set, _ := g.Listening()
		require.Equal(t, []int64{1, 2}, set.Groups)
		require.Equal(t, []int64{1, 2}, b.has())

		refuse.Store(true)
		_ = g.RemoveListen(t.Context(), rtm.ListenSet{Groups: []int64{1}})
		advance(t, time.Hour)
		set, _ = g.Listening()
		require.Equal(t, set.Groups, b.has())
	})
}
