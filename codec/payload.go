package codec

import "iter"

// Payload is one msgpack map: a view of scanned bytes. The zero value is an
// empty map. Where a key occurs twice, the last one counts.
type Payload struct{ b []byte }

var emptyMap = []byte{0x80}

// ParsePayload scans the map at the start of data and returns it. Bytes after it
// are left out, as the C++ server does. A payload that is not one map is an
// [*Error] that wraps what [Scan] found or [ErrNotMap].
func ParsePayload(data []byte) (Payload, error) {
	n, err := ScanMap(data)
	if err != nil {
		return Payload{}, err
	}
	return Payload{data[:n:n]}, nil
}

// ParsePayloadStrict is [ParsePayload] that takes bytes after the map for
// [ErrTrailing].
func ParsePayloadStrict(data []byte) (Payload, error) {
	p, err := ParsePayload(data)
	if err == nil && len(p.b) != len(data) {
		return Payload{}, errTrailing
	}
	return p, err
}

// Raw returns the map's msgpack bytes.
func (p Payload) Raw() []byte {
	if len(p.b) == 0 {
		return emptyMap
	}
	return p.b
}

// Len returns the number of pairs, counting duplicate keys.
func (p Payload) Len() int {
	_, _, n := header(p.Raw())
	return n / 2
}

// find returns the last value under key.
func (p Payload) find(key string) (Value, bool) {
	b := p.Raw()
	_, at, n := header(b)
	b = b[at:]
	var found []byte
	for ; n > 0; n -= 2 {
		isKey := false
		if start, end := content(b); start > 0 {
			isKey = string(b[start:end]) == key
			b = b[end:]
		} else {
			b = b[skip(b):]
		}
		size := len(b) // of the last value, which need not be skipped
		if n > 2 {
			size = skip(b)
		}
		if isKey {
			found = b[:size:size]
		}
		b = b[size:]
	}
	return Value{found}, found != nil
}

// Value returns the value under key, or [ErrNotFound].
func (p Payload) Value(key string) (Value, error) {
	v, ok := p.find(key)
	if !ok {
		return Value{}, notFound(key)
	}
	return v, nil
}

// Has reports whether there is a value under key, be it nil.
func (p Payload) Has(key string) bool {
	_, ok := p.find(key)
	return ok
}

func get[T any](p Payload, key string, read func(Value) (T, error)) (T, error) {
	v, ok := p.find(key)
	if !ok {
		var zero T
		return zero, notFound(key)
	}
	t, err := read(v)
	if err != nil {
		return t, keyed(key, err)
	}
	return t, nil
}

// Int64 returns the number under key, see [Value.Int64]. Like all getters it
// fails with an [*Error] that wraps [ErrNotFound] or [ErrWrongType].
func (p Payload) Int64(key string) (int64, error) { return get(p, key, Value.Int64) }

// Uint64 returns the number under key, see [Value.Uint64].
func (p Payload) Uint64(key string) (uint64, error) { return get(p, key, Value.Uint64) }

// Float64 returns the number under key, see [Value.Float64].
func (p Payload) Float64(key string) (float64, error) { return get(p, key, Value.Float64) }

// Bool returns the bool under key.
func (p Payload) Bool(key string) (bool, error) { return get(p, key, Value.Bool) }

// Text returns the str or bin under key as a string, which need not be UTF-8.
func (p Payload) Text(key string) (string, error) { return get(p, key, Value.Text) }

// Bytes returns the str or bin under key without copying it.
func (p Payload) Bytes(key string) ([]byte, error) { return get(p, key, Value.Bytes) }

// Payload returns the map under key.
func (p Payload) Payload(key string) (Payload, error) { return get(p, key, Value.Payload) }

// Array returns the array under key.
func (p Payload) Array(key string) (Array, error) { return get(p, key, Value.Array) }

// All yields keys and values in the order they are in, duplicates included.
func (p Payload) All() iter.Seq2[Value, Value] {
	return func(yield func(k, v Value) bool) {
		_, at, n := header(p.Raw())
		pairs := Array{b: p.Raw()[at:], n: n}
		for {
			k, ok := pairs.Next()
			if !ok {
				return
			}
			if v, _ := pairs.Next(); !yield(k, v) {
				return
			}
		}
	}
}
