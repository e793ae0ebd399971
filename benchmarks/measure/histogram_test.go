package measure

import (
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestQuantilesAreCloseToTheExactOnes(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	for name, draw := range map[string]func() float64{
		"microseconds":    func() float64 { return random.Float64() * 1e6 },
		"exact":           func() float64 { return float64(random.IntN(2 * subs)) },
		"from ns to mins": func() float64 { return math.Exp(random.Float64() * math.Log(1e11)) },
		"a long tail":     func() float64 { return 1e5 / (1e-6 + random.Float64()) },
		"all the same":    func() float64 { return 123_456_789 },
	} {
		var h Histogram
		exact := make([]time.Duration, 100_000)
		for i := range exact {
			exact[i] = time.Duration(draw())
			h.Record(exact[i])
		}
		slices.Sort(exact)
		require.EqualValues(t, len(exact), h.Count(), name)
		for _, q := range []float64{0, 0.5, 0.9, 0.99, 0.999, 1} {
			want := exact[int(q*float64(len(exact)-1))]
			require.InDelta(t, want, h.Quantile(q), float64(want)/128+1, "%s: %v", name, q)
		}
	}
}

func TestNeighbouringBucketsMeet(t *testing.T) {
	t.Parallel()
	for bits := range maxBits {
		for _, v := range []uint64{1<<bits - 1, 1 << bits, 1<<bits + 1<<max(bits-1, 0)} {
			if v+1 < 1<<maxBits {
				require.LessOrEqual(t, bucket(v+1)-bucket(v), 1, v)
				require.GreaterOrEqual(t, bucket(v+1), bucket(v), v)
			}
		}
	}
	require.Equal(t, len(new(Histogram).buckets), bucket(1<<maxBits-1)+1)
}

func TestTimesOutOfRangeAreCountedAtItsEnds(t *testing.T) {
	t.Parallel()
	var h Histogram
	h.Record(-time.Second)
	require.Zero(t, h.Quantile(1))
	h.Record(math.MaxInt64)
	require.InEpsilon(t, 1<<maxBits, h.Quantile(1), 1.0/128)
	require.Zero(t, new(Histogram).Quantile(0.5), "of no times")
}

func TestNothingIsLostThatIsRecordedConcurrently(t *testing.T) {
	t.Parallel()
	var h Histogram
	var wg sync.WaitGroup
	const writers, each = 8, 10_000
	for range writers {
		wg.Go(func() {
			for i := range each {
				h.RecordN(time.Duration(i), 2)
			}
		})
	}
	wg.Wait()
	require.EqualValues(t, 2*writers*each, h.Count())
}

func TestRecordingDoesNotAllocate(t *testing.T) {
	var h Histogram
	require.Zero(t, testing.AllocsPerRun(100, func() { h.Record(time.Millisecond) }))
}

func TestSpread(t *testing.T) {
	t.Parallel()
	values := []float64{5, 1, 9}
	require.Equal(t, Spread{Median: 5, Min: 1, Max: 9}, SpreadOf(values))
	require.Equal(t, []float64{5, 1, 9}, values, "as they were")
	require.Equal(t, Spread{Median: 3, Min: 1, Max: 5}, SpreadOf([]float64{5, 1}))
	require.Zero(t, SpreadOf(nil))
}
