package wire_test

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/rtm/wire"
)

func TestIDsArePositiveIncreasingAndUniqueAcrossGoroutines(t *testing.T) {
	t.Parallel()
	var g wire.IDGenerator
	const goroutines, each = 8, 5000
	ids := make([][]int64, goroutines)
	var wg sync.WaitGroup
	for i := range ids {
		wg.Go(func() {
			for range each {
				ids[i] = append(ids[i], g.Next())
			}
		})
	}
	wg.Wait()
	seen := make(map[int64]bool, goroutines*each)
	for _, one := range ids {
		last := int64(0)
		for _, id := range one {
			require.Greater(t, id, last)
			require.False(t, seen[id])
			seen[id], last = true, id
		}
	}
}

// In a bubble of testing/synctest the clock stands still: ids must not wait for
// it.
func TestIDsDoNotWaitForTheClock(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var g wire.IDGenerator
		start, first := time.Now(), g.Next()
		for i := range int64(10_000) {
			require.Equal(t, first+i+1, g.Next())
		}
		require.Equal(t, start, time.Now())
	})
}

// All bubbles of testing/synctest begin at one instant, and so do all clients
// that are made first thing in one. If their ids began with the same number,
// what one sends would be refused as the other's duplicate.
func TestGeneratorsThatStartTogetherDiffer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		seen := map[int64]bool{}
		for range 8 { // two equal ones of 22 random bits: once in 150,000 runs
			var g wire.IDGenerator
			id := g.Next()
			require.Positive(t, id)
			require.False(t, seen[id], "id %d", id)
			seen[id] = true
		}
	})
}

func TestIDsFollowTheClock(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var a, b wire.IDGenerator
		first := a.Next()
		<-time.After(2 * time.Millisecond)
		require.Greater(t, b.Next(), first, "of two generators too")
		require.Greater(t, a.Next()>>22, first>>22)
	})
}
