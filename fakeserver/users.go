package fakeserver

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"sync"

	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/rtm/wire"
)

// The methods about users.

func (s *Server) userMethods(mux *fpnn.Mux) {
	alone(s, mux, s.getToken)
	alone(s, mux, s.removeToken)
	alone(s, mux, s.kickout)
}

// tokens are what users would log in with, on the gate for clients.
type tokens struct {
	mu sync.Mutex
	of map[int64]string
}

func (t *tokens) set(uid int64, token string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.put(uid, token)
}

// put is set with t.mu held.
func (t *tokens) put(uid int64, token string) {
	if t.of == nil {
		t.of = make(map[int64]string)
	}
	t.of[uid] = token
}

// getToken answers with the user's token, a new one if there is none. A token is
// made from the project's secret, the user and the time, so that the same quests
// at the same times have the same answers.
func (s *Server) getToken(c *call, q *wire.GetToken) (wire.Params, error) {
	s.tokens.mu.Lock()
	defer s.tokens.mu.Unlock()
	token, ok := s.tokens.of[q.UID]
	if !ok {
		mac := hmac.New(sha256.New, []byte(s.project.Secret))
		_, _ = fmt.Fprintf(mac, "token:%d:%d", q.UID, c.now.UnixNano())
		token = base32.StdEncoding.EncodeToString(mac.Sum(nil)[:20])
		s.tokens.put(q.UID, token)
	}
	return &wire.Token{Token: token}, nil
}

func (s *Server) removeToken(_ *call, q *wire.RemoveToken) (wire.Params, error) {
	s.tokens.mu.Lock()
	defer s.tokens.mu.Unlock()
	delete(s.tokens.of, q.UID)
	return wire.Nothing{}, nil
}

// kickout has nobody to disconnect: users are on the gate for clients.
func (*Server) kickout(*call, *wire.Kickout) (wire.Params, error) { return wire.Nothing{}, nil }
