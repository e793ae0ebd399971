package fakeserver

import (
	"iter"
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
	for i := range c.search(low, high, q.Descending, setOf(q.Types)) {
		if page.Messages = append(page.Messages, c.row(i)); len(page.Messages) == limit {
			break
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

// search yields the places of the messages of the wanted types from low on and
// before high, in either direction. c.mu is held.
func (c *conversation) search(low, high int, descending bool, wanted typeSet) iter.Seq[int] {
	return func(yield func(i int) bool) {
		for low < high {
			var begin, end int // the part of a chunk to look at
			if descending {
				k, ok := c.types.last((high-1)/chunkSize, low/chunkSize, wanted)
				if !ok {
					return
				}
				begin, end = max(low, k*chunkSize), min(high, (k+1)*chunkSize)
				high = begin
			} else {
				k, ok := c.types.first(low/chunkSize, (high-1)/chunkSize, wanted)
				if !ok {
					return
				}
				begin, end = max(low, k*chunkSize), min(high, (k+1)*chunkSize)
				low = end
			}
			for n := range end - begin {
				i := begin + n
				if descending {
					i = end - 1 - n
				}
				if m := c.at(i); !m.deleted && wanted.has(m.kind) && !yield(i) {
					return
				}
			}
		}
	}
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
