package fakeserver

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/rtm/wire"
)

// looks are how many messages and nodes of the summary were looked at, ever.
func (c *conversation) looks() int64 { return c.looked + c.types.looked }

// A page costs the same in a conversation of a thousand messages and in one of a
// million, wherever what it looks for is and whatever was deleted. What it costs
// is counted, not timed.
func TestPageCostsTheSameHoweverLongTheConversation(t *testing.T) {
	t.Parallel()
	const (
		short, long = 1_000, 1_000_000
		// A search by time is a binary one, twice; one by type goes up and down
		// some levels more. None is in the length of the conversation.
		halvings, levels = 2 * 10, 2 * 2 * fan
	)
	atShort, atLong := pageCosts(t, short), pageCosts(t, long)
	for name, looks := range atLong {
		t.Logf("%s: %d looks, %d", name, atShort[name], looks)
		require.LessOrEqual(t, looks, atShort[name]+halvings+levels, name)
	}
}

// pageCosts returns how many looks pages of a conversation of n messages take.
func pageCosts(t *testing.T, n int) map[string]int64 {
	t.Helper()
	const rare, often = 120, 121 // types, besides 1 to 100
	c, end := new(conversation), int64(n)
	for i := range end {
		m := wire.Message{ID: i, Type: int8(i%100) + 1}
		switch {
		case i == 0 || i == end-1:
			m.Type = rare
		case i%7 == 3:
			m.Type = often
		}
		c.append(1, &m, i/10+1)
	}
	costs := make(map[string]int64)
	look := func(name string, rows int, q wire.History) {
		q.Limit = 5
		before := c.looks()
		page := c.page(&q, end)
		costs[name] = c.looks() - before
		require.Len(t, page.Messages, rows, name)
	}
	look("newest", 5, wire.History{Descending: true})
	look("oldest", 5, wire.History{})
	look("from a time", 5, wire.History{Begin: end / 20})
	look("before a cursor", 5, wire.History{Descending: true, Cursor: end / 2})
	look("of no time", 0, wire.History{Begin: end, End: end + 5})
	look("of one type", 5, wire.History{Types: []int8{7}, Cursor: end / 3})
	look("of no type", 0, wire.History{Types: []int8{101}})
	look("of no type, backward", 0, wire.History{Types: []int8{101}, Descending: true})
	look("of a rare type", 1, wire.History{Types: []int8{rare}, Cursor: 1})
	look("of a rare type, backward", 1, wire.History{Types: []int8{rare}, Cursor: end, Descending: true})

	// Of one type, all but two at the beginning and one at the end are deleted.
	for i := range end - 7 {
		if i >= 14 && i%7 == 3 {
			c.delete(1, i)
		}
	}
	look("of a type deleted", 1, wire.History{Types: []int8{often}, Cursor: 14})
	look("of a type deleted, backward", 2, wire.History{Types: []int8{often}, Cursor: end - 7, Descending: true})

	// All are deleted but the first and the last ten.
	for i := range end - 20 {
		c.delete(1, i+10)
	}
	look("over all deleted", 5, wire.History{Cursor: 10})
	look("over all deleted, backward", 5, wire.History{Cursor: end - 9, Descending: true})
	return costs
}

// What the summary finds is what looking at all chunks would, on all its levels,
// while chunks are added, emptied and forgotten.
func TestSummaryFindsWhatIsThere(t *testing.T) {
	t.Parallel()
	const chunks = fan*fan + 3*fan // which need three levels
	for _, forgotten := range []int{0, 1, fan - 1, 5*fan + 7, maxForgotten/chunkSize - 3} {
		random := rand.New(rand.NewPCG(uint64(forgotten), 1))
		s := newSummary(forgotten)
		var sets []typeSet // of all chunks since
		first := 0         // of these, those not forgotten
		for len(sets) < chunks {
			sets = append(sets, typeSet{})
			for range 1 + random.IntN(2) {
				typ := int8(random.IntN(3))
				if random.IntN(1000) == 0 {
					typ = 100 + typ
				}
				s.add(forgotten+len(sets)-1, typ)
				sets[len(sets)-1].add(typ)
			}
			if random.IntN(10) > 0 {
				k, typ := first+random.IntN(len(sets)-first), int8(random.IntN(3))
				sets[k].remove(typ)
				s.remove(forgotten+k, typ)
			}
			if len(sets)-first > chunks-fan || random.IntN(50) == 0 && first < len(sets)-1 {
				first++
				s.forget()
			}
			from, to := first+random.IntN(len(sets)-first), first+random.IntN(len(sets)-first)
			wanted := []typeSet{setOf(nil), setOf([]int8{1}), setOf([]int8{100, 2}), setOf([]int8{101})}[random.IntN(4)]
			k, ok := s.first(forgotten+from, forgotten+to, wanted)
			want := from
			for want <= to && !sets[want].overlaps(wanted) {
				want++
			}
			require.Equal(t, want <= to, ok)
			if ok {
				require.Equal(t, forgotten+want, k)
			}
			k, ok = s.last(forgotten+from, forgotten+to, wanted)
			want = from
			for want >= to && !sets[want].overlaps(wanted) {
				want--
			}
			require.Equal(t, want >= to, ok)
			if ok {
				require.Equal(t, forgotten+want, k)
			}
		}
		require.Len(t, s.levels, 3)
		require.Len(t, s.levels[0].nodes, chunks-first)
		require.LessOrEqual(t, len(s.levels[1].nodes), (chunks-first)/fan+2)
		require.LessOrEqual(t, len(s.levels[2].nodes), 3)
	}
}
