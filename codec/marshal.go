package codec

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/vmihailenco/msgpack/v5"
)

// Append appends v as a payload: nothing but an empty map for nil, an
// [Appender]'s own bytes, a [Payload]'s, and whatever else through reflection: a
// map or struct (field names from the tag `msgpack`), with sorted keys. What
// does not become a map is [ErrNotMap].
func Append(b []byte, v any) ([]byte, error) {
	switch v := v.(type) {
	case nil:
		return AppendMapHeader(b, 0), nil
	case Appender:
		return v.AppendPayload(b)
	case Payload:
		return append(b, v.Raw()...), nil
	}
	start := len(b)
	out, err := AppendValue(b, v)
	if err == nil && forms[out[start]].kind != Map {
		return b, errNotMap
	}
	return out, err
}

// AppendValue appends any Go value through reflection.
func AppendValue(b []byte, v any) ([]byte, error) {
	switch v := v.(type) {
	case Value:
		return append(b, v.Raw()...), nil
	case Payload:
		return append(b, v.Raw()...), nil
	case Appender:
		return v.AppendPayload(b)
	}
	w := appendWriter{b}
	enc := msgpack.NewEncoder(&w)
	enc.UseCompactInts(true)
	enc.SetSortMapKeys(true)
	if err := enc.Encode(v); err != nil {
		return b, fmt.Errorf("codec: encode %T: %w", v, err)
	}
	return w.b, nil
}

type appendWriter struct{ b []byte }

func (w *appendWriter) Write(p []byte) (int, error) {
	w.b = append(w.b, p...)
	return len(p), nil
}

func (w *appendWriter) WriteByte(c byte) error {
	w.b = append(w.b, c)
	return nil
}

// Marshal returns any Go value as msgpack.
func Marshal(v any) ([]byte, error) { return AppendValue(nil, v) }

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

// Decode decodes the payload into the variable v points to, see [Value.Decode].
func (p Payload) Decode(v any) error { return Value{p.Raw()}.Decode(v) }

// Decode decodes the value through reflection into the variable v points to:
// structs (field names from the tag `msgpack`), maps, slices, basic types. Into
// an empty interface goes what [Value.Any] returns.
func (v Value) Decode(into any) (err error) {
	v = v.unique()
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
			return wrongType("map with string keys", v.Kind())
		}
		*into = m
		return nil
	}
	// The scan keeps lengths honest; what is left to go wrong is a Go type the
	// library cannot fill, and some of those it answers with a panic.
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("codec: decode into %T: %v", into, r)
		}
	}()
	dec := msgpack.NewDecoder(bytes.NewReader(v.bytes()))
	dec.UseLooseInterfaceDecoding(true)
	dec.SetMapDecoder(func(d *msgpack.Decoder) (any, error) {
		raw, err := d.DecodeRaw()
		if err != nil {
			return nil, err
		}
		return Value{raw}.Any()
	})
	if err := dec.Decode(into); err != nil {
		return &Error{Detail: strings.TrimPrefix(err.Error(), "msgpack: "), Err: ErrWrongType}
	}
	return nil
}

// Any returns the value as Go's own: nil, bool, int64 (uint64 only above the
// largest int64), float64, string, []byte, []any, map[string]any. A map with
// other than string keys becomes a map[any]any; keys that Go cannot compare are
// [ErrWrongType]. An ext value becomes nil.
func (v Value) Any() (any, error) {
	switch v.Kind() {
	case Bool:
		return v.Bool()
	case Int, Uint:
		if i, err := v.Int64(); err == nil {
			return i, nil
		}
		return v.Uint64()
	case Float:
		return v.Float64()
	case String:
		return v.Text()
	case Bytes:
		b, err := v.Bytes()
		return bytes.Clone(b), err
	case List:
		a, _ := v.Array()
		return a.anys()
	case Map:
		return Payload(v).anys()
	default:
		return nil, nil
	}
}

func (a Array) anys() (any, error) {
	out := make([]any, 0, a.n)
	for _, v := range a.All() {
		x, err := v.Any()
		if err != nil {
			return nil, err
		}
		out = append(out, x)
	}
	return out, nil
}

func (p Payload) anys() (any, error) {
	named, other := map[string]any{}, map[any]any(nil)
	for k, v := range p.All() {
		x, err := v.Any()
		if err != nil {
			return nil, err
		}
		if s, err := k.Text(); err == nil {
			named[s] = x
			continue
		}
		if k.Kind() == List || k.Kind() == Map {
			return nil, wrongType("a map key Go can compare", k.Kind())
		}
		key, err := k.Any()
		if err != nil {
			return nil, err
		}
		if other == nil {
			other = map[any]any{}
		}
		other[key] = x
	}
	if other == nil {
		return named, nil
	}
	for k, x := range named {
		other[k] = x
	}
	return other, nil
}

// unique returns the value with the last of each duplicate key only. Libraries
// differ in what they make of duplicates, and two readings of one payload are a
// way around a signature.
func (v Value) unique() Value {
	if !v.hasDuplicates() {
		return v
	}
	return Value{v.appendUnique(nil)}
}

// keyID is what makes two keys the same: the text of str and bin, else the bytes.
func (v Value) keyID() string {
	if b, err := v.Bytes(); err == nil {
		return "s" + string(b)
	}
	return "v" + string(v.Raw())
}

func (v Value) hasDuplicates() bool {
	switch v.Kind() {
	case List:
		a, _ := v.Array()
		for _, e := range a.All() {
			if e.hasDuplicates() {
				return true
			}
		}
	case Map:
		p := Payload(v)
		seen := make(map[string]struct{}, p.Len())
		for k, e := range p.All() {
			seen[k.keyID()] = struct{}{}
			if e.hasDuplicates() || k.hasDuplicates() {
				return true
			}
		}
		return len(seen) < p.Len()
	}
	return false
}

func (v Value) appendUnique(b []byte) []byte {
	switch v.Kind() {
	case List:
		a, _ := v.Array()
		b = AppendArrayHeader(b, a.Len())
		for _, e := range a.All() {
			b = e.appendUnique(b)
		}
		return b
	case Map:
		p := Payload(v)
		last := make(map[string]int, p.Len())
		i := 0
		for k := range p.All() {
			last[k.keyID()] = i
			i++
		}
		b = AppendMapHeader(b, len(last))
		i = 0
		for k, e := range p.All() {
			if last[k.keyID()] == i {
				b = e.appendUnique(k.appendUnique(b))
			}
			i++
		}
		return b
	}
	return append(b, v.Raw()...)
}
