package main

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// maxTrips is how many round trips are remembered for the percentiles.
const maxTrips = 1 << 16

// trips sums round trips up.
type trips struct {
	sent, answered int
	failure        error // the last one

	low, high, total time.Duration
	last             []time.Duration // a ring
}

func (t *trips) add(took time.Duration, err error) {
	t.sent++
	if err != nil {
		t.failure = err
		return
	}
	if t.answered == 0 || took < t.low {
		t.low = took
	}
	t.high = max(t.high, took)
	t.total += took
	if len(t.last) < maxTrips {
		t.last = append(t.last, took)
	} else {
		t.last[t.answered%maxTrips] = took
	}
	t.answered++
}

// percentile returns the smallest round trip of sorted ones that at least p of a
// hundred do not exceed.
func percentile(sorted []time.Duration, p int) time.Duration {
	return sorted[(len(sorted)*p+99)/100-1]
}

// String is the summary.
func (t *trips) String() string {
	var b strings.Builder
	lost := t.sent - t.answered
	fmt.Fprintf(&b, "%d sent, %d answered, %.4g%% lost\n", t.sent, t.answered, 100*float64(lost)/float64(t.sent))
	if t.answered == 0 {
		return b.String()
	}
	sorted := slices.Sorted(slices.Values(t.last))
	fmt.Fprintf(&b, "min %s", milliseconds(t.low))
	for _, p := range []int{50, 90, 99} {
		fmt.Fprintf(&b, "  p%d %s", p, milliseconds(percentile(sorted, p)))
	}
	fmt.Fprintf(&b, "  max %s  mean %s\n", milliseconds(t.high), milliseconds(t.total/time.Duration(t.answered)))
	return b.String()
}

func milliseconds(d time.Duration) string { return fmt.Sprintf("%.3f ms", float64(d)/1e6) }
