package fault

import (
	"math/bits"
	"math/rand/v2"
	"time"
)

// segment is how many bytes of a stream share a jitter.
const segment = 256

// source is what one line draws from. Numbers have an index, so that the ones
// nobody asked for do not change the others.
type source struct {
	jitterKey, corruptKey uint64
}

// newSource returns the source of a direction of the connection with a number.
func newSource(seed, number uint64, dir Direction) source {
	g := rand.NewPCG(seed, number<<8|uint64(dir))
	return source{g.Uint64(), g.Uint64()}
}

// draw returns number i of a key.
func draw(key, i uint64) uint64 { return rand.NewPCG(key, i).Uint64() }

// below scales r to less than n.
func below(r, n uint64) uint64 {
	hi, _ := bits.Mul64(r, n)
	return hi
}

// jitter is the random part of latency for the segment that position is in.
func (s source) jitter(position uint64, limit time.Duration) time.Duration {
	return time.Duration(below(draw(s.jitterKey, position/segment), uint64(limit)))
}

// corrupt flips the bits in b, which begins at position of the stream, that are
// to be flipped when it is one byte in every, and tells how many these are.
func (s source) corrupt(b []byte, position, every uint64) (flipped int64) {
	if every == 0 {
		return 0
	}
	for run := position / every; run*every < position+uint64(len(b)); run++ {
		r := draw(s.corruptKey, run)
		at := run*every + below(r, every)
		if at >= position && at < position+uint64(len(b)) {
			b[at-position] ^= 1 << (r & 7)
			flipped++
		}
	}
	return flipped
}
