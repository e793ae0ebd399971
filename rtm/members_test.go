package rtm_test

import (
	"context"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/fakeserver"
	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/rtm"
)

func TestGroupMembersComeAndGo(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, c *rtm.Client) {
		ctx := t.Context()
		holds := func(gid int64, want ...int64) {
			t.Helper()
			uids, err := c.GroupMembers(ctx, gid)
			require.NoError(t, err)
			require.ElementsMatch(t, want, uids)
			n, err := c.GroupCount(ctx, gid)
			require.NoError(t, err)
			require.Equal(t, len(want), n)
			for _, uid := range []int64{1, 2, 3} {
				in, err := c.IsGroupMember(ctx, gid, uid)
				require.NoError(t, err)
				require.Equal(t, slices.Contains(want, uid), in)
				groups, err := c.UserGroups(ctx, uid)
				require.NoError(t, err)
				require.Equal(t, in, slices.Contains(groups, gid))
			}
		}
		holds(7)
		require.NoError(t, c.AddGroupMembers(ctx, 7, []int64{1, 2}))
		require.NoError(t, c.AddGroupMembers(ctx, 8, []int64{2, 3}))
		holds(7, 1, 2)
		holds(8, 2, 3)
		require.NoError(t, c.AddGroupMembers(ctx, 7, []int64{2, 3}), "who is in already does not matter")
		require.NoError(t, c.RemoveGroupMembers(ctx, 7, []int64{1, 9}))
		holds(7, 2, 3)
		require.NoError(t, c.RemoveGroupMembers(ctx, 7, []int64{2, 3}))
		holds(7)
		holds(8, 2, 3)
	})
}

func TestRoomMembersComeAndGo(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, c *rtm.Client) {
		ctx := t.Context()
		holds := func(rid int64, want ...int64) {
			t.Helper()
			uids, err := c.RoomMembers(ctx, rid)
			require.NoError(t, err)
			require.ElementsMatch(t, want, uids)
			counts, err := c.RoomCounts(ctx, []int64{rid, -1})
			require.NoError(t, err)
			require.Equal(t, map[int64]int{rid: len(want), -1: 0}, counts)
		}
		holds(9)
		require.NoError(t, c.AddRoomMember(ctx, 9, 1))
		holds(9, 1)
		added, err := c.AddRoomMembers(ctx, 9, []int64{1, 2, 3})
		require.NoError(t, err)
		require.ElementsMatch(t, []int64{2, 3}, added)
		holds(9, 1, 2, 3)
		require.NoError(t, c.RemoveRoomMember(ctx, 9, 2))
		holds(9, 1, 3)
		removed, err := c.RemoveRoomMembers(ctx, 9, []int64{2, 3})
		require.NoError(t, err)
		require.Equal(t, []int64{3}, removed)
		holds(9, 1)
		groups, err := c.UserGroups(ctx, 1)
		require.NoError(t, err)
		require.Empty(t, groups, "a room is no group")
	})
}

func TestMemberListsAreChecked(t *testing.T) {
	t.Parallel()
	srv := fakeserver.New(t, fakeserver.WithLimits(fakeserver.DocumentedLimits))
	checked := dial(t, srv)
	unchecked := dial(t, srv, rtm.WithLimits(rtm.Limits{}))
	many := make([]int64, rtm.DocumentedLimits.Members+1)
	for name, change := range map[string]func(c *rtm.Client, uids []int64) error{
		"add to group":      func(c *rtm.Client, uids []int64) error { return c.AddGroupMembers(t.Context(), 7, uids) },
		"remove from group": func(c *rtm.Client, uids []int64) error { return c.RemoveGroupMembers(t.Context(), 7, uids) },
		"add to room": func(c *rtm.Client, uids []int64) error {
			_, err := c.AddRoomMembers(t.Context(), 9, uids)
			return err
		},
		"remove from room": func(c *rtm.Client, uids []int64) error {
			_, err := c.RemoveRoomMembers(t.Context(), 9, uids)
			return err
		},
	} {
		requireArgument(t, change(checked, nil), "uids")
		requireArgument(t, change(checked, many), "uids")
		require.ErrorIs(t, change(unchecked, many), rtm.ErrTooManyItems, name)
		require.NoError(t, change(checked, many[1:]), name)
	}
	_, err := checked.RoomCounts(t.Context(), nil)
	requireArgument(t, err, "rids")
	_, err = unchecked.RoomCounts(t.Context(), many)
	require.ErrorIs(t, err, rtm.ErrTooManyItems)
}

func TestMembershipIsCheckedOnlyIfAskedFor(t *testing.T) {
	t.Parallel()
	c := dial(t, fakeserver.New(t, fakeserver.WithMembershipChecks()))
	for target, want := range map[rtm.Target]error{
		rtm.Group(7): rtm.ErrNotInGroup, rtm.Room(9): rtm.ErrNotInRoom, rtm.User(bob): nil, rtm.Everyone: nil,
	} {
		_, err := c.Send(t.Context(), alice, target, rtm.Message{Type: 66})
		require.ErrorIs(t, err, want, target)
		_, err = c.History(t.Context(), alice, target, rtm.HistoryQuery{})
		require.ErrorIs(t, err, want, target)
	}
	require.NoError(t, c.AddGroupMembers(t.Context(), 7, []int64{alice}))
	require.NoError(t, c.AddRoomMember(t.Context(), 9, alice))
	for _, target := range targets {
		_, err := c.Send(t.Context(), alice, target, rtm.Message{Type: 66})
		require.NoError(t, err, target)
	}
}

func TestTokenStaysUntilItIsRemoved(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, c *rtm.Client) {
		first, err := c.Token(t.Context(), alice)
		require.NoError(t, err)
		require.NotEmpty(t, first)
		again, err := c.Token(t.Context(), alice)
		require.NoError(t, err)
		require.Equal(t, first, again)
		other, err := c.Token(t.Context(), bob)
		require.NoError(t, err)
		require.NotEqual(t, first, other)
		require.NoError(t, c.RemoveToken(t.Context(), alice))
		require.NoError(t, c.Kickout(t.Context(), alice))
		fresh, err := c.Token(t.Context(), alice)
		require.NoError(t, err)
		require.NotEqual(t, first, fresh)
	})
}

func TestOddAnswersAboutMembersAreTypedErrors(t *testing.T) {
	t.Parallel()
	var answer any
	c := gate(t, fpnn.HandlerFunc(func(context.Context, *fpnn.Quest) (any, error) { return answer, nil }))
	ctx := t.Context()
	calls := map[string]func() error{
		"uids":          func() error { _, err := c.GroupMembers(ctx, 7); return err },
		"cn":            func() error { _, err := c.GroupCount(ctx, 7); return err },
		"ok":            func() error { _, err := c.IsGroupMember(ctx, 7, 1); return err },
		"gids":          func() error { _, err := c.UserGroups(ctx, 1); return err },
		"successedUids": func() error { _, err := c.AddRoomMembers(ctx, 9, []int64{1}); return err },
		"token":         func() error { _, err := c.Token(ctx, 1); return err },
	}
	for key, call := range calls {
		for _, answer = range []any{nil, map[string]any{key: 1.5}, map[string]any{key: map[int]any{1: nil}}} {
			var odd *rtm.AnswerError
			require.ErrorAs(t, call(), &odd, key)
			require.ErrorContains(t, odd, key)
		}
	}
	for _, answer = range []any{
		nil,
		map[string]any{"cn": 5},
		map[string]any{"cn": map[string]any{"x": 1}},
		map[string]any{"cn": map[string]any{"1": "x"}},
		map[string]any{"cn": map[string]any{"1": 1 << 40}},
	} {
		_, err := c.RoomCounts(ctx, []int64{1})
		var odd *rtm.AnswerError
		require.ErrorAs(t, err, &odd)
	}
	answer = map[string]any{"cn": map[int64]any{300: uint64(3), 301: 4.0}}
	counts, err := c.RoomCounts(ctx, []int64{300, 301})
	require.NoError(t, err, "numbers for keys, as some SDKs write them")
	require.Equal(t, map[int64]int{300: 3, 301: 4}, counts)
}
