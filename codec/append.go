package codec

import (
	"encoding/binary"
	"math"
)

// Appender appends itself as a payload: exactly one msgpack map. What it appends
// is sent as it is.
type Appender interface {
	AppendPayload(b []byte) ([]byte, error)
}

// AppendMapHeader appends the header of a map of n pairs, which the caller
// appends next.
func AppendMapHeader(b []byte, n int) []byte {
	switch {
	case n < 16:
		return append(b, 0x80|byte(n))
	case n <= math.MaxUint16:
		return binary.BigEndian.AppendUint16(append(b, 0xde), uint16(n))
	}
	return binary.BigEndian.AppendUint32(append(b, 0xdf), uint32(n))
}

// AppendArrayHeader appends the header of an array of n elements, which the
// caller appends next.
func AppendArrayHeader(b []byte, n int) []byte {
	switch {
	case n < 16:
		return append(b, 0x90|byte(n))
	case n <= math.MaxUint16:
		return binary.BigEndian.AppendUint16(append(b, 0xdc), uint16(n))
	}
	return binary.BigEndian.AppendUint32(append(b, 0xdd), uint32(n))
}

// AppendString appends s as str. It need not be UTF-8.
func AppendString(b []byte, s string) []byte { return append(appendStringHeader(b, len(s)), s...) }

func appendStringHeader(b []byte, n int) []byte {
	switch {
	case n < 32:
		return append(b, 0xa0|byte(n))
	case n <= math.MaxUint8:
		return append(b, 0xd9, byte(n))
	case n <= math.MaxUint16:
		return binary.BigEndian.AppendUint16(append(b, 0xda), uint16(n))
	}
	return binary.BigEndian.AppendUint32(append(b, 0xdb), uint32(n))
}

// AppendBytes appends p as bin.
func AppendBytes(b, p []byte) []byte {
	switch n := len(p); {
	case n <= math.MaxUint8:
		b = append(b, 0xc4, byte(n))
	case n <= math.MaxUint16:
		b = binary.BigEndian.AppendUint16(append(b, 0xc5), uint16(n))
	default:
		b = binary.BigEndian.AppendUint32(append(b, 0xc6), uint32(n))
	}
	return append(b, p...)
}

// AppendInt appends i in the shortest form; unsigned ones serve from 0 up, as
// msgpack-c and msgpack-python do it.
func AppendInt(b []byte, i int64) []byte {
	if 0 <= i && i <= math.MaxInt8 { // small enough to be inlined
		return append(b, byte(i))
	}
	return appendLongInt(b, i)
}

func appendLongInt(b []byte, i int64) []byte {
	switch {
	case i > math.MaxUint32:
		return append64(b, 0xcf, uint64(i))
	case i > math.MaxUint16:
		return append32(b, 0xce, uint32(i))
	case i > math.MaxUint8:
		return append16(b, 0xcd, uint16(i))
	case i >= 0:
		return append(b, 0xcc, byte(i))
	}
	return appendNegative(b, i)
}

func appendNegative(b []byte, i int64) []byte {
	switch {
	case i >= -32:
		return append(b, byte(i))
	case i >= math.MinInt8:
		return append(b, 0xd0, byte(i))
	case i >= math.MinInt16:
		return append16(b, 0xd1, uint16(i))
	case i >= math.MinInt32:
		return append32(b, 0xd2, uint32(i))
	}
	return append64(b, 0xd3, uint64(i))
}

// AppendUint appends u in the shortest form.
func AppendUint(b []byte, u uint64) []byte {
	if u <= math.MaxInt64 {
		return AppendInt(b, int64(u))
	}
	return append64(b, 0xcf, u)
}

// Appending a first byte and what follows it at once takes one check of the
// capacity instead of two.

func append16(b []byte, first byte, u uint16) []byte {
	return append(b, first, byte(u>>8), byte(u))
}

func append32(b []byte, first byte, u uint32) []byte {
	return append(b, first, byte(u>>24), byte(u>>16), byte(u>>8), byte(u))
}

func append64(b []byte, first byte, u uint64) []byte {
	return append(b, first, byte(u>>56), byte(u>>48), byte(u>>40), byte(u>>32), byte(u>>24), byte(u>>16), byte(u>>8), byte(u))
}

// AppendBool appends v.
func AppendBool(b []byte, v bool) []byte {
	if v {
		return append(b, 0xc3)
	}
	return append(b, 0xc2)
}

// AppendFloat64 appends f as a 64-bit float.
func AppendFloat64(b []byte, f float64) []byte {
	return binary.BigEndian.AppendUint64(append(b, 0xcb), math.Float64bits(f))
}

// AppendFloat32 appends f as a 32-bit float.
func AppendFloat32(b []byte, f float32) []byte {
	return binary.BigEndian.AppendUint32(append(b, 0xca), math.Float32bits(f))
}

// AppendNil appends nil.
func AppendNil(b []byte) []byte { return append(b, 0xc0) }
