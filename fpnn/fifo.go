package fpnn

// maxKept is the most room, in elements, that an empty fifo keeps.
const maxKept = 1024

// fifo is a queue whose room is used again. The zero value is ready to use.
type fifo[T any] struct {
	items []T // the first ones have left
	head  int // how many
}

func (f *fifo[T]) len() int { return len(f.items) - f.head }

func (f *fifo[T]) push(v T) {
	if len(f.items) == cap(f.items) && f.head > len(f.items)/2 {
		n := copy(f.items, f.items[f.head:])
		clear(f.items[n:])
		f.items, f.head = f.items[:n], 0
	}
	f.items = append(f.items, v)
}

// pop takes the oldest element, of which there is one.
func (f *fifo[T]) pop() T {
	var none T
	v := f.items[f.head]
	f.items[f.head] = none
	f.head++
	if f.head == len(f.items) {
		f.items, f.head = f.items[:0], 0
		if cap(f.items) > maxKept {
			f.items = nil
		}
	}
	return v
}
