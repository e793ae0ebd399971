package fpnn_test

import (
	"context"
	"encoding/json"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/fpnn"
)

func TestCallsAreCountedByHowTheyEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		mux := fpnn.NewMux()
		mux.Handle("echo", echoHandler)
		mux.Handle("fail", returning(nil, fpnn.Errorf(200070, "gone")))
		mux.Handle("silence", handler(func(_ context.Context, q *fpnn.Quest) (any, error) {
			q.Later()
			return nil, nil
		}))
		c, srv := pair(t, mux, []fpnn.ServerOption{fpnn.WithIdleTimeout(0)}, fpnn.WithMaxInFlight(4))
		call := func(ctx context.Context, method string, n int) {
			for range n {
				_, _ = c.Call(ctx, method, nil)
			}
		}
		call(t.Context(), "echo", 5)
		call(t.Context(), "fail", 2)
		call(t.Context(), "nosuch", 1)
		call(t.Context(), "silence", 3)
		ctx, cancel := within(time.Second)(t.Context())
		defer cancel()
		call(ctx, "silence", 1)
		for range 2 {
			ctx, cancel := cancelledAfter(time.Second)(t.Context())
			call(ctx, "silence", 1)
			cancel()
		}
		for range 6 {
			require.NoError(t, c.Notify(t.Context(), "echo", nil))
		}
		for range 7 {
			go call(t.Context(), "silence", 1)
		}
		synctest.Wait()
		conn := c.Conn()
		stats := conn.Stats()
		require.Positive(t, stats.BytesIn)
		require.Positive(t, stats.BytesOut)
		require.Positive(t, stats.Writes)
		want := fpnn.ConnStats{
			BytesIn: stats.BytesIn, BytesOut: stats.BytesOut, Writes: stats.Writes,
			Calls: 5 + 2 + 1 + 3 + 1 + 2 + 4, Answered: 5 + 2 + 1, ErrorsIn: 2 + 1, TimedOut: 3 + 1, GivenUp: 2,
			Overflowed: 3, Notices: 6, InFlight: 4,
		}
		require.Equal(t, want, stats)
		stats = srv.Stats().ConnStats
		require.Equal(t, fpnn.ConnStats{
			BytesIn: want.BytesOut, BytesOut: want.BytesIn, Writes: stats.Writes,
			Quests: want.Calls + want.Notices, ErrorsOut: 3, Serving: 10, Late: 10,
		}, stats)

		_ = conn.Close()
		synctest.Wait()
		want.Lost, want.InFlight = 4, 0
		require.Equal(t, want, conn.Stats())
		require.Equal(t, want, c.Stats().ConnStats, "of connections that are gone")
		<-time.After(2 * fpnn.DefaultLateTimeout)
		require.Zero(t, srv.Stats().Late)
	})
}

func TestQueuesHaveLengths(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		hold := make(chan struct{})
		c, srv := pair(t, handler(func(_ context.Context, q *fpnn.Quest) (any, error) {
			if q.Seq() <= 2 {
				q.Later()
				return nil, nil
			}
			<-hold
			return nil, nil
		}), []fpnn.ServerOption{fpnn.WithConcurrency(3)}, fpnn.WithTimeout(0))
		for range 9 {
			go func() { _, _ = c.Call(t.Context(), "m", nil) }()
			synctest.Wait()
		}
		stats := srv.Stats()
		require.Equal(t, []int{9, 2, 4}, []int{stats.Serving, stats.Late, stats.Queued}, "and three that handlers are at")
		close(hold)
		synctest.Wait()
		stats = srv.Stats()
		require.Equal(t, []int{2, 2, 0}, []int{stats.Serving, stats.Late, stats.Queued})
	})
}

func TestPackagesWithoutRoomAreCounted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		read := make(chan struct{})
		c := newPeer(t, func(p *peer) {
			<-read
			echoScript(p)
		}, fpnn.WithTimeout(0), fpnn.WithWriteTimeout(24*time.Hour))
		ctx, cancel := context.WithCancel(t.Context())
		for i := range 5 {
			callCtx := t.Context()
			if i == 3 {
				callCtx = ctx
			}
			go func() { _, _ = c.Call(callCtx, "m", zeros(300<<10)) }()
			synctest.Wait()
		}
		go func() { _ = c.Notify(t.Context(), "m", zeros(300<<10)) }()
		synctest.Wait()
		stats := c.Conn().Stats()
		require.Equal(t, 4, stats.Blocked, "one is being written, one is in the buffer")
		require.Greater(t, stats.Unwritten, 300<<10)
		require.Less(t, stats.Unwritten, 301<<10)
		cancel()
		synctest.Wait()
		conn := c.Conn()
		require.Equal(t, 3, conn.Stats().Blocked)
		_ = conn.Close()
		require.Zero(t, conn.Stats().Blocked)
		close(read)
	})
}

func TestDialsAreCounted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLine(t, echoHandler)
		c := l.client(t, fpnn.WithMaxWaiting(3))
		seen := func() fpnn.ClientStats {
			s := c.Stats()
			s.ConnStats = fpnn.ConnStats{}
			return s
		}
		require.Equal(t, fpnn.ClientStats{Connections: 1, Dials: 1}, seen())
		l.cut()
		require.Equal(t, fpnn.ClientStats{Dials: 1}, seen())
		ends := calls(t.Context(), c, 2)
		ctx, cancel := within(time.Second)(t.Context())
		defer cancel()
		left := make(chan error, 1)
		go func() { left <- c.Notify(ctx, "m", nil) }()
		synctest.Wait()
		require.ErrorIs(t, echoed(t.Context(), c, 1), fpnn.ErrQueueFull)
		stats := seen()
		require.Equal(t, fpnn.ClientStats{Dials: int64(l.count()), DialsFailed: int64(l.count()) - 1, Waiting: 3, Unconnected: 1}, stats)
		require.Greater(t, stats.Dials, int64(1))
		require.ErrorIs(t, <-left, context.DeadlineExceeded)
		synctest.Wait()
		stats = seen()
		require.Equal(t, []int64{2, 2}, []int64{int64(stats.Waiting), stats.Unconnected})
		l.heal()
		allAnswered(t, ends)
		n := int64(l.count())
		require.Equal(t, fpnn.ClientStats{Connections: 1, Dials: n, DialsFailed: n - 2, Unconnected: 2}, seen())
	})
}

// What Stats returns can be published as JSON, and is one flat object.
func TestStatsMarshalFlat(t *testing.T) {
	t.Parallel()
	for _, stats := range []any{fpnn.ClientStats{}, fpnn.ServerStats{}, fpnn.ConnStats{}} {
		text, err := json.Marshal(stats)
		require.NoError(t, err)
		var fields map[string]int64
		require.NoError(t, json.Unmarshal(text, &fields))
		require.Contains(t, fields, "TimedOut")
	}
}
