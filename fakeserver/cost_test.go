package fakeserver

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/rtm/wire"
)

// A page costs the same in a conversation of a thousand messages and in one of a
// million, but for the steps of a binary search. What it costs is counted, not
// timed.
func TestPageCostsTheSameHoweverLongTheConversation(t *testing.T) {
	t.Parallel()
	const short, long = 1_000, 1_000_000
	const halvings = 10 // between the two
	cost := func(n int) map[string]int64 {
		c := filled(n, func(i int) int64 { return int64(i/10) + 1 })
		costs := make(map[string]int64)
		for name, q := range map[string]wire.History{
			"newest":          {Descending: true},
			"oldest":          {},
			"from a time":     {Begin: int64(n / 20)},
			"before a cursor": {Descending: true, Cursor: int64(n / 2)},
			"of one type":     {Types: []int8{7}, Cursor: int64(n / 3)},
			"of no time":      {Begin: int64(n), End: int64(n) + 5},
		} {
			q.Limit = 5
			before := c.looked
			page := c.page(&q, int64(n))
			require.Len(t, page.Messages, map[bool]int{true: 0, false: 5}[name == "of no time"], name)
			costs[name] = c.looked - before
		}
		return costs
	}
	atShort, atLong := cost(short), cost(long)
	for name, steps := range atLong {
		t.Logf("%s: %d looks, %d", name, atShort[name], steps)
		require.LessOrEqual(t, steps, atShort[name]+2*halvings+2, name)
	}
}
