package lend_test

import (
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/fpnn/internal/lend"
)

func TestBuffersHaveRoom(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 100, 32 << 10, 64<<10 - 1, 64 << 10, 64<<10 + 1, 1<<20 + 1, 16 << 20, 16<<20 + 1} {
		b := lend.Take(n)
		require.Empty(t, b)
		require.GreaterOrEqual(t, cap(b), n)
		require.Less(t, cap(b), max(2*n, 64<<10+1))
		lend.Give(b)
	}
}

// begin is where a buffer is.
func begin(b []byte) *byte { return &b[:1][0] }

// comesBack reports whether a buffer with that room is lent once more. The race
// detector has pools lose some of what they are given.
func comesBack(room int) bool {
	for range 20 {
		b := make([]byte, 0, room)
		lend.Give(b)
		taken := lend.Take(room)
		if begin(taken) == begin(b) {
			return true
		}
	}
	return false
}

func TestLargeBuffersAreLentAgain(t *testing.T) {
	for _, room := range []int{64 << 10, 128 << 10, 1 << 20, 16 << 20} {
		require.True(t, comesBack(room), "%d bytes", room)
	}
	for _, room := range []int{1, 32 << 10, 64<<10 - 1, 1<<20 + 1, 100 << 10, 32 << 20} {
		require.False(t, comesBack(room), "%d bytes", room)
	}
}

// Of what is given back a little is kept whatever the garbage collector does.
func TestSomeAreKeptFromTheGarbageCollector(t *testing.T) {
	const room = 128 << 10
	given := make(map[*byte]bool)
	for range 20 {
		b := make([]byte, 0, room)
		given[begin(b)] = true
		lend.Give(b)
	}
	for range 3 {
		runtime.GC()
	}
	kept := 0
	for range 20 {
		if given[begin(lend.Take(room))] {
			kept++
		}
	}
	require.Equal(t, (1<<20)/room-1, kept)
}

// What was read into a buffer says nothing about how long the next one is.
func TestBuffersAreLentEmpty(t *testing.T) {
	for range 20 {
		lend.Give(make([]byte, 64<<10))
		require.Empty(t, lend.Take(64<<10))
	}
}
