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
	type pair struct {
		from, to int
		again    bool // the key comes again
	}
	pairs := make([]pair, n)
	last := make(map[string]int, n)
	kept := n
	for i := range pairs {
		p := &pairs[i]
		p.from = len(b)
		f, at, size := header(in)
		if f.kind == String || f.kind == Bytes {
			b, in = append(appendStringHeader(b, size), in[at:at+size]...), in[at+size:]
		} else {
			b, in = appendUnique(b, in, ext)
		}
		if !f.isContainer() { // keys that nobody can look up may be there twice
			key := string(b[p.from:])
			if before, twice := last[key]; twice {
				pairs[before].again = true
				kept--
			}
			last[key] = i
		}
		b, in = appendUnique(b, in, ext)
		p.to = len(b)
	}
	if kept == n {
		return b, in
	}
	all := b
	b = AppendMapHeader(b[:start], kept) // no longer than the one before
	for _, p := range pairs {
		if !p.again {
			b = append(b, all[p.from:p.to]...) // moves to the left
		}
	}
	return b, in
}

// fewKeys is how many keys of a map are compared with each other.
const fewKeys = 16

// skipDistinct returns what follows the value at the start of in. It reports true if no
// map in it has the same key twice or a key that is not text, and false also if it does
// not know, since there are more than fewKeys.
func skipDistinct(in []byte) (rest []byte, ok bool) {
	f, at, n := header(in)
	in = in[at:]
	if !f.isContainer() {
		return in[n:], true
	}
	if f.kind == List {
		for range n {
			if in, ok = skipDistinct(in); !ok {
				return in, false
			}
		}
		return in, true
	}
	var keys [fewKeys][]byte
	if n/2 > len(keys) {
		return in, false
	}
	for i := range n / 2 {
		start, end := content(in)
		if start == 0 {
			return in, false
		}
		keys[i] = in[start:end]
		for _, before := range keys[:i] {
			if bytes.Equal(before, keys[i]) {
				return in, false
			}
		}
		if in, ok = skipDistinct(in[end:]); !ok {
			return in, false
		}
	}
	return in, true
}
