package fakeserver

import (
	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/rtm/wire"
)

// The methods that send messages and page through them.

func (s *Server) messageMethods(mux *fpnn.Mux) {
	for _, kind := range []wire.Kind{wire.P2P, wire.InGroup, wire.InRoom, wire.Broadcast} {
		s.handle(mux, kind.SendMethod(), s.readSend(kind, false))
		s.handle(mux, kind.HistoryMethod(), s.readHistory(kind))
	}
	s.handle(mux, wire.SendMulti, s.readSend(wire.P2P, true))
}

// sendTask is a quest that sends.
type sendTask struct {
	server *Server
	quest  wire.Send
	says   wire.Content
}

// readSend reads the quests that send to one target of a kind, or to many users.
func (s *Server) readSend(kind wire.Kind, multi bool) method {
	return func(c *call) (task, error) {
		t := &c.send
		t.server = s
		var err error
		if t.says, err = c.fields.Send(kind, multi, &t.quest); err != nil {
			return nil, err
		}
		return t, nil
	}
}

func (t *sendTask) within() (key conversationKey, one bool) {
	return keyOf(t.quest.From, t.quest.Target), t.quest.Tos == nil
}

// run stores a message for each target.
//
// A message id is taken once for each sender and conversation, else 200053. Of a
// message to many users it is refused only if none of them is new to it: a
// repeated quest must reach those whom the first did not.
func (t *sendTask) run(c *call) (any, error) {
	s, q := t.server, &t.quest
	if err := s.checkSend(q, &t.says); err != nil {
		return nil, err
	}
	stored := false
	var answer wire.SendAnswer
	store := func(to wire.Target) {
		if mtime, ok := s.append(q.From, to, &q.Message, &t.says, c.millis()); ok {
			answer.ModifiedTime = max(answer.ModifiedTime, mtime)
			stored = true
		}
	}
	if q.Tos == nil {
		store(q.Target)
	}
	for _, uid := range q.Tos {
		store(wire.User(uid))
	}
	if !stored {
		return nil, refuse(wire.CodeDuplicateID)
	}
	return answer, nil
}

func (s *Server) checkSend(q *wire.Send, says *wire.Content) error {
	if q.Message.Type < 1 {
		return refuse(wire.CodeBadType)
	}
	if q.Tos != nil {
		if err := checkList(len(q.Tos), s.limits.Receivers); err != nil {
			return err
		}
	}
	if err := s.limits.checkSize(len(says.Body), len(says.Attrs)); err != nil {
		return err
	}
	return s.checkMember(q.From, q.Target)
}

// append stores a message, m as far as it has an id and a type, if its type is one
// to store, and tells the listeners, in the order of the conversation. In any case
// its id is taken and it gets a time, or false is returned.
func (s *Server) append(from int64, to wire.Target, m *wire.Message, says *wire.Content, now int64) (mtime int64, ok bool) {
	c := s.store.conversation(from, to)
	c.mu.Lock()
	if s.storedTypes.has(m.Type) {
		mtime, ok = c.add(from, m, says, now)
	} else {
		mtime, ok = c.pass(from, m, now)
	}
	if ok && s.listeners.any() {
		s.push(&wire.Push{From: from, Target: to, Message: says.Message(m.ID, m.Type), ModifiedTime: mtime})
	}
	c.mu.Unlock()
	s.limits.forget(c, now)
	return mtime, ok
}

// open returns a conversation to read or change.
func (s *Server) open(c *call, uid int64, with wire.Target) *conversation {
	conversation := s.store.lookup(uid, with)
	s.limits.forget(conversation, c.millis())
	return conversation
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

// readHistory reads the quests for a page of a conversation.
func (s *Server) readHistory(kind wire.Kind) method {
	return func(c *call) (task, error) {
		q, err := c.fields.History(kind)
		if err != nil {
			return nil, err
		}
		return funcTask{keyOf(q.UID, q.Target), true, func(c *call) (any, error) {
			if err := s.checkMember(q.UID, q.Target); err != nil {
				return nil, err
			}
			page := s.open(c, q.UID, q.Target).page(q, c.millis())
			return &wire.PageAnswer{Page: page, Quest: q}, nil
		}}, nil
	}
}
