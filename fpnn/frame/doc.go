// Package frame reads and writes FPNN packages: the 12-byte header, the
// sequence number and the method that stand before every payload.
//
// A package on the wire is
//
//	offset  size  field
//	0       4     magic "FPNN"
//	4       1     version, 0..255; an answer echoes the quest's
//	5       1     flags: 0x80 msgpack or 0x40 JSON; the rest is ignored and echoed
//	6       1     kind: 0 oneway quest, 1 twoway quest, 2 answer
//	7       1     quest: method length 1..255; answer: status, 0 for success
//	8       4     payload size, little endian
//	12      4     sequence number, little endian; absent in a oneway quest
//	..      ..    method, quests only
//	..      ..    payload, at least one byte
//
// The package knows nothing of what a payload means, and nothing of
// connections: [Reader] and [Writer] work on any io.Reader and io.Writer.
//
// # Ownership and concurrency
//
// Functions append to the slice they are given, as the append of the language does,
// and keep nothing. What a [Package] holds after Parse, and after the methods of a
// Reader, aliases the bytes it was read from: for a Reader's, until it reads on. A
// Reader and a Writer are each for one goroutine at a time; all else is free of state.
//
// # Limits and errors
//
// Limits are in bytes and count the whole package, header included; who calls says
// how many ([DefaultMaxPackage] is the C++ server's). A header is judged as soon as its
// 12 bytes are there, before memory is taken for the rest. The errors are the Err
// variables, as they are, and those of the stream underneath.
package frame
