package fakeserver

import (
	"time"

	"github.com/gofpnn/gofpnn/codec"
	"github.com/gofpnn/gofpnn/rtm/wire"
)

// send serves the methods that send: to a kind of target, or to many users.
//
// A message id is taken once for each sender and conversation, else 200053. Of a
// message to many users it is refused only if none of them is new to it: a
// repeated quest must reach those whom the first did not.
func (s *Server) send(kind wire.Kind, multi bool) method {
	return func(p codec.Payload) (any, error) {
		q, err := wire.ParseSend(kind, multi, p)
		if err != nil {
			return nil, err
		}
		if q.Message.Type < 1 {
			return nil, refuse(wire.CodeBadType)
		}
		targets := []wire.Target{q.Target}
		if multi {
			if len(q.Tos) == 0 {
				return nil, refuse(wire.CodeNoItems)
			}
			targets = targets[:0]
			for _, uid := range q.Tos {
				targets = append(targets, wire.User(uid))
			}
		}
		var answer wire.SendAnswer
		stored := false
		now := time.Now().UnixMilli()
		for _, to := range targets {
			if mtime, ok := s.store.conversation(q.From, to).append(q.From, &q.Message, now); ok {
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

// history serves the methods that read a page of a conversation.
func (s *Server) history(kind wire.Kind) method {
	return func(p codec.Payload) (any, error) {
		q, err := wire.ParseHistory(kind, p)
		if err != nil {
			return nil, err
		}
		page := s.store.lookup(q.UID, q.Target).page(q, time.Now().UnixMilli())
		return &wire.PageAnswer{Page: page, Quest: q}, nil
	}
}
