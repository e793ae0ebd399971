package peer

import (
	"context"
	"math"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/benchmarks/measure"
)

func TestProgramIsToldAndTells(t *testing.T) {
	self, err := os.Executable()
	require.NoError(t, err)
	p := Outside("other", programVar+"=1 '"+self+"'")
	pr := serve(t, p)
	c, err := p.Dial(t.Context(), pr.Address)
	require.NoError(t, err)
	s, err := Load(t.Context(), c, 77, 1500*time.Millisecond)
	require.NoError(t, err)
	require.EqualValues(t, 77, s.Calls)
	require.Equal(t, 1500*time.Millisecond, s.Elapsed)
	require.InEpsilon(t, 12.5, s.P99, 1e-9)
	require.True(t, math.IsNaN(s.P50), "was not told")
	require.True(t, math.IsNaN(s.Bytes), "was not told")
	require.Zero(t, s.Allocs)
	require.Positive(t, s.CPU)
	require.NoError(t, c.Close())
}

func TestProgramsThatFailAreErrors(t *testing.T) {
	t.Parallel()
	for command, want := range map[string]string{
		"exit 3":                                "exit status 3",
		"nosuchprogram 2>/dev/null":             "exit status 127",
		":":                                     "last line",
		"echo hello":                            "last line",
		`echo '{"calls": 0, "seconds": 1}'`:     "calls has to be above 0",
		`echo '{"calls": 1}'`:                   "seconds has to be from 0.05 to 5, since it was asked for 0.5",
		`echo '{"calls": 1, "seconds": 1e-12}'`: "seconds has to be",
		`echo '{"calls": 1, "seconds": 1e300}'`: "seconds has to be",
		`echo '{"calls": 1, "seconds": 1, "p99_us": -1}'`:    "below 0",
		`echo '{"calls": 1, "seconds": 1, "p50_us": 1e309}'`: "last line",
		`echo '{"calls": 1, "seconds": 1}'; echo x`:          "last line",
	} {
		_, err := Program{Command: command}.Run(t.Context(), 1, 0, 500*time.Millisecond)
		require.ErrorContains(t, err, want, command)
	}
}

// What a program has started ends with it, and does not hold up the league.
func TestProgramThatDoesNotEndIsEnded(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	start := time.Now()
	_, err := Program{Command: "sleep 300 & sleep 300"}.Run(ctx, 1, 0, time.Second)
	require.ErrorIs(t, err, measure.ErrHung)
	require.Less(t, time.Since(start), time.Minute)
}

func FuzzReport(f *testing.F) {
	f.Add([]byte(`{"calls": 1, "seconds": 0.5, "p50_us": 1}`))
	f.Add([]byte("noise\n{\"calls\":-1}"))
	f.Add([]byte(`{"calls": 1, "seconds": 1e400}`))
	f.Add([]byte(`{"calls": 1, "seconds": 1e-12}`))
	f.Add([]byte(`{"calls": 9223372036854775807, "seconds": 0.1, "allocs": 1e308, "bytes": -1}`))
	f.Fuzz(func(t *testing.T, out []byte) {
		r, err := parseReport(out, time.Second)
		if err != nil {
			require.ErrorIs(t, err, errReport)
			return
		}
		s := r.sample(time.Second)
		require.Positive(t, s.Calls)
		require.Positive(t, s.Elapsed)
		for _, v := range []float64{s.PerSecond(), s.P50, s.P99, s.P999, s.Allocs, s.Bytes, s.CPU} {
			require.False(t, v < 0 || math.IsInf(v, 0), "%v", s)
		}
	})
}
