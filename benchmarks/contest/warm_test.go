package contest

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/benchmarks/measure"
	"github.com/gofpnn/gofpnn/benchmarks/peer"
)

func TestEveryMeasurementIsAfterAWarmUpThatDoesNotCount(t *testing.T) {
	t.Parallel()
	var order []time.Duration
	p := loading(t, func(_ int, d time.Duration) (measure.Sample, error) {
		order = append(order, d)
		return measure.Sample{Calls: int64(d / time.Second), Elapsed: time.Second}, nil
	})
	c := &Contest{
		Peers: []peer.Peer{p}, Callers: []int{1}, Rounds: 2, Warmup: 2 * time.Second, Duration: 5 * time.Second,
		Progress: said(new(bytes.Buffer)),
	}
	r, err := c.Run(t.Context())
	require.NoError(t, err)
	require.Equal(t, []time.Duration{c.Warmup, c.Duration, c.Warmup, c.Duration}, order)
	require.Equal(t, measure.Spread{Median: 5, Min: 5, Max: 5}, r.Rows[0].Calls)
}

// A program that is run once for each measurement warms up by itself, and is not
// what this process does.
func TestProgramsWarmUpAndAreNotProfiledHere(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	runs := filepath.Join(dir, "runs")
	c := &Contest{
		Peers:   []peer.Peer{peer.Outside("me", `echo "$LEAGUE_WARMUP" >> '`+runs+`'; echo "{\"calls\": 1, \"seconds\": $LEAGUE_SECONDS}"`)},
		Callers: []int{1}, Rounds: 2, Warmup: 200 * time.Millisecond, Duration: time.Second, Profiles: dir,
		Progress: said(new(bytes.Buffer)),
	}
	r, err := c.Run(t.Context())
	require.NoError(t, err)
	require.Empty(t, r.Peers[0].Failed)
	told, err := os.ReadFile(runs)
	require.NoError(t, err)
	require.Equal(t, "0.2\n0.2\n", string(told))
	require.NoFileExists(t, filepath.Join(dir, "me-1-1-client.pprof"))
	requireProfile(t, filepath.Join(dir, "me-1-1-server.pprof"))
}
