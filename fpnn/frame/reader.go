package frame

import (
	"io"

	"github.com/gofpnn/gofpnn/fpnn/internal/lend"
)

const (
	// minBuffer is what an idle connection holds.
	minBuffer = 2 << 10
	// maxIdleBuffer is how far the buffer grows to take many small packages in
	// one read. Only a package larger than this makes it grow further.
	maxIdleBuffer = 64 << 10
)

// Reader cuts a byte stream into packages.
//
// Its buffer starts at 2 KiB and grows with the bytes received: towards 64 KiB
// when reads fill it, beyond only for a larger package, and never by more than
// twice what has arrived of it, whatever length its header claims. It shrinks
// again when such a package has been taken out, and other Readers use what it
// had. A Reader is for one goroutine.
type Reader struct {
	// Reserve, if set, is asked before the buffer grows beyond 64 KiB by n
	// bytes and told (n negative) when they are given back. If it returns false
	// the package cannot be read and Fill returns [ErrNoBuffer].
	Reserve func(n int) bool

	r          io.Reader
	limit      int
	buf        []byte
	start, end int // the bytes not yet parsed
	filled     bool
}

// NewReader returns a Reader of packages of at most limit bytes each.
func NewReader(r io.Reader, limit int) *Reader {
	return &Reader{r: r, limit: limit}
}

// Read reads the next package, whose bytes stay valid until the next call.
// At the end of the stream it returns [io.EOF], inside a package
// [io.ErrUnexpectedEOF].
func (r *Reader) Read(p *Package) error {
	for {
		if ok, err := r.Next(p); ok || err != nil {
			return err
		}
		if err := r.Fill(); err != nil {
			return err
		}
	}
}

// Next takes a package out of the bytes already read. It reports false if they
// hold no whole one: then call Fill. The package's bytes stay valid until then.
func (r *Reader) Next(p *Package) (bool, error) {
	n, err := p.Parse(r.buf[r.start:r.end], r.limit)
	r.start += n
	return n > 0, err
}

// Unread returns the bytes read and not yet taken, until the next call.
func (r *Reader) Unread() []byte { return r.buf[r.start:r.end] }

// Partial reports whether the stream stands inside a package.
func (r *Reader) Partial() bool { return r.start < r.end }

// Fill calls Read of the underlying reader once. Every package returned by Next
// is invalid afterwards.
func (r *Reader) Fill() error {
	if err := r.makeRoom(); err != nil {
		return err
	}
	n, err := r.r.Read(r.buf[r.end:])
	r.end += n
	r.filled = r.end == len(r.buf)
	if n > 0 {
		return nil
	}
	if err == io.EOF && r.Partial() {
		return io.ErrUnexpectedEOF
	}
	return err
}

// Release gives back the buffer, and what was reserved for it. The Reader, and the
// packages it has returned, are not used afterwards.
func (r *Reader) Release() {
	r.reserve(max(len(r.buf), maxIdleBuffer), maxIdleBuffer)
	lend.Give(r.buf)
	r.buf, r.start, r.end = nil, 0, 0
}

func (r *Reader) makeRoom() error {
	unread := r.end - r.start
	size := max(len(r.buf), minBuffer)
	switch {
	case unread == len(r.buf) && unread > 0:
		size = 2 * len(r.buf)
	case r.filled && len(r.buf) < maxIdleBuffer:
		size = 2 * len(r.buf)
	case unread < minBuffer && len(r.buf) > maxIdleBuffer:
		size = maxIdleBuffer
	}
	if size == len(r.buf) {
		if r.start > 0 {
			copy(r.buf, r.buf[r.start:r.end])
			r.start, r.end = 0, unread
		}
		return nil
	}
	if !r.reserve(len(r.buf), size) {
		return ErrNoBuffer
	}
	var buf []byte
	if size < maxIdleBuffer {
		buf = make([]byte, size)
	} else {
		buf = lend.Take(size)[:size]
	}
	copy(buf, r.buf[r.start:r.end])
	lend.Give(r.buf)
	r.buf, r.start, r.end, r.filled = buf, 0, unread, false
	return nil
}

// reserve accounts for a change of the buffer's size as far as it lies above
// maxIdleBuffer.
func (r *Reader) reserve(from, to int) bool {
	n := max(to, maxIdleBuffer) - max(from, maxIdleBuffer)
	return n == 0 || r.Reserve == nil || r.Reserve(n)
}
