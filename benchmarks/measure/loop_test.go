package measure

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// same returns n callers that share a call.
func same(n int, call Caller) []Caller {
	callers := make([]Caller, n)
	for i := range callers {
		callers[i] = call
	}
	return callers
}

func TestClosedLoopCountsEveryCallOnce(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, timeAll, timeAll + 1, 100} {
		synctest.Test(t, func(t *testing.T) {
			var made atomic.Int64
			s, err := Closed(t.Context(), same(n, func() error {
				<-time.After(10 * time.Millisecond)
				made.Add(1)
				return nil
			}), 995*time.Millisecond)
			require.NoError(t, err)
			require.Equal(t, made.Load(), s.Calls)
			require.EqualValues(t, 100*n, s.Calls)
			require.Equal(t, time.Second, s.Elapsed)
			require.InEpsilon(t, 100*n, s.PerSecond(), 1e-9)
			require.InEpsilon(t, 10_000, s.P50, 0.01)
			require.InEpsilon(t, 10_000, s.P999, 0.01)
		})
	}
}

var sink []byte

func TestAllocationsAreThoseOfTheCalls(t *testing.T) {
	const each, size = 3, 64
	n := 0
	s, err := Closed(t.Context(), []Caller{func() error {
		for range each {
			sink = make([]byte, size)
		}
		n++
		if n == 20_000 {
			return errors.New("enough")
		}
		return nil
	}}, time.Hour)
	require.Error(t, err)
	require.InDelta(t, each, s.Allocs, 0.05)
	require.InDelta(t, each*size, s.Bytes, 5)
}

func TestFirstErrorEndsAClosedLoop(t *testing.T) {
	t.Parallel()
	failure := errors.New("failure")
	var made atomic.Int64
	_, err := Closed(t.Context(), same(20, func() error {
		if made.Add(1) == 100 {
			return failure
		}
		return nil
	}), time.Hour)
	require.Equal(t, failure, err)
}

func TestCallsWithoutAnAnswerEndWithTheContext(t *testing.T) {
	t.Parallel()
	for name, loop := range map[string]func(ctx context.Context, c []Caller) error{
		"closed": func(ctx context.Context, c []Caller) error { _, err := Closed(ctx, c, time.Second); return err },
		"open": func(ctx context.Context, c []Caller) error {
			_, err := open(ctx, c, 10, time.Second, virtual)
			return err
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			hang := make(chan struct{})
			start := time.Now()
			err := loop(ctx, same(3, func() error { <-hang; return nil }))
			require.ErrorIs(t, err, ErrHung, name)
			require.ErrorIs(t, err, context.DeadlineExceeded, name)
			require.Equal(t, 5*time.Second, time.Since(start), name)
			close(hang) // as closing the connection does
		})
	}
}

// virtual is a pause in a bubble's time, which system calls know nothing of.
func virtual(d time.Duration) { <-time.After(d) }

func TestOpenLoopKeepsItsRate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		var at []time.Duration
		s, err := open(t.Context(), []Caller{func() error {
			at = append(at, time.Since(start))
			return nil
		}}, 100, time.Second, virtual)
		require.NoError(t, err)
		require.Len(t, at, 100)
		for i, d := range at {
			require.Equal(t, time.Duration(i)*10*time.Millisecond, d)
		}
		require.EqualValues(t, 100, s.Offered)
		require.EqualValues(t, 100, s.Answered)
		require.Zero(t, s.P999)
		require.Zero(t, s.Late)
	})
}

// One slow call is felt by all that are due meanwhile.
func TestOpenLoopTimesCallsFromWhenTheyWereDue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		made := 0
		s, err := open(t.Context(), []Caller{func() error {
			if made++; made == 1 {
				<-time.After(500 * time.Millisecond)
			}
			return nil
		}}, 1000, time.Second, virtual)
		require.NoError(t, err)
		require.EqualValues(t, 1000, s.Answered)
		// Call i, of the first 500, ends 500 - i ms after it was due; the others at once.
		require.InEpsilon(t, 490_000, s.P99, 0.01)
		require.InDelta(t, 1_000, s.P50, 1_000)
		require.Zero(t, s.Late, "the caller was busy")
	})
}

func TestOpenLoopSaysWhoCannotFollow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, err := open(t.Context(), same(2, func() error {
			<-time.After(900 * time.Millisecond)
			return nil
		}), 1000, time.Second, virtual)
		require.NoError(t, err)
		require.EqualValues(t, 1000, s.Offered)
		require.EqualValues(t, 2, s.Answered, "the next two are answered when no more are due")
		require.InEpsilon(t, 2, s.PerSecond(), 1e-9)
		require.InDelta(t, 500_000, s.P50, 20_000, "those that nobody began count from when they were due until the end")
	})
}

func TestOpenLoopKnowsItsOwnLateness(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, err := open(t.Context(), []Caller{func() error { return nil }}, 100, time.Second, func(d time.Duration) {
			virtual(d + 3*time.Millisecond)
		})
		require.NoError(t, err)
		require.InEpsilon(t, 3_000, s.Late, 0.01)
		require.InEpsilon(t, 3_000, s.P50, 0.01)
	})
}

func TestOpenLoopBeginsWhenCallersAreReady(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := &openLoop{due: make(chan time.Duration), rate: 100, d: time.Second, pause: virtual}
		l.ready.Add(1)
		go l.pace()
		<-time.After(500 * time.Millisecond)
		go l.serve(func() error { return nil })
		<-time.After(2 * time.Second)
		require.EqualValues(t, 100, l.answered.Load())
		require.Zero(t, l.latency.Quantile(1))
	})
}

func TestOpenLoopMakesACallAtAnyRate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, err := open(t.Context(), same(1, func() error { return nil }), 0.01, time.Second, virtual)
		require.NoError(t, err)
		require.EqualValues(t, 1, s.Offered)
		require.EqualValues(t, 1, s.Answered)
	})
}
