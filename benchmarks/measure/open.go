package measure

import (
	"context"
	"fmt"
	"math"
	"sync"
	"sync/atomic"
	"time"
)

// OpenSample is what one measurement in an open loop saw. Times are microseconds.
type OpenSample struct {
	Offered, Answered int64         // calls that were due, and those answered in that time
	Duration          time.Duration // in which they were due
	P50, P99, P999    float64       // from when a call was due to its answer
	Late              float64       // 99 of 100 calls were handed over within this time, if a caller was free
}

// PerSecond returns the calls answered in a second.
func (s *OpenSample) PerSecond() float64 { return float64(s.Answered) / s.Duration.Seconds() }

// Open makes rate calls a second for d, from when all callers are ready. Each is
// due at a fixed time, and its own time begins then, also if no caller is free or
// the loop itself is late: who falls behind sees that in all calls that had to wait,
// not only in the one that was slow. Those that nobody has begun when d is over
// count with the time they have waited until then. It ends as [Closed] does.
func Open(ctx context.Context, callers []Caller, rate float64, d time.Duration) (OpenSample, error) {
	return open(ctx, callers, rate, d, pause)
}

func open(ctx context.Context, callers []Caller, rate float64, d time.Duration, pause func(d time.Duration)) (OpenSample, error) {
	l := &openLoop{due: make(chan time.Duration, len(callers)), rate: rate, d: d, pause: pause}
	var running sync.WaitGroup
	l.ready.Add(len(callers))
	for _, call := range callers {
		running.Go(func() { l.serve(call) })
	}
	running.Go(l.pace)
	ended := make(chan struct{})
	go func() { // ends with the callers
		running.Wait()
		close(ended)
	}()
	select {
	case <-ended:
	case <-ctx.Done():
		l.stop.Store(true)
		return OpenSample{}, fmt.Errorf("%w: %w", ErrHung, context.Cause(ctx))
	}
	s := OpenSample{
		Offered: l.offered, Answered: l.answered.Load(), Duration: d,
		P50:  micros(l.latency.Quantile(0.5)),
		P99:  micros(l.latency.Quantile(0.99)),
		P999: micros(l.latency.Quantile(0.999)),
		Late: micros(l.late.Quantile(0.99)),
	}
	if err := l.failed.Load(); err != nil {
		return s, *err
	}
	return s, nil
}

type openLoop struct {
	due      chan time.Duration // since start
	rate     float64
	d        time.Duration
	pause    func(d time.Duration)
	ready    sync.WaitGroup // of the callers
	start    time.Time
	stop     atomic.Bool
	offered  int64
	answered atomic.Int64 // until d was over
	failed   atomic.Pointer[error]
	latency  Histogram
	late     Histogram
}

// pace hands each call to the callers when it is due, and closes due in the end.
// Where they are all busy it waits, and has those due meanwhile follow at once.
func (l *openLoop) pace() {
	defer close(l.due)
	l.ready.Wait()
	l.start = time.Now()
	end := time.NewTimer(l.d)
	defer end.Stop()
	// The first is due at once.
	l.offered = int64(math.Ceil(l.rate * l.d.Seconds()))
	held := false // behind because callers were busy
	for i := range l.offered {
		due := l.at(i)
		if ahead := due - time.Since(l.start); ahead > 0 {
			held = false
			l.pause(ahead)
		}
		if l.stop.Load() {
			return
		}
		if !held {
			l.late.Record(time.Since(l.start) - due)
		}
		select {
		case l.due <- due:
			continue
		default:
			held = true
		}
		select {
		case l.due <- due:
		case <-end.C:
			for ; i < l.offered; i++ {
				l.latency.Record(l.d - l.at(i))
			}
			return
		}
	}
}

// at returns when call i is due.
func (l *openLoop) at(i int64) time.Duration {
	return time.Duration(float64(i) / l.rate * float64(time.Second))
}

func (l *openLoop) serve(call Caller) {
	l.ready.Done()
	for due := range l.due {
		if l.stop.Load() {
			continue
		}
		if err := call(); err != nil {
			l.failed.CompareAndSwap(nil, &err)
			l.stop.Store(true)
			continue
		}
		at := time.Since(l.start)
		l.latency.Record(at - due)
		if at <= l.d {
			l.answered.Add(1)
		}
	}
}
