package fakeserver

import (
	"cmp"
	"iter"
	"maps"
	"slices"

	"github.com/gofpnn/gofpnn/rtm/wire"
)

// Bounds say how much there is in an [Overview].
type Bounds struct {
	Items    int // of each list: of conversations, say, or of a group's members
	Messages int // of a conversation
	Bytes    int // of a message's text or data, and of its attributes
}

// Overview is the part of what a gate holds that fits on a page.
type Overview struct {
	Stats         Stats
	Conversations Part[ConversationPart] // those in which something was sent last, the latest first
	Groups, Rooms Part[MembersPart]      // in rising order
	Listeners     Part[ListenerPart]     // in the order of their connections
}

// Part is the beginning of a list.
type Part[T any] struct {
	First []T
	All   int // how many there are
}

// ConversationPart is a conversation with its latest messages.
type ConversationPart struct {
	Name     string
	Newest   int64     // Unix milliseconds of the last message, also if it is not held
	Sent     int       // messages stored, those that are forgotten included
	Messages []Excerpt // in the order they came
}

// Excerpt is a message with the beginnings of its text or data, and of its
// attributes.
type Excerpt struct {
	wire.Stored
	BodyBytes, AttrsBytes int // of the whole
}

// MembersPart are the users in a group or room, in rising order.
type MembersPart struct {
	ID    int64
	Users Part[int64]
}

// ListenerPart is who listens to what, see [Listener].
type ListenerPart struct {
	Conns                []int64
	Groups, Rooms, Users Part[int64]
	Events               Part[string]
	All                  wire.ListenAll
	Waiting              int
}

// Overview returns what there is within bounds. Unlike [Server.State] it holds up no
// quest for long and copies little where there is much, though it has to walk
// through all conversations and members. It need not be of one moment.
func (s *Server) Overview(b Bounds) Overview {
	b = Bounds{max(b.Items, 0), max(b.Messages, 0), max(b.Bytes, 0)}
	o := Overview{
		Stats:     s.counters(),
		Groups:    s.groups.overview(b.Items),
		Rooms:     s.rooms.overview(b.Items),
		Listeners: s.listeners.overview(b.Items),
	}
	o.Conversations, o.Stats.Messages = s.store.overview(b)
	o.Stats.Conversations, o.Stats.Listeners = o.Conversations.All, o.Listeners.All
	return o
}

// partOf returns the n lowest.
func partOf[T any](all iter.Seq[T], n int, compare func(a, b T) int) (p Part[T]) {
	for t := range all {
		p.All++
		if len(p.First) == n {
			if n == 0 || compare(t, p.First[n-1]) >= 0 {
				continue
			}
			p.First = p.First[:n-1]
		}
		i, _ := slices.BinarySearchFunc(p.First, t, compare)
		p.First = slices.Insert(p.First, i, t)
	}
	return p
}

// partOfSet returns the n lowest of a set.
func partOfSet[T cmp.Ordered](set map[T]struct{}, n int) Part[T] {
	return partOf(maps.Keys(set), n, cmp.Compare[T])
}

// mapped returns what f makes of each.
func mapped[T, V any](p Part[T], f func(t T) V) Part[V] {
	made := Part[V]{All: p.All}
	for _, t := range p.First {
		made.First = append(made.First, f(t))
	}
	return made
}

func (s *store) overview(b Bounds) (latest Part[ConversationPart], messages int) {
	type candidate struct {
		key    conversationKey
		of     *conversation
		newest int64
	}
	all := func(yield func(c candidate) bool) {
		s.each(func(key conversationKey, c *conversation) {
			c.mu.Lock()
			newest := c.newest
			messages += c.live
			c.mu.Unlock()
			yield(candidate{key, c, newest})
		})
	}
	found := partOf(all, b.Items, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(b.newest, a.newest),
			cmp.Compare(a.key.kind, b.key.kind), cmp.Compare(a.key.a, b.key.a), cmp.Compare(a.key.b, b.key.b))
	})
	return mapped(found, func(c candidate) ConversationPart { return c.of.overview(c.key, b) }), messages
}

func (c *conversation) overview(key conversationKey, b Bounds) ConversationPart {
	named := key.conversation()
	c.mu.Lock()
	defer c.mu.Unlock()
	part := ConversationPart{Name: named.String(), Newest: c.newest, Sent: c.length}
	for i := max(c.first, c.length-b.Messages); i < c.length; i++ {
		m := *c.at(i)
		body, attrs := m.says()
		e := Excerpt{BodyBytes: len(body), AttrsBytes: len(attrs)}
		m.say(body[:min(len(body), b.Bytes)], attrs[:min(len(attrs), b.Bytes)])
		e.Stored = m.row(i)
		part.Messages = append(part.Messages, e)
	}
	return part
}

func (m *members) overview(n int) Part[MembersPart] {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return mapped(partOf(maps.Keys(m.in), n, cmp.Compare[int64]), func(id int64) MembersPart {
		return MembersPart{id, partOfSet(m.in[id], n)}
	})
}

func (l *listeners) overview(n int) Part[ListenerPart] {
	type candidate struct {
		of     *listener
		number int64
	}
	all := func(yield func(c candidate) bool) {
		l.each(func(of *listener) { yield(candidate{of, of.number()}) })
	}
	first := partOf(all, n, func(a, b candidate) int { return cmp.Compare(a.number, b.number) })
	return mapped(first, func(c candidate) ListenerPart { return c.of.overview(n) })
}

// number returns that of its connection, the first if there are several, 0 if there
// is none.
func (l *listener) number() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.conns) == 0 {
		return 0
	}
	return numberOf(l.conns[0])
}

func (l *listener) overview(n int) ListenerPart {
	l.mu.Lock()
	defer l.mu.Unlock()
	part := ListenerPart{
		Groups: partOfSet(l.groups, n), Rooms: partOfSet(l.rooms, n), Users: partOfSet(l.users, n), Events: partOfSet(l.events, n), All: l.flags,
	}
	for _, conn := range l.conns[:min(len(l.conns), n)] {
		part.Conns = append(part.Conns, numberOf(conn))
	}
	for _, queue := range l.queues {
		part.Waiting += len(queue.waiting)
	}
	return part
}
