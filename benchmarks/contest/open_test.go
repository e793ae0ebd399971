package contest

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/benchmarks/measure"
	"github.com/gofpnn/gofpnn/benchmarks/peer"
	"github.com/gofpnn/gofpnn/benchmarks/report"
)

// scripted runs an open loop of a peer that is sampled by script: for each round, a
// letter for each rate that it is asked for, y if it follows, n if not, f if it
// fails. Each of the script has to be used.
func scripted(t *testing.T, rates []float64, script ...string) *report.Open {
	t.Helper()
	var b bytes.Buffer
	o := &Open{
		Peers: named(t, "fpnn"), Rates: rates, Rounds: len(script), Duration: time.Second,
		Limit: report.Limit{P99: 10_000, Answered: 0.98}, Progress: said(&b),
	}
	var asked []string
	last := rates[len(rates)-1] + 1
	r, err := o.run(t.Context(), func(_ peer.Peer, rate float64) (s measure.OpenSample, err error) {
		if rate < last {
			asked = append(asked, "")
		}
		last = rate
		round := len(asked) - 1
		at := len(asked[round])
		require.Less(t, at, len(script[round]), "%.0f calls/s in round %d", rate, round+1)
		does := script[round][at]
		asked[round] += string(does)
		s = measure.OpenSample{Offered: 1000, Answered: 1000, Duration: time.Second, P99: 100}
		switch does {
		case 'n':
			s.P99 = 90_000
		case 'f':
			err = errors.New("failure")
		}
		return s, err
	})
	require.NoError(t, err)
	require.Equal(t, script, asked)
	return r
}

func TestHopelessPeerIsGivenUpForTheRound(t *testing.T) {
	t.Parallel()
	r := scripted(t, []float64{1, 2, 3, 4, 5}, "nn", "ynynn", "yynn")
	require.EqualValues(t, 1, r.Knee("fpnn"))
}

func TestRateThatARoundGaveUpBeforeIsNotFollowed(t *testing.T) {
	t.Parallel()
	r := scripted(t, []float64{1, 2, 3, 4}, "yyyy", "nn", "yyyy")
	require.Len(t, r.Rows, 4)
	for i, exceeded := range []bool{false, false, true, true} {
		require.Equal(t, exceeded, r.Rows[i].Exceeded, i)
	}
	require.Equal(t, 2, r.Rows[2].Rounds)
	require.EqualValues(t, 2, r.Knee("fpnn"), "the first round and the third have followed them")
}

func TestFailedRoundOfThreeIsForgiven(t *testing.T) {
	t.Parallel()
	r := scripted(t, []float64{1, 2}, "fy", "yy", "yy")
	require.Equal(t, 2, r.Rows[0].Rounds)
	require.EqualValues(t, 2, r.Knee("fpnn"))
}

func TestLowRatesAreMeasuredUntilCallsAreEnough(t *testing.T) {
	t.Parallel()
	o := &Open{Duration: time.Second}
	for rate, want := range map[float64]time.Duration{
		1e-300: 4 * time.Second,
		1000:   4 * time.Second,
		1250:   4 * time.Second,
		2000:   2500 * time.Millisecond,
		5000:   time.Second,
		1e6:    time.Second,
	} {
		require.Equal(t, want, o.lasts(rate), rate)
	}
}
