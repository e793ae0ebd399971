package compat

import (
	"context"

	"github.com/gofpnn/gofpnn/rtm"
)

// The functions about members and tokens take, after their fixed arguments, a
// time-out and a callback: func(errorCode int, errInfo string), or with the result
// in front of these.

// AddGroupMembers adds users to a group.
func (client *RTMServerClient) AddGroupMembers(groupId int64, uids []int64, rest ...interface{}) error {
	return client.do("AddGroupMembers", rest, func(ctx context.Context, c *rtm.Client) error {
		return c.AddGroupMembers(ctx, groupId, uids)
	})
}

// DelGroupMembers takes users out of a group.
func (client *RTMServerClient) DelGroupMembers(groupId int64, uids []int64, rest ...interface{}) error {
	return client.do("DelGroupMembers", rest, func(ctx context.Context, c *rtm.Client) error {
		return c.RemoveGroupMembers(ctx, groupId, uids)
	})
}

// GetGroupMembers returns the users in a group.
func (client *RTMServerClient) GetGroupMembers(groupId int64, rest ...interface{}) ([]int64, error) {
	return ask(client, "GetGroupMembers", rest, func(ctx context.Context, c *rtm.Client) ([]int64, error) {
		return c.GroupMembers(ctx, groupId)
	})
}

// GetGroupCount returns how many users are in a group.
func (client *RTMServerClient) GetGroupCount(groupId int64, rest ...interface{}) (int32, error) {
	return ask(client, "GetGroupCount", rest, func(ctx context.Context, c *rtm.Client) (int32, error) {
		n, err := c.GroupCount(ctx, groupId)
		return int32(n), err
	})
}

// IsGroupMember reports whether a user is in a group.
func (client *RTMServerClient) IsGroupMember(groupId int64, uid int64, rest ...interface{}) (bool, error) {
	return ask(client, "IsGroupMember", rest, func(ctx context.Context, c *rtm.Client) (bool, error) {
		return c.IsGroupMember(ctx, groupId, uid)
	})
}

// GetUserGroups returns the groups a user is in.
func (client *RTMServerClient) GetUserGroups(uid int64, rest ...interface{}) ([]int64, error) {
	return ask(client, "GetUserGroups", rest, func(ctx context.Context, c *rtm.Client) ([]int64, error) {
		return c.UserGroups(ctx, uid)
	})
}

// AddRoomMember adds a user to a room.
func (client *RTMServerClient) AddRoomMember(roomId int64, uid int64, rest ...interface{}) error {
	return client.do("AddRoomMember", rest, func(ctx context.Context, c *rtm.Client) error {
		return c.AddRoomMember(ctx, roomId, uid)
	})
}

// DelRoomMember takes a user out of a room.
func (client *RTMServerClient) DelRoomMember(roomId int64, uid int64, rest ...interface{}) error {
	return client.do("DelRoomMember", rest, func(ctx context.Context, c *rtm.Client) error {
		return c.RemoveRoomMember(ctx, roomId, uid)
	})
}

// AddRoomMembers adds users to a room and returns those for whom that succeeded.
func (client *RTMServerClient) AddRoomMembers(roomId int64, uids []int64, rest ...interface{}) ([]int64, error) {
	return ask(client, "AddRoomMembers", rest, func(ctx context.Context, c *rtm.Client) ([]int64, error) {
		return c.AddRoomMembers(ctx, roomId, uids)
	})
}

// DelRoomMembers takes users out of a room and returns those for whom that
// succeeded.
func (client *RTMServerClient) DelRoomMembers(roomId int64, uids []int64, rest ...interface{}) ([]int64, error) {
	return ask(client, "DelRoomMembers", rest, func(ctx context.Context, c *rtm.Client) ([]int64, error) {
		return c.RemoveRoomMembers(ctx, roomId, uids)
	})
}

// GetRoomMembers returns the users in a room.
func (client *RTMServerClient) GetRoomMembers(roomId int64, rest ...interface{}) ([]int64, error) {
	return ask(client, "GetRoomMembers", rest, func(ctx context.Context, c *rtm.Client) ([]int64, error) {
		return c.RoomMembers(ctx, roomId)
	})
}

// GetRoomCount returns how many users are in each of several rooms.
func (client *RTMServerClient) GetRoomCount(roomIds []int64, rest ...interface{}) (map[int64]int32, error) {
	return ask(client, "GetRoomCount", rest, func(ctx context.Context, c *rtm.Client) (map[int64]int32, error) {
		counts, err := c.RoomCounts(ctx, roomIds)
		if err != nil {
			return nil, err
		}
		shown := make(map[int64]int32, len(counts))
		for rid, n := range counts {
			shown[rid] = int32(n)
		}
		return shown, nil
	})
}

// GetToken returns a token a user logs in with.
func (client *RTMServerClient) GetToken(uid int64, rest ...interface{}) (string, error) {
	return ask(client, "GetToken", rest, func(ctx context.Context, c *rtm.Client) (string, error) {
		return c.Token(ctx, uid)
	})
}

// RemoveToken makes a user's token invalid.
func (client *RTMServerClient) RemoveToken(uid int64, rest ...interface{}) error {
	return client.do("RemoveToken", rest, func(ctx context.Context, c *rtm.Client) error { return c.RemoveToken(ctx, uid) })
}

// Kickout ends a user's connections.
func (client *RTMServerClient) Kickout(uid int64, rest ...interface{}) error {
	return client.do("Kickout", rest, func(ctx context.Context, c *rtm.Client) error { return c.Kickout(ctx, uid) })
}
