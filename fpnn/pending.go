package fpnn

import "time"

const minPending = 16

// pending holds the calls in flight by sequence number. Numbers rise by one and
// start over after 2^32; 0 and those still in flight are passed over, so that
// none is reused while its call waits. The slot of a number is its low bits.
type pending struct {
	slots []*call
	next  uint32
	count int
}

// add gives k the next free number.
func (p *pending) add(k *call) {
	if p.count*2 >= len(p.slots) {
		p.grow()
	}
	for {
		p.next++
		slot := &p.slots[p.next&uint32(len(p.slots)-1)]
		if p.next == 0 || *slot != nil {
			continue
		}
		k.seq = p.next
		*slot = k
		p.count++
		return
	}
}

// grow doubles the slots. Calls that did not share a slot do not share one
// afterwards: their numbers differ in the low bits kept before.
func (p *pending) grow() {
	old := p.slots
	p.slots = make([]*call, max(minPending, 2*len(old)))
	for _, k := range old {
		if k != nil {
			p.slots[k.seq&uint32(len(p.slots)-1)] = k
		}
	}
}

// take removes and returns the call with that number, or returns nil.
func (p *pending) take(seq uint32) *call {
	if p.count == 0 {
		return nil
	}
	slot := &p.slots[seq&uint32(len(p.slots)-1)]
	k := *slot
	if k == nil || k.seq != seq {
		return nil
	}
	*slot = nil
	p.count--
	return k
}

// takeExpired removes the calls whose deadline is not after now and returns
// them with the earliest deadline among those that stay, 0 if none has one.
func (p *pending) takeExpired(now time.Duration) (expired []*call, next time.Duration) {
	for i, k := range p.slots {
		switch {
		case k == nil || k.deadline == 0:
		case k.deadline <= now:
			p.slots[i] = nil
			p.count--
			expired = append(expired, k)
		case next == 0 || k.deadline < next:
			next = k.deadline
		}
	}
	return expired, next
}

// takeAll removes and returns every call.
func (p *pending) takeAll() []*call {
	all := make([]*call, 0, p.count)
	for _, k := range p.slots {
		if k != nil {
			all = append(all, k)
		}
	}
	p.slots, p.count = nil, 0
	return all
}

// has reports whether k is still in flight.
func (p *pending) has(k *call) bool {
	return p.count > 0 && p.slots[k.seq&uint32(len(p.slots)-1)] == k
}
