package fakeserver

import (
	"context"
	"time"

	"github.com/gofpnn/gofpnn/codec"
	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/rtm/wire"
)

// methods are the methods of the gate. Any other is answered with 20004, before
// credentials are looked at.
func (s *Server) methods() *fpnn.Mux {
	mux := fpnn.NewMux()
	for _, kind := range []wire.Kind{wire.P2P, wire.InGroup, wire.InRoom, wire.Broadcast} {
		s.handle(mux, kind.SendMethod(), s.send(kind, false))
		s.handle(mux, kind.HistoryMethod(), s.history(kind))
	}
	s.handle(mux, wire.SendMulti, s.send(wire.P2P, true))

	handle(s, mux, s.get)
	handle(s, mux, s.delete)
	handle(s, mux, s.edit)
	handle(s, mux, s.clean)
	handle(s, mux, s.deleteSent)
	handle(s, mux, s.count)
	handle(s, mux, s.clearProject)

	handle(s, mux, s.addGroupMembers)
	handle(s, mux, s.delGroupMembers)
	handle(s, mux, s.getGroupMembers)
	handle(s, mux, s.getGroupCount)
	handle(s, mux, s.isGroupMember)
	handle(s, mux, s.getUserGroups)
	handle(s, mux, s.addRoomMember)
	handle(s, mux, s.delRoomMember)
	handle(s, mux, s.addRoomMembers)
	handle(s, mux, s.delRoomMembers)
	handle(s, mux, s.getRoomMembers)
	handle(s, mux, s.getRoomCount)

	handleConn(s, mux, s.addListen)
	handleConn(s, mux, s.removeListen)
	handleConn(s, mux, s.setListen)

	handle(s, mux, s.getToken)
	handle(s, mux, s.removeToken)
	handle(s, mux, s.kickout)
	handle(s, mux, s.clearUser)
	return mux
}

// method is what a gate does with a quest that is signed.
type method func(q *fpnn.Quest) (any, error)

func (s *Server) handle(mux *fpnn.Mux, name string, m method) {
	mux.Handle(name, fpnn.HandlerFunc(func(_ context.Context, q *fpnn.Quest) (any, error) {
		if err := s.authorize(name, q.Payload); err != nil {
			return nil, err
		}
		if s.rate.exceeded(s.limits.Rate) {
			return nil, refuse(wire.CodeFrequencyLimit)
		}
		return m(q)
	}))
}

// handle registers a method by the quest it takes.
func handle[Q any, P interface {
	*Q
	wire.Quest
}](s *Server, mux *fpnn.Mux, f func(q P) (wire.Params, error),
) {
	handleConn(s, mux, func(_ *fpnn.Conn, q P) (wire.Params, error) { return f(q) })
}

// handleConn is handle for methods that ask who calls.
func handleConn[Q any, P interface {
	*Q
	wire.Quest
}](s *Server, mux *fpnn.Mux, f func(conn *fpnn.Conn, q P) (wire.Params, error),
) {
	s.handle(mux, P(new(Q)).Method(), func(quest *fpnn.Quest) (any, error) {
		q := P(new(Q))
		if err := wire.Parse(quest.Payload, q); err != nil {
			return nil, err
		}
		answer, err := f(quest.Conn(), q)
		if err != nil {
			return nil, err
		}
		return wire.Answer{Params: answer}, nil
	})
}

// authorize checks signature and time. A quest without them is as bad as one
// with a wrong signature.
func (s *Server) authorize(name string, p codec.Payload) error {
	auth, err := wire.ParseAuth(p)
	if err != nil || !s.project.Verify(name, auth) {
		return refuse(wire.CodeBadSign)
	}
	if d := time.Since(time.Unix(auth.Time, 0)); d > s.tolerance || d < -s.tolerance {
		return refuse(wire.CodeBadTime)
	}
	return nil
}

// refuse returns the error answer with an RTM code.
func refuse(code int) error {
	return &fpnn.Error{Code: code, Message: wire.CodeText(code)}
}
