package measure

import (
	"math"
	"runtime"
	"time"
)

// Sample is what one measurement saw. What is not known is NaN.
type Sample struct {
	Calls          int64         // answered
	Elapsed        time.Duration // from the first call's beginning to the last one's end
	P50, P99, P999 float64       // microseconds of a call
	Allocs, Bytes  float64       // allocated by the client for each call
	CPU            float64       // microseconds of the client's process for each call
}

// PerSecond returns the calls in a second.
func (s *Sample) PerSecond() float64 { return float64(s.Calls) / s.Elapsed.Seconds() }

// Window is a stretch of time in which this process does nothing but what is
// measured.
type Window struct {
	Start time.Time
	mem   runtime.MemStats
	cpu   time.Duration
}

// Begin begins a window.
func Begin() *Window {
	w := new(Window)
	runtime.ReadMemStats(&w.mem)
	w.cpu = CPU()
	w.Start = time.Now()
	return w
}

// End ends the window, in which there were so many calls.
func (w *Window) End(calls int64, latency *Histogram) Sample {
	s := Sample{
		Calls: calls, Elapsed: time.Since(w.Start),
		P50: micros(latency.Quantile(0.5)), P99: micros(latency.Quantile(0.99)), P999: micros(latency.Quantile(0.999)),
		CPU: math.NaN(),
	}
	n := float64(max(calls, 1))
	if cpu := CPU(); cpu > 0 {
		s.CPU = micros(cpu-w.cpu) / n
	}
	var mem runtime.MemStats
	runtime.ReadMemStats(&mem)
	s.Allocs, s.Bytes = float64(mem.Mallocs-w.mem.Mallocs)/n, float64(mem.TotalAlloc-w.mem.TotalAlloc)/n
	return s
}

func micros(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }
