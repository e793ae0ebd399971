package codec

import "encoding/binary"

// Limits of one payload.
const (
	// MaxDepth is how deep containers may nest, the outermost included. C++
	// servers take 200 nested arrays.
	MaxDepth = 256
	// MaxElements bounds the elements of all containers together; a map's pair
	// counts twice.
	MaxElements = 1 << 20
)

// Kind is the kind of a msgpack value.
type Kind uint8

// The kinds. Int is a negative number, or one in a signed format; both are
// numbers to every getter.
const (
	Nil Kind = iota
	Bool
	Int
	Uint
	Float
	String
	Bytes
	List
	Map
	Ext
	invalid
)

var kindNames = [...]string{"nil", "bool", "int", "uint", "float", "str", "bin", "array", "map", "ext", "invalid"}

// String returns the kind's name in msgpack's terms.
func (k Kind) String() string { return kindNames[min(k, invalid)] }

// form describes a first byte: the value's kind, how many bytes of length
// follow (size), how many bytes of content follow those (body), and for the
// fix forms the length that is in the first byte itself.
type form struct {
	kind Kind
	size uint8 // 0, 1, 2 or 4 bytes of length
	body uint8 // fixed content, or for ext the type byte
	n    uint8 // length in the first byte
}

var forms = func() (f [256]form) {
	set := func(from, to int, x form, mask int) {
		for i := from; i <= to; i++ {
			f[i] = x
			f[i].n = uint8(i & mask)
		}
	}
	set(0x00, 0x7f, form{kind: Uint}, 0)
	set(0x80, 0x8f, form{kind: Map}, 0x0f)
	set(0x90, 0x9f, form{kind: List}, 0x0f)
	set(0xa0, 0xbf, form{kind: String}, 0x1f)
	set(0xe0, 0xff, form{kind: Int}, 0)
	f[0xc0] = form{kind: Nil}
	f[0xc1] = form{kind: invalid}
	f[0xc2], f[0xc3] = form{kind: Bool}, form{kind: Bool}
	for i, size := range []uint8{1, 2, 4} {
		f[0xc4+i] = form{kind: Bytes, size: size}
		f[0xc7+i] = form{kind: Ext, size: size, body: 1}
		f[0xd9+i] = form{kind: String, size: size}
	}
	for i, size := range []uint8{2, 4} {
		f[0xdc+i] = form{kind: List, size: size}
		f[0xde+i] = form{kind: Map, size: size}
	}
	f[0xca], f[0xcb] = form{kind: Float, body: 4}, form{kind: Float, body: 8}
	for i, body := range []uint8{1, 2, 4, 8} {
		f[0xcc+i] = form{kind: Uint, body: body}
		f[0xd0+i] = form{kind: Int, body: body}
	}
	for i, body := range []uint8{1, 2, 4, 8, 16} {
		f[0xd4+i] = form{kind: Ext, body: body + 1}
	}
	return f
}()

// header reads the head of the value at the start of b: its form, the offset of
// its content, and the content's length: bytes, or elements of a container (a
// map's pairs count twice). ok is false if b is too short for the head.
func header(b []byte) (f form, at, n int, ok bool) {
	if len(b) == 0 {
		return form{}, 0, 0, false
	}
	f = forms[b[0]]
	at, n = 1, int(f.n)
	if f.size > 0 {
		at += int(f.size)
		if len(b) < at {
			return f, 0, 0, false
		}
		switch f.size {
		case 1:
			n = int(b[1])
		case 2:
			n = int(binary.BigEndian.Uint16(b[1:]))
		default:
			n = int(binary.BigEndian.Uint32(b[1:]))
		}
	}
	if f.kind == Map {
		n *= 2
	}
	return f, at, n + int(f.body), true
}

// Scan checks the structure of the one value at the start of data and returns
// its length in bytes. It looks at every byte once, does not recurse and does
// not allocate, whatever the input: lengths are held against the bytes that
// remain, nesting against [MaxDepth], elements against [MaxElements]. Strings
// need not be UTF-8, ext values pass.
//
// The errors are [*Error] values that wrap [ErrMalformed], [ErrTooDeep] or
// [ErrTooMany].
func Scan(data []byte) (int, error) {
	var open [MaxDepth]uint32 // elements still to come, outermost container first
	depth, elements, at := 0, 0, 0
	for {
		f, body, n, ok := header(data[at:])
		if !ok || f.kind == invalid {
			return 0, errMalformed
		}
		at += body
		if n > len(data)-at { // an element takes at least a byte
			return 0, errMalformed
		}
		if f.kind != List && f.kind != Map {
			at += n
		} else {
			if depth == MaxDepth {
				return 0, errTooDeep
			}
			if elements += n; elements > MaxElements {
				return 0, errTooMany
			}
			open[depth] = uint32(n)
			depth++
		}
		for depth > 0 && open[depth-1] == 0 {
			depth--
		}
		if depth == 0 {
			return at, nil
		}
		open[depth-1]--
	}
}

// ScanMap is [Scan] of a value that must be a map, else [ErrNotMap].
func ScanMap(data []byte) (int, error) {
	n, err := Scan(data)
	if err == nil && forms[data[0]].kind != Map {
		return 0, errNotMap
	}
	return n, err
}

// skip returns the length of the value at the start of b, which has been
// scanned.
func skip(b []byte) int {
	at := 0
	for left := 1; left > 0; left-- {
		f, body, n, _ := header(b[at:])
		at += body
		if f.kind == List || f.kind == Map {
			left += n
		} else {
			at += n
		}
	}
	return at
}
