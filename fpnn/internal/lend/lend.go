// Package lend keeps buffers of 64 KiB and more for the next large package, so that
// none is made and zeroed for each, and connections need not hold one while they are
// idle. Those that nobody borrows go to the garbage collector after two of its cycles.
package lend

import (
	"math/bits"
	"sync"
)

const (
	minBits = 16 // 64 KiB: what a connection under load has, and keeps
	maxBits = 24 // 16 MiB: reading a package of the default limit, 8 MiB, may take as much
)

// shelves have a pool of pointers to buffers for each power of two.
var shelves [maxBits - minBits + 1]sync.Pool

// Take returns an empty buffer for at least n bytes, with what others have left in it.
// One for no more than 32 KiB is new, and so is one for more than 16 MiB.
func Take(n int) []byte {
	class := bits.Len(uint(n - 1))
	if class < minBits || class > maxBits {
		return make([]byte, 0, n)
	}
	if b, ok := shelves[class-minBits].Get().(*[]byte); ok {
		return *b
	}
	return make([]byte, 0, 1<<class)
}

// Give takes a buffer back that nobody refers to any more. One of a size that is not
// lent is left to the garbage collector.
func Give(b []byte) {
	class := bits.Len(uint(cap(b))) - 1
	if class < minBits || class > maxBits || cap(b) != 1<<class {
		return
	}
	b = b[:0]
	shelves[class-minBits].Put(&b)
}
