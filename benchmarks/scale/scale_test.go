package scale

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/gofpnn/gofpnn/benchmarks/contest"
	"github.com/gofpnn/gofpnn/benchmarks/peer"
)

func TestMain(m *testing.M) {
	peer.Main()
	goleak.VerifyTestMain(m)
}

func TestEveryCurveHasItsPoints(t *testing.T) {
	s := &Scale{Rounds: 2, Duration: 20 * time.Millisecond, Small: true, Progress: contest.NewProgress(new(bytes.Buffer))}
	curves, err := s.Run(t.Context(), Names)
	require.NoError(t, err)
	steps := map[string][]float64{
		"connections": {100, 1000}, "pings": {100, 1000}, "callers": {256, 512, 1024, 2048},
		"size": {16, 64, 256, 1024, 4096, 16384, 65536}, "volume": {16, 64, 256, 1024, 4096, 16384, 65536},
		"conversation": {1_000, 10_000, 100_000, 1_000_000}, "listeners": {1, 10, 100},
	}
	require.Len(t, curves, len(steps))
	for _, c := range curves {
		require.NotEmpty(t, c.Lines, c.Name)
		once := c.Name == "connections" || c.Name == "pings"
		require.Equal(t, once, strings.Contains(c.Note, "Measured once"), c.Name)
		for _, line := range c.Lines {
			var xs []float64
			for _, p := range line.Points {
				xs = append(xs, p.X)
				require.Positive(t, p.Y.Min, "%s: %s", c.Name, line.Name)
			}
			if line.Name == "both, once pinged" {
				require.Equal(t, []float64{1000}, xs)
				continue
			}
			require.Equal(t, steps[c.Name], xs, "%s: %s", c.Name, line.Name)
		}
	}
}

func TestConnectionsAreScaledToTheFilesAllowed(t *testing.T) {
	t.Parallel()
	all := []int{100, 1_000, 10_000}
	for files, want := range map[int][]int{0: all, 20_000: all, 10_100: all, 10_050: {100, 1_000, 9_950}, 1024: {100, 924}, 256: {100, 156}, 150: {50}, 5: {1}} {
		steps, note := fitting(all, files)
		require.Equal(t, want, steps, files)
		if want[len(want)-1] < 10_000 {
			require.Contains(t, note, "Scaled down to", files)
		}
	}
}

func TestStepsTakeTurns(t *testing.T) {
	t.Parallel()
	var order []int
	step := func(n int) trial {
		return trial{float64(n), func() (float64, error) { order = append(order, n); return float64(len(order)), nil }}
	}
	points, err := (&Scale{Rounds: 3}).inTurns([]trial{step(1), step(2)})
	require.NoError(t, err)
	require.Equal(t, []int{1, 2, 1, 2, 1, 2}, order)
	require.EqualValues(t, 3, points[0].Y.Median)
	require.EqualValues(t, 2, points[1].Y.Min)
	require.EqualValues(t, 6, points[1].Y.Max)
}
