package fakeserver

import (
	"fmt"
	"slices"

	"github.com/gofpnn/gofpnn/rtm/wire"
)

// seed stores a message as it is.
func (c *conversation) seed(m *wire.Stored, mtime int64) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case m.Type < 1 && !m.Deleted:
		return fmt.Errorf("type %d is not within 1 to 127", m.Type)
	case mtime < c.newest:
		return fmt.Errorf("time %d is before that of the message in front of it, %d", mtime, c.newest)
	}
	says := m.Content()
	if _, ok := c.add(m.From, &m.Message, &says, mtime); !ok {
		return fmt.Errorf("user %d has used id %d", m.From, m.ID)
	}
	if m.Deleted {
		c.drop(c.length - 1)
	}
	return nil
}

// get returns a message that is there.
func (c *conversation) get(from, id int64) (wire.Stored, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	i, ok := c.find(from, id)
	if !ok {
		return wire.Stored{}, false
	}
	return c.row(i), true
}

// delete deletes a message and reports whether it was there. Its id stays taken.
func (c *conversation) delete(from, id int64) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	i, ok := c.find(from, id)
	if ok {
		c.drop(i)
	}
	return ok
}

// edit replaces a message's text and attributes. Its time stays: conversations
// are ordered by it. oldest is the time in Unix milliseconds before which it may
// not be edited any more.
func (c *conversation) edit(from, id int64, text, attrs string, oldest int64) (found, edited bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	i, ok := c.find(from, id)
	if !ok {
		return false, false
	}
	m := c.at(i)
	if m.mtime < oldest {
		return true, false
	}
	m.say(text, attrs)
	m.binary = false
	return true, true
}

// clean deletes the messages from begin to end, in Unix milliseconds, both
// inclusive; 0 is no bound.
func (c *conversation) clean(begin, end int64) {
	c.walk(begin, end, nil, func(i int, _ *message) { c.drop(i) })
}

// deleteSent deletes the messages of one sender.
func (c *conversation) deleteSent(from int64) {
	c.walk(0, 0, nil, func(i int, m *message) {
		if m.from == from {
			c.drop(i)
		}
	})
}

// count counts messages of the given types, or of all, and their senders.
func (c *conversation) count(types []int8, begin, end int64) (senders, messages int) {
	from := make(map[int64]struct{})
	c.walk(begin, end, types, func(_ int, m *message) {
		from[m.from] = struct{}{}
		messages++
	})
	return len(from), messages
}

// walk calls f, under the lock, for each message from begin to end of the given
// types, or of all.
func (c *conversation) walk(begin, end int64, types []int8, f func(i int, m *message)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	low, high := c.span(begin, end)
	for i := range c.search(low, high, false, setOf(types)) {
		f(i, c.at(i))
	}
}

// find returns the place of a message that is there. c.mu is held.
func (c *conversation) find(from, id int64) (int, bool) {
	i, ok := c.place(MessageID{from, id})
	return i, ok && !c.at(i).deleted
}

// drop deletes the i-th message. Of one that is deleted, what is needed to search
// and to know its id again remains. c.mu is held.
func (c *conversation) drop(i int) {
	m := c.at(i)
	kind := m.kind
	*m = message{from: m.from, id: m.id, mtime: m.mtime, deleted: true, indexed: m.indexed}
	c.live--
	if !slices.ContainsFunc(c.chunks[i/chunkSize-c.gone].messages, func(m message) bool { return m.kind == kind && !m.deleted }) {
		c.types.remove(i/chunkSize, kind)
	}
}
