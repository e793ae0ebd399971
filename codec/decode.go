package codec

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/vmihailenco/msgpack/v5"
)

// Unmarshal scans the one value in data and decodes it into the variable v
// points to, see [Value.Decode].
func Unmarshal(data []byte, v any) error {
	n, err := Scan(data)
	if err != nil {
		return err
	}
	if n != len(data) {
		return errTrailing
	}
	return Value{data}.Decode(v)
}

// UnmarshalMsgpack makes the Payload a view of a copy of data, for one inside
// another value.
func (p *Payload) UnmarshalMsgpack(data []byte) (err error) {
	*p, err = ParsePayloadStrict(bytes.Clone(data))
	return err
}

// UnmarshalMsgpack makes the Value a view of a copy of data, for one inside
// another value.
func (v *Value) UnmarshalMsgpack(data []byte) error {
	n, err := Scan(data)
	if err != nil {
		return err
	}
	if n != len(data) {
		return errTrailing
	}
	*v = Value{bytes.Clone(data)}
	return nil
}

// Decode decodes the payload into the variable v points to, see [Value.Decode].
func (p Payload) Decode(v any) error { return Value{p.Raw()}.Decode(v) }

// Decode decodes the value through reflection into what into points to:
// structs (field names from the tag `msgpack`), maps, slices, basic types. Into
// an empty interface goes what [Value.Any] returns; one inside another type gets
// a 32-bit float as a float32. A nil leaves the zero value. Unlike the getters,
// integers that the Go type is too narrow for are cut off, and floats are no
// integers. What does not fit the variable is an [*Error] that wraps
// [ErrWrongType].
func (v Value) Decode(into any) (err error) {
	mismatch := func(detail string) error { return &Error{Detail: detail, Err: ErrWrongType} }
	// Some Go types that the library cannot fill it answers with a panic.
	defer func() {
		if recover() != nil {
			err = mismatch(fmt.Sprintf("cannot decode into %T", into))
		}
	}()
	switch into := into.(type) {
	case *any:
		*into, err = v.Any()
		return err
	case *map[string]any:
		x, err := v.Any()
		if err != nil {
			return err
		}
		m, ok := x.(map[string]any)
		if !ok {
			return mismatch("want map with string keys, have " + v.Kind().String())
		}
		*into = m
		return nil
	}
	plain, _ := appendUnique(nil, v.Raw(), false)
	dec := msgpack.NewDecoder(bytes.NewReader(plain))
	dec.SetMapDecoder(func(d *msgpack.Decoder) (any, error) {
		raw, err := d.DecodeRaw()
		if err != nil {
			return nil, err
		}
		return Value{raw}.Any()
	})
	if err := dec.Decode(into); err != nil {
		// Only the library's own errors are known to say nothing of the content.
		if detail, ok := strings.CutPrefix(err.Error(), "msgpack: "); ok {
			return mismatch(detail)
		}
		return mismatch(fmt.Sprintf("cannot decode into %T", into))
	}
	return nil
}

// Any returns the value as Go's own: nil, bool, int64 (uint64 only above the
// largest int64), float64, string, []byte, []any, map[string]any. A map with
// other than string keys becomes a map[any]any; keys that Go cannot compare are
// [ErrWrongType]. An ext value becomes a time.Time if it is msgpack's timestamp,
// else nil.
func (v Value) Any() (any, error) {
	x, _, err := takeAny(v.Raw())
	return x, err
}

// takeAny decodes the value at the start of b and returns what follows it.
func takeAny(b []byte) (x any, rest []byte, err error) {
	f, at, n := header(b)
	switch f.kind {
	case List:
		return takeList(b[at:], n)
	case Map:
		return takeMap(b[at:], n/2)
	default:
		x, err = Value{b[:at+n]}.scalar()
		return x, b[at+n:], err
	}
}

func (v Value) scalar() (any, error) {
	switch v.Kind() {
	case Bool:
		return v.Bool()
	case Int, Uint:
		if u, negative := v.integer(); !negative && u > math.MaxInt64 {
			return u, nil
		}
		return v.Int64()
	case Float:
		return v.Float64()
	case String:
		return v.Text()
	case Bytes:
		b, err := v.Bytes()
		return append([]byte{}, b...), err
	default: // Nil and Ext
		if t, ok := v.timestamp(); ok {
			return t, nil
		}
		return nil, nil
	}
}

func takeList(b []byte, n int) (_ any, rest []byte, err error) {
	out := make([]any, n)
	for i := range out {
		if out[i], b, err = takeAny(b); err != nil {
			return nil, nil, err
		}
	}
	return out, b, nil
}

func takeMap(b []byte, n int) (_ any, rest []byte, err error) {
	named, other := make(map[string]any, n), map[any]any(nil)
	for range n {
		k := Value{b[:skip(b)]}
		if k.Kind() == List || k.Kind() == Map {
			return nil, nil, wrongType("a map key Go can compare", k.Kind())
		}
		var x any
		if x, b, err = takeAny(b[len(k.b):]); err != nil {
			return nil, nil, err
		}
		if s, err := k.Text(); err == nil {
			named[s] = x
			continue
		}
		if other == nil {
			other = make(map[any]any, n)
		}
		key, err := k.scalar()
		if err != nil {
			return nil, nil, err
		}
		other[key] = x
	}
	if other == nil {
		return named, b, nil
	}
	for k, x := range named {
		other[k] = x
	}
	return other, b, nil
}

// timestamp reads the timestamp ext of the msgpack specification.
func (v Value) timestamp() (time.Time, bool) {
	if v.Kind() != Ext {
		return time.Time{}, false
	}
	_, at, n := header(v.b)
	if int8(v.b[at]) != -1 {
		return time.Time{}, false
	}
	b := v.b[at+1 : at+n]
	var sec, nsec uint64
	switch len(b) {
	case 4:
		sec = uint64(binary.BigEndian.Uint32(b))
	case 8:
		both := binary.BigEndian.Uint64(b)
		sec, nsec = both&(1<<34-1), both>>34
	case 12:
		sec, nsec = binary.BigEndian.Uint64(b[4:]), uint64(binary.BigEndian.Uint32(b))
	default:
		return time.Time{}, false
	}
	if nsec >= 1e9 {
		return time.Time{}, false
	}
	return time.Unix(int64(sec), int64(nsec)), true
}
