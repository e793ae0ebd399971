package fakeserver

import (
	"math"
	"sort"
)

// How messages are found by their ids, and duplicates with them.

// highest is the highest id there is. c.mu is held.
func (c *conversation) highest() int64 {
	if len(c.chunks) == 0 {
		return math.MinInt64
	}
	return c.chunks[len(c.chunks)-1].highest
}

// knows reports whether an id is taken. c.mu is held.
func (c *conversation) knows(id MessageID) bool {
	_, dup := c.place(id)
	return dup || c.passed.has(id)
}

// place returns the place of a message, which may be deleted but not forgotten.
// c.mu is held.
//
// Ids rise, mostly, since they are made of the time: of most messages it is known
// at once that there is none of the id yet, and those are found by it without an
// index. A message whose id was the highest when it came is in the first chunk that
// has come to its height; of the others the index knows.
func (c *conversation) place(id MessageID) (int, bool) {
	if len(c.chunks) == 0 || id.ID > c.highest() {
		return 0, false
	}
	k := sort.Search(len(c.chunks), func(k int) bool { return c.chunks[k].highest >= id.ID })
	messages, begin := c.chunks[k].messages, (c.gone+k)*chunkSize
	for i := max(0, c.first-begin); i < len(messages); i++ {
		if messages[i].is(id) {
			return begin + i, true
		}
	}
	for low := range c.ids.places(id.hash()) {
		if i := c.first + int(low-uint32(c.first)); c.at(i).is(id) {
			return i, true
		}
	}
	return 0, false
}

// recent remembers some ids, the last ones.
type recent struct {
	ids  map[MessageID]struct{}
	line []MessageID
}

// maxRecent is how many ids are remembered of the messages of a conversation that
// were not stored.
const maxRecent = 10_000

func (r *recent) has(id MessageID) bool {
	_, ok := r.ids[id]
	return ok
}

func (r *recent) add(id MessageID) {
	if r.ids == nil {
		r.ids = make(map[MessageID]struct{})
	}
	if len(r.line) == maxRecent {
		delete(r.ids, r.line[0])
		r.line = r.line[1:]
	}
	r.ids[id] = struct{}{}
	r.line = append(r.line, id)
}
