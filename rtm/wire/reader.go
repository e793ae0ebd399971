package wire

import (
	"errors"
	"math"

	"github.com/gofpnn/gofpnn/codec"
)

// reader reads parameters one after the other and keeps the first error.
//
// A lookup in a payload has to go through all of it, since the last of duplicate
// keys counts. So it is gone through once, and the parameters kept.
type reader struct {
	p      codec.Payload
	params [16]param // of p, if it has no more
	n      int
	many   bool // it has
	err    error
}

type param struct {
	key   []byte
	value codec.Value
}

func (r *reader) open(p codec.Payload) {
	r.p, r.many = p, p.Len() > len(r.params)
	if r.many {
		return
	}
	for k, v := range p.All() {
		if key, err := k.Bytes(); err == nil {
			r.params[r.n] = param{key, v}
			r.n++
		}
	}
}

// close forgets the payload. What is beyond the parameters there were is zero
// already.
func (r *reader) close() {
	clear(r.params[:r.n])
	r.p, r.n, r.err = codec.Payload{}, 0, nil
}

func (r *reader) find(key string) (codec.Value, bool) {
	if r.many {
		v, err := r.p.Value(key)
		return v, err == nil
	}
	for i := r.n - 1; i >= 0; i-- {
		if string(r.params[i].key) == key {
			return r.params[i].value, true
		}
	}
	return codec.Value{}, false
}

func (r *reader) has(key string) bool {
	_, ok := r.find(key)
	return ok
}

func read[T any](r *reader, key string, get func(codec.Value) (T, error)) T {
	var t T
	err := codec.ErrNotFound
	v, ok := r.find(key)
	if ok {
		t, err = get(v)
	}
	if err != nil && r.err == nil {
		r.err = named(key, err)
	}
	return t
}

// named adds the parameter to the error of its value.
func named(key string, err error) error {
	var e *codec.Error
	if errors.As(err, &e) {
		return &codec.Error{Key: key, Detail: e.Detail, Err: e.Err}
	}
	return &codec.Error{Key: key, Err: err}
}

func (r *reader) int(key string) int64    { return read(r, key, codec.Value.Int64) }
func (r *reader) bool(key string) bool    { return read(r, key, codec.Value.Bool) }
func (r *reader) text(key string) string  { return read(r, key, codec.Value.Text) }
func (r *reader) bytes(key string) []byte { return read(r, key, codec.Value.Bytes) }

// optional reads a number that may be missing.
func (r *reader) optional(key string) int64 {
	if !r.has(key) {
		return 0
	}
	return r.int(key)
}

// messageType reads a message type: 0, which is none, for a number out of range.
func (r *reader) messageType(key string) int8 {
	n := r.int(key)
	if n < 0 || n > math.MaxInt8 {
		return 0
	}
	return int8(n)
}

// ints reads an array of numbers; nil, which the Go SDK sends for a nil slice, is
// an empty one.
func (r *reader) ints(key string) []int64 {
	if v, ok := r.find(key); ok && v.IsNil() {
		return []int64{}
	}
	a := read(r, key, codec.Value.Array)
	if r.err != nil {
		return nil
	}
	out := make([]int64, 0, a.Len())
	for _, v := range a.All() {
		n, err := v.Int64()
		if err != nil {
			r.err = &codec.Error{Key: key, Detail: "array of other things than numbers", Err: codec.ErrWrongType}
			return nil
		}
		out = append(out, n)
	}
	return out
}

// types reads an array of message types, which may be missing.
func (r *reader) types(key string) []int8 {
	if !r.has(key) {
		return nil
	}
	var types []int8
	for _, n := range r.ints(key) {
		if n < 0 || n > math.MaxInt8 {
			r.err = outOfRange(key)
			return nil
		}
		types = append(types, int8(n))
	}
	return types
}

func outOfRange(key string) error {
	return &codec.Error{Key: key, Detail: "number out of range", Err: codec.ErrWrongType}
}
