// Package lend keeps buffers of 64 KiB and more for all connections: for the next large
// package, so that none is made and zeroed for each, and for what many callers send at
// once, so that connections need not hold one while they are idle. Of each size it keeps
// less than 1 MiB, so none of 1 MiB and more; the rest goes to the garbage collector
// after two of its cycles.
package lend

import (
	"math/bits"
	"sync"
)

const (
	minBits = 16      // 64 KiB
	maxBits = 24      // 16 MiB: reading a package of the default limit, 8 MiB, may take as much
	kept    = 1 << 20 // what is kept of each size is less
)

// shelves have buffers of a power of two each, from 64 KiB on.
var shelves [maxBits - minBits + 1]shelf

// shelf has the buffers of one size. Those in front are found from every processor,
// unlike what a pool has, which keeps some for the processor they were given back on.
type shelf struct {
	mu    sync.Mutex
	front [][]byte
	rest  sync.Pool // of *[]byte
}

// Take returns an empty buffer for at least n bytes, with what others have left in it.
// It has 64 KiB or more; one for more than 16 MiB is new.
func Take(n int) []byte {
	class := max(bits.Len(uint(n-1)), minBits)
	if class > maxBits {
		return make([]byte, 0, n)
	}
	s := &shelves[class-minBits]
	if b := s.pop(); b != nil {
		return b
	}
	if b, ok := s.rest.Get().(*[]byte); ok {
		return *b
	}
	return make([]byte, 0, 1<<class)
}

// Give takes a buffer back that nobody refers to any more. One of a size that is not
// lent is left to the garbage collector.
func Give(b []byte) {
	class := bits.Len(uint(cap(b))) - 1
	if class < minBits || class > maxBits || cap(b) != 1<<class {
		return
	}
	s := &shelves[class-minBits]
	if !s.push(b[:0]) {
		b := b[:0] // a slice of its own, since it is kept by reference
		s.rest.Put(&b)
	}
}

func (s *shelf) pop() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	last := len(s.front) - 1
	if last < 0 {
		return nil
	}
	b := s.front[last]
	s.front[last] = nil
	s.front = s.front[:last]
	return b
}

// push reports false if there is no room in front.
func (s *shelf) push(b []byte) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if (len(s.front)+1)*cap(b) >= kept {
		return false
	}
	s.front = append(s.front, b)
	return true
}
