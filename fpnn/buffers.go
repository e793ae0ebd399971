package fpnn

import "github.com/gofpnn/gofpnn/fpnn/internal/lend"

// ownBuffer is how large in bytes the write buffers are that a connection has itself.
// There are up to three: one is being written, one filled, and one was filled until
// more was to be written. Then the connection borrows a larger one until it is written.
const ownBuffer = 8 << 10

// enlarge replaces the buffer that is being filled by one of at least n bytes.
// c.mu is held.
func (c *Conn) enlarge(n int) {
	old := c.out
	if n <= ownBuffer {
		c.out = append(make([]byte, 0, min(max(n, 2*cap(old)), ownBuffer)), old...)
		return
	}
	c.out = append(lend.Take(n), old...)
	c.recycle(old)
}

// recycle gives a borrowed buffer back, and keeps one of the connection's own.
// c.mu is held.
func (c *Conn) recycle(b []byte) {
	switch {
	case cap(b) > ownBuffer:
		lend.Give(b)
	case c.spare[0] == nil:
		c.spare[0] = b[:0]
	case c.spare[1] == nil:
		c.spare[1] = b[:0]
	}
}
