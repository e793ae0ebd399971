package fakeserver

import (
	"math"
	"sync"

	"github.com/gofpnn/gofpnn/rtm/wire"
)

// store holds all conversations. There is no lock over them: senders to
// different conversations do not meet.
type store struct {
	conversations sync.Map // conversationKey -> *conversation
}

// conversationKey names a conversation. Both directions between two users are
// one: a is the smaller uid.
type conversationKey struct {
	kind wire.Kind
	a, b int64
}

func keyOf(from int64, to wire.Target) conversationKey {
	switch to.Kind {
	case wire.P2P:
		return conversationKey{wire.P2P, min(from, to.ID), max(from, to.ID)}
	case wire.Broadcast:
		return conversationKey{kind: wire.Broadcast}
	default:
		return conversationKey{kind: to.Kind, a: to.ID}
	}
}

// has reports whether the conversation is one between a user and another.
func (k conversationKey) has(user int64) bool {
	return k.kind == wire.P2P && (k.a == user || k.b == user)
}

// target returns who is told what a user says in the conversation.
func (k conversationKey) target(from int64) wire.Target {
	if k.kind == wire.P2P && from == k.a {
		return wire.User(k.b)
	}
	return wire.Target{Kind: k.kind, ID: k.a}
}

// conversation returns the conversation with to, a new one if need be.
func (s *store) conversation(from int64, to wire.Target) *conversation {
	return s.named(keyOf(from, to))
}

func (s *store) named(key conversationKey) *conversation {
	if c, ok := s.conversations.Load(key); ok {
		return c.(*conversation)
	}
	c, _ := s.conversations.LoadOrStore(key, new(conversation))
	return c.(*conversation)
}

// lookup returns the conversation to read from. One that nobody has written to
// is empty, and does not come into being by being asked for.
func (s *store) lookup(uid int64, with wire.Target) *conversation {
	if c, ok := s.conversations.Load(keyOf(uid, with)); ok {
		return c.(*conversation)
	}
	return new(conversation)
}

// each calls f for every conversation there is.
func (s *store) each(f func(key conversationKey, c *conversation)) {
	s.conversations.Range(func(key, c any) bool {
		f(key.(conversationKey), c.(*conversation))
		return true
	})
}

// conversation is a list of messages in the order they came, which is also that
// of their times. A message's cursor is its place in the list, from 1, so that
// pages are found by search and arithmetic, whatever the length. One that is
// deleted keeps its place.
type conversation struct {
	mu     sync.Mutex
	chunks []chunk // of chunkSize messages each but the last, so that growing moves nothing
	gone   int     // chunks before these, of which all is forgotten
	types  summary // of the chunks
	texts  texts   // of the messages
	length int
	first  int    // the place of the first that has not been forgotten
	live   int    // messages neither deleted nor forgotten
	newest int64  // the time of the last message
	ids    index  // of the messages whose ids were not the highest when they came
	passed recent // ids of messages that were not stored
	looked int64  // messages looked at, ever; the summary counts its own
}

// chunk is a part of the list.
type chunk struct {
	messages []message
	highest  int64 // id in it, and in those before it
}

// chunkSize is how many messages a chunk holds. The first one grows to it. With the
// word that the allocator adds they fill 4 KiB, a size it has.
const chunkSize = 85

// message is a stored message, kept small: there may be millions.
type message struct {
	from, id, mtime int64
	text            string // the body, and then the attributes
	body            uint32 // its length
	kind            int8   // the message type
	binary, deleted bool
	indexed         bool // its id is in the index
}

func (m *message) is(id MessageID) bool { return m.id == id.ID && m.from == id.From }

func (m *message) says() (body, attrs string) { return m.text[:m.body], m.text[m.body:] }

func (m *message) say(body, attrs string) { m.text, m.body = body+attrs, uint32(len(body)) }

// newConversation returns one that has forgotten so many messages.
func newConversation(forgotten int) *conversation {
	c := &conversation{length: forgotten, first: forgotten, gone: forgotten / chunkSize, types: newSummary(forgotten / chunkSize)}
	if n := forgotten % chunkSize; n > 0 {
		c.chunks = []chunk{{make([]message, n, chunkSize), math.MinInt64}}
	}
	return c
}

// append stores a message at time now, in Unix milliseconds. It returns the time
// it was given, never before that of the message in front of it, or reports
// false if the sender has used the id in this conversation.
func (c *conversation) append(from int64, m *wire.Message, now int64) (mtime int64, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	says := m.Content()
	return c.add(from, m, &says, now)
}

// add is append of a message that says what is apart from it. c.mu is held.
func (c *conversation) add(from int64, m *wire.Message, says *wire.Content, now int64) (mtime int64, ok bool) {
	id := MessageID{from, m.ID}
	if c.knows(id) {
		return 0, false
	}
	now = max(now, c.newest)
	c.newest = now
	stored := message{
		from: from, id: m.ID, mtime: now, kind: m.Type,
		text: c.texts.join(says.Body, says.Attrs), body: uint32(len(says.Body)), binary: says.Binary,
	}
	highest := c.highest()
	if stored.indexed = m.ID <= highest; stored.indexed {
		c.ids.add(id.hash(), uint32(c.length))
	}
	if c.length%chunkSize == 0 {
		var next []message
		if c.length > 0 {
			next = make([]message, 0, chunkSize)
		}
		c.chunks = append(c.chunks, chunk{messages: next})
	}
	last := &c.chunks[len(c.chunks)-1]
	last.messages = append(last.messages, stored)
	last.highest = max(highest, m.ID)
	c.types.add(c.length/chunkSize, stored.kind)
	c.live++
	c.length++
	return now, true
}

// pass is add for a message that is not to be stored: only its id is kept, for a
// while.
func (c *conversation) pass(from int64, m *wire.Message, now int64) (mtime int64, ok bool) {
	id := MessageID{from, m.ID}
	if c.knows(id) {
		return 0, false
	}
	c.passed.add(id)
	c.newest = max(now, c.newest)
	return c.newest, true
}

// forget drops the oldest messages until no more than keep are left, and none
// that is older than oldest, in Unix milliseconds, or deleted. Their ids may be
// used again.
func (c *conversation) forget(keep int, oldest int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.first < c.length && (c.live > keep || c.at(c.first).deleted || c.at(c.first).mtime < oldest) {
		m := c.at(c.first)
		if m.indexed {
			c.ids.remove(MessageID{m.from, m.id}.hash(), uint32(c.first))
		}
		if !m.deleted {
			c.drop(c.first)
		}
		c.first++
		if c.first%chunkSize == 0 {
			c.chunks[0] = chunk{}
			c.chunks = c.chunks[1:]
			c.gone++
			c.types.forget()
		}
	}
}

// at returns the i-th message, which is not among those forgotten.
func (c *conversation) at(i int) *message {
	c.looked++
	return &c.chunks[i/chunkSize-c.gone].messages[i%chunkSize]
}

// row returns the i-th message as it is read.
func (c *conversation) row(i int) wire.Stored { return c.at(i).row(i) }

func (m *message) row(i int) wire.Stored {
	body, attrs := m.says()
	row := wire.Stored{
		Message:      wire.Message{ID: m.id, Type: m.kind, Attrs: attrs},
		Cursor:       int64(i) + 1,
		From:         m.from,
		Deleted:      m.deleted,
		ModifiedTime: m.mtime,
	}
	if m.binary {
		row.Data = []byte(body)
	} else {
		row.Text = body
	}
	return row
}
