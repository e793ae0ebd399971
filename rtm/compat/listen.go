package compat

import (
	"context"

	"github.com/gofpnn/gofpnn/rtm"
)

// The functions about what is pushed take, after their fixed arguments, a
// time-out and a callback func(errorCode int, errInfo string). What is listened
// to is said again to each new connection.

// AddListen adds groups, rooms, users and events to what is listened to.
func (client *RTMServerClient) AddListen(groupIds []int64, roomIds []int64, uids []int64, events []string, rest ...interface{}) error {
	return client.do("AddListen", rest, func(ctx context.Context, c *rtm.Client) error {
		return c.AddListen(ctx, rtm.ListenSet{Groups: groupIds, Rooms: roomIds, Users: uids, Events: events})
	})
}

// RemoveListen takes groups, rooms, users and events out of what is listened to.
func (client *RTMServerClient) RemoveListen(groupIds []int64, roomIds []int64, uids []int64, events []string, rest ...interface{}) error {
	return client.do("RemoveListen", rest, func(ctx context.Context, c *rtm.Client) error {
		return c.RemoveListen(ctx, rtm.ListenSet{Groups: groupIds, Rooms: roomIds, Users: uids, Events: events})
	})
}

// SetListen replaces what is listened to, list by list; one that is nil stays.
func (client *RTMServerClient) SetListen(groupIds []int64, roomIds []int64, uids []int64, events []string, rest ...interface{}) error {
	return client.do("SetListen", rest, func(ctx context.Context, c *rtm.Client) error {
		return c.Listen(ctx, rtm.ListenSet{Groups: groupIds, Rooms: roomIds, Users: uids, Events: events})
	})
}

// SetListenStatus says whether everything of a kind is listened to.
func (client *RTMServerClient) SetListenStatus(allGroups bool, allRooms bool, allP2P bool, allEvents bool, rest ...interface{}) error {
	return client.do("SetListenStatus", rest, func(ctx context.Context, c *rtm.Client) error {
		return c.ListenAll(ctx, rtm.ListenAll{Groups: allGroups, Rooms: allRooms, P2P: allP2P, Events: allEvents})
	})
}
