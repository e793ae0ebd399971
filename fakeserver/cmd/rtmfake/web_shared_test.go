package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
)

// slow makes answers when it is told to: it counts how many are made at a time.
type slow struct {
	made, most, now int // only one at a time, or the race detector tells
	proceed         chan error
}

func (s *slow) make() ([]byte, error) {
	s.made++
	s.now++
	s.most = max(s.most, s.now)
	err := <-s.proceed
	s.now--
	return fmt.Append(nil, s.made), err
}

func TestAnswersAreMadeOneAtATimeForAllWhoWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := slow{proceed: make(chan error)}
		shared := newShared("text/plain", s.make)
		answers := make(chan *httptest.ResponseRecorder, maxAsking)
		ask := func(ctx context.Context) {
			go func() {
				rw := httptest.NewRecorder()
				shared.ServeHTTP(rw, httptest.NewRequestWithContext(ctx, http.MethodGet, "/", nil))
				answers <- rw
			}()
			synctest.Wait()
		}
		ask(t.Context())
		impatient, leave := context.WithCancel(t.Context())
		ask(impatient) // makes the next answer for all who follow
		ask(impatient)
		for range maxAsking - 3 {
			ask(t.Context())
		}
		require.Equal(t, 1, s.made, "it is the first one's, for whom the others come too late")
		rw := httptest.NewRecorder()
		shared.ServeHTTP(rw, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil))
		require.Equal(t, http.StatusServiceUnavailable, rw.Code)
		require.NotEmpty(t, rw.Header().Get("Retry-After"))

		leave()
		synctest.Wait()
		require.Len(t, answers, 1, "the one for whom nobody waits is gone")
		require.NotEqual(t, http.StatusOK, (<-answers).Code)
		s.proceed <- nil
		require.Equal(t, "1", (<-answers).Body.String())
		s.proceed <- nil
		second := 0
		for range maxAsking - 2 {
			if (<-answers).Body.String() == "2" {
				second++
			}
		}
		require.GreaterOrEqual(t, second, maxAsking-3, "whether the one who left gets it does not matter")
		require.Equal(t, 1, s.most)

		ask(t.Context())
		s.proceed <- errors.New("no answer")
		rw = <-answers
		require.Equal(t, http.StatusInternalServerError, rw.Code)
		require.Equal(t, 3, s.made)
		require.Empty(t, shared.places)
	})
}
