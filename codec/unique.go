package codec

import (
	"bytes"
	"encoding/binary"
	"math"
)

// appendUnique appends the value at the start of in with the last of each
// duplicate key only, and returns what follows it. Libraries differ in what they
// make of duplicates, and two readings of one payload are a way around a
// signature.
//
// What it writes is plain enough for the library that [Value.Decode] hands it
// to: integers in 64 bits, which the library leaves alone in an empty interface,
// keys as str, and, unless ext is set, no ext but timestamps of 12 bytes. Of an
// ext where a map is wanted the library takes the content for the map, unscanned;
// a first byte of nanoseconds is not the head of one.
func appendUnique(b, in []byte, ext bool) (out, rest []byte) {
	f, at, n := header(in)
	if f.kind == List {
		b, in = AppendArrayHeader(b, n), in[at:]
		for range n {
			b, in = appendUnique(b, in, ext)
		}
		return b, in
	}
	if f.kind == Map {
		return appendUniqueMap(b, in[at:], n/2, ext)
	}
	v, rest := Value{in[:at+n]}, in[at+n:]
	switch {
	case f.kind == Int || f.kind == Uint:
		u, negative := v.integer()
		first := byte(0xd3)
		if !negative && u > math.MaxInt64 {
			first = 0xcf
		}
		return binary.BigEndian.AppendUint64(append(b, first), u), rest
	case f.kind == Ext && !ext:
		t, ok := v.timestamp()
		if !ok {
			return AppendNil(b), rest
		}
		b = binary.BigEndian.AppendUint32(append(b, 0xc7, 12, 0xff), uint32(t.Nanosecond()))
		return binary.BigEndian.AppendUint64(b, uint64(t.Unix())), rest
	}
	return append(b, v.b...), rest
}

// appendUniqueMap is appendUnique of a map's n pairs at the start of in.
func appendUniqueMap(b, in []byte, n int, ext bool) (out, rest []byte) {
	start := len(b)
	b = AppendMapHeader(b, n)
	type pair struct{ from, value, to int }
	pairs := make([]pair, n)
	last := make(map[string]int, n)
	for i := range pairs {
		p := &pairs[i]
		p.from = len(b)
		if f, at, size := header(in); f.kind == String || f.kind == Bytes {
			b, in = AppendString(b, string(in[at:at+size])), in[at+size:]
		} else {
			b, in = appendUnique(b, in, ext)
		}
		p.value = len(b)
		b, in = appendUnique(b, in, ext)
		p.to = len(b)
		last[string(b[p.from:p.value])] = i
	}
	if len(last) == n {
		return b, in
	}
	all := bytes.Clone(b[start:])
	b = AppendMapHeader(b[:start], len(last))
	for i, p := range pairs {
		if last[string(all[p.from-start:p.value-start])] == i {
			b = append(b, all[p.from-start:p.to-start]...)
		}
	}
	return b, in
}
