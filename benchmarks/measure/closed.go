package measure

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// Caller makes one call and waits for its answer. It is used by one goroutine.
type Caller func() error

const (
	// timeAll is up to how many callers every call is timed; of more, one in
	// timeOne: reading the clock twice would be a tenth of a fast call.
	timeAll = 16
	timeOne = 8
)

// ErrHung ends a measurement whose calls are not answered in time.
var ErrHung = errors.New("calls are not answered")

// Closed has callers make calls, each one after the other, for d, and waits for
// the last answers. The first error ends it. Callers that have not ended when ctx
// does are left behind, and the error is [ErrHung]: who ends ctx also closes what
// they call.
func Closed(ctx context.Context, callers []Caller, d time.Duration) (Sample, error) {
	l := &closedLoop{gate: make(chan struct{}), every: 1}
	if len(callers) > timeAll {
		l.every = timeOne
	}
	var ready, running sync.WaitGroup
	ready.Add(len(callers))
	for i, call := range callers {
		running.Go(func() {
			ready.Done()
			<-l.gate
			l.run(call, i%l.every)
		})
	}
	ready.Wait()
	ended := make(chan struct{})
	go func() { // ends with the callers
		running.Wait()
		close(ended)
	}()
	window := Begin()
	timer := time.AfterFunc(d, func() { l.stop.Store(true) })
	defer timer.Stop()
	close(l.gate)
	select {
	case <-ended:
	case <-ctx.Done():
		l.stop.Store(true)
		return Sample{}, fmt.Errorf("%w: %w", ErrHung, context.Cause(ctx))
	}
	sample := window.End(l.calls.Load(), &l.latency)
	if err := l.failed.Load(); err != nil {
		return sample, *err
	}
	return sample, nil
}

type closedLoop struct {
	gate    chan struct{}
	every   int
	stop    atomic.Bool
	calls   atomic.Int64
	failed  atomic.Pointer[error]
	latency Histogram
}

// run calls until it is told to stop. It times every so many calls, from the
// first-th on.
func (l *closedLoop) run(call Caller, first int) {
	n, next := int64(0), int64(first)
	for ; !l.stop.Load(); n++ {
		timed := n == next
		var start time.Time
		if timed {
			next += int64(l.every)
			start = time.Now()
		}
		if err := call(); err != nil {
			l.fail(err)
			break
		}
		if timed {
			l.latency.Record(time.Since(start))
		}
	}
	l.calls.Add(n)
}

func (l *closedLoop) fail(err error) {
	l.failed.CompareAndSwap(nil, &err)
	l.stop.Store(true)
}
