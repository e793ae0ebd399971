package report

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/benchmarks/measure"
)

// offered is one round with 1000 calls that were due in a second.
func offered(answered int64, p99, late float64) measure.OpenSample {
	return measure.OpenSample{
		Offered: 1000, Answered: answered, Duration: time.Second, P50: p99 / 10, P99: p99, P999: 2 * p99, Late: late,
	}
}

func openOf(rounds int) *Open {
	return &Open{
		Machine: machine, Started: at, Rounds: rounds, Seconds: 1, Callers: 1024, Limit: Limit{P99: 10_000, Answered: 0.98},
		Peers: []Peer{{Name: "fpnn", What: "a client"}},
	}
}

func openLoop() *Open {
	o := openOf(3)
	o.Add("fpnn", 1000, false, offered(1000, 200, 70), offered(999, 300, 70), offered(1000, 250, 70))
	o.Add("fpnn", 2000, false, offered(1000, 10_000, 70), offered(980, 9000, 6000), offered(1000, 20_000, 6000))
	o.Add("fpnn", 5000, false, offered(1000, 10_001, 70), offered(979, 400, 70), offered(1000, 300, 70))
	o.Add("fpnn", 10_000, true, offered(1000, 300, 70))
	o.Add("net/rpc", 1000, false, offered(900, 90_000, 70), offered(900, 90_000, 70))
	return o
}

func TestLatenessIsNotForgiven(t *testing.T) {
	t.Parallel()
	limit := Limit{P99: 10_000, Answered: 0.98}
	require.False(t, limit.Exceeded(offered(980, 10_000, 0)))
	require.True(t, limit.Exceeded(offered(1000, 10_001, 10_001)))
	require.True(t, limit.Exceeded(offered(979, 100, 0)))
}

func TestLatenessAboveHalfTheLimitIsMarked(t *testing.T) {
	t.Parallel()
	o := openOf(1)
	o.Add("fpnn", 1000, false, offered(1000, 7000, 5000))
	o.Add("fpnn", 2000, false, offered(1000, 7000, 5001))
	require.False(t, o.Rows[0].Lagged)
	require.True(t, o.Rows[1].Lagged)
	rates := ratesOf(t, o)
	require.Contains(t, rates[0], "| 5,000   |")
	require.Contains(t, rates[1], "| 5,001 * |")
}

// ratesOf returns the lines of the rates' table.
func ratesOf(t *testing.T, o *Open) (lines []string) {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, o.WriteMarkdown(&b, ""))
	_, rates, found := strings.Cut(b.String(), "## Rates")
	require.True(t, found)
	for line := range strings.Lines(rates) {
		if strings.HasPrefix(line, "| fpnn") {
			lines = append(lines, line)
		}
	}
	return lines
}

func TestRateIsExceededIfHalfOfTheRoundsSaySo(t *testing.T) {
	t.Parallel()
	var (
		good = offered(1000, 100, 0)
		bad  = offered(1000, 90_000, 0)
	)
	for _, c := range []struct {
		all      int
		rounds   []measure.OpenSample
		gaveUp   bool
		exceeded bool
	}{
		{3, []measure.OpenSample{good, bad, good}, false, false},
		{3, []measure.OpenSample{bad, bad, good}, false, true},
		{2, []measure.OpenSample{good, bad}, false, true},
		{3, []measure.OpenSample{good, good}, false, false}, // one has failed
		{3, []measure.OpenSample{good, bad}, false, true},
		{3, []measure.OpenSample{good}, false, true}, // two have failed
		{3, []measure.OpenSample{good, good}, true, true},
	} {
		o := openOf(c.all)
		o.Add("fpnn", 1000, c.gaveUp, c.rounds...)
		require.Equal(t, c.exceeded, o.Rows[0].Exceeded, c)
		require.Equal(t, len(c.rounds), o.Rows[0].Rounds)
	}
}

func TestKneeIsBeforeTheFirstRateExceeded(t *testing.T) {
	t.Parallel()
	o := openOf(1)
	o.Add("net/rpc", 1000, false, offered(0, 90_000, 0))
	o.Add("net/rpc", 2000, false, offered(1000, 100, 0))
	o.Add("fpnn", 1000, false, offered(1000, 100, 0))
	o.Add("fpnn", 2000, false, offered(1000, 100, 0))
	o.Add("fpnn", 5000, false, offered(1000, 90_000, 0))
	o.Add("fpnn", 10_000, false, offered(1000, 100, 0))
	require.EqualValues(t, 2000, o.Knee("fpnn"))
	require.Zero(t, o.Knee("net/rpc"))
}

func TestRowsSayHowManyRoundsTheyHad(t *testing.T) {
	t.Parallel()
	rates := ratesOf(t, openLoop())
	require.Contains(t, rates[2], "| fpnn  ")
	require.Contains(t, rates[3], "| fpnn (1 of 3 rounds) ")
}
