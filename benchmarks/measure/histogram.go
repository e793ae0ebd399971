package measure

import (
	"math/bits"
	"sync/atomic"
	"time"
)

const (
	// subBits sets how fine a Histogram is: 2^subBits buckets for each power of
	// two, so that a bucket is at most 1/64 of its value wide.
	subBits = 6
	subs    = 1 << subBits
	// maxBits: longer times than 2^maxBits ns (18 minutes) count as that.
	maxBits = 40
)

// Histogram counts times in buckets that grow with the time: a quantile is at most
// 1/128 from the exact one, or half a nanosecond. The zero value is empty. Record
// may be called concurrently with everything else.
type Histogram struct {
	buckets [(maxBits - subBits + 1) * subs]atomic.Uint64
}

// Record counts one time. A negative one counts as 0.
func (h *Histogram) Record(d time.Duration) { h.RecordN(d, 1) }

// RecordN counts n equal times.
func (h *Histogram) RecordN(d time.Duration, n int) {
	h.buckets[bucket(uint64(min(max(d, 0), 1<<maxBits-1)))].Add(uint64(n))
}

// bucket returns the index of the bucket of v: v itself as long as it is exact,
// then the highest subBits+1 bits of v and how far they are shifted.
func bucket(v uint64) int {
	shift := max(bits.Len64(v)-subBits-1, 0)
	return shift*subs + int(v>>shift)
}

// middle returns the value in the middle of a bucket.
func middle(i int) float64 {
	shift := max(i/subs-1, 0)
	low := uint64(i-shift*subs) << shift
	return float64(low) + float64(uint64(1)<<shift-1)/2
}

// Count returns how many times have been recorded.
func (h *Histogram) Count() (n uint64) {
	for i := range h.buckets {
		n += h.buckets[i].Load()
	}
	return n
}

// Quantile returns the time that the part q of all times, 0 to 1, does not exceed.
// Of an empty histogram it is 0.
func (h *Histogram) Quantile(q float64) time.Duration {
	total := h.Count()
	if total == 0 {
		return 0
	}
	rank, seen := uint64(q*float64(total-1)), uint64(0)
	for i := range h.buckets {
		if seen += h.buckets[i].Load(); seen > rank {
			return time.Duration(middle(i))
		}
	}
	return 1 << maxBits
}

// Reset empties the histogram.
func (h *Histogram) Reset() {
	for i := range h.buckets {
		h.buckets[i].Store(0)
	}
}
