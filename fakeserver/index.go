package fakeserver

import "hash/maphash"

// index finds the places of messages of a conversation by sender and id. It keeps
// no ids, only a hash of each, so that who looks one up compares what is at the
// places found: 8 bytes of room for each message, of which half to three quarters
// are used.
//
// It is a hash table in parts, each for the hashes that begin with some bits. A
// part that is full is divided in two, which is all that ever moves at a time.
type index struct {
	parts []*part // by the first bits of the hash; neighbours may be one part
	depth int     // how many bits these are
}

type part struct {
	slots []slot // a power of two of them; a hash is at its last bits, or after
	used  int
	depth int // how many first bits the hashes in it have in common
}

// slot is the hash of an id, 0 if the slot is free, and the place of the message in
// the conversation, its lower 32 bits.
type slot struct{ hash, place uint32 }

const (
	minPart  = 8
	maxPart  = 512 // slots, in 4 KiB
	maxDepth = 20  // parts of so many bits are no longer divided, but grow
)

var hashSeed = maphash.MakeSeed()

func (id MessageID) hash() uint32 { return max(1, uint32(maphash.Comparable(hashSeed, id))) }

func (x *index) part(hash uint32) *part { return x.parts[hash>>(32-x.depth)] }

// places yields the places that were added with a hash, and not removed.
func (x *index) places(hash uint32) func(yield func(place uint32) bool) {
	return func(yield func(place uint32) bool) {
		if x.parts == nil {
			return
		}
		p := x.part(hash)
		for i := p.home(hash); p.slots[i].hash != 0; i = p.after(i) {
			if p.slots[i].hash == hash && !yield(p.slots[i].place) {
				return
			}
		}
	}
}

// add adds a place.
func (x *index) add(hash, place uint32) {
	if x.parts == nil {
		x.parts = []*part{{slots: make([]slot, minPart)}}
	}
	for {
		p := x.part(hash)
		if p.used < len(p.slots)/4*3 {
			p.put(slot{hash, place})
			return
		}
		if len(p.slots) < maxPart || p.depth == maxDepth {
			p.double()
		} else {
			x.divide(p, hash)
		}
	}
}

// remove removes a place that was added with the hash.
func (x *index) remove(hash, place uint32) {
	p := x.part(hash)
	free := p.home(hash)
	for p.slots[free] != (slot{hash, place}) {
		free = p.after(free)
	}
	// What comes after the slot that is now free moves up, unless it would come
	// before its home.
	for i := p.after(free); p.slots[i].hash != 0; i = p.after(i) {
		if last := len(p.slots) - 1; (i-p.home(p.slots[i].hash))&last >= (i-free)&last {
			p.slots[free] = p.slots[i]
			free = i
		}
	}
	p.slots[free] = slot{}
	p.used--
}

// divide gives half of a part that is as large as it gets, that of the hash, to a new
// one.
func (x *index) divide(p *part, hash uint32) {
	if p.depth == x.depth {
		twice := make([]*part, 0, 2*len(x.parts))
		for _, p := range x.parts {
			twice = append(twice, p, p)
		}
		x.parts = twice
		x.depth++
	}
	width := 1 << (x.depth - p.depth) // of p among the parts
	middle := int(hash>>(32-x.depth))&^(width-1) + width/2
	p.depth++
	high := &part{slots: make([]slot, maxPart), depth: p.depth}
	for i := range width / 2 {
		x.parts[middle+i] = high
	}
	old := [maxPart]slot(p.slots)
	clear(p.slots)
	p.used = 0
	for _, s := range old {
		if s.hash != 0 {
			x.part(s.hash).put(s)
		}
	}
}

// double gives a part twice the slots.
func (p *part) double() {
	old := p.slots
	p.slots, p.used = make([]slot, 2*len(old)), 0
	for _, s := range old {
		if s.hash != 0 {
			p.put(s)
		}
	}
}

// put puts s into the first free slot from its home on. There is one.
func (p *part) put(s slot) {
	i := p.home(s.hash)
	for p.slots[i].hash != 0 {
		i = p.after(i)
	}
	p.slots[i] = s
	p.used++
}

func (p *part) home(hash uint32) int { return int(hash) & (len(p.slots) - 1) }
func (p *part) after(i int) int      { return (i + 1) & (len(p.slots) - 1) }
