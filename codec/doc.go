// Package codec turns FPNN payloads into values and back.
//
// A payload is one map, in msgpack or JSON. It is written by appending:
//
//	b = codec.AppendMapHeader(b, 1)
//	b = codec.AppendString(b, "mtime")
//	b = codec.AppendInt(b, 1700000000123)
//
// and read without decoding what nobody asks for:
//
//	p, err := codec.ParsePayload(b)
//	mtime, err := p.Int64("mtime")
//
// Go values of other shapes go through [Append], [Marshal], [Unmarshal] and
// Decode, which use reflection.
//
// # What the peers of FPNN differ in
//
// The SDKs write the same number in different widths and signedness, text and
// binary data as str or bin, and keys in any order. The getters take every form
// that holds the wanted value without loss, and str for bin and bin for str.
//
// # Hostile input
//
// Nothing is read from bytes that have not passed [Scan], which checks the
// structure in one pass, without recursion and without allocating: declared lengths
// against the bytes there are, nesting against [MaxDepth], elements against
// [MaxElements]. The length of the bytes is bounded by who receives them.
//
// What cannot be read is an [*Error] that names the key and wraps one of the Err
// variables; its FPNNCode is what an FPNN peer is told. Its text does not show what
// the payload holds.
//
// # Ownership and concurrency
//
// Functions that append, append to the slice they are given and keep nothing of what
// they write. All functions may be called concurrently.
//
// [Payload], [Value], [Array] and [Cursor] are views: they alias the bytes they
// were parsed from, which must not change while the view is in use. Views do not
// change either and may be used by several goroutines; only [Array.Next] and a
// Cursor change their receivers. Text copies, Bytes aliases.
package codec
