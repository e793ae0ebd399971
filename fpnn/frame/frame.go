package frame

import (
	"encoding/binary"
	"errors"
	"math"
)

const (
	// HeaderSize is the length in bytes of the part every package starts with.
	HeaderSize = 12
	// MaxMethod is the length in bytes of the longest method name: its length
	// travels in one byte.
	MaxMethod = math.MaxUint8
	// DefaultMaxPackage is the largest package in bytes, header included, that
	// the vendor's C++ server takes by default (FPNN.global.max.package.len).
	DefaultMaxPackage = 8 << 20
	// Version is the protocol version this module puts into its quests, as the
	// vendor's Go, C++ and Node SDKs do.
	Version = 1

	seqSize = 4
	magic   = "FPNN"

	offVersion = 4
	offFlags   = 5
	offKind    = 6
	offSS      = 7
	offSize    = 8
)

// Errors of a package that cannot be one. None of them leaves a way to find
// where the next package starts, so a stream that yields one is at its end.
var (
	ErrMagic    = errors.New("frame: no FPNN magic")
	ErrEncoding = errors.New("frame: flags name not exactly one of msgpack and JSON")
	ErrKind     = errors.New("frame: unknown package kind")
	ErrMethod   = errors.New("frame: method name is empty or longer than 255 bytes")
	ErrEmpty    = errors.New("frame: empty payload")
	ErrTooLarge = errors.New("frame: package exceeds the size limit")
	// ErrNoBuffer: [Reader.Reserve] refused the memory a package needs.
	ErrNoBuffer = errors.New("frame: no buffer space for the package")
)

// Kind says what a package is.
type Kind uint8

// The three kinds of package.
const (
	Oneway Kind = iota // a quest that is not answered
	Twoway             // a quest that is answered once
	Answer             // the answer to a twoway quest
)

// String returns the kind's name.
func (k Kind) String() string {
	switch k {
	case Oneway:
		return "oneway"
	case Twoway:
		return "twoway"
	case Answer:
		return "answer"
	}
	return "unknown"
}

// Flags is the flag byte of a package. Only the two encoding bits mean
// anything; the others are carried as they came.
type Flags uint8

// The encoding bits: a valid package has exactly one of them.
const (
	MsgPack Flags = 0x80
	JSON    Flags = 0x40
)

// Header is the fixed part of a package.
type Header struct {
	Version     uint8
	Flags       Flags
	Kind        Kind
	SS          uint8 // quest: length of the method; answer: status, 0 for success
	PayloadSize uint32
}

// ParseHeader reads the header at the start of b, which holds at least
// [HeaderSize] bytes, and checks all that can be known from it alone.
func ParseHeader(b []byte) (Header, error) {
	_ = b[HeaderSize-1]
	h := Header{
		Version:     b[offVersion],
		Flags:       Flags(b[offFlags]),
		Kind:        Kind(b[offKind]),
		SS:          b[offSS],
		PayloadSize: binary.LittleEndian.Uint32(b[offSize:]),
	}
	switch {
	case string(b[:len(magic)]) != magic:
		return h, ErrMagic
	case h.Flags&(MsgPack|JSON) == 0, h.Flags&(MsgPack|JSON) == MsgPack|JSON:
		return h, ErrEncoding
	case h.Kind > Answer:
		return h, ErrKind
	case h.Kind != Answer && h.SS == 0:
		return h, ErrMethod
	case h.PayloadSize == 0:
		return h, ErrEmpty
	}
	return h, nil
}

// prefix is the number of bytes before the payload.
func (h *Header) prefix() int {
	switch h.Kind {
	case Oneway:
		return HeaderSize + int(h.SS)
	case Answer:
		return HeaderSize + seqSize
	default:
		return HeaderSize + seqSize + int(h.SS)
	}
}

// Size is the length of the whole package in bytes.
func (h *Header) Size() int64 { return int64(h.prefix()) + int64(h.PayloadSize) }

// Package is one package. Method and Payload of a parsed package alias the
// bytes it was parsed from.
type Package struct {
	Header
	Seq     uint32 // 0 in a oneway quest, which has none on the wire
	Method  []byte // quests only
	Payload []byte
}

// Parse reads the package at the start of b. It returns the package's length,
// or 0 if b does not yet hold all of it. A package longer than limit bytes is
// [ErrTooLarge] as soon as its header is there.
func (p *Package) Parse(b []byte, limit int) (int, error) {
	if len(b) < HeaderSize {
		return 0, nil
	}
	h, err := ParseHeader(b)
	if err != nil {
		return 0, err
	}
	size := h.Size()
	if size > int64(limit) {
		return 0, ErrTooLarge
	}
	if int64(len(b)) < size {
		return 0, nil
	}
	p.Header = h
	p.Seq, p.Method = 0, nil
	at := HeaderSize
	if h.Kind != Oneway {
		p.Seq = binary.LittleEndian.Uint32(b[at:])
		at += seqSize
	}
	if h.Kind != Answer {
		p.Method = b[at : at+int(h.SS) : at+int(h.SS)]
		at += int(h.SS)
	}
	p.Payload = b[at:size:size]
	return int(size), nil
}

// AppendQuest appends a quest up to its payload. The caller appends the
// payload and then calls [Finish]; a twoway quest gets its number from [SetSeq].
// The method must be 1 to [MaxMethod] bytes long.
func AppendQuest(b []byte, version uint8, flags Flags, kind Kind, method string) ([]byte, error) {
	if len(method) == 0 || len(method) > MaxMethod {
		return b, ErrMethod
	}
	b = append(b, 'F', 'P', 'N', 'N', version, byte(flags), byte(kind), byte(len(method)), 0, 0, 0, 0)
	if kind != Oneway {
		b = append(b, 0, 0, 0, 0)
	}
	return append(b, method...), nil
}

// AppendAnswer appends an answer up to its payload. The caller appends the
// payload and then calls [Finish].
func AppendAnswer(b []byte, version uint8, flags Flags, status uint8, seq uint32) []byte {
	b = append(b, 'F', 'P', 'N', 'N', version, byte(flags), byte(Answer), status, 0, 0, 0, 0)
	return binary.LittleEndian.AppendUint32(b, seq)
}

// Finish writes the payload size into pkg, which is one whole package and
// nothing else. limit bounds the package's length in bytes.
func Finish(pkg []byte, limit int) error {
	h := Header{Kind: Kind(pkg[offKind]), SS: pkg[offSS]}
	size := len(pkg) - h.prefix()
	switch {
	case size <= 0:
		return ErrEmpty
	case len(pkg) > limit || int64(size) > math.MaxUint32:
		return ErrTooLarge
	}
	binary.LittleEndian.PutUint32(pkg[offSize:], uint32(size))
	return nil
}

// SetSeq writes the sequence number into a twoway quest or an answer.
func SetSeq(pkg []byte, seq uint32) {
	binary.LittleEndian.PutUint32(pkg[HeaderSize:], seq)
}
