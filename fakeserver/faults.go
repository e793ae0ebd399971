package fakeserver

import (
	"slices"
	"time"

	"github.com/gofpnn/gofpnn/transport/fault"
)

// Direction is one of the two ways between clients and the server.
type Direction uint8

// The directions.
const (
	ToServer  Direction = Direction(fault.In)  // what clients send
	ToClients Direction = Direction(fault.Out) // what the server sends
)

const bothWays = ToServer | ToClients

// of returns the directions named, which are both if none is.
func of(only []Direction) (d Direction) {
	for _, one := range only {
		d |= one
	}
	if d &= bothWays; d == 0 {
		return bothWays
	}
	return d
}

// Cut has everything lost that is sent from now on, while neither side is told:
// clients stay connected, and those who dial think they are. It is in both
// directions, unless only one is named.
func (n *Network) Cut(only ...Direction) {
	n.each(func() { n.cut |= of(only) }, func(l *Link) { l.Cut(only...) })
}

// Heal ends Cut, in both directions. Connections that have lost something are
// reset.
func (n *Network) Heal() {
	n.each(func() { n.cut = 0 }, (*Link).Heal)
}

// Pause holds everything up until Resume. Nothing is lost. It is in both
// directions, unless only one is named.
func (n *Network) Pause(only ...Direction) {
	n.each(func() { n.paused |= of(only) }, func(l *Link) { l.Pause(only...) })
}

// Resume ends Pause, in both directions.
func (n *Network) Resume() {
	n.each(func() { n.paused = 0 }, (*Link).Resume)
}

// Latency has all that is sent from now on arrive later by base and a random part
// of jitter, in each direction. Zero for both ends it.
func (n *Network) Latency(base, jitter time.Duration) {
	n.each(func() { n.base, n.jitter = base, jitter }, func(l *Link) { l.Latency(base, jitter) })
}

// each changes what holds for links to come, and then those there are.
func (n *Network) each(change func(), f func(l *Link)) {
	n.mu.Lock()
	change()
	links := slices.Clone(n.links)
	n.mu.Unlock()
	for _, l := range links {
		f(l)
	}
}

// Cut is [Network.Cut] for one connection.
func (l *Link) Cut(only ...Direction) { l.faults.Partition(fault.Direction(of(only))) }

// Heal is [Network.Heal] for one connection.
func (l *Link) Heal() { l.faults.Heal() }

// Pause is [Network.Pause] for one connection.
func (l *Link) Pause(only ...Direction) { l.faults.Stall(fault.Direction(of(only))) }

// Resume is [Network.Resume] for one connection.
func (l *Link) Resume() { l.faults.Resume(fault.Both) }

// Latency is [Network.Latency] for one connection.
func (l *Link) Latency(base, jitter time.Duration) { l.faults.Latency(fault.Both, base, jitter) }

// Reset ends the connection as [Network.Restart] does, without waiting.
func (l *Link) Reset() { l.faults.Reset() }
