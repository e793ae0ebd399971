package fakeserver

import (
	"crypto/rand"
	"sync"

	"github.com/gofpnn/gofpnn/rtm/wire"
)

// The methods about users.

// tokens are what users would log in with, on the gate for clients.
type tokens struct {
	mu sync.Mutex
	of map[int64]string
}

// getToken answers with the user's token, a new one if there is none.
func (s *Server) getToken(q *wire.GetToken) (wire.Params, error) {
	fresh := rand.Text()
	s.tokens.mu.Lock()
	defer s.tokens.mu.Unlock()
	token, ok := s.tokens.of[q.UID]
	if !ok {
		token = fresh
		if s.tokens.of == nil {
			s.tokens.of = make(map[int64]string)
		}
		s.tokens.of[q.UID] = token
	}
	return &wire.Token{Token: token}, nil
}

func (s *Server) removeToken(q *wire.RemoveToken) (wire.Params, error) {
	s.tokens.mu.Lock()
	defer s.tokens.mu.Unlock()
	delete(s.tokens.of, q.UID)
	return wire.Nothing{}, nil
}

// kickout has nobody to disconnect: users are on the gate for clients.
func (*Server) kickout(*wire.Kickout) (wire.Params, error) { return wire.Nothing{}, nil }
