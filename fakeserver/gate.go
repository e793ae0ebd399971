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
	s.messageMethods(mux)
	s.storedMethods(mux)
	s.memberMethods(mux)
	s.listenMethods(mux)
	s.userMethods(mux)
	return mux
}

// task is a quest whose parameters have been read.
type task interface {
	// within returns the conversation the quest is about, if it is about no more.
	within() (key conversationKey, one bool)
	run(c *call) (any, error)
}

// method reads what a quest asks for.
type method func(c *call) (task, error)

// funcTask is a task that is a function.
type funcTask struct {
	key conversationKey
	one bool
	f   func(c *call) (any, error)
}

func (t funcTask) within() (key conversationKey, one bool) { return t.key, t.one }
func (t funcTask) run(c *call) (any, error)                { return t.f(c) }

func (s *Server) handle(mux *fpnn.Mux, name string, m method) {
	mux.Handle(name, fpnn.HandlerFunc(func(_ context.Context, q *fpnn.Quest) (any, error) {
		c := newCall(q.Conn(), s.now())
		v, err := s.serve(c, name, m, q.Payload)
		s.journal.applied(q, c)
		c.free()
		return v, err
	}))
}

// serve serves a quest, in its turn.
func (s *Server) serve(c *call, name string, m method, p codec.Payload) (any, error) {
	c.fields.Open(p)
	if err := s.authorize(c, name); err != nil {
		s.turns.pass(c)
		return nil, err
	}
	if s.limits.Rate > 0 { // which everybody shares
		defer s.turns.alone(c).end()
		if s.rate.exceeded(s.limits.Rate, c.now) {
			return nil, refuse(wire.CodeFrequencyLimit)
		}
		t, err := m(c)
		if err != nil {
			return nil, err
		}
		return t.run(c)
	}
	t, err := m(c)
	if err != nil {
		s.turns.pass(c)
		return nil, err
	}
	if key, one := t.within(); one {
		defer s.turns.within(c, key).end()
	} else {
		defer s.turns.alone(c).end()
	}
	return t.run(c)
}

// alone registers a method by the quest it takes.
func alone[Q any, P interface {
	*Q
	wire.Quest
}](s *Server, mux *fpnn.Mux, f func(c *call, q P) (wire.Params, error),
) {
	register(s, mux, f, func(P) (key conversationKey, one bool) { return key, false })
}

// within is alone for a method about one conversation.
func within[Q any, P interface {
	*Q
	wire.Quest
}](s *Server, mux *fpnn.Mux, f func(c *call, q P) (wire.Params, error), key func(q P) conversationKey,
) {
	register(s, mux, f, func(q P) (conversationKey, bool) { return key(q), true })
}

func register[Q any, P interface {
	*Q
	wire.Quest
}](s *Server, mux *fpnn.Mux, f func(c *call, q P) (wire.Params, error), within func(q P) (conversationKey, bool),
) {
	s.handle(mux, P(new(Q)).Method(), func(c *call) (task, error) {
		q := P(new(Q))
		if err := c.fields.Read(q); err != nil {
			return nil, err
		}
		key, one := within(q)
		return funcTask{key, one, func(c *call) (any, error) {
			answer, err := f(c, q)
			if err != nil {
				return nil, err
			}
			return wire.Answer{Params: answer}, nil
		}}, nil
	})
}

// authorize checks signature and time. A quest without them is as bad as one
// with a wrong signature.
func (s *Server) authorize(c *call, name string) error {
	auth, err := c.fields.Auth()
	if err != nil || !s.project.Verify(name, auth) {
		return refuse(wire.CodeBadSign)
	}
	if d := c.now.Sub(time.Unix(auth.Time, 0)); d > s.tolerance || d < -s.tolerance {
		return refuse(wire.CodeBadTime)
	}
	return nil
}

// refuse returns the error answer with an RTM code.
func refuse(code int) error {
	return &fpnn.Error{Code: code, Message: wire.CodeText(code)}
}
