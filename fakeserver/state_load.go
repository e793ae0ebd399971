package fakeserver

import (
	"errors"
	"fmt"
	"slices"

	"github.com/gofpnn/gofpnn/rtm/wire"
)

// WithState has the server begin with a state, such as [Server.State] of another
// or [ReadState] returns. It fails if no gate can have it.
func WithState(st *State) Option {
	return func(s *Server) error {
		if st == nil {
			return errors.New("fakeserver: WithState(nil)")
		}
		if err := s.load(st); err != nil {
			return fmt.Errorf("fakeserver: WithState: %w", err)
		}
		return nil
	}
}

func (s *Server) load(st *State) error {
	for i, c := range st.Conversations {
		if err := s.store.load(&c); err != nil {
			return fmt.Errorf("conversation %d: %w", i, err)
		}
	}
	if err := s.groups.load(st.Groups); err != nil {
		return fmt.Errorf("group %w", err)
	}
	if err := s.rooms.load(st.Rooms); err != nil {
		return fmt.Errorf("room %w", err)
	}
	for _, t := range st.Tokens {
		s.tokens.set(t.UID, t.Token)
	}
	return nil
}

func (m *members) load(all []Members) error {
	for _, members := range all {
		if len(members.Users) == 0 {
			return fmt.Errorf("%d has no members", members.ID)
		}
		m.add(members.ID, members.Users)
	}
	return nil
}

// maxForgotten bounds cursors, so that they can be counted on from.
const maxForgotten = 1 << 48

func (s *store) load(saved *Conversation) error {
	key, err := saved.key()
	switch {
	case err != nil:
		return err
	case saved.Forgotten < 0 || saved.Forgotten > maxForgotten:
		return fmt.Errorf("%d messages cannot have been forgotten", saved.Forgotten)
	case len(saved.Passed) > maxRecent:
		return fmt.Errorf("%d ids of messages that were not stored: at most %d are known", len(saved.Passed), maxRecent)
	}
	c := newConversation(int(saved.Forgotten))
	if _, taken := s.conversations.LoadOrStore(key, c); taken {
		return errors.New("there is another one of the same name")
	}
	for i, m := range saved.Messages {
		if key.kind == wire.P2P && m.From != key.a && m.From != key.b {
			return fmt.Errorf("message %d: user %d is not in it", i, m.From)
		}
		if err := c.seed(&m, m.ModifiedTime); err != nil {
			return fmt.Errorf("message %d: %w", i, err)
		}
	}
	for _, id := range saved.Passed {
		if c.knows(id) {
			return fmt.Errorf("id %d of user %d is there twice", id.ID, id.From)
		}
		c.passed.add(id)
	}
	c.newest = max(c.newest, saved.Newest)
	return nil
}

func (c *Conversation) key() (conversationKey, error) {
	switch c.Kind {
	case wire.P2P:
		if !slices.IsSorted(c.Users[:]) {
			return conversationKey{}, fmt.Errorf("users %v are not in rising order", c.Users)
		}
		return conversationKey{c.Kind, c.Users[0], c.Users[1]}, nil
	case wire.InGroup, wire.InRoom:
		return conversationKey{kind: c.Kind, a: c.ID}, nil
	case wire.Broadcast:
		return conversationKey{kind: c.Kind}, nil
	}
	return conversationKey{}, fmt.Errorf("kind %d is unknown", c.Kind)
}
