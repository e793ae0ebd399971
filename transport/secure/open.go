package secure

import (
	"bufio"
	"crypto/cipher"
	"encoding/binary"
	"errors"
	"io"

	"github.com/gofpnn/gofpnn/fpnn/frame"
)

// opener decrypts what is read. In package mode it checks, when a unit's length
// and the header of its package are there, that the unit is that package and
// within the limit; what follows is decrypted as it comes and held nowhere.
type opener struct {
	keys   keys
	stream cipher.Stream // in package mode of the unit begun
	limit  int           // of a package; 0 in stream mode
	header [frame.HeaderSize]byte
	head   []byte // of the header what has not been handed out
	left   int    // bytes of the unit that are still to come
	err    error
}

func newOpener(k keys, stream bool, limit int) *opener {
	if stream {
		return &opener{keys: k, stream: k.decrypter()}
	}
	return &opener{keys: k, limit: limit}
}

// read reads and decrypts what r has, and waits only if it has nothing.
func (o *opener) read(r *bufio.Reader, b []byte) (int, error) {
	if o.limit == 0 {
		n, err := r.Read(b)
		o.stream.XORKeyStream(b[:n], b[:n])
		return n, err
	}
	n := 0
	for n < len(b) {
		if len(o.head) == 0 && o.left == 0 {
			if n > 0 && r.Buffered() < lengthSize+frame.HeaderSize {
				break
			}
			if err := o.begin(r); err != nil {
				return n, err
			}
		}
		if len(o.head) > 0 {
			m := copy(b[n:], o.head)
			o.head = o.head[m:]
			n += m
			continue
		}
		if n > 0 && r.Buffered() == 0 {
			break
		}
		m, err := r.Read(b[n:min(len(b), n+o.left)])
		o.stream.XORKeyStream(b[n:n+m], b[n:n+m])
		o.left -= m
		n += m
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

// begin takes the length of the next unit and the header inside. Before it has
// both it takes nothing.
func (o *opener) begin(r *bufio.Reader) error {
	if o.err != nil {
		return o.err
	}
	b, err := r.Peek(lengthSize + frame.HeaderSize)
	if errors.Is(err, io.EOF) && len(b) > 0 {
		return io.ErrUnexpectedEOF
	}
	if err != nil {
		return err
	}
	length := binary.LittleEndian.Uint32(b)
	if int64(length) > int64(o.limit) {
		o.err = &Error{"read", ErrTooLarge}
		return o.err
	}
	o.stream = o.keys.decrypter()
	o.stream.XORKeyStream(o.header[:], b[lengthSize:])
	h, err := frame.ParseHeader(o.header[:])
	if err == nil && h.Size() != int64(length) {
		err = ErrUnit
	}
	if err != nil {
		o.err = &Error{"read", err}
		return o.err
	}
	_, _ = r.Discard(len(b)) // buffered, so it does not fail
	o.head, o.left = o.header[:], int(length)-frame.HeaderSize
	return nil
}
