package contest

import (
	"bytes"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/benchmarks/measure"
	"github.com/gofpnn/gofpnn/benchmarks/peer"
)

// A measurement that is under way is made, and who was not measured is told.
func TestNothingBeginsAfterTheLimit(t *testing.T) {
	t.Parallel()
	const limit = 100 * time.Millisecond
	var b bytes.Buffer
	made := 0
	p := loading(t, func(int, time.Duration) (measure.Sample, error) {
		made++
		<-time.After(limit)
		return measure.Sample{Calls: 1, Elapsed: time.Second}, nil
	})
	c := &Contest{Peers: []peer.Peer{p}, Callers: []int{1}, Rounds: 3, Duration: time.Second, Limit: limit, Progress: said(&b)}
	r, err := c.Run(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, made)
	require.Equal(t, 1, r.Rows[0].Rounds)
	require.Equal(t, "measurements that have not begun within 100ms: 2", r.Peers[0].Failed)
	require.Equal(t, "what is left after 100ms is not measured\n", b.String())
}

func TestPartCountsItsOwnSteps(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var b bytes.Buffer
		whole := said(&b)
		whole.terminal = true
		<-time.After(time.Hour)
		part := whole.Part("callers")
		<-time.After(time.Second)
		part.At(1, 3, "round %d", 1)
		require.Equal(t, clearLine+"callers, round 1, 2s left", b.String())
	})
}
