package rtm_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/codec"
	"github.com/gofpnn/gofpnn/fakeserver"
	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/rtm"
	"github.com/gofpnn/gofpnn/rtm/wire"
)

// act is what a scripted gate does with one quest.
type act func(ctx context.Context, q *fpnn.Quest) (any, error)

func stored(context.Context, *fpnn.Quest) (any, error) { return wire.SendAnswer{ModifiedTime: 5}, nil }

func refuse(code int) act {
	return func(context.Context, *fpnn.Quest) (any, error) { return nil, fpnn.Errorf(code, "refused") }
}

// hangUp ends the connection instead of answering.
func hangUp(_ context.Context, q *fpnn.Quest) (any, error) {
	_ = q.Conn().Close()
	return nil, nil
}

// odd answers with a time that is none.
func odd(context.Context, *fpnn.Quest) (any, error) { return map[string]any{"mtime": "soon"}, nil }

func silence(ctx context.Context, _ *fpnn.Quest) (any, error) {
	<-ctx.Done()
	return nil, nil
}

// found answers getmsg with a message.
func found(m rtm.Message) act {
	return func(_ context.Context, q *fpnn.Quest) (any, error) {
		if q.Method() != "getmsg" {
			return nil, fmt.Errorf("%s, not getmsg", q.Method())
		}
		return wire.Answer{Params: &wire.GetAnswer{Cursor: 1, Message: m, ModifiedTime: 9}}, nil
	}
}

// scripted returns a client of a gate that does one act after the other, and the
// quests it got.
func scripted(t *testing.T, acts []act, opts ...rtm.Option) (c *rtm.Client, seen func() []string) {
	t.Helper()
	l, dialer := listen(t)
	var mu sync.Mutex
	var quests []string
	srv, err := fpnn.NewServer(fpnn.HandlerFunc(func(ctx context.Context, q *fpnn.Quest) (any, error) {
		mid, _ := q.Int64("mid")
		mu.Lock()
		quests = append(quests, fmt.Sprint(q.Method(), " ", mid))
		n := len(quests)
		mu.Unlock()
		if n > len(acts) {
			return nil, fpnn.Errorf(999, "one quest too many")
		}
		return acts[n-1](ctx, q)
	}))
	require.NoError(t, err)
	go srv.Serve(l)
	c, err = rtm.Dial(t.Context(), l.Addr().String(), rtm.Project{ID: 1, Secret: "s"}, append(opts, rtm.WithDialer(dialer))...)
	require.NoError(t, err)
	t.Cleanup(func() {
		_ = c.Close()
		_ = srv.Close()
	})
	return c, func() []string {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(quests)
	}
}

func TestSendUntilTheOutcomeIsKnown(t *testing.T) {
	t.Parallel()
	mine := rtm.Message{Type: 66, Text: "mine"}
	for name, tt := range map[string]struct {
		acts    []act
		chosen  bool
		multi   bool
		quests  int
		mtime   int64
		code    int // of the error
		unknown bool
	}{
		"answered":                  {acts: []act{stored}, quests: 1, mtime: 5},
		"refused":                   {acts: []act{refuse(200054)}, quests: 1, code: 200054},
		"duplicate at once":         {acts: []act{refuse(200053)}, quests: 1, code: 200053},
		"busy, then answered":       {acts: []act{refuse(20011), refuse(20014), stored}, quests: 3, mtime: 5},
		"busy, then refused":        {acts: []act{refuse(20011), refuse(200054)}, quests: 2, code: 200054},
		"replayed, then answered":   {acts: []act{refuse(200006), stored}, quests: 2, mtime: 5},
		"lost, then answered":       {acts: []act{hangUp, stored}, quests: 2, mtime: 5},
		"lost, then there":          {acts: []act{hangUp, refuse(200053), found(mine)}, quests: 3, mtime: 9},
		"lost, then there, unread":  {acts: []act{hangUp, refuse(200053), refuse(200021)}, quests: 3},
		"lost, then refused":        {acts: []act{hangUp, refuse(200054)}, quests: 2, code: 200054, unknown: true},
		"lost for good":             {acts: []act{hangUp, hangUp, hangUp, hangUp, hangUp}, quests: 5, code: 20002, unknown: true},
		"busy for long":             {acts: append(slices.Repeat([]act{refuse(20011)}, 12), stored), quests: 13, mtime: 5},
		"busy, then lost for good":  {acts: append([]act{refuse(20014)}, slices.Repeat([]act{hangUp}, 5)...), quests: 6, code: 20002, unknown: true},
		"its time-out, lost inside": {acts: []act{refuse(20003), refuse(20002), stored}, quests: 3, mtime: 5},
		"its time-out, refused":     {acts: []act{refuse(20003), refuse(200054)}, quests: 2, code: 200054, unknown: true},
		"lost inside, refused":      {acts: []act{refuse(20002), refuse(200054)}, quests: 2, code: 200054, unknown: true},
		"odd answer":                {acts: []act{odd}, quests: 1, code: 20006},
		"lost, then odd answer":     {acts: []act{hangUp, odd}, quests: 2, code: 20006},
		"never answered":            {acts: []act{silence, silence}, quests: 2, code: 20003, unknown: true},
		"error of its own, twice":   {acts: []act{refuse(20001), refuse(20012), stored}, quests: 3, mtime: 5},
		"own id, there and mine":    {acts: []act{hangUp, refuse(200053), found(mine)}, chosen: true, quests: 3, mtime: 9},
		"own id, another's":         {acts: []act{hangUp, refuse(200053), found(rtm.Message{Type: 66, Text: "other"})}, chosen: true, quests: 3, code: 200053},
		"own id, of another type":   {acts: []act{hangUp, refuse(200053), found(rtm.Message{Type: 67, Text: "mine"})}, chosen: true, quests: 3, code: 200053},
		"own id, cannot be read":    {acts: []act{hangUp, refuse(200053), refuse(200070)}, chosen: true, quests: 3, code: 200053, unknown: true},
		"to many, then there":       {acts: []act{hangUp, refuse(200053)}, multi: true, quests: 2},
		"to many, own id, is there": {acts: []act{hangUp, refuse(200053)}, multi: true, chosen: true, quests: 2, code: 200053, unknown: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c, seen := scripted(t, tt.acts)
				m := mine
				if tt.chosen {
					m.ID = 42
				}
				var receipt rtm.Receipt
				var err error
				if tt.multi {
					receipt, err = c.SendMulti(t.Context(), alice, []int64{1, 2}, m)
				} else {
					receipt, err = c.Send(t.Context(), alice, rtm.Group(7), m)
				}
				require.Equal(t, tt.code, fpnn.Code(err), "%v", err)
				var unknown *rtm.UnknownOutcomeError
				require.Equal(t, tt.unknown, errorsAs(err, &unknown), "%v", err)
				if tt.unknown {
					require.Equal(t, receipt.ID, unknown.ID)
					require.False(t, fpnn.SafeToRetry(err))
				}
				require.NotZero(t, receipt.ID)
				if err == nil {
					require.Equal(t, tt.mtime, receipt.ModifiedTime)
				}
				require.Len(t, seen(), tt.quests)
				for _, q := range seen() {
					require.Contains(t, q, fmt.Sprint(" ", receipt.ID), "one id for all attempts")
				}
			})
		})
	}
}

func errorsAs[T any](err error, target *T) bool {
	if err == nil {
		return false
	}
	as, ok := any(err).(T)
	if ok {
		*target = as
	}
	return ok
}

func TestResendKeepsToItsLimits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		always := slices.Repeat([]act{silence}, 100)
		for opts, want := range map[*rtm.Option]struct {
			quests int
			takes  time.Duration
		}{
			new(rtm.Option):                        {2, time.Minute}, // 30 s each, none begins after a minute
			ptr(rtm.WithResend(1, time.Hour)):      {1, 30 * time.Second},
			ptr(rtm.WithResend(3, time.Hour)):      {3, 90 * time.Second},
			ptr(rtm.WithResend(10, 0)):             {1, 30 * time.Second},
			ptr(rtm.WithResend(10, 3*time.Minute)): {6, 3 * time.Minute},
		} {
			var c *rtm.Client
			var seen func() []string
			if *opts == nil {
				c, seen = scripted(t, always)
			} else {
				c, seen = scripted(t, always, *opts)
			}
			start := time.Now()
			_, err := c.Send(t.Context(), alice, rtm.Group(7), rtm.Message{Type: 66})
			var unknown *rtm.UnknownOutcomeError
			require.ErrorAs(t, err, &unknown)
			require.Equal(t, want.quests, unknown.Attempts)
			require.Len(t, seen(), want.quests)
			require.InDelta(t, want.takes.Seconds(), time.Since(start).Seconds(), 0.1)
			require.NoError(t, c.Close())
		}
	})
}

// A gate that is too busy is asked until there is no time left, and not after.
func TestBusyGateIsAskedForAsLongAsAllowed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for _, code := range []int{20011, 20014, 200006} {
			for within, attempts := range map[time.Duration]int{3 * time.Second: 2, time.Minute: 5, time.Hour: 1} {
				var last time.Time
				busy := func(context.Context, *fpnn.Quest) (any, error) {
					last = time.Now()
					return nil, fpnn.Errorf(code, "busy")
				}
				c, seen := scripted(t, slices.Repeat([]act{busy}, 10_000), rtm.WithResend(attempts, within))
				start := time.Now()
				_, err := c.Send(t.Context(), alice, rtm.Group(7), rtm.Message{Type: 66})
				require.Equal(t, code, fpnn.Code(err))
				require.Equal(t, code < 200000, fpnn.SafeToRetry(err))
				if attempts == 1 {
					require.Len(t, seen(), 1, "resending is off")
					continue
				}
				require.Equal(t, last, time.Now(), "no pause without an attempt behind it")
				require.Less(t, last.Sub(start), within)
				require.Greater(t, last.Sub(start), within-5*time.Second, "the longest pause")
				require.Less(t, len(seen()), 100, "with pauses")
			}
		}
	})
}

// A client with a full table of its own pauses as for a busy gate: else it would do
// nothing but try.
func TestSendWaitsForRoomAmongTheCallsInFlight(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		slow := func(context.Context, *fpnn.Quest) (any, error) {
			<-time.After(10 * time.Second)
			return wire.SendAnswer{ModifiedTime: 5}, nil
		}
		c, seen := scripted(t, []act{slow, stored}, rtm.WithFPNN(fpnn.WithMaxInFlight(1)))
		first := make(chan error, 1)
		go func() {
			_, err := c.Send(t.Context(), alice, rtm.Group(7), rtm.Message{Type: 66})
			first <- err
		}()
		synctest.Wait()
		start := time.Now()
		_, err := c.Send(t.Context(), alice, rtm.Group(7), rtm.Message{Type: 66})
		require.NoError(t, err)
		require.GreaterOrEqual(t, time.Since(start), 10*time.Second)
		require.Less(t, time.Since(start), 15*time.Second+time.Millisecond)
		require.NoError(t, <-first)
		require.Len(t, seen(), 2)
	})
}

func ptr(o rtm.Option) *rtm.Option { return &o }

// What cannot be put into a package never can: nothing is gained by waiting.
func TestWhatCannotBeSaidEndsAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for want, opts := range map[error][]rtm.Option{
			codec.ErrJSON:    {rtm.WithFPNN(fpnn.WithEncoding(codec.JSON))},
			fpnn.ErrTooLarge: {rtm.WithFPNN(fpnn.WithMaxPackage(1024))},
		} {
			c, seen := scripted(t, nil, opts...)
			start := time.Now()
			data := slices.Repeat([]byte{0xff}, 2000) // no UTF-8
			_, err := c.Send(t.Context(), alice, rtm.Group(7), rtm.Message{Type: 66, Data: data})
			require.ErrorIs(t, err, want)
			require.True(t, fpnn.SafeToRetry(err))
			require.ErrorIs(t, c.AddListen(t.Context(), rtm.ListenSet{Events: []string{string(data)}}), want)
			require.Zero(t, time.Since(start))
			set, _ := c.Listening()
			require.Empty(t, set.Events, "or no connection could be told")
			require.Empty(t, seen())
		}
	})
}

// A connection that ends over a package of the gate's is lost like any other.
func TestSendGoesOnBehindAPackageThatIsTooLarge(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		large := func(context.Context, *fpnn.Quest) (any, error) {
			return map[string]any{"mtime": 5, "more": make([]byte, 2000)}, nil
		}
		c, seen := scripted(t, []act{large, stored, large, stored}, rtm.WithFPNN(fpnn.WithMaxPackage(1024)))
		receipt, err := c.Send(t.Context(), alice, rtm.Group(7), rtm.Message{Type: 66})
		require.NoError(t, err)
		require.EqualValues(t, 5, receipt.ModifiedTime)
		require.ErrorIs(t, c.AddListen(t.Context(), rtm.ListenSet{Groups: []int64{7}}), fpnn.ErrDisconnected)
		set, _ := c.Listening()
		require.Equal(t, []int64{7}, set.Groups, "its outcome is unknown: it is said again")
		advance(t, time.Minute)
		require.Len(t, seen(), 4)
	})
}

// The caller's own end comes before any attempt.
func TestResendEndsWithItsCaller(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, seen := scripted(t, []act{silence, stored})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := c.Send(ctx, alice, rtm.Group(7), rtm.Message{Type: 66})
		require.ErrorIs(t, err, context.DeadlineExceeded)
		var unknown *rtm.UnknownOutcomeError
		require.ErrorAs(t, err, &unknown)
		require.Len(t, seen(), 1)

		c, seen = scripted(t, []act{refuse(20011), refuse(20011), refuse(20011), refuse(20011), refuse(20011)})
		ctx, cancel = context.WithTimeout(t.Context(), time.Nanosecond)
		defer cancel()
		_, err = c.Send(ctx, alice, rtm.Group(7), rtm.Message{Type: 66})
		require.True(t, fpnn.SafeToRetry(err), "%v", err)
		require.LessOrEqual(t, len(seen()), 1)
	})
}

func TestChangesAreAttemptedAgainOnlyIfAskedFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		changes := map[string]func(c *rtm.Client) error{
			"delete": func(c *rtm.Client) error { return c.Delete(t.Context(), alice, rtm.Group(7), 1) },
			"edit":   func(c *rtm.Client) error { return c.Edit(t.Context(), alice, rtm.Group(7), 1, rtm.EditRequest{}) },
			"clean":  func(c *rtm.Client) error { return c.Clean(t.Context(), alice, rtm.Group(7), 0, 0) },
			"all":    func(c *rtm.Client) error { return c.DeleteConversation(t.Context(), alice, rtm.Group(7)) },
		}
		for name, change := range changes {
			c, seen := scripted(t, []act{hangUp, stored})
			require.ErrorIs(t, change(c), fpnn.ErrDisconnected, name)
			require.Len(t, seen(), 1)

			c, seen = scripted(t, []act{hangUp, stored}, rtm.WithResendChanges())
			require.NoError(t, change(c), name)
			require.Len(t, seen(), 2)

			c, _ = scripted(t, []act{hangUp, refuse(200070)}, rtm.WithResendChanges())
			err := change(c)
			require.Equal(t, name == "delete", err == nil, "what is gone was deleted: %v", err)
		}
	})
}

// Nothing that was sent is said not to have been.
func TestSendIntoAnOutageWaitsAndIsSentOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, seen := scripted(t, []act{stored})
		advance(t, time.Minute)
		_ = c.FPNN().Conn().Close()
		synctest.Wait()
		receipt, err := c.Send(t.Context(), alice, rtm.Group(7), rtm.Message{Type: 66})
		require.NoError(t, err)
		require.EqualValues(t, 5, receipt.ModifiedTime)
		require.Len(t, seen(), 1)
	})
}

// A send that waits for a busy gate ends with its client, or its caller.
func TestPauseEndsWithTheClient(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for name, end := range map[string]func(c *rtm.Client) error{
			"close":    func(c *rtm.Client) error { return c.Close() },
			"shutdown": func(c *rtm.Client) error { return c.Shutdown(context.Background()) },
		} {
			for _, acts := range [][]act{slices.Repeat([]act{refuse(20011)}, 1000), append([]act{refuse(20001)}, slices.Repeat([]act{refuse(20011)}, 1000)...)} {
				c, _ := scripted(t, acts)
				sent := make(chan error, 1)
				go func() {
					_, err := c.Send(t.Context(), alice, rtm.Group(7), rtm.Message{Type: 66})
					sent <- err
				}()
				advance(t, 10*time.Second)
				require.Empty(t, sent)
				start := time.Now()
				require.NoError(t, end(c), name)
				err := <-sent
				require.ErrorIs(t, err, fpnn.ErrClosed, name)
				require.Less(t, time.Since(start), 2*time.Second, name)
				var unknown *rtm.UnknownOutcomeError
				require.Equal(t, len(acts) == 1001, errorsAs(err, &unknown), "%v", err)
			}
		}
		c, _ := scripted(t, slices.Repeat([]act{refuse(20011)}, 1000))
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		_, err := c.Send(ctx, alice, rtm.Group(7), rtm.Message{Type: 66})
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.True(t, fpnn.SafeToRetry(err))
	})
}

func TestSendFailsFastIfTheClientDoes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := fpnn.DefaultReconnect
		for _, r.FailFast = range []bool{true, false} {
			srv := fakeserver.New(t)
			c := dial(t, srv, rtm.WithReconnect(r), rtm.WithTimeout(time.Second))
			srv.Network().RefuseDials(true)
			srv.Network().CloseClients()
			synctest.Wait()
			start := time.Now()
			_, err := c.Send(t.Context(), alice, rtm.Group(7), rtm.Message{Type: 66})
			require.True(t, fpnn.SafeToRetry(err), "%v", err)
			if r.FailFast {
				require.Less(t, time.Since(start), time.Second)
			} else {
				require.ErrorIs(t, err, syscall.ECONNREFUSED)
				require.Greater(t, time.Since(start), rtm.DefaultResendWithin/2)
			}
		}
	})
}
