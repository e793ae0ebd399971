package fpnn

import (
	"sync"

	"github.com/gofpnn/gofpnn/fpnn/internal/lend"
)

// Write buffers. A connection has up to three of its own, of up to ownBuffer bytes:
// one is being written, one filled, and one was filled until more was to be
// written. Then the connection borrows one, until it is written: of 64 KiB, and if
// that is not enough of 512 KiB, what a few thousand callers send at once, if as
// much may wait. For a package larger than that it borrows from where large read buffers
// come from.
const (
	ownBuffer    = 8 << 10
	mediumBuffer = 64 << 10
	largeBuffer  = 512 << 10
)

var (
	mediumBuffers = shelf{size: mediumBuffer, limit: 32}
	largeBuffers  = shelf{size: largeBuffer, limit: 8}
)

// shelf lends buffers of one size to all connections, and keeps some of those that
// come back. A sync.Pool would keep one for each processor, where the others do
// not find it, and connections move between processors all the time.
type shelf struct {
	size, limit int

	mu   sync.Mutex
	free [][]byte
}

func (s *shelf) take() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	last := len(s.free) - 1
	if last < 0 {
		return make([]byte, 0, s.size)
	}
	b := s.free[last]
	s.free[last] = nil
	s.free = s.free[:last]
	return b
}

func (s *shelf) give(b []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.free) < s.limit {
		s.free = append(s.free, b[:0])
	}
}

// enlarge replaces the buffer that is being filled by one of at least n bytes.
// c.mu is held.
func (c *Conn) enlarge(n int) {
	old := c.out
	if n <= ownBuffer {
		c.out = append(make([]byte, 0, min(max(n, 2*cap(old)), ownBuffer)), old...)
		return
	}
	switch {
	case n <= mediumBuffer:
		c.out = mediumBuffers.take()
	case n > c.writeBuffer:
		c.out = lend.Take(n)
	case n <= largeBuffer && c.writeBuffer >= largeBuffer:
		c.out = largeBuffers.take()
	default:
		c.out = make([]byte, 0, max(n, min(2*cap(old), c.writeBuffer)))
	}
	c.out = append(c.out, old...)
	c.recycle(old)
}

// recycle gives a borrowed buffer back, and keeps one of the connection's own.
// c.mu is held.
func (c *Conn) recycle(b []byte) {
	switch size := cap(b); {
	case size == mediumBuffer:
		mediumBuffers.give(b)
	case size == largeBuffer:
		largeBuffers.give(b)
	case size > ownBuffer:
		lend.Give(b)
	case c.spare[0] == nil:
		c.spare[0] = b[:0]
	case c.spare[1] == nil:
		c.spare[1] = b[:0]
	}
}
