package wire

import (
	"math/rand/v2"
	"sync/atomic"
	"time"
)

// idRandomBits is the width of the part of an id below the milliseconds.
const idRandomBits = 22

// idEpoch is 1999-01-01 UTC in Unix milliseconds. It must be before 2000, where
// the clocks of testing/synctest begin: at the epoch itself there is no time to
// draw random bits for, and all generators would start at 1.
const idEpoch = 915_148_800_000

// IDGenerator makes message ids and salts. The zero value is ready to use; a
// client has one, and any number of goroutines may share it. Ids are positive
// and strictly increasing per generator. Making one never waits.
//
// # Layout
//
//	bits 62..22  milliseconds since 1999-01-01 UTC (the vendor's Go and Java SDKs have Unix time there)
//	bits 21..0   random in a millisecond's first id, counted up from there
//
// A generator that makes more ids in a millisecond than fit, or whose clock
// steps back, goes on counting into the time to come. The 41 bits of time last
// until 2068, those of Unix time would until 2039.
//
// # Collisions
//
// Ids of different generators may be equal only if they are made in the same
// millisecond. Of m generators that make r ids a second each, evenly spread,
// expect
//
//	m(m-1)/2 * r²/1000 / 2^22
//
// pairs of equal ids a second. Ten clients that send 10 messages a second make
// 20 ids each, as every quest takes a salt too: 45 * 0.4 / 4.2e6, one pair in
// about 65 hours. It does harm only where both messages have the same sender and
// the same target: the second is refused as a duplicate.
type IDGenerator struct{ last atomic.Int64 }

// Next returns the next id.
func (g *IDGenerator) Next() int64 { return g.NextAt(time.Now()) }

// NextAt is Next for those who know the time: to ask for it takes longer.
func (g *IDGenerator) NextAt(now time.Time) int64 {
	begin := (now.UnixMilli() - idEpoch) << idRandomBits
	for {
		last := g.last.Load()
		id := last + 1
		// One draw a millisecond, then counting: drawing every id anew would
		// push the ids of a burst to the end of their millisecond, where those
		// of other generators crowd too.
		if last < begin {
			id = begin | rand.Int64N(1<<idRandomBits)
		}
		if g.last.CompareAndSwap(last, id) {
			return id
		}
	}
}
