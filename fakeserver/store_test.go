package fakeserver

import (
	"encoding/binary"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/rtm/wire"
)

func TestConversationsAreKeptApartByKindAndTarget(t *testing.T) {
	t.Parallel()
	require.Equal(t, keyOf(1, wire.User(2)), keyOf(2, wire.User(1)), "both directions are one conversation")
	require.Equal(t, keyOf(1, wire.Group(7)), keyOf(2, wire.Group(7)), "whoever sends")
	require.Equal(t, keyOf(1, wire.Everyone), keyOf(2, wire.Everyone))

	seen := map[conversationKey]bool{}
	for _, to := range []wire.Target{wire.User(1), wire.User(2), wire.User(-2), wire.Group(2), wire.Room(2), wire.Everyone} {
		require.False(t, seen[keyOf(1, to)], to)
		seen[keyOf(1, to)] = true
	}
}

func TestMessageIDIsTakenOncePerSenderAndConversation(t *testing.T) {
	t.Parallel()
	var s store
	send := func(from int64, to wire.Target, id int64) bool {
		_, ok := s.conversation(from, to).append(from, &wire.Message{ID: id, Type: 51}, 1)
		return ok
	}
	require.True(t, send(1, wire.User(2), 9))
	require.False(t, send(1, wire.User(2), 9), "the very same")
	require.True(t, send(2, wire.User(1), 9), "of the other sender")
	require.True(t, send(1, wire.User(3), 9), "to another target")
	require.True(t, send(1, wire.Group(2), 9), "to another kind of target")
	require.True(t, send(1, wire.User(2), 10))
}

func TestTimesNeverDecreaseWhenTheClockDoes(t *testing.T) {
	t.Parallel()
	var c conversation
	for i, at := range []struct{ now, want int64 }{{5, 5}, {7, 7}, {6, 7}, {1, 7}, {8, 8}} {
		mtime, ok := c.append(1, &wire.Message{ID: int64(i)}, at.now)
		require.True(t, ok)
		require.Equal(t, at.want, mtime)
	}
}

// After the clock has been set back, messages bear times that are still to come.
func TestOpenEndedPageShowsMessagesAheadOfTheClock(t *testing.T) {
	t.Parallel()
	var c conversation
	c.append(1, &wire.Message{ID: 1}, 1000)
	c.append(1, &wire.Message{ID: 2}, 10)
	for _, descending := range []bool{false, true} {
		page := c.page(&wire.History{Limit: 20, Descending: descending}, 10)
		require.Len(t, page.Messages, 2)
	}
}

func TestStoredMessagesComeBackWhole(t *testing.T) {
	t.Parallel()
	sent := []wire.Message{
		{ID: 1, Type: 51, Text: "text", Attrs: "{}"},
		{ID: 2, Type: 127, Data: []byte{0, 0xff}},
		{ID: 3, Type: 1, Data: []byte{}}, // empty, and binary all the same
		{ID: 4, Type: 1},
	}
	var c conversation
	for i := range sent {
		c.append(7, &sent[i], 100)
	}
	page := c.page(&wire.History{Limit: 20}, 100)
	require.Len(t, page.Messages, len(sent))
	for i, m := range page.Messages {
		require.Equal(t, wire.Stored{Message: sent[i], Cursor: int64(i) + 1, From: 7, ModifiedTime: 100}, m)
	}
}

func TestPageHoldsTwentyAtMostAndTenByDefault(t *testing.T) {
	t.Parallel()
	c := filled(30, func(int) int64 { return 1 })
	for limit, want := range map[int]int{-1: 10, 0: 10, 1: 1, 20: 20, 21: 20, 1 << 40: 20} {
		require.Len(t, c.page(&wire.History{Limit: limit}, 1).Messages, want, "limit %d", limit)
	}
}

// Passing back cursor and bounds leads through everything once: over chunk
// boundaries, and where hundreds of messages share a millisecond.
func TestPagesPassedBackMissAndRepeatNothing(t *testing.T) {
	t.Parallel()
	const n = 2*chunkSize + 3
	clocks := map[string]func(i int) int64{
		"all different": func(i int) int64 { return int64(i) + 1 },
		"all the same":  func(int) int64 { return 1 },
		"in bursts":     func(i int) int64 { return int64(i/50) + 1 },
	}
	for name, clock := range clocks {
		for _, descending := range []bool{false, true} {
			for _, limit := range []int{1, 7, 20} {
				c := filled(n, clock)
				q := &wire.History{Limit: limit, Descending: descending}
				var got []int64
				for {
					page := c.page(q, clock(n))
					if len(page.Messages) == 0 {
						require.Equal(t, q.Cursor, page.LastCursor, "an empty page leaves the cursor")
						break
					}
					for _, m := range page.Messages {
						got = append(got, m.Cursor)
					}
					// One that comes while pages are read is not in those to come.
					c.append(2, &wire.Message{ID: int64(len(got))}, clock(n)+1)
					q.Cursor, q.Begin, q.End = page.LastCursor, page.Begin, page.End
				}
				if descending {
					slices.Reverse(got)
				}
				want := make([]int64, n)
				for i := range want {
					want[i] = int64(i) + 1
				}
				require.Equal(t, want, got, "%s, descending %t, limit %d", name, descending, limit)
			}
		}
	}
}

func TestDeletedIDStaysTaken(t *testing.T) {
	t.Parallel()
	var c conversation
	m := &wire.Message{ID: 7, Type: 51}
	c.append(1, m, 1)
	require.True(t, c.delete(1, 7))
	require.False(t, c.delete(1, 7), "twice")
	_, ok := c.append(1, m, 2)
	require.False(t, ok)
}

func TestMessageThatIsNotStoredLeavesItsIDOnly(t *testing.T) {
	t.Parallel()
	var c conversation
	for i := range int64(maxRecent + 500) {
		_, ok := c.pass(1, &wire.Message{ID: i}, i)
		require.True(t, ok)
		_, ok = c.pass(1, &wire.Message{ID: i}, i)
		require.False(t, ok)
		_, ok = c.append(1, &wire.Message{ID: i, Type: 1}, i)
		require.False(t, ok)
	}
	require.Zero(t, c.length)
	require.Empty(t, c.ids)
	require.Len(t, c.passed.ids, maxRecent)
	c.append(1, &wire.Message{ID: -1, Type: 1}, 5)
	_, ok := c.pass(1, &wire.Message{ID: -1}, 5)
	require.False(t, ok, "stored under the id")
	require.EqualValues(t, maxRecent+499, c.row(0).ModifiedTime, "times rise all the same")
}

// What is forgotten can neither be found nor is it counted, and costs nothing.
func TestOldestMessagesAreForgotten(t *testing.T) {
	t.Parallel()
	for _, n := range []int{10, chunkSize, 3*chunkSize + 5} {
		for _, keep := range []int{0, 1, 9, n, 2 * n} {
			c := filled(n, func(i int) int64 { return int64(i) + 1 })
			c.forget(keep, 0)
			left := min(n, keep)
			_, messages := c.count(nil, 0, 0)
			require.Equal(t, left, messages)
			for _, descending := range []bool{false, true} {
				page := c.page(&wire.History{Limit: 20, Descending: descending}, int64(n))
				require.Len(t, page.Messages, min(left, 20))
				if left > 0 && !descending {
					require.EqualValues(t, n-left+1, page.Messages[0].Cursor)
				}
				older := c.page(&wire.History{Limit: 20, Descending: true, Cursor: int64(n-left) + 1}, int64(n))
				require.Empty(t, older.Messages)
			}
			_, found := c.get(1, 0)
			require.Equal(t, left == n, found)
			_, ok := c.append(1, &wire.Message{ID: int64(n), Type: 1}, 1)
			require.True(t, ok)
			_, messages = c.count(nil, 0, 0)
			require.Equal(t, left+1, messages)
		}
	}
	c := filled(3*chunkSize, func(i int) int64 { return int64(i) + 1 })
	c.clean(0, 2*chunkSize) // deleted ones do not count
	c.forget(chunkSize, 0)
	_, messages := c.count(nil, 0, 0)
	require.Equal(t, chunkSize, messages)
	c.forget(3*chunkSize, 3*chunkSize)
	_, messages = c.count(nil, 0, 0)
	require.Equal(t, 1, messages, "by age")
}

func TestConcurrentSendersLoseNothing(t *testing.T) {
	t.Parallel()
	const senders, each = 8, 500
	var s store
	targets := []wire.Target{wire.Group(1), wire.Room(1), wire.Everyone}
	var wg sync.WaitGroup
	for from := range int64(senders) {
		wg.Go(func() {
			for i := range int64(each) {
				for _, to := range targets {
					c := s.conversation(from, to)
					c.append(from, &wire.Message{ID: i, Type: 51}, i)
					c.page(&wire.History{Limit: 20, Descending: true}, i)
				}
			}
		})
	}
	wg.Wait()
	for _, to := range targets {
		c := s.conversation(0, to)
		require.Equal(t, senders*each, c.length)
		next, last := [senders]int64{}, int64(0)
		for i := range c.length {
			m := c.row(i)
			require.Equal(t, next[m.From], m.ID, "each sender's order is kept")
			next[m.From]++
			require.GreaterOrEqual(t, m.ModifiedTime, last)
			last = m.ModifiedTime
		}
	}
}

// naive is the store's meaning in its plainest form: all messages ever, the
// deleted ones marked.
type naive []wire.Stored

func (n *naive) append(from int64, m wire.Message, now int64) bool {
	for _, old := range *n {
		if old.From == from && old.ID == m.ID {
			return false
		}
		now = max(now, old.ModifiedTime)
	}
	*n = append(*n, wire.Stored{Message: m, Cursor: int64(len(*n)) + 1, From: from, ModifiedTime: now})
	return true
}

func (n naive) page(q *wire.History, now int64) []wire.Stored {
	var rows []wire.Stored
	for _, m := range n {
		switch {
		case m.Deleted,
			m.ModifiedTime < q.Begin,
			q.End != 0 && m.ModifiedTime > q.End,
			q.Cursor > 0 && q.Descending && m.Cursor >= q.Cursor,
			q.Cursor > 0 && !q.Descending && m.Cursor <= q.Cursor,
			len(q.Types) > 0 && !slices.Contains(q.Types, m.Type):
			continue
		}
		rows = append(rows, m)
	}
	if q.Descending {
		slices.Reverse(rows)
	}
	return rows[:min(len(rows), q.Limit)]
}

// FuzzStoreAgainstNaive runs the operations that data spells on both.
func FuzzStoreAgainstNaive(f *testing.F) {
	for seed := range uint64(12) {
		random := rand.New(rand.NewPCG(seed, 0))
		data := make([]byte, 4*(300+100*seed))
		for i := range data {
			data[i] = byte(random.Uint32())
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var c conversation
		var model naive
		now := int64(1000)
		for ; len(data) >= 4; data = data[4:] {
			op, x, y, z := data[0], data[1], data[2], data[3]
			if op > 240 {
				change(t, &c, model, x, int64(binary.BigEndian.Uint16(data[2:])))
				continue
			}
			if op%8 > 0 { // mostly messages, or the conversation stays short
				now += int64(x%4) - 1
				m := wire.Message{ID: int64(binary.BigEndian.Uint16(data[2:])), Type: int8(x%5) + 1}
				_, ok := c.append(int64(x%3), &m, now)
				require.Equal(t, model.append(int64(x%3), m, now), ok)
				continue
			}
			q := &wire.History{
				Descending: x&1 > 0,
				Limit:      int(x>>1)%20 + 1,
				Cursor:     int64(y)*int64(z)%int64(len(model)+10) - 3,
			}
			if x&0x10 > 0 {
				q.Begin = 1000 + int64(y) - 20
			}
			if x&0x20 > 0 {
				q.End = 1000 + int64(z)*2 - 20
			}
			if x&0x40 > 0 {
				q.Types = []int8{int8(y%6) + 1, int8(z%6) + 1}
			}
			page := c.page(q, now)
			want := model.page(q, now)
			require.Len(t, page.Messages, len(want))
			if len(want) == 0 {
				require.Equal(t, q.Cursor, page.LastCursor)
				continue
			}
			require.Equal(t, want, page.Messages)
			last := want[len(want)-1]
			require.Equal(t, last.Cursor, page.LastCursor)
			if q.Descending {
				require.Equal(t, last.ModifiedTime, page.End)
				require.Equal(t, q.Begin, page.Begin)
			} else {
				require.Equal(t, last.ModifiedTime, page.Begin)
				require.NotZero(t, page.End, "an open end is closed")
			}
		}
	})
}

// change does one of the things that change messages to both.
func change(t *testing.T, c *conversation, model naive, op byte, arg int64) {
	t.Helper()
	from := int64(op/8) % 3
	one := slices.IndexFunc(model, func(m wire.Stored) bool { return !m.Deleted && m.From == from && m.ID == arg })
	begin, end := 1000+arg%256-20, 1000+arg/256-20
	switch op % 8 {
	case 0, 1:
		require.Equal(t, one >= 0, c.delete(from, arg))
		if one >= 0 {
			model[one].Deleted = true
		}
	case 2:
		oldest := 1000 + arg/256
		found, edited := c.edit(from, arg, "new", "attrs", oldest)
		require.Equal(t, one >= 0, found)
		require.Equal(t, one >= 0 && model[one].ModifiedTime >= oldest, edited)
		if edited {
			model[one].Text, model[one].Attrs = "new", "attrs"
		}
	case 3:
		got, found := c.get(from, arg)
		require.Equal(t, one >= 0, found)
		if found {
			require.Equal(t, model[one], got)
		}
	case 4:
		c.clean(begin, end)
		for i := range model {
			m := &model[i]
			m.Deleted = m.Deleted || m.ModifiedTime >= begin && (end == 0 || m.ModifiedTime <= end)
		}
	case 5:
		if arg%16 == 0 {
			c.deleteSent(from)
			for i := range model {
				model[i].Deleted = model[i].Deleted || model[i].From == from
			}
		}
	default:
		types := []int8{int8(arg%6) + 1}
		senders, messages := c.count(types, begin, end)
		seen, n := map[int64]bool{}, 0
		for _, m := range model {
			if !m.Deleted && m.Type == types[0] && m.ModifiedTime >= begin && (end == 0 || m.ModifiedTime <= end) {
				seen[m.From] = true
				n++
			}
		}
		require.Equal(t, []int{len(seen), n}, []int{senders, messages})
	}
}

// filled returns a conversation of n messages with a type each from 1 to 100, at
// the times clock gives.
func filled(n int, clock func(i int) int64) *conversation {
	c := new(conversation)
	for i := range n {
		c.append(1, &wire.Message{ID: int64(i), Type: int8(i%100) + 1, Text: "hello"}, clock(i))
	}
	return c
}

// The memory of a conversation is bytesPerMessage for each message and what its
// text has.
const bytesPerMessage = 70

func TestMillionMessagesKeepToTheirMemory(t *testing.T) {
	const n = 1_000_000
	text := strings.Repeat("x", 16)
	for name, id := range map[string]func(i int) int64{
		"ids that rise": func(i int) int64 { return int64(i) },
		"other ids":     func(i int) int64 { return int64(i) * 0x1e3779b97f4a7c15 }, // no two alike, in no order
	} {
		before := heapInUse()
		c := new(conversation)
		for i := range n {
			c.append(1, &wire.Message{ID: id(i), Type: 66, Text: strings.Clone(text)}, int64(i))
		}
		each := (heapInUse() - before) / n
		t.Logf("%s: %d bytes a message, of which %d are text", name, each, len(text))
		require.LessOrEqual(t, each, int64(bytesPerMessage+len(text)), name)
		runtime.KeepAlive(c)
	}
}

func heapInUse() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// While a quest is served in one conversation, others are served in others, but
// for what is about more than one.
func TestConversationsDoNotWaitForEachOther(t *testing.T) {
	t.Parallel()
	var turns turns
	one := keyOf(1, wire.Group(1))
	held := turns.within(new(call), one)
	other := 2
	for keyOf(1, wire.Group(int64(other))).hash()%256 == one.hash()%256 {
		other++
	}
	turns.within(new(call), keyOf(1, wire.Group(int64(other)))).end()
	lane := &turns.lanes[one.hash()%uint64(len(turns.lanes))]
	require.False(t, lane.TryLock(), "the same conversation waits")
	require.False(t, turns.world.TryLock(), "what is about all waits")
	held.end()
	held = turns.alone(new(call))
	require.False(t, turns.world.TryRLock(), "all wait for what is about all")
	held.end()
	require.True(t, lane.TryLock(), "and then nothing is held")
	lane.Unlock()
	require.EqualValues(t, 3, turns.last.Load())
}
