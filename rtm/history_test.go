package rtm_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/codec"
	"github.com/gofpnn/gofpnn/fakeserver"
	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/rtm"
	"github.com/gofpnn/gofpnn/rtm/wire"
)

// fill sends n messages of types 66 and 67 in turn and returns their ids.
func fill(t *testing.T, c *rtm.Client, target rtm.Target, n int) []int64 {
	t.Helper()
	ids := make([]int64, n)
	for i := range ids {
		receipt, err := c.Send(t.Context(), alice, target, rtm.Message{Type: 66 + int8(i%2), Text: fmt.Sprint(i)})
		require.NoError(t, err)
		ids[i] = receipt.ID
	}
	return ids
}

// collect reads to the end of Messages.
func collect(t *testing.T, c *rtm.Client, target rtm.Target, q rtm.HistoryQuery) []int64 {
	t.Helper()
	var ids []int64
	for m, err := range c.Messages(t.Context(), alice, target, q) {
		require.NoError(t, err)
		ids = append(ids, m.ID)
	}
	return ids
}

func TestPagesJoinToTheWholeConversation(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, c *rtm.Client) {
		for _, target := range targets {
			ids := fill(t, c, target, 45)
			reversed := slices.Clone(ids)
			slices.Reverse(reversed)
			for _, limit := range []int{0, 1, 7, rtm.MaxPage} {
				require.Equal(t, ids, collect(t, c, target, rtm.HistoryQuery{Limit: limit}))
				require.Equal(t, reversed, collect(t, c, target, rtm.HistoryQuery{Limit: limit, Descending: true}))
			}
			var odd []int64
			for i := 1; i < len(ids); i += 2 {
				odd = append(odd, ids[i])
			}
			require.Equal(t, odd, collect(t, c, target, rtm.HistoryQuery{Types: []int8{67}}))
			require.Equal(t, ids, collect(t, c, target, rtm.HistoryQuery{Types: []int8{66, 67, 1}, Limit: 11}))
			require.Empty(t, collect(t, c, target, rtm.HistoryQuery{Types: []int8{1}}))
		}
	})
}

func TestPageSizeIsTenUnlessAskedFor(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, c *rtm.Client) {
		fill(t, c, rtm.Group(7), 30)
		for limit, want := range map[int]int{0: rtm.DefaultPage, 1: 1, rtm.MaxPage: rtm.MaxPage} {
			page, err := c.History(t.Context(), alice, rtm.Group(7), rtm.HistoryQuery{Limit: limit})
			require.NoError(t, err)
			require.Len(t, page.Messages, want)
		}
	})
}

func TestBoundsAreInclusiveMilliseconds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := dial(t, fakeserver.New(t))
		start := time.Now().UnixMilli()
		ids := make([]int64, 10)
		for i := range ids {
			ids[i] = fill(t, c, rtm.Room(9), 1)[0]
			advance(t, time.Second)
		}
		for _, descending := range []bool{false, true} {
			got := collect(t, c, rtm.Room(9), rtm.HistoryQuery{
				Descending: descending, Limit: 2, Begin: start + 2000, End: start + 6000,
			})
			if descending {
				slices.Reverse(got)
			}
			require.Equal(t, ids[2:7], got)
		}
		require.Equal(t, ids[3:], collect(t, c, rtm.Room(9), rtm.HistoryQuery{Begin: start + 2001}))
		require.Equal(t, ids[:2], collect(t, c, rtm.Room(9), rtm.HistoryQuery{End: start + 1999}))
	})
}

func TestConversationOfTwoNamesTheSenderForBoth(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, c *rtm.Client) {
		for i := range 4 {
			from, to := int64(alice), int64(bob)
			if i%2 == 1 {
				from, to = to, from
			}
			_, err := c.Send(t.Context(), from, rtm.User(to), rtm.Message{Type: 66, Text: fmt.Sprint(i)})
			require.NoError(t, err)
		}
		for reader, other := range map[int64]int64{alice: bob, bob: alice} {
			page, err := c.History(t.Context(), reader, rtm.User(other), rtm.HistoryQuery{})
			require.NoError(t, err)
			var from []int64
			for _, m := range page.Messages {
				from = append(from, m.From)
			}
			require.Equal(t, []int64{alice, bob, alice, bob}, from)
		}
	})
}

// Otherwise reading a busy conversation would never end.
func TestReadingForwardStopsAtTheTimeOfTheFirstPage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := dial(t, fakeserver.New(t))
		ids := fill(t, c, rtm.Group(7), 25)
		var got []int64
		for m, err := range c.Messages(t.Context(), alice, rtm.Group(7), rtm.HistoryQuery{}) {
			require.NoError(t, err)
			got = append(got, m.ID)
			advance(t, time.Second)
			fill(t, c, rtm.Group(7), 1)
		}
		require.Equal(t, ids, got)
	})
}

func TestRangingAgainReadsAnew(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, c *rtm.Client) {
		ids := fill(t, c, rtm.Group(7), 15)
		all := c.Messages(t.Context(), alice, rtm.Group(7), rtm.HistoryQuery{})
		for range 2 {
			var got []int64
			for m, err := range all {
				require.NoError(t, err)
				if got = append(got, m.ID); len(got) == 12 {
					break
				}
			}
			require.Equal(t, ids[:12], got)
		}
	})
}

func TestHistoryQueryOutOfRangeNamesTheArgument(t *testing.T) {
	t.Parallel()
	c := dial(t, fakeserver.New(t))
	for argument, queries := range map[string][]rtm.HistoryQuery{
		"HistoryQuery.Limit": {{Limit: -1}, {Limit: rtm.MaxPage + 1}},
		"HistoryQuery.Begin": {{Begin: -1}},
		"HistoryQuery.End":   {{End: -1}},
		"HistoryQuery.Types": {{Types: []int8{66, 0}}, {Types: []int8{-1}}},
	} {
		for _, q := range queries {
			_, err := c.History(t.Context(), alice, rtm.Group(7), q)
			requireArgument(t, err, argument)
			n := 0
			for m, err := range c.Messages(t.Context(), alice, rtm.Group(7), q) {
				requireArgument(t, err, argument)
				require.Zero(t, m)
				n++
			}
			require.Equal(t, 1, n, "an error comes once")
		}
	}
}

// pages is a gate whose answers to history quests are given.
func pages(t *testing.T, answers ...any) *rtm.Client {
	t.Helper()
	next := 0
	return gate(t, fpnn.HandlerFunc(func(context.Context, *fpnn.Quest) (any, error) {
		next++
		return answers[(next-1)%len(answers)], nil
	}))
}

func pageTo(cursor int64) any {
	row := wire.Stored{Message: wire.Message{ID: cursor, Type: 66}, Cursor: cursor, From: alice}
	return &wire.PageAnswer{
		Page:  wire.Page{Messages: []wire.Stored{row}, LastCursor: cursor},
		Quest: &wire.History{Target: wire.Group(7)},
	}
}

func TestCursorThatDoesNotAdvanceEndsTheReading(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		descending bool
		answers    []any
		messages   int
	}{
		"same page for ever": {false, []any{pageTo(5)}, 2},
		"two in turn":        {false, []any{pageTo(5), pageTo(6)}, 3},
		"no cursor":          {false, []any{pageTo(0)}, 1},
		"backward, same":     {true, []any{pageTo(5)}, 2},
		"backward, rising":   {true, []any{pageTo(5), pageTo(6)}, 2},
		"backward, none":     {true, []any{pageTo(0)}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := pages(t, c.answers...)
			messages, errs := 0, 0
			for _, err := range client.Messages(t.Context(), alice, rtm.Group(7), rtm.HistoryQuery{Descending: c.descending}) {
				if err != nil {
					require.ErrorIs(t, err, rtm.ErrCursor)
					errs++
					continue
				}
				require.Zero(t, errs, "message after the error")
				messages++
			}
			require.Equal(t, 1, errs)
			require.Equal(t, c.messages, messages)
		})
	}
}

func TestShortPageDoesNotEndTheReading(t *testing.T) {
	t.Parallel()
	empty := &wire.PageAnswer{Quest: &wire.History{Target: wire.Group(7)}}
	c := pages(t, pageTo(1), pageTo(2), pageTo(3), empty)
	require.Equal(t, []int64{1, 2, 3}, collect(t, c, rtm.Group(7), rtm.HistoryQuery{Limit: rtm.MaxPage}))
}

func TestErrorEndsTheReadingAfterWhatWasRead(t *testing.T) {
	t.Parallel()
	next := 0
	c := gate(t, fpnn.HandlerFunc(func(context.Context, *fpnn.Quest) (any, error) {
		if next++; next == 3 {
			return nil, fpnn.Errorf(rtm.CodePermissionDenied, "no further")
		}
		return pageTo(int64(next)), nil
	}))
	var ids []int64
	var last error
	for m, err := range c.Messages(t.Context(), alice, rtm.Group(7), rtm.HistoryQuery{}) {
		if last = err; err == nil {
			ids = append(ids, m.ID)
		}
	}
	require.Equal(t, []int64{1, 2}, ids)
	requireCode(t, last, rtm.CodePermissionDenied)
	require.Equal(t, 3, next)
}

// A short row made the vendor's SDK panic in its caller.
func TestOddHistoryAnswersAreTypedErrors(t *testing.T) {
	t.Parallel()
	good := []any{1, alice, 66, 7, false, "text", "", 1700000000000}
	change := func(i int, v any) []any {
		row := slices.Clone(good)
		row[i] = v
		return row
	}
	page := func(rows ...[]any) any {
		return map[string]any{"num": len(rows), "lastid": 1, "begin": 0, "end": 0, "msgs": rows}
	}
	for name, answer := range map[string]any{
		"no rows":        map[string]any{"num": 3, "lastid": 1},
		"rows no array":  map[string]any{"num": 1, "msgs": "none"},
		"row no array":   map[string]any{"num": 1, "msgs": []any{1}},
		"row empty":      page([]any{}),
		"row short":      page(good, good[:7]),
		"mtype too big":  page(change(2, 300)),
		"id beyond":      page(change(3, uint64(1<<63))),
		"text is number": page(change(5, 7)),
		"attrs nil":      page(change(6, nil)),
		"time is text":   page(change(7, "now")),
		"cursor is map":  page(change(0, map[string]any{})),
		"lastid is text": map[string]any{"num": 0, "lastid": "x", "msgs": []any{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := pages(t, answer).History(t.Context(), alice, rtm.Group(7), rtm.HistoryQuery{})
			var odd *rtm.AnswerError
			require.ErrorAs(t, err, &odd)
			require.Equal(t, "getgroupmsg", odd.Method)
			require.Equal(t, fpnn.CodeCoreDecoding, fpnn.Code(err))
		})
	}
	_, err := pages(t, page(good, good[:7])).History(t.Context(), alice, rtm.Group(7), rtm.HistoryQuery{})
	var row *rtm.RowError
	require.ErrorAs(t, err, &row)
	require.Equal(t, 1, row.Row)
	require.ErrorIs(t, err, codec.ErrNotFound)
}

func TestHistoryAnswersOfOtherDialectsAreRead(t *testing.T) {
	t.Parallel()
	want := rtm.StoredMessage{Message: rtm.Message{ID: 7, Type: 66, Text: "text"}, Cursor: 1, From: alice, ModifiedTime: 1700000000000}
	for name, row := range map[string][]any{
		"signed":        {int64(1), int64(alice), int64(66), int64(7), false, "text", "", int64(1700000000000)},
		"unsigned":      {uint64(1), uint16(alice), uint8(66), uint32(7), false, "text", "", uint64(1700000000000)},
		"floats":        {1.0, float64(alice), 66.0, 7.0, false, "text", "", 1.7e12},
		"attrs in bin":  {1, alice, 66, 7, false, "text", []byte{}, 1700000000000},
		"flag a number": {1, alice, 66, 7, 0, "text", "", 1700000000000},
		"longer row":    {1, alice, 66, 7, false, "text", "", 1700000000000, "new", 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			answer := map[string]any{"num": 1, "lastid": 1, "begin": 0, "end": 0, "msgs": []any{row}}
			page, err := pages(t, answer).History(t.Context(), alice, rtm.Group(7), rtm.HistoryQuery{})
			require.NoError(t, err)
			require.Equal(t, []rtm.StoredMessage{want}, page.Messages)
		})
	}
	page, err := pages(t, nil).History(t.Context(), alice, rtm.Group(7), rtm.HistoryQuery{})
	require.NoError(t, err, "an empty answer is an empty page")
	require.Empty(t, page.Messages)
}
