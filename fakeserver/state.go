package fakeserver

import (
	"cmp"
	"maps"
	"slices"

	"github.com/gofpnn/gofpnn/rtm/wire"
)

// State is all that a gate holds, but for connections and what they listen to.
// It is a copy; lists are in rising order, so that equal states are equal. In
// JSON it is what [State.Save] writes, tokens included.
type State struct {
	Conversations []Conversation `json:"conversations,omitempty"`
	Groups        []Members      `json:"groups,omitempty"`
	Rooms         []Members      `json:"rooms,omitempty"`
	Tokens        []UserToken    `json:"tokens,omitempty"`
}

// Conversation is what a gate holds of one conversation.
type Conversation struct {
	Kind  wire.Kind
	ID    int64    // of the group or room
	Users [2]int64 // of P2P, the smaller one first

	// Messages are in the order they came, deleted ones included: of these only
	// sender, id, cursor and time are left.
	Messages  []wire.Stored
	Forgotten int64       // messages before these that are held no more, see [Limits]
	Newest    int64       // Unix milliseconds of the last message, also if it is not held
	Passed    []MessageID // of messages that were not stored, see [WithStoredTypes]; the last ones
}

// MessageID is what a message is known by in its conversation.
type MessageID struct {
	From int64 `json:"from"`
	ID   int64 `json:"id"`
}

// Members are the users in a group or room.
type Members struct {
	ID    int64   `json:"id"`
	Users []int64 `json:"users"`
}

// UserToken is a user's token.
type UserToken struct {
	UID   int64  `json:"uid"`
	Token string `json:"token"`
}

// State returns the present state. Meanwhile no quest is served.
func (s *Server) State() *State {
	defer s.turns.hold().end()
	return &State{
		Conversations: s.store.snapshot(),
		Groups:        s.groups.snapshot(),
		Rooms:         s.rooms.snapshot(),
		Tokens:        s.tokens.snapshot(),
	}
}

// Messages returns what has been sent to a target, in the order of time: to a
// user by anybody, or to a group, a room or everyone. Deleted messages are left
// out. Those to a user are looked for in all conversations of users, and meanwhile
// no quest is served.
func (s *Server) Messages(to wire.Target) []wire.Stored {
	if to.Kind == wire.P2P {
		return s.messagesTo(to)
	}
	key := keyOf(0, to)
	defer s.turns.holdOne(key).end()
	c := s.store.lookup(0, to)
	var found []wire.Stored
	c.walk(0, 0, nil, func(i int, _ *message) { found = append(found, c.row(i)) })
	return found
}

func (s *Server) messagesTo(user wire.Target) []wire.Stored {
	defer s.turns.hold().end()
	var found []wire.Stored
	s.store.each(func(key conversationKey, c *conversation) {
		if key.has(user.ID) {
			c.walk(0, 0, nil, func(i int, m *message) {
				if key.target(m.from) == user {
					found = append(found, c.row(i))
				}
			})
		}
	})
	slices.SortStableFunc(found, func(a, b wire.Stored) int {
		return cmp.Or(cmp.Compare(a.ModifiedTime, b.ModifiedTime), cmp.Compare(a.From, b.From), cmp.Compare(a.Cursor, b.Cursor))
	})
	return found
}

// Message returns one message by its sender, target and id.
func (s *Server) Message(from int64, to wire.Target, id int64) (wire.Stored, bool) {
	return s.store.lookup(from, to).get(from, id)
}

// GroupMembers returns the users in a group, in rising order.
func (s *Server) GroupMembers(gid int64) []int64 { return s.groups.of(gid) }

// RoomMembers returns the users in a room, in rising order.
func (s *Server) RoomMembers(rid int64) []int64 { return s.rooms.of(rid) }

// Token returns a user's token, "" if there is none.
func (s *Server) Token(uid int64) string {
	s.tokens.mu.Lock()
	defer s.tokens.mu.Unlock()
	return s.tokens.of[uid]
}

// Listener is who listens to messages and events.
type Listener struct {
	Conns   []int64 // numbers of its connections, as in the journal: one, unless [WithPushRedelivery]
	Set     wire.ListenSet
	All     wire.ListenAll
	Waiting int // pushes it has not acknowledged
}

// Listeners returns all who listen, in the order of their connections.
func (s *Server) Listeners() (all []Listener) {
	s.listeners.each(func(l *listener) { all = append(all, l.snapshot()) })
	slices.SortFunc(all, func(a, b Listener) int { return slices.Compare(a.Conns, b.Conns) })
	return all
}

func (l *listener) snapshot() Listener {
	l.mu.Lock()
	defer l.mu.Unlock()
	shown := Listener{Set: wire.ListenSet{
		Groups: slices.Sorted(maps.Keys(l.groups)),
		Rooms:  slices.Sorted(maps.Keys(l.rooms)),
		Users:  slices.Sorted(maps.Keys(l.users)),
		Events: slices.Sorted(maps.Keys(l.events)),
	}, All: l.flags}
	for _, conn := range l.conns {
		shown.Conns = append(shown.Conns, numberOf(conn))
	}
	for _, queue := range l.queues {
		shown.Waiting += len(queue.waiting)
	}
	return shown
}

func (s *store) snapshot() (all []Conversation) {
	s.each(func(key conversationKey, c *conversation) {
		all = append(all, c.snapshot(key))
	})
	slices.SortFunc(all, func(a, b Conversation) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.ID, b.ID), slices.Compare(a.Users[:], b.Users[:]))
	})
	return all
}

// conversation returns an empty conversation of that name.
func (k conversationKey) conversation() Conversation {
	if k.kind == wire.P2P {
		return Conversation{Kind: k.kind, Users: [2]int64{k.a, k.b}}
	}
	return Conversation{Kind: k.kind, ID: k.a}
}

func (c *conversation) snapshot(key conversationKey) Conversation {
	c.mu.Lock()
	defer c.mu.Unlock()
	shown := key.conversation()
	shown.Forgotten, shown.Newest = int64(c.first), c.newest
	shown.Passed = slices.Clone(c.passed.line)
	for i := c.first; i < c.length; i++ {
		shown.Messages = append(shown.Messages, c.row(i))
	}
	return shown
}

func (m *members) snapshot() (all []Members) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	for id, users := range m.in {
		all = append(all, Members{id, slices.Sorted(maps.Keys(users))})
	}
	slices.SortFunc(all, func(a, b Members) int { return cmp.Compare(a.ID, b.ID) })
	return all
}

func (t *tokens) snapshot() (all []UserToken) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for uid, token := range t.of {
		all = append(all, UserToken{uid, token})
	}
	slices.SortFunc(all, func(a, b UserToken) int { return cmp.Compare(a.UID, b.UID) })
	return all
}
