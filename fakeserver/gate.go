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
	return mux
}

// method is what a gate does with a quest that is signed.
type method func(p codec.Payload) (any, error)

func (s *Server) handle(mux *fpnn.Mux, name string, m method) {
	mux.Handle(name, fpnn.HandlerFunc(func(_ context.Context, q *fpnn.Quest) (any, error) {
		if err := s.authorize(name, q.Payload); err != nil {
			return nil, err
		}
		return m(q.Payload)
	}))
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
