package fakeserver

import (
	"time"

	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/rtm/wire"
)

// The methods that send messages and page through them.

// send serves the methods that send: to a kind of target, or to many users.
//
// A message id is taken once for each sender and conversation, else 200053. Of a
// message to many users it is refused only if none of them is new to it: a
// repeated quest must reach those whom the first did not.
func (s *Server) send(kind wire.Kind, multi bool) method {
	return func(quest *fpnn.Quest) (any, error) {
		q, err := wire.ParseSend(kind, multi, quest.Payload)
		if err != nil {
			return nil, err
		}
		if err := s.checkSend(q, multi); err != nil {
			return nil, err
		}
		targets := []wire.Target{q.Target}
		if multi {
			targets = targets[:0]
			for _, uid := range q.Tos {
				targets = append(targets, wire.User(uid))
			}
		}
		var answer wire.SendAnswer
		stored := false
		now := time.Now().UnixMilli()
		for _, to := range targets {
			if mtime, ok := s.append(q.From, to, &q.Message, now); ok {
				answer.ModifiedTime = max(answer.ModifiedTime, mtime)
				stored = true
			}
		}
		if !stored {
			return nil, refuse(wire.CodeDuplicateID)
		}
		return answer, nil
	}
}

func (s *Server) checkSend(q *wire.Send, multi bool) error {
	if q.Message.Type < 1 {
		return refuse(wire.CodeBadType)
	}
	if multi {
		if err := checkList(len(q.Tos), s.limits.Receivers); err != nil {
			return err
		}
	}
	if err := s.limits.checkSize(max(len(q.Message.Text), len(q.Message.Data)), len(q.Message.Attrs)); err != nil {
		return err
	}
	return s.checkMember(q.From, q.Target)
}

// append stores a message if its type is one to store, and tells the listeners,
// in the order of the conversation. In any case its id is taken and it gets a
// time, or false is returned.
func (s *Server) append(from int64, to wire.Target, m *wire.Message, now int64) (mtime int64, ok bool) {
	c := s.store.conversation(from, to)
	take := c.add
	if !s.storedTypes.has(m.Type) {
		take = c.pass
	}
	c.mu.Lock()
	if mtime, ok = take(from, m, now); ok {
		s.push(&wire.Push{From: from, Target: to, Message: *m, ModifiedTime: mtime})
	}
	c.mu.Unlock()
	s.limits.forget(c, now)
	return mtime, ok
}

// open returns a conversation to read or change.
func (s *Server) open(uid int64, with wire.Target) *conversation {
	c := s.store.lookup(uid, with)
	s.limits.forget(c, time.Now().UnixMilli())
	return c
}

// checkMember refuses those who are not in the group or room, if the server is
// to check that.
func (s *Server) checkMember(uid int64, t wire.Target) error {
	switch {
	case !s.checkMembers:
		return nil
	case t.Kind == wire.InGroup && !s.groups.has(t.ID, uid):
		return refuse(wire.CodeNotInGroup)
	case t.Kind == wire.InRoom && !s.rooms.has(t.ID, uid):
		return refuse(wire.CodeNotInRoom)
	}
	return nil
}

// history serves the methods that read a page of a conversation.
func (s *Server) history(kind wire.Kind) method {
	return func(quest *fpnn.Quest) (any, error) {
		q, err := wire.ParseHistory(kind, quest.Payload)
		if err != nil {
			return nil, err
		}
		if err := s.checkMember(q.UID, q.Target); err != nil {
			return nil, err
		}
		page := s.open(q.UID, q.Target).page(q, time.Now().UnixMilli())
		return &wire.PageAnswer{Page: page, Quest: q}, nil
	}
}
