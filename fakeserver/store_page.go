package fakeserver

import (
	"sort"

	"github.com/gofpnn/gofpnn/rtm/wire"
)

const (
	// maxPage is the most rows a page has, whatever is asked for.
	maxPage = 20
	// defaultPage is given when no number is asked for.
	defaultPage = 10
)

// page returns the page that q asks for at time now, in Unix milliseconds.
//
// Begin and End of the answer, with its last cursor, ask for the next page: the
// bound the pages go from moves to the last row's time, the other one stays, and
// an open end is closed at now, so that reading forward comes to one. Since the
// cursor is exclusive, rows of the same millisecond are neither lost nor
// repeated. A page without rows leaves its cursor as it was.
func (c *conversation) page(q *wire.History, now int64) wire.Page {
	c.mu.Lock()
	defer c.mu.Unlock()
	page := wire.Page{LastCursor: q.Cursor, Begin: q.Begin, End: q.End}
	if page.End == 0 {
		page.End = max(now, c.newest) // which is ahead of a clock that was set back
	}
	low, high := c.span(q.Begin, page.End)
	limit := min(q.Limit, maxPage)
	if limit <= 0 {
		limit = defaultPage
	}
	if q.Cursor > 0 {
		if q.Descending {
			high = int(min(int64(high), q.Cursor-1))
		} else {
			low = int(max(int64(low), min(q.Cursor, int64(c.length))))
		}
	}
	page.Messages = make([]wire.Stored, 0, max(0, min(limit, high-low)))
	wanted := setOf(q.Types)
	for low < high && len(page.Messages) < limit {
		i := low
		if q.Descending {
			i = high - 1
		}
		first := i - i%chunkSize
		next, before := i+1, i
		if !wanted.overlaps(c.chunk(i).types) {
			next, before = first+chunkSize, first // nothing here: leave the chunk
		} else if m := c.at(i); !m.deleted && wanted.has(m.kind) {
			page.Messages = append(page.Messages, c.row(i))
		}
		if q.Descending {
			high = before
		} else {
			low = next
		}
	}
	if n := len(page.Messages); n > 0 {
		last := &page.Messages[n-1]
		page.LastCursor = last.Cursor
		if q.Descending {
			page.End = last.ModifiedTime
		} else {
			page.Begin = last.ModifiedTime
		}
	}
	return page
}

// span returns the indexes [low, high) of the messages from begin to end, both
// inclusive; an end of 0 is none.
func (c *conversation) span(begin, end int64) (low, high int) {
	n := c.length - c.first
	low = c.first + sort.Search(n, func(i int) bool { return c.at(c.first+i).mtime >= begin })
	if end == 0 {
		return low, c.length
	}
	high = c.first + sort.Search(n, func(i int) bool { return c.at(c.first+i).mtime > end })
	return low, high
}

// typeSet is a set of message types.
type typeSet [4]uint64

// setOf returns the set of the types given, which is all of them if none is.
func setOf(types []int8) (s typeSet) {
	if len(types) == 0 {
		return typeSet{^uint64(0), ^uint64(0), ^uint64(0), ^uint64(0)}
	}
	for _, t := range types {
		s.add(t)
	}
	return s
}

func (s *typeSet) add(t int8)      { s[uint8(t)/64] |= 1 << (uint8(t) % 64) }
func (s *typeSet) has(t int8) bool { return s[uint8(t)/64]>>(uint8(t)%64)&1 > 0 }

func (s *typeSet) overlaps(t typeSet) bool {
	return s[0]&t[0]|s[1]&t[1]|s[2]&t[2]|s[3]&t[3] != 0
}
