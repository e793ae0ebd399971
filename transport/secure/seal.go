package secure

import (
	"crypto/cipher"
	"encoding/binary"
	"io"
	"sync"

	"github.com/gofpnn/gofpnn/fpnn/frame"
)

const (
	// lengthSize is the length of what stands before a package in package mode:
	// the length of its ciphertext, little endian, in the clear.
	lengthSize = 4
	// chunk is how many bytes are encrypted before they are written.
	chunk = 64 << 10
)

var chunks = sync.Pool{New: func() any { return new([chunk]byte) }}

// sealer encrypts what is written. In package mode it finds the packages by
// their headers. It holds back no more than an incomplete header: the header
// tells the length, so what follows is encrypted and written as it comes.
type sealer struct {
	keys   keys
	stream cipher.Stream // in package mode of the package begun
	limit  int           // of a package; 0 in stream mode
	head   []byte        // a header not yet complete
	left   int64         // bytes of the package begun that are still to come
	err    error
}

func newSealer(k keys, stream bool, limit int) *sealer {
	if stream {
		return &sealer{keys: k, stream: k.encrypter()}
	}
	return &sealer{keys: k, limit: limit, head: make([]byte, 0, frame.HeaderSize)}
}

// write writes b to w, encrypted, and returns how much of b is written for
// certain. After an error the peer could decrypt nothing that follows, so it is
// the last.
func (s *sealer) write(w io.Writer, b []byte) (n int, err error) {
	buf := chunks.Get().(*[chunk]byte)
	defer chunks.Put(buf)
	for at := 0; s.err == nil && at < len(b); {
		var out []byte
		out, at = s.fill(buf[:0], b, at)
		if len(out) > 0 && s.err == nil {
			_, s.err = w.Write(out)
		}
		if s.err == nil {
			n = at
		}
	}
	return n, s.err
}

// fill encrypts from b[at:] on until out is full or b at its end. It returns
// where in b it stands.
func (s *sealer) fill(out, b []byte, at int) ([]byte, int) {
	for at < len(b) {
		if s.limit > 0 && s.left == 0 {
			if cap(out)-len(out) < lengthSize+frame.HeaderSize {
				break
			}
			at += s.fillHead(b[at:])
			if len(s.head) < frame.HeaderSize {
				break
			}
			if out, s.err = s.begin(out); s.err != nil {
				break
			}
			continue
		}
		part := b[at:min(len(b), at+cap(out)-len(out))]
		if s.limit > 0 {
			part = part[:min(int64(len(part)), s.left)]
			s.left -= int64(len(part))
		}
		if len(part) == 0 {
			break
		}
		out = s.append(out, part)
		at += len(part)
	}
	return out, at
}

func (s *sealer) fillHead(b []byte) int {
	n := min(frame.HeaderSize-len(s.head), len(b))
	s.head = append(s.head, b[:n]...)
	return n
}

// begin appends the length and the header of the package whose header is
// complete.
func (s *sealer) begin(out []byte) ([]byte, error) {
	h, err := frame.ParseHeader(s.head)
	if err == nil && h.Size() > int64(s.limit) {
		err = ErrTooLarge
	}
	if err != nil {
		return out, &Error{"write", err}
	}
	s.stream = s.keys.encrypter()
	out = binary.LittleEndian.AppendUint32(out, uint32(h.Size()))
	out = s.append(out, s.head)
	s.left = h.Size() - frame.HeaderSize
	s.head = s.head[:0]
	return out, nil
}

// append appends the ciphertext of part, for which out has room.
func (s *sealer) append(out, part []byte) []byte {
	n := len(out)
	out = out[:n+len(part)]
	s.stream.XORKeyStream(out[n:], part)
	return out
}
