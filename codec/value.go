package codec

import (
	"encoding/binary"
	"iter"
	"math"
	"strconv"
)

// Value is one msgpack value: a view of scanned bytes. The zero value is nil.
type Value struct{ b []byte }

var nilValue = []byte{0xc0}

// ParseValue scans the one value at the start of data and returns it; bytes
// after it are left out.
func ParseValue(data []byte) (Value, error) {
	n, err := Scan(data)
	if err != nil {
		return Value{}, err
	}
	return Value{data[:n:n]}, nil
}

func (v Value) bytes() []byte {
	if len(v.b) == 0 {
		return nilValue
	}
	return v.b
}

// Raw returns the value's msgpack bytes.
func (v Value) Raw() []byte { return v.bytes() }

// Kind returns the value's kind.
func (v Value) Kind() Kind { return forms[v.bytes()[0]].kind }

// IsNil reports whether the value is nil.
func (v Value) IsNil() bool { return v.Kind() == Nil }

// integer reads an integer; u holds the two's complement of a negative one.
func (v Value) integer() (u uint64, negative bool) {
	b := v.b
	switch c := b[0]; {
	case c <= 0x7f:
		return uint64(c), false
	case c >= 0xe0:
		return uint64(int64(int8(c))), true
	}
	switch b[0] {
	case 0xcc:
		return uint64(b[1]), false
	case 0xcd:
		return uint64(binary.BigEndian.Uint16(b[1:])), false
	case 0xce:
		return uint64(binary.BigEndian.Uint32(b[1:])), false
	case 0xcf:
		return binary.BigEndian.Uint64(b[1:]), false
	}
	var i int64
	switch b[0] {
	case 0xd0:
		i = int64(int8(b[1]))
	case 0xd1:
		i = int64(int16(binary.BigEndian.Uint16(b[1:])))
	case 0xd2:
		i = int64(int32(binary.BigEndian.Uint32(b[1:])))
	case 0xd3:
		i = int64(binary.BigEndian.Uint64(b[1:]))
	}
	return uint64(i), i < 0
}

func (v Value) float() float64 {
	if v.b[0] == 0xca {
		return float64(math.Float32frombits(binary.BigEndian.Uint32(v.b[1:])))
	}
	return math.Float64frombits(binary.BigEndian.Uint64(v.b[1:]))
}

// Int64 returns a number: an integer of any width and signedness, or a float
// without a fraction. One that an int64 cannot hold is [ErrWrongType].
func (v Value) Int64() (int64, error) {
	switch k := v.Kind(); k {
	case Int, Uint:
		u, negative := v.integer()
		if !negative && u > math.MaxInt64 {
			return 0, outOfRange("int64")
		}
		return int64(u), nil
	case Float:
		f := v.float()
		if f != math.Trunc(f) || f < -(1<<63) || f >= 1<<63 {
			return 0, outOfRange("int64")
		}
		return int64(f), nil
	default:
		return 0, wrongType("int", k)
	}
}

// Uint64 is [Value.Int64] for numbers from 0 to 2^64-1.
func (v Value) Uint64() (uint64, error) {
	switch k := v.Kind(); k {
	case Int, Uint:
		u, negative := v.integer()
		if negative {
			return 0, outOfRange("uint64")
		}
		return u, nil
	case Float:
		f := v.float()
		if f != math.Trunc(f) || f < 0 || f >= 1<<64 {
			return 0, outOfRange("uint64")
		}
		return uint64(f), nil
	default:
		return 0, wrongType("uint", k)
	}
}

// Float64 returns a number as a float. An integer that a float64 cannot hold
// exactly is [ErrWrongType].
func (v Value) Float64() (float64, error) {
	switch k := v.Kind(); k {
	case Float:
		return v.float(), nil
	case Int, Uint:
		u, negative := v.integer()
		if negative {
			f := float64(int64(u))
			if int64(f) != int64(u) {
				return 0, outOfRange("float64")
			}
			return f, nil
		}
		f := float64(u)
		if f >= 1<<64 || uint64(f) != u {
			return 0, outOfRange("float64")
		}
		return f, nil
	default:
		return 0, wrongType("float", k)
	}
}

// Bool returns a bool.
func (v Value) Bool() (bool, error) {
	if k := v.Kind(); k != Bool {
		return false, wrongType("bool", k)
	}
	return v.b[0] == 0xc3, nil
}

// Bytes returns a str or bin without copying it: it aliases what was parsed.
func (v Value) Bytes() ([]byte, error) {
	start, end := content(v.bytes())
	if start == 0 {
		return nil, wrongType("str or bin", v.Kind())
	}
	return v.b[start:end:end], nil
}

// Text returns a str or bin as a string, which need not be UTF-8.
func (v Value) Text() (string, error) {
	b, err := v.Bytes()
	return string(b), err
}

// Payload returns a map.
func (v Value) Payload() (Payload, error) {
	if k := v.Kind(); k != Map {
		return Payload{}, wrongType("map", k)
	}
	return Payload(v), nil
}

// Array returns an array.
func (v Value) Array() (Array, error) {
	f, at, n := header(v.bytes())
	if f.kind != List {
		return Array{}, wrongType("array", f.kind)
	}
	return Array{b: v.b[at:], n: n}, nil
}

// Array is an array: a view of scanned bytes.
type Array struct {
	b []byte // of the elements left
	n int    // how many
}

// Len returns the number of elements, or of those that Next has left.
func (a *Array) Len() int { return a.n }

// Next takes the first element out, or reports false if none is left.
func (a *Array) Next() (Value, bool) {
	if a.n == 0 {
		return Value{}, false
	}
	n := len(a.b) // of the last element, which need not be skipped
	if a.n > 1 {
		n = skip(a.b)
	}
	v := Value{a.b[:n:n]}
	a.b = a.b[n:]
	a.n--
	return v, true
}

// All yields the elements with their positions.
func (a Array) All() iter.Seq2[int, Value] {
	return func(yield func(int, Value) bool) {
		left := a // whoever ranges twice starts anew
		for i := 0; ; i++ {
			v, ok := left.Next()
			if !ok || !yield(i, v) {
				return
			}
		}
	}
}

func quote(s string) string { return strconv.Quote(s) }
