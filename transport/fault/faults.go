package fault

import (
	"slices"
	"sync"
	"time"
)

// Direction is one of the directions of a connection, or both.
type Direction uint8

// The directions, seen from the wrapped side.
const (
	Out  Direction = 1 << iota // what the wrapped side writes
	In                         // what the wrapped side reads
	Both = Out | In
)

// Faults controls the faults of the connections wrapped with it. All methods may
// be called concurrently and take effect at once; none waits for a connection.
type Faults struct {
	seed uint64

	mu      sync.Mutex // of all below, and of the connections and their lines
	out, in settings
	open    []*conn // in the order of their numbers
	stats   Stats
}

// settings are the faults of one direction.
type settings struct {
	base, jitter         time.Duration
	stalled, partitioned bool
	every                uint64 // one byte in so many is corrupted; 0: none
	cutting              bool   // after cut more bytes
	cut                  int64
}

// any reports whether there is a fault.
func (s *settings) any() bool { return *s != settings{} }

// Stats are counts since [New].
type Stats struct {
	Connections int64 // wrapped
	Resets      int64 // connections reset by Reset and Heal
	Cuts        int64 // connections reset by CutAfter
	Corrupted   int64 // bytes with a flipped bit
	Lost        int64 // bytes that were in a line and that a fault kept from being delivered
}

// New returns a controller without any faults. What is random comes from seed.
func New(seed uint64) *Faults { return &Faults{seed: seed} }

// Stats returns what has happened until now.
func (f *Faults) Stats() Stats {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.stats
}

// Latency has what enters a line from now on delivered after base and a random
// part of jitter; either may be zero, and is if it is negative. Order is kept: a
// byte never overtakes, even when the latency falls. The random part is drawn
// anew for each 256 bytes of the stream. An end of the stream is as late as a
// byte, but for that of Close.
func (f *Faults) Latency(dir Direction, base, jitter time.Duration) {
	f.set(dir, func(s *settings) { s.base, s.jitter = max(base, 0), max(jitter, 0) })
}

// Stall holds everything up, an end of the stream too, until [Faults.Resume].
// Writers may fill the line; nothing is lost.
func (f *Faults) Stall(dir Direction) {
	f.set(dir, func(s *settings) { s.stalled = true })
}

// Resume ends [Faults.Stall]. A direction that is partitioned stays so.
func (f *Faults) Resume(dir Direction) {
	f.set(dir, func(s *settings) { s.stalled = false })
}

// Partition separates the sides in one direction until [Faults.Heal]: writers
// may fill the line, but nothing comes out of it. With [Out] or [In] the other
// direction works on.
func (f *Faults) Partition(dir Direction) {
	f.set(dir, func(s *settings) { s.partitioned = true })
}

// Heal ends all partitions. Connections that have bytes in a partitioned line
// have lost these and are reset as by [Faults.Reset]; the others go on.
func (f *Faults) Heal() {
	f.reset(func(c *conn) bool {
		return c.out.settings.partitioned && c.out.queued() > 0 ||
			c.in.settings.partitioned && c.in.queued() > 0
	}, func() { f.out.partitioned, f.in.partitioned = false, false })
}

// Reset resets all open connections: Read and Write of the wrapped side fail
// with a [net.OpError] that wraps [syscall.ECONNRESET], blocked ones too, and the
// connection underneath is closed, with SetLinger(0) before where it has that:
// over TCP the peer gets a RST. What is in the lines is lost. Connections made
// afterwards are not affected.
func (f *Faults) Reset() {
	f.reset(func(*conn) bool { return true }, func() {})
}

// CutAfter lets the next n bytes be delivered, counted over all connections from
// now on, and then resets the connection that would deliver one more, as
// [Faults.Reset] does; n of zero or less is the very next byte. Then it is over.
// For a cut of [Out] the connection underneath is closed without SetLinger(0),
// so that TCP brings the peer what came before.
//
// Each direction has its own count; another call replaces it.
func (f *Faults) CutAfter(dir Direction, n int64) {
	f.set(dir, func(s *settings) { s.cutting, s.cut = true, max(n, 0) })
}

// Corrupt flips one bit, at a random place, in each run of so many bytes of the
// stream; zero or less ends it.
func (f *Faults) Corrupt(dir Direction, every int64) {
	f.set(dir, func(s *settings) { s.every = uint64(max(every, 0)) })
}

// set changes the settings of dir's directions.
func (f *Faults) set(dir Direction, change func(*settings)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if dir&Out != 0 {
		change(&f.out)
	}
	if dir&In != 0 {
		change(&f.in)
	}
	for _, c := range f.open {
		for _, l := range []*line{&c.out, &c.in} {
			if l.settings.any() {
				l.takeOver()
			}
		}
	}
	f.wake()
}

// wake has all lines look at the settings.
func (f *Faults) wake() {
	for _, c := range f.open {
		c.out.wake()
		c.in.wake()
	}
}

// reset resets the open connections that are unlucky, and calls change after
// all have been looked at.
func (f *Faults) reset(unlucky func(*conn) bool, change func()) {
	f.mu.Lock()
	var victims []*conn
	for _, c := range f.open {
		if unlucky(c) {
			victims = append(victims, c)
		}
	}
	for _, c := range victims {
		c.reset()
	}
	f.stats.Resets += int64(len(victims))
	change()
	f.wake()
	f.mu.Unlock()
	for _, c := range victims {
		c.disconnect(true)
	}
}

// forget takes c, which is closed or reset, off the list.
func (f *Faults) forget(c *conn) {
	if i := slices.Index(f.open, c); i >= 0 {
		f.open = slices.Delete(f.open, i, i+1)
	}
}
