package main

import (
	"context"
	"fmt"
	"net/http"
	"sync"
)

// maxAsking is how many may ask for one shared answer, or be reading it, at a time;
// one more is answered 503.
const maxAsking = 16

// shared serves an answer that costs something to make. One is made at a time, for
// all who have asked before it was begun.
type shared struct {
	contentType string
	make        func() ([]byte, error)
	places      chan struct{} // holds one for each who asks
	turn        chan struct{} // holds one while an answer is made

	mu   sync.Mutex
	next *sharedAnswer // that has not been begun; nil if nobody waits
}

type sharedAnswer struct {
	content []byte
	err     error
	done    chan struct{}
}

func newShared(contentType string, create func() ([]byte, error)) *shared {
	return &shared{contentType: contentType, make: create, places: make(chan struct{}, maxAsking), turn: make(chan struct{}, 1)}
}

func (s *shared) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	select {
	case s.places <- struct{}{}:
		defer func() { <-s.places }()
	default:
		busy(rw, fmt.Sprintf("%d others ask for this: no more can", maxAsking))
		return
	}
	content, err := s.get(r.Context())
	if err != nil {
		http.Error(rw, err.Error(), http.StatusInternalServerError)
		return
	}
	write(rw, s.contentType, content)
}

// get returns an answer that is begun after get is called.
func (s *shared) get(ctx context.Context) ([]byte, error) {
	s.mu.Lock()
	answer, first := s.next, s.next == nil
	if first {
		answer = &sharedAnswer{done: make(chan struct{})}
		s.next = answer
	}
	s.mu.Unlock()
	if first {
		s.create(answer)
	}
	select {
	case <-answer.done:
		return answer.content, answer.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// create makes the next answer when the one before is ready. It heeds no ctx: who
// asks first makes it for the others.
func (s *shared) create(answer *sharedAnswer) {
	s.turn <- struct{}{}
	defer func() {
		<-s.turn
		close(answer.done)
	}()
	s.mu.Lock()
	s.next = nil
	s.mu.Unlock()
	answer.content, answer.err = s.make()
}

// busy answers those who come when there is no place.
func busy(rw http.ResponseWriter, text string) {
	rw.Header().Set("Retry-After", "5")
	http.Error(rw, text, http.StatusServiceUnavailable)
}
