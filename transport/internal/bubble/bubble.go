// Package bubble helps tests that run in bubbles of testing/synctest, where a call
// that blocks can be told from one that is slow.
package bubble

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// Run runs f in a bubble of its own, next to the other tests.
func Run(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, f)
}

// Advance lets the clock of a bubble run. Bubbles begin in 2000: a real clock is
// not waited for.
func Advance(t *testing.T, d time.Duration) {
	t.Helper()
	require.Less(t, time.Now().Year(), 2020, "not in a bubble")
	time.Sleep(d)
}

// Call is a function at work in another goroutine.
type Call[T any] struct {
	done  chan struct{}
	value T
	err   error
}

// Start calls f.
func Start[T any](f func() (T, error)) *Call[T] {
	c := &Call[T]{done: make(chan struct{})}
	go func() {
		defer close(c.done)
		c.value, c.err = f()
	}()
	return c
}

// Blocked holds that the call has not returned and waits for something else than
// the present moment. It is for bubbles only.
func (c *Call[T]) Blocked(t *testing.T) {
	t.Helper()
	synctest.Wait()
	select {
	case <-c.done:
		require.FailNow(t, "returned", "value %v, error %v", c.value, c.err)
	default:
	}
}

// Returned holds that the call returns without any time passing. It is for bubbles
// only.
func (c *Call[T]) Returned(t *testing.T) (T, error) {
	t.Helper()
	synctest.Wait()
	select {
	case <-c.done:
	default:
		require.FailNow(t, "still blocked")
	}
	return c.value, c.err
}

// Wait returns what the call does, however long it takes.
func (c *Call[T]) Wait() (T, error) {
	<-c.done
	return c.value, c.err
}
