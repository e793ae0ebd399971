package rtm_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/fakeserver"
	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/rtm"
)

// inHistory returns the ids in a conversation, oldest first.
func inHistory(t *testing.T, c *rtm.Client, target rtm.Target) []int64 {
	t.Helper()
	return collect(t, c, target, rtm.HistoryQuery{Limit: rtm.MaxPage})
}

func TestGetReadsWhatWasSent(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, c *rtm.Client) {
		for _, target := range targets {
			for _, m := range []rtm.Message{
				{Type: 66, Text: "你好", Attrs: "{}"},
				{Type: 127, Data: []byte{0, 0xff}},
				{Type: 41, Text: `{"url":"u","size":9}`, Attrs: `{"rtm":{"type":"audiomsg","duration":1500,"srate":16000},"custom":{"k":1}}`},
			} {
				receipt, err := c.Send(t.Context(), alice, target, m)
				require.NoError(t, err)
				got, err := c.Get(t.Context(), alice, target, receipt.ID)
				require.NoError(t, err)
				page, err := c.History(t.Context(), alice, target, rtm.HistoryQuery{Descending: true, Limit: 1})
				require.NoError(t, err)
				require.Equal(t, page.Messages[0], got, "as in the history")
				require.Equal(t, m.Type == 41, got.File != nil)
				if got.File != nil {
					require.Equal(t, &rtm.Audio{SampleRate: 16000, Duration: 1500}, got.File.Audio)
					require.Equal(t, `{"k":1}`, got.File.Custom)
				}
			}
			_, err := c.Get(t.Context(), alice, target, 404)
			require.ErrorIs(t, err, rtm.ErrMessageNotFound)
			require.Equal(t, rtm.CodeNotFound, fpnn.Code(err))
			receipt, err := c.Send(t.Context(), alice, target, rtm.Message{Type: 66})
			require.NoError(t, err)
			_, err = c.Get(t.Context(), bob, target, receipt.ID)
			require.ErrorIs(t, err, rtm.ErrMessageNotFound, "another sender's")
		}
	})
}

func TestEmptyAnswerToGetMeansNotFound(t *testing.T) {
	t.Parallel()
	c := gate(t, fpnn.HandlerFunc(func(context.Context, *fpnn.Quest) (any, error) { return nil, nil }))
	_, err := c.Get(t.Context(), alice, rtm.Group(7), 1)
	require.ErrorIs(t, err, rtm.ErrMessageNotFound)
	require.Equal(t, rtm.CodeNotFound, fpnn.Code(err))
}

func TestOddAnswersToGetAreTypedErrors(t *testing.T) {
	t.Parallel()
	good := map[string]any{"id": 1, "mtype": 66, "msg": "m", "attrs": "", "mtime": 5}
	for key := range good {
		for _, bad := range []any{nil, []int{1}, "gone"} {
			answer := map[string]any{}
			for k, v := range good {
				answer[k] = v
			}
			if answer[key] = bad; bad == "gone" {
				delete(answer, key)
			}
			c := gate(t, fpnn.HandlerFunc(func(context.Context, *fpnn.Quest) (any, error) { return answer, nil }))
			m, err := c.Get(t.Context(), alice, rtm.Group(7), 1)
			var odd *rtm.AnswerError
			require.ErrorAs(t, err, &odd, "%s: %v", key, bad)
			require.ErrorContains(t, err, key)
			require.Zero(t, m)
		}
	}
}

func TestDeletedMessageIsGoneForGood(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, c *rtm.Client) {
		for _, target := range targets {
			ids := fill(t, c, target, 5)
			require.NoError(t, c.Delete(t.Context(), alice, target, ids[2]))
			require.Equal(t, slices.Delete(slices.Clone(ids), 2, 3), inHistory(t, c, target))
			_, err := c.Get(t.Context(), alice, target, ids[2])
			require.ErrorIs(t, err, rtm.ErrMessageNotFound)
			require.ErrorIs(t, c.Delete(t.Context(), alice, target, ids[2]), rtm.ErrMessageNotFound, "twice")
			require.ErrorIs(t, c.Delete(t.Context(), bob, target, ids[1]), rtm.ErrMessageNotFound, "another sender's")
			_, err = c.Send(t.Context(), alice, target, rtm.Message{Type: 66, ID: ids[2]})
			require.ErrorIs(t, err, rtm.ErrDuplicateMessageID, "its id stays taken")
		}
	})
}

func TestEditedMessageReadsAnew(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, c *rtm.Client) {
		for _, target := range targets {
			ids := fill(t, c, target, 3)
			before, err := c.Get(t.Context(), alice, target, ids[1])
			require.NoError(t, err)
			require.NoError(t, c.Edit(t.Context(), alice, target, ids[1], rtm.EditRequest{Text: "new", Attrs: "{}"}))
			want := before
			want.Text, want.Attrs = "new", "{}"
			got, err := c.Get(t.Context(), alice, target, ids[1])
			require.NoError(t, err)
			require.Equal(t, want, got)
			require.Equal(t, ids, inHistory(t, c, target), "where it was")
			require.ErrorIs(t, c.Edit(t.Context(), alice, target, 404, rtm.EditRequest{}), rtm.ErrMessageNotFound)
		}
	})
}

func TestEditedBinaryMessageBecomesText(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, c *rtm.Client) {
		receipt, err := c.Send(t.Context(), alice, rtm.Group(7), rtm.Message{Type: 66, Data: []byte{0, 0xff}})
		require.NoError(t, err)
		require.NoError(t, c.Edit(t.Context(), alice, rtm.Group(7), receipt.ID, rtm.EditRequest{Text: "text"}))
		m, err := c.Get(t.Context(), alice, rtm.Group(7), receipt.ID)
		require.NoError(t, err)
		require.Equal(t, "text", m.Text)
		require.Nil(t, m.Data)
	})
}

func TestOldMessagesAreForgottenInTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := dial(t, fakeserver.New(t, fakeserver.WithLimits(fakeserver.Limits{StoredFor: time.Hour})))
		old := fill(t, c, rtm.Group(7), 3)
		advance(t, time.Hour)
		require.Equal(t, old, inHistory(t, c, rtm.Group(7)))
		advance(t, time.Millisecond)
		require.Empty(t, inHistory(t, c, rtm.Group(7)))
		_, err := c.Get(t.Context(), alice, rtm.Group(7), old[0])
		require.ErrorIs(t, err, rtm.ErrMessageNotFound)
		n, err := c.Count(t.Context(), rtm.Group(7), rtm.CountQuery{})
		require.NoError(t, err)
		require.Zero(t, n)
	})
}

func TestTimeLimitKeepsOldMessagesFromBeingEdited(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := dial(t, fakeserver.New(t))
		id := fill(t, c, rtm.Group(7), 1)[0]
		advance(t, time.Minute)
		edit := func(limit int64) error {
			return c.Edit(t.Context(), alice, rtm.Group(7), id, rtm.EditRequest{Text: "new", TimeLimit: limit})
		}
		require.NoError(t, edit(0))
		require.NoError(t, edit(60_000))
		require.ErrorIs(t, edit(59_999), rtm.ErrPermissionDenied)
		requireArgument(t, edit(-1), "EditRequest.TimeLimit")
	})
}

func TestCleanDeletesARangeWhoeverSentIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := dial(t, fakeserver.New(t))
		start := time.Now().UnixMilli()
		for _, target := range targets {
			start := time.Now().UnixMilli()
			var ids []int64
			for i := range 10 {
				from, to := int64(alice), target
				if target == rtm.User(bob) && i%2 == 1 {
					from, to = bob, rtm.User(alice)
				} else if i%2 == 1 {
					from = bob
				}
				receipt, err := c.Send(t.Context(), from, to, rtm.Message{Type: 66})
				require.NoError(t, err)
				ids = append(ids, receipt.ID)
				advance(t, time.Second)
			}
			cleaner := int64(alice)
			if target.Kind == rtm.InGroup || target.Kind == rtm.InRoom {
				cleaner = 0
			}
			require.NoError(t, c.Clean(t.Context(), cleaner, target, start+2000, start+6000))
			require.Equal(t, slices.Concat(ids[:2], ids[7:]), inHistory(t, c, target))
			require.NoError(t, c.Clean(t.Context(), cleaner, target, start+8000, 0))
			require.Equal(t, slices.Concat(ids[:2], ids[7:8]), inHistory(t, c, target))
			require.NoError(t, c.Clean(t.Context(), cleaner, target, 0, 0))
			require.Empty(t, inHistory(t, c, target))
		}
		requireArgument(t, c.Clean(t.Context(), alice, rtm.Group(7), -1, 0), "begin")
		requireArgument(t, c.Clean(t.Context(), alice, rtm.Group(7), 0, -1), "end")
		other := fill(t, c, rtm.Group(8), 2)
		require.NoError(t, c.Clean(t.Context(), alice, rtm.Group(7), start, 0))
		require.Equal(t, other, inHistory(t, c, rtm.Group(8)), "another group's are left")
	})
}

func TestDeleteConversationDeletesOneSendersOnly(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, c *rtm.Client) {
		for _, target := range targets {
			fill(t, c, target, 5)
			from, to := int64(bob), target
			if target.Kind == rtm.P2P {
				to = rtm.User(alice)
			}
			receipt, err := c.Send(t.Context(), from, to, rtm.Message{Type: 66})
			require.NoError(t, err)
			require.NoError(t, c.DeleteConversation(t.Context(), alice, target))
			require.Equal(t, []int64{receipt.ID}, inHistory(t, c, target))
		}
	})
}

func TestCountCountsMessagesAndDifferentSenders(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := dial(t, fakeserver.New(t, fakeserver.WithStoredTypes(66, 67)))
		for _, target := range []rtm.Target{rtm.Group(7), rtm.Room(9), rtm.Everyone} {
			start := time.Now().UnixMilli()
			for i := range 12 {
				_, err := c.Send(t.Context(), int64(i%3), target, rtm.Message{Type: 66 + int8(i/4)}) // 68 is not stored
				require.NoError(t, err)
				advance(t, time.Second)
			}
			for want, q := range map[rtm.Count]rtm.CountQuery{
				{Senders: 3, Messages: 8}: {},
				{Senders: 3, Messages: 4}: {Types: []int8{67}},
				{Senders: 0, Messages: 0}: {Types: []int8{68}},
				{Senders: 2, Messages: 2}: {Begin: start + 1000, End: start + 2000},
				{Senders: 1, Messages: 1}: {Begin: start + 7000},
				{Senders: 3, Messages: 3}: {End: start + 2999},
			} {
				got, err := c.Count(t.Context(), target, q)
				require.NoError(t, err)
				require.Equal(t, want, got)
			}
			require.Len(t, inHistory(t, c, target), 8)
		}
		_, err := c.Count(t.Context(), rtm.User(bob), rtm.CountQuery{})
		requireArgument(t, err, "in")
		_, err = c.Count(t.Context(), rtm.Group(7), rtm.CountQuery{Types: []int8{0}})
		requireArgument(t, err, "CountQuery.Types")
		_, err = c.Count(t.Context(), rtm.Group(7), rtm.CountQuery{Begin: -1})
		requireArgument(t, err, "CountQuery.Begin")
	})
}

func TestClearProjectClearsOneKindOrAll(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, c *rtm.Client) {
		kinds := map[rtm.Target]rtm.ClearKind{
			rtm.User(bob): rtm.ClearP2P, rtm.Group(7): rtm.ClearGroups, rtm.Room(9): rtm.ClearRooms, rtm.Everyone: rtm.ClearBroadcast,
		}
		for cleared, kind := range kinds {
			for _, target := range targets {
				fill(t, c, target, 1)
			}
			require.NoError(t, c.ClearProject(t.Context(), kind))
			for _, target := range targets {
				require.Equal(t, target == cleared, len(inHistory(t, c, target)) == 0, "%v after clearing %v", target, cleared)
			}
		}
		require.NoError(t, c.ClearProject(t.Context(), rtm.ClearAll))
		for _, target := range targets {
			require.Empty(t, inHistory(t, c, target))
		}
		requireArgument(t, c.ClearProject(t.Context(), 5), "kind")
		requireArgument(t, c.ClearProject(t.Context(), -1), "kind")
	})
}

func TestClearUserDeletesWhatTheUserSent(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, c *rtm.Client) {
		for _, target := range targets {
			fill(t, c, target, 2)
		}
		receipt, err := c.Send(t.Context(), bob, rtm.Group(7), rtm.Message{Type: 66})
		require.NoError(t, err)
		require.NoError(t, c.ClearUser(t.Context(), alice))
		require.Equal(t, []int64{receipt.ID}, inHistory(t, c, rtm.Group(7)))
		for _, target := range []rtm.Target{rtm.User(bob), rtm.Room(9), rtm.Everyone} {
			require.Empty(t, inHistory(t, c, target))
		}
	})
}

func TestSizesAreCheckedBeforeTheWireAndOnTheGate(t *testing.T) {
	t.Parallel()
	srv := fakeserver.New(t, fakeserver.WithLimits(fakeserver.DocumentedLimits))
	checked := dial(t, srv)
	unchecked := dial(t, srv, rtm.WithLimits(rtm.Limits{}))
	text := strings.Repeat("x", rtm.DocumentedLimits.MessageBytes)
	attrs := strings.Repeat("x", rtm.DocumentedLimits.AttrsBytes)
	receipt, err := checked.Send(t.Context(), alice, rtm.Group(7), rtm.Message{Type: 66, Text: text, Attrs: attrs})
	require.NoError(t, err)
	for argument, m := range map[string]rtm.Message{
		"Message.Text":  {Type: 66, Text: text + "x"},
		"Message.Data":  {Type: 66, Data: []byte(text + "x")},
		"Message.Attrs": {Type: 66, Attrs: attrs + "x"},
	} {
		_, err := checked.Send(t.Context(), alice, rtm.Group(7), m)
		requireArgument(t, err, argument)
		require.Equal(t, rtm.CodeMessageTooLarge, fpnn.Code(err))
		_, err = unchecked.Send(t.Context(), alice, rtm.Group(7), m)
		require.ErrorIs(t, err, rtm.ErrMessageTooLarge)
	}
	for argument, r := range map[string]rtm.EditRequest{
		"EditRequest.Text":  {Text: text + "x"},
		"EditRequest.Attrs": {Attrs: attrs + "x"},
	} {
		requireArgument(t, checked.Edit(t.Context(), alice, rtm.Group(7), receipt.ID, r), argument)
		require.ErrorIs(t, unchecked.Edit(t.Context(), alice, rtm.Group(7), receipt.ID, r), rtm.ErrMessageTooLarge)
	}
	many := make([]int64, rtm.DocumentedLimits.Receivers+1)
	_, err = checked.SendMulti(t.Context(), alice, many, rtm.Message{Type: 66})
	requireArgument(t, err, "to")
	_, err = unchecked.SendMulti(t.Context(), alice, many, rtm.Message{Type: 66})
	require.ErrorIs(t, err, rtm.ErrTooManyItems)
}

func TestNoMessageOfAnInvalidTarget(t *testing.T) {
	t.Parallel()
	c := gate(t, fpnn.HandlerFunc(func(_ context.Context, q *fpnn.Quest) (any, error) {
		t.Errorf("%s was sent", q.Method())
		return nil, nil
	}))
	nowhere := rtm.Target{Kind: 5}
	_, err := c.Get(t.Context(), alice, nowhere, 1)
	requireArgument(t, err, "to")
	requireArgument(t, c.Delete(t.Context(), alice, nowhere, 1), "to")
	requireArgument(t, c.Edit(t.Context(), alice, nowhere, 1, rtm.EditRequest{}), "to")
	requireArgument(t, c.Clean(t.Context(), alice, nowhere, 0, 0), "with")
	requireArgument(t, c.DeleteConversation(t.Context(), alice, nowhere), "to")
	_, err = c.Count(t.Context(), nowhere, rtm.CountQuery{})
	requireArgument(t, err, "in")
}
