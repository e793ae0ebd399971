package fakeserver

import "strings"

// texts makes strings of which many share a block, so that each takes as much room
// as it has bytes. A block is there as long as one of its strings is.
type texts struct{ block strings.Builder }

const (
	maxBlock = 4 << 10 // the first ones are smaller
	maxShare = 1 << 10 // longer strings have a block of their own
)

// join returns a string of both.
func (t *texts) join(a, b []byte) string {
	block, n := &t.block, len(a)+len(b)
	if n > maxShare {
		block = new(strings.Builder)
	}
	if n > block.Cap()-block.Len() {
		size := max(n, min(2*block.Cap(), maxBlock))
		block.Reset()
		block.Grow(size)
	}
	at := block.Len()
	block.Write(a)
	block.Write(b)
	return block.String()[at:]
}
