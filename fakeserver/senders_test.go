package fakeserver

import (
	"bytes"
	"runtime"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/rtm/wire"
)

// waitsForLock reports whether a goroutine that a function of this package has
// begun waits for a mutex.
func waitsForLock(t *testing.T, function string) bool {
	t.Helper()
	stacks := make([]byte, 1<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	for stack := range bytes.SplitSeq(stacks, []byte("\n\n")) {
		state, _, _ := bytes.Cut(stack, []byte("\n"))
		if bytes.Contains(state, []byte("Mutex")) && bytes.Contains(stack, []byte("fakeserver."+function+"(")) {
			return true
		}
	}
	return false
}

// inOneConversation and inOthers are functions so that stacks show their names.
func inOneConversation(s *Server, done chan<- error) {
	_, err := s.Send(1, wire.Group(1), wire.Message{Type: 66})
	done <- err
}

func inOthers(s *Server, done chan<- error) {
	for _, to := range []wire.Target{wire.Group(2), wire.Room(1), wire.User(2), wire.Everyone} {
		if _, err := s.Send(1, to, wire.Message{Type: 66}); err != nil {
			done <- err
			return
		}
		s.store.lookup(1, to).page(new(wire.History), 0)
		if to.Kind != wire.P2P { // of which there are many with a user
			s.Messages(to)
		}
	}
	done <- nil
}

// While a message is being stored in one conversation, others are stored in
// others, new ones too, and read: no lock is for all.
func TestSendersToOtherConversationsDoNotWait(t *testing.T) {
	s := New(t)
	require.NoError(t, s.SeedMessages(wire.Group(1), wire.Stored{From: 1, Message: wire.Message{Type: 66}}))
	one := s.store.lookup(1, wire.Group(1))
	one.mu.Lock()
	stored, others := make(chan error, 1), make(chan error, 1)
	go inOneConversation(s, stored)
	for !waitsForLock(t, "inOneConversation") {
		require.Empty(t, stored)
		runtime.Gosched()
	}
	go inOthers(s, others)
	for len(others) == 0 && !waitsForLock(t, "inOthers") {
		runtime.Gosched()
	}
	free := len(others) > 0
	require.Empty(t, stored, "it is still held up")
	one.mu.Unlock()
	require.NoError(t, <-stored)
	require.NoError(t, <-others)
	require.True(t, free, "others had to wait")
}

// Who has a number in common, or neighbouring ones, takes turns no more than
// chance has it.
func TestConversationsAreSpreadOverTheLanes(t *testing.T) {
	t.Parallel()
	const each = 64 // in a lane, on average
	var turns turns
	lanes := uint64(len(turns.lanes))
	for name, key := range map[string]func(n int64) conversationKey{
		"groups":              func(n int64) conversationKey { return keyOf(1, wire.Group(n)) },
		"groups by thousands": func(n int64) conversationKey { return keyOf(1, wire.Group(n*1000)) },
		"groups and rooms": func(n int64) conversationKey {
			return keyOf(1, wire.Target{Kind: wire.InGroup + wire.Kind(n%2), ID: n / 2})
		},
		"users of one":         func(n int64) conversationKey { return keyOf(1001, wire.User(n)) },
		"users of large uids":  func(n int64) conversationKey { return keyOf(n<<32, wire.User(n<<32+1)) },
		"users and themselves": func(n int64) conversationKey { return keyOf(n, wire.User(n)) },
	} {
		load := make([]int, lanes)
		for n := range int64(lanes * each) {
			load[key(n).hash()%lanes]++
		}
		require.Less(t, slices.Max(load), 2*each, name)
	}
	apart := 0
	for n := range int64(1000) {
		if keyOf(1, wire.Group(n)).hash()%lanes != keyOf(1, wire.Room(n)).hash()%lanes {
			apart++
		}
	}
	require.Greater(t, apart, 980)
}
