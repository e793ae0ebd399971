package codec

import (
	"bytes"
	"fmt"

	"github.com/vmihailenco/msgpack/v5"
)

// Append appends v as a payload: an empty map for nil and for nil maps and
// pointers, an [Appender]'s own bytes, a [Payload]'s, and whatever else through
// reflection: a map, or a struct (field names from the tag `msgpack`). What does
// not become a map is [ErrNotMap].
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
	if err != nil {
		return b, err
	}
	switch v := out[start:]; {
	case len(v) == 0: // a type of the caller's that writes itself and did not
		return b, errNotMap
	case forms[v[0]].kind == Nil:
		return AppendMapHeader(b, 0), nil
	case forms[v[0]].kind != Map:
		return b, errNotMap
	}
	return out, nil
}

// AppendValue appends any Go value through reflection. The keys of
// map[string]any, map[string]string and map[string]bool come sorted.
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

// MarshalMsgpack returns a copy of the msgpack bytes, for a Payload inside
// another value.
func (p Payload) MarshalMsgpack() ([]byte, error) { return bytes.Clone(p.Raw()), nil }

// MarshalMsgpack returns a copy of the msgpack bytes, for a Value inside another
// value.
func (v Value) MarshalMsgpack() ([]byte, error) { return bytes.Clone(v.Raw()), nil }

// Marshal returns any Go value as msgpack.
func Marshal(v any) ([]byte, error) { return AppendValue(nil, v) }
