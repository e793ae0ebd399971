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
// follow it, and the length that needs no such bytes: of content, or of elements
// for a container (a map's pairs count twice).
type form struct {
	kind Kind
	size uint8 // 0, 1, 2 or 4
	n    uint8
}

func (f form) isContainer() bool { return f.kind == List || f.kind == Map }

var forms = func() (f [256]form) {
	for i := range 0x80 {
		f[i] = form{kind: Uint}
	}
	for i := range uint8(0x10) {
		f[0x80|i] = form{kind: Map, n: 2 * i}
		f[0x90|i] = form{kind: List, n: i}
	}
	for i := range uint8(0x20) {
		f[0xa0|i] = form{kind: String, n: i}
		f[0xe0|i] = form{kind: Int}
	}
	f[0xc0] = form{kind: Nil}
	f[0xc1] = form{kind: invalid}
	f[0xc2], f[0xc3] = form{kind: Bool}, form{kind: Bool}
	for i, size := range []uint8{1, 2, 4} {
		f[0xc4+i] = form{kind: Bytes, size: size}
		f[0xc7+i] = form{kind: Ext, size: size, n: 1} // and its type
		f[0xd9+i] = form{kind: String, size: size}
	}
	for i, size := range []uint8{2, 4} {
		f[0xdc+i] = form{kind: List, size: size}
		f[0xde+i] = form{kind: Map, size: size}
	}
	f[0xca], f[0xcb] = form{kind: Float, n: 4}, form{kind: Float, n: 8}
	for i, n := range []uint8{1, 2, 4, 8} {
		f[0xcc+i] = form{kind: Uint, n: n}
		f[0xd0+i] = form{kind: Int, n: n}
	}
	for i, n := range []uint8{1, 2, 4, 8, 16} {
		f[0xd4+i] = form{kind: Ext, n: n + 1}
	}
	return f
}()

// widths holds the length in bytes of a value with that first byte, 0 if it
// takes more than the first byte to know, or is no value.
var widths = func() (w [256]uint8) {
	for first, f := range forms {
		if f.size == 0 && !f.isContainer() && f.kind != invalid {
			w[first] = 1 + f.n
		}
	}
	return w
}()

// length reads the bytes of length at the start of b. It is a uint64 because a
// map's length doubles, which an int of 32 bits does not hold.
func (f form) length(b []byte) uint64 {
	var n uint64
	switch f.size {
	case 1:
		n = uint64(b[0])
	case 2:
		n = uint64(binary.BigEndian.Uint16(b))
	default:
		n = uint64(binary.BigEndian.Uint32(b))
	}
	if f.kind == Map {
		n *= 2
	}
	return n + uint64(f.n)
}

// Scan checks the structure of the one value at the start of data and returns
// its length in bytes. It does not recurse and does not allocate, whatever the
// input: lengths are held against the bytes that remain, nesting against
// [MaxDepth], elements against [MaxElements]. Strings need not be UTF-8, ext
// values pass.
//
// The errors are [*Error] values that wrap [ErrMalformed], [ErrTooDeep] or
// [ErrTooMany].
func Scan(data []byte) (int, error) {
	// Clearing a stack of MaxDepth would take longer than most payloads do.
	var shallow [8]int
	n, err := scan(data, shallow[:])
	if err != errTooDeep { //nolint:errorlint // scan returns the very value
		return n, err
	}
	var deep [MaxDepth]int
	return scan(data, deep[:])
}

// scan is Scan with open to keep what is left of each container around the
// innermost one; its length is the limit of nesting.
func scan(data []byte, open []int) (int, error) {
	at, depth, elements := 0, 0, 0
	left, list := 1, false // values in the innermost container; whether the last was an array
	for {
		for left == 0 {
			if depth == 0 {
				if at > len(data) {
					return 0, errMalformed
				}
				return at, nil
			}
			depth--
			left = open[depth]
		}
		if at >= len(data) {
			return 0, errMalformed
		}
		left--
		first := data[at]
		if w := int(widths[first]); w > 0 {
			// Elements of an array are often alike: the processor guesses a branch on the
			// width and goes on, where it would wait for what the table says.
			switch {
			case list && w == 1:
				at++
			case list && w == 9:
				at += 9
			default:
				at += w
			}
			continue // a value that is cut off ends past the end: see above
		}
		at++
		f := forms[first]
		n := int(f.n)
		if f.size > 0 {
			if first == str8 && at < len(data) {
				at += 1 + int(data[at]) // past the end, too
				continue
			}
			if len(data)-at < int(f.size) {
				return 0, errMalformed
			}
			long := f.length(data[at:])
			at += int(f.size)
			if long > uint64(len(data)-at) {
				return 0, errMalformed
			}
			n = int(long)
		}
		if n > len(data)-at || f.kind == invalid { // an element takes at least a byte
			return 0, errMalformed
		}
		if !f.isContainer() {
			at += n
			continue
		}
		if depth == len(open) {
			return 0, errTooDeep
		}
		if elements += n; elements > MaxElements {
			return 0, errTooMany
		}
		open[depth] = left
		depth++
		left, list = n, f.kind == List
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

// header reads the head of the value at the start of b, which has been scanned:
// its form, the offset of its content, and the content's length in bytes, or in
// elements of a container.
func header(b []byte) (f form, at, n int) {
	f = forms[b[0]]
	if f.size == 0 {
		return f, 1, int(f.n)
	}
	return f, 1 + int(f.size), int(f.length(b[1:]))
}

// str8 begins the texts of 32 to 255 bytes, the most usual of what widths does
// not tell.
const str8 = 0xd9

// content returns where the content of the str or bin at the start of b, which
// has been scanned, begins and ends: at 0 if there is neither.
func content(b []byte) (start, end int) {
	switch first := b[0]; {
	case first&0xe0 == 0xa0: // up to 31 bytes
		return 1, 1 + int(first&0x1f)
	case first == str8:
		return 2, 2 + int(b[1])
	}
	f, at, n := header(b)
	if f.kind != String && f.kind != Bytes {
		return 0, 0
	}
	return at, at + n
}

// skip returns the length of the value at the start of b, which has been
// scanned.
func skip(b []byte) int {
	if w := widths[b[0]]; w > 0 {
		return int(w)
	}
	return skipLong(b)
}

func skipLong(b []byte) int {
	at := 0
	for left := 1; left > 0; left-- {
		first := b[at]
		if w := widths[first]; w > 0 {
			at += int(w)
			continue
		}
		f, start, n := header(b[at:])
		at += start
		if f.isContainer() {
			left += n
		} else {
			at += n
		}
	}
	return at
}
