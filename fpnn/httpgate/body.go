package httpgate

import (
	"errors"
	"io"
	"sync/atomic"
)

// bodies is the memory for request bodies.
type bodies struct {
	held atomic.Int64 // bytes
	most int64
}

// take takes n bytes, or gives -n back. It reports false if there are not so many.
func (b *bodies) take(n int) bool {
	if b.held.Add(int64(n)) <= b.most || n < 0 {
		return true
	}
	b.held.Add(-int64(n))
	return false
}

var errNoMemory = errors.New("httpgate: no memory left for request bodies")

// minBody is the size in bytes of the buffer that a body begins with.
const minBody = 512

// body is the body of a request. It grows with the bytes that have come, whatever
// length is claimed.
type body struct {
	of    *bodies
	text  []byte
	taken int
}

// read reads to the end of r.
func (b *body) read(r io.Reader) error {
	for {
		if len(b.text) == cap(b.text) && !b.grow() {
			return errNoMemory
		}
		n, err := r.Read(b.text[len(b.text):cap(b.text)])
		b.text = b.text[:len(b.text)+n]
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (b *body) grow() bool {
	size := max(2*cap(b.text), minBody)
	if !b.of.take(size - b.taken) {
		return false
	}
	b.taken = size
	grown := make([]byte, len(b.text), size)
	copy(grown, b.text)
	b.text = grown
	return true
}

func (b *body) free() { b.of.take(-b.taken) }
