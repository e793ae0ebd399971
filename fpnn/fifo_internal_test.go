package fpnn

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestFifoKeepsTheOrder(t *testing.T) {
	t.Parallel()
	var f fifo[int]
	pushed, popped := 0, 0
	for _, n := range []int{1, 100, 3, 5000, 1, 0, 200} {
		for range n {
			f.push(pushed)
			pushed++
		}
		for range n/2 + 1 {
			if popped == pushed {
				break
			}
			require.Equal(t, popped, f.pop())
			popped++
			require.Equal(t, pushed-popped, f.len())
		}
	}
	for ; popped < pushed; popped++ {
		require.Equal(t, popped, f.pop())
	}
	require.Zero(t, f.len())
}

// A queue that is never empty does not grow with what has gone through it.
func TestFifoUsesItsRoomAgain(t *testing.T) {
	t.Parallel()
	var f fifo[int]
	for range 10 {
		f.push(0)
	}
	for range 10_000 {
		f.push(0)
		f.pop()
	}
	require.LessOrEqual(t, cap(f.items), 64)
}

func TestEmptyFifoKeepsLittleRoom(t *testing.T) {
	t.Parallel()
	var f fifo[int]
	for _, n := range []int{maxKept, 10 * maxKept} {
		for range n {
			f.push(0)
		}
		for range n {
			f.pop()
		}
		require.LessOrEqual(t, cap(f.items), maxKept)
	}
	f.push(0)
	f.pop()
	require.Positive(t, cap(f.items), "a little is kept")
}

func TestFifoForgetsWhatHasLeft(t *testing.T) {
	t.Parallel()
	var f fifo[*int]
	for range 100 {
		f.push(new(int))
	}
	left := cap(f.items)/2 + 1
	for range left {
		f.pop()
	}
	for f.head == left {
		f.push(new(int)) // at the last of these the others move to the front
	}
	held := 0
	for _, v := range f.items[:cap(f.items)] {
		if v != nil {
			held++
		}
	}
	require.Equal(t, f.len(), held)
}
