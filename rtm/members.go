package rtm

import (
	"context"

	"github.com/gofpnn/gofpnn/rtm/wire"
)

// AddGroupMembers adds users to a group, up to 100 at a time ([WithLimits]).
func (c *Client) AddGroupMembers(ctx context.Context, gid int64, uids []int64) error {
	if err := checkList("uids", len(uids), c.limits.Members); err != nil {
		return err
	}
	return c.do(ctx, &wire.AddGroupMembers{GID: gid, UIDs: uids})
}

// RemoveGroupMembers takes users out of a group, up to 100 at a time
// ([WithLimits]).
func (c *Client) RemoveGroupMembers(ctx context.Context, gid int64, uids []int64) error {
	if err := checkList("uids", len(uids), c.limits.Members); err != nil {
		return err
	}
	return c.do(ctx, &wire.DelGroupMembers{GID: gid, UIDs: uids})
}

// GroupMembers returns the users in a group.
func (c *Client) GroupMembers(ctx context.Context, gid int64) ([]int64, error) {
	var answer wire.UIDs
	err := c.ask(ctx, &wire.GetGroupMembers{GID: gid}, &answer)
	return answer.UIDs, err
}

// GroupCount returns how many users are in a group.
func (c *Client) GroupCount(ctx context.Context, gid int64) (int, error) {
	var answer wire.MemberCount
	err := c.ask(ctx, &wire.GetGroupCount{GID: gid}, &answer)
	return int(answer.N), err
}

// IsGroupMember reports whether a user is in a group.
func (c *Client) IsGroupMember(ctx context.Context, gid, uid int64) (bool, error) {
	var answer wire.OK
	err := c.ask(ctx, &wire.IsGroupMember{GID: gid, UID: uid}, &answer)
	return answer.OK, err
}

// UserGroups returns the groups a user is in.
func (c *Client) UserGroups(ctx context.Context, uid int64) ([]int64, error) {
	var answer wire.GIDs
	err := c.ask(ctx, &wire.GetUserGroups{UID: uid}, &answer)
	return answer.GIDs, err
}

// AddRoomMember adds a user to a room.
func (c *Client) AddRoomMember(ctx context.Context, rid, uid int64) error {
	return c.do(ctx, &wire.AddRoomMember{RID: rid, UID: uid})
}

// RemoveRoomMember takes a user out of a room.
func (c *Client) RemoveRoomMember(ctx context.Context, rid, uid int64) error {
	return c.do(ctx, &wire.DelRoomMember{RID: rid, UID: uid})
}

// AddRoomMembers adds users to a room, up to 100 at a time ([WithLimits]), and
// returns those for whom that succeeded.
func (c *Client) AddRoomMembers(ctx context.Context, rid int64, uids []int64) (succeeded []int64, err error) {
	if err := checkList("uids", len(uids), c.limits.Members); err != nil {
		return nil, err
	}
	var answer wire.Succeeded
	err = c.ask(ctx, &wire.AddRoomMembers{RID: rid, UIDs: uids}, &answer)
	return answer.UIDs, err
}

// RemoveRoomMembers takes users out of a room, up to 100 at a time ([WithLimits]),
// and returns those for whom that succeeded.
func (c *Client) RemoveRoomMembers(ctx context.Context, rid int64, uids []int64) (succeeded []int64, err error) {
	if err := checkList("uids", len(uids), c.limits.Members); err != nil {
		return nil, err
	}
	var answer wire.Succeeded
	err = c.ask(ctx, &wire.DelRoomMembers{RID: rid, UIDs: uids}, &answer)
	return answer.UIDs, err
}

// RoomMembers returns the users in a room.
func (c *Client) RoomMembers(ctx context.Context, rid int64) ([]int64, error) {
	var answer wire.UIDs
	err := c.ask(ctx, &wire.GetRoomMembers{RID: rid}, &answer)
	return answer.UIDs, err
}

// RoomCounts returns how many users are in each of several rooms.
func (c *Client) RoomCounts(ctx context.Context, rids []int64) (map[int64]int, error) {
	if err := checkList("rids", len(rids), 0); err != nil {
		return nil, err
	}
	var answer wire.RoomCounts
	if err := c.ask(ctx, &wire.GetRoomCount{RIDs: rids}, &answer); err != nil {
		return nil, err
	}
	counts := make(map[int64]int, len(answer.Users))
	for rid, n := range answer.Users {
		counts[rid] = int(n)
	}
	return counts, nil
}
