package fakeserver

import (
	"math"

	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/rtm/wire"
)

// The methods about messages that are stored.

func (s *Server) storedMethods(mux *fpnn.Mux) {
	within(s, mux, s.get, func(q *wire.Get) conversationKey { return keyOf(q.From, q.Target) })
	within(s, mux, s.delete, func(q *wire.Delete) conversationKey { return keyOf(q.From, q.Target) })
	within(s, mux, s.edit, func(q *wire.Edit) conversationKey { return keyOf(q.From, q.Target) })
	within(s, mux, s.clean, func(q *wire.Clean) conversationKey { return keyOf(q.From, q.Target) })
	within(s, mux, s.deleteSent, func(q *wire.DeleteSent) conversationKey { return keyOf(q.From, q.Target) })
	within(s, mux, s.count, func(q *wire.Count) conversationKey { return keyOf(0, q.Target) })
	alone(s, mux, s.clearProject)
	alone(s, mux, s.clearUser)
}

// get answers with one message, or 200070.
func (s *Server) get(c *call, q *wire.Get) (wire.Params, error) {
	m, ok := s.open(c, q.From, q.Target).get(q.From, q.ID)
	if !ok {
		return nil, refuse(wire.CodeNotFound)
	}
	return &wire.GetAnswer{Cursor: m.Cursor, Message: m.Message, ModifiedTime: m.ModifiedTime}, nil
}

// delete deletes one message. It is 200070 the second time.
func (s *Server) delete(c *call, q *wire.Delete) (wire.Params, error) {
	if !s.open(c, q.From, q.Target).delete(q.From, q.ID) {
		return nil, refuse(wire.CodeNotFound)
	}
	return wire.Nothing{}, nil
}

// edit replaces a message's text and attributes, unless the message is older
// than the quest's limit: then 200021.
func (s *Server) edit(c *call, q *wire.Edit) (wire.Params, error) {
	if err := s.limits.checkSize(len(q.Text), len(q.Attrs)); err != nil {
		return nil, err
	}
	oldest := int64(math.MinInt64)
	if q.TimeLimit > 0 {
		oldest = c.millis() - q.TimeLimit
	}
	found, edited := s.open(c, q.From, q.Target).edit(q.From, q.ID, q.Text, q.Attrs, oldest)
	switch {
	case !found:
		return nil, refuse(wire.CodeNotFound)
	case !edited:
		return nil, fpnn.Errorf(wire.CodePermissionDenied, "message is older than the time limit of %d ms", q.TimeLimit)
	}
	return wire.Nothing{}, nil
}

// clean deletes what a conversation holds in a range of time, whoever sent it.
func (s *Server) clean(c *call, q *wire.Clean) (wire.Params, error) {
	s.open(c, q.From, q.Target).clean(q.Begin, q.End)
	return wire.Nothing{}, nil
}

// deleteSent deletes what one user has sent in a conversation.
func (s *Server) deleteSent(c *call, q *wire.DeleteSent) (wire.Params, error) {
	s.open(c, q.From, q.Target).deleteSent(q.From)
	return wire.Nothing{}, nil
}

// count counts messages and their senders. The wire names only one of the two
// users of a P2P conversation, so there 200020 is the answer.
func (s *Server) count(c *call, q *wire.Count) (wire.Params, error) {
	if q.Target.Kind == wire.P2P {
		return nil, refuse(wire.CodeMethodForbidden)
	}
	senders, messages := s.open(c, 0, q.Target).count(q.Types, q.Begin, q.End)
	return &wire.CountAnswer{Senders: int32(senders), Messages: int32(messages)}, nil
}

// clearProject deletes all messages of the kinds of conversation that are named.
func (s *Server) clearProject(_ *call, q *wire.ClearProject) (wire.Params, error) {
	kinds := map[wire.ClearKind]wire.Kind{
		wire.ClearP2P: wire.P2P, wire.ClearGroups: wire.InGroup, wire.ClearRooms: wire.InRoom, wire.ClearBroadcast: wire.Broadcast,
	}
	s.store.each(func(key conversationKey, c *conversation) {
		if q.Kind == wire.ClearAll || kinds[q.Kind] == key.kind {
			c.clean(0, 0)
		}
	})
	return wire.Nothing{}, nil
}

// clearUser deletes what a user has sent, anywhere.
func (s *Server) clearUser(_ *call, q *wire.ClearUser) (wire.Params, error) {
	s.store.each(func(_ conversationKey, c *conversation) { c.deleteSent(q.UID) })
	return wire.Nothing{}, nil
}
