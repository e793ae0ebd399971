package codec

import (
	"encoding/binary"
	"strconv"
)

// Cursor reads values in the order they are in, each once: the columns of many
// rows, say, where an [Array] would have to find the end of each row first. It
// goes into the arrays it meets: what follows an array's last element is what
// follows the array.
//
// The first error stays, and all that is read after it is zero. A Cursor is a
// view, as a [Value] is; it is for one goroutine.
type Cursor struct {
	b   []byte
	at  int // where in b the next value begins
	pos int
	err error
}

// Cursor returns a cursor that stands before the value.
func (v Value) Cursor() Cursor { return Cursor{b: v.bytes()} }

// Err returns the first error: an [*Error] that wraps [ErrWrongType], or
// [ErrNotFound] where there was no value left.
func (c *Cursor) Err() error { return c.err }

// Pos returns how many values have been read, an array's header being one: the
// position of the next one, or of that which could not be read.
func (c *Cursor) Pos() int { return c.pos }

// Offset returns how many bytes have been read.
func (c *Cursor) Offset() int { return c.at }

// Kind returns the kind of the next value, [Nil] if there is none.
func (c *Cursor) Kind() Kind { return Value{c.b[c.at:]}.Kind() }

// Array reads the header of an array and returns the number of its elements,
// which come next.
func (c *Cursor) Array() int {
	if c.at < len(c.b) {
		if f, at, n := header(c.b[c.at:]); f.kind == List {
			c.advance(at)
			return n
		}
	}
	c.mismatch("array")
	return 0
}

// Int64 reads a number, see [Value.Int64].
func (c *Cursor) Int64() int64 {
	if c.at == len(c.b) {
		c.mismatch("int")
		return 0
	}
	b := c.b[c.at:]
	switch first := b[0]; { // the forms of small numbers, times and ids
	case first <= 0x7f:
		c.advance(1)
		return int64(first)
	case first == 0xcd:
		c.advance(3)
		return int64(binary.BigEndian.Uint16(b[1:]))
	case first == 0xce:
		c.advance(5)
		return int64(binary.BigEndian.Uint32(b[1:]))
	case first == 0xcf || first == 0xd3:
		if i := int64(binary.BigEndian.Uint64(b[1:])); i >= 0 {
			c.advance(9)
			return i
		}
	}
	n := skip(b)
	i, err := Value{b[:n]}.Int64()
	if err != nil {
		c.fail(err)
		return 0
	}
	c.advance(n)
	return i
}

// Bool reads a bool.
func (c *Cursor) Bool() bool {
	if c.Kind() == Bool {
		c.advance(1)
		return c.b[c.at-1] == 0xc3
	}
	c.mismatch("bool")
	return false
}

// Bytes reads a str or bin without copying it.
func (c *Cursor) Bytes() []byte {
	if c.at < len(c.b) {
		b := c.b[c.at:]
		if start, end := content(b); start > 0 {
			c.advance(end)
			return b[start:end:end]
		}
	}
	c.mismatch("str or bin")
	return nil
}

// Text reads a str or bin as a string.
func (c *Cursor) Text() string { return string(c.Bytes()) }

// Skip leaves out n values, of which an array or a map with all that is in it is
// one.
func (c *Cursor) Skip(n int) {
	for ; n > 0; n-- {
		if c.at == len(c.b) {
			c.mismatch("value")
			return
		}
		c.advance(skip(c.b[c.at:]))
	}
}

func (c *Cursor) advance(n int) {
	c.at += n
	c.pos++
}

// mismatch fails because what is next is not what is wanted, or nothing is.
func (c *Cursor) mismatch(want string) {
	if c.at < len(c.b) {
		c.fail(wrongType(want, c.Kind()))
		return
	}
	c.fail(&Error{Detail: "only " + strconv.Itoa(c.pos) + " values", Err: ErrNotFound})
}

// fail keeps the first error and lets nothing be left to read.
func (c *Cursor) fail(err error) {
	if c.err == nil {
		c.err = err
	}
	c.b = c.b[:c.at]
}
