package measure_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/gofpnn/gofpnn/benchmarks/measure"
)

// Two callers call as fast as they can, for a while.
func ExampleClosed() {
	var calls atomic.Int64
	caller := func() error {
		calls.Add(1)
		return nil
	}
	sample, err := measure.Closed(context.Background(), []measure.Caller{caller, caller}, time.Millisecond)
	fmt.Println(sample.Calls == calls.Load(), err)
	// Output: true <nil>
}

func ExampleHistogram() {
	var h measure.Histogram
	for i := range 100 {
		h.Record(time.Duration(i) * time.Microsecond)
	}
	fmt.Println(h.Count(), h.Quantile(0.5).Round(time.Microsecond), h.Quantile(0.99).Round(time.Microsecond))
	// Output: 100 49µs 98µs
}
