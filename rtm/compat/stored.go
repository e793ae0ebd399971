package compat

import (
	"context"
	"time"

	"github.com/gofpnn/gofpnn/rtm"
)

// MessageType is a kind of conversation.
type MessageType int

// The kinds of conversation, as the wire numbers them.
const (
	MessageType_P2P       MessageType = 1
	MessageType_Group     MessageType = 2
	MessageType_Room      MessageType = 3
	MessageType_Broadcast MessageType = 4
)

// target is the conversation with xid; a kind out of range is left to rtm to
// refuse.
func (t MessageType) target(xid int64) rtm.Target {
	if t < MessageType_P2P || t > MessageType_Broadcast {
		return rtm.Target{ID: xid}
	}
	return rtm.Target{Kind: rtm.Kind(t), ID: xid}
}

// The functions from here on take, after their fixed arguments, a time-out and a
// callback func(errorCode int, errInfo string), if nothing else is said.

// DelMessage deletes a message: xid is the user, group or room it was sent to.
func (client *RTMServerClient) DelMessage(messageId int64, fromUid int64, xid int64, messageType MessageType, rest ...interface{}) error {
	return client.del("DelMessage", rest, messageId, fromUid, messageType.target(xid))
}

// DelP2PMessage deletes a message to a user.
func (client *RTMServerClient) DelP2PMessage(mid int64, fromUid int64, to int64, rest ...interface{}) error {
	return client.del("DelP2PMessage", rest, mid, fromUid, rtm.User(to))
}

// DelGroupMessage deletes a message to a group.
func (client *RTMServerClient) DelGroupMessage(mid int64, fromUid int64, gid int64, rest ...interface{}) error {
	return client.del("DelGroupMessage", rest, mid, fromUid, rtm.Group(gid))
}

// DelRoomMessage deletes a message to a room.
func (client *RTMServerClient) DelRoomMessage(mid int64, fromUid int64, rid int64, rest ...interface{}) error {
	return client.del("DelRoomMessage", rest, mid, fromUid, rtm.Room(rid))
}

// DelBroadcastMessage deletes a message to everyone.
func (client *RTMServerClient) DelBroadcastMessage(mid int64, fromUid int64, rest ...interface{}) error {
	return client.del("DelBroadcastMessage", rest, mid, fromUid, rtm.Everyone)
}

func (client *RTMServerClient) del(function string, rest []any, mid, from int64, to rtm.Target) error {
	return client.do(function, rest, func(ctx context.Context, c *rtm.Client) error { return c.Delete(ctx, from, to, mid) })
}

// CleanMessage deletes all messages of a conversation from begin to end, Unix
// milliseconds, 0 for no bound.
func (client *RTMServerClient) CleanMessage(fromUid int64, xid int64, messageType MessageType, begin int64, end int64, rest ...interface{}) error {
	return client.clean("CleanMessage", rest, fromUid, messageType.target(xid), begin, end)
}

// CleanP2PMessage is CleanMessage for two users.
func (client *RTMServerClient) CleanP2PMessage(fromUid int64, to int64, begin int64, end int64, rest ...interface{}) error {
	return client.clean("CleanP2PMessage", rest, fromUid, rtm.User(to), begin, end)
}

// CleanGroupMessage is CleanMessage for a group.
func (client *RTMServerClient) CleanGroupMessage(fromUid int64, gid int64, begin int64, end int64, rest ...interface{}) error {
	return client.clean("CleanGroupMessage", rest, fromUid, rtm.Group(gid), begin, end)
}

// CleanRoomMessage is CleanMessage for a room.
func (client *RTMServerClient) CleanRoomMessage(fromUid int64, rid int64, begin int64, end int64, rest ...interface{}) error {
	return client.clean("CleanRoomMessage", rest, fromUid, rtm.Room(rid), begin, end)
}

// CleanBroadcastMessage is CleanMessage for the messages to everyone.
func (client *RTMServerClient) CleanBroadcastMessage(fromUid int64, begin int64, end int64, rest ...interface{}) error {
	return client.clean("CleanBroadcastMessage", rest, fromUid, rtm.Everyone, begin, end)
}

func (client *RTMServerClient) clean(function string, rest []any, from int64, with rtm.Target, begin, end int64) error {
	return client.do(function, rest, func(ctx context.Context, c *rtm.Client) error {
		return c.Clean(ctx, from, with, begin, end)
	})
}

// GetMessage reads one message. Its callback is func(result *HistoryMessageUnit,
// errorCode int, errInfo string).
func (client *RTMServerClient) GetMessage(messageId int64, fromUid int64, xid int64, messageType MessageType, rest ...interface{}) (*HistoryMessageUnit, error) {
	return ask(client, "GetMessage", rest, func(ctx context.Context, c *rtm.Client) (*HistoryMessageUnit, error) {
		m, err := c.Get(ctx, fromUid, messageType.target(xid), messageId)
		if err != nil {
			return nil, err
		}
		return &HistoryMessageUnit{m.Cursor, client.message(&m, xid)}, nil
	})
}

// GetMsgCount counts the messages in a group or room, and the different users who
// sent them, from begin to end, Unix milliseconds, 0 for no bound; mtype are the
// message types to count, none for all. Its callback is func(sender int32, count
// int32, errorCode int, errInfo string).
func (client *RTMServerClient) GetMsgCount(msgType MessageType, xid int64, begin int64, end int64, mtype []int8, rest ...interface{}) (sender int32, count int32, err error) {
	var timeout time.Duration
	var callback func(sender int32, count int32, errorCode int, errInfo string)
	if err := parseRest("GetMsgCount", rest, &timeout, &callback); err != nil {
		return 0, 0, err
	}
	var done func(n rtm.Count, errorCode int, errInfo string)
	if callback != nil {
		done = func(n rtm.Count, errorCode int, errInfo string) {
			callback(int32(n.Senders), int32(n.Messages), errorCode, errInfo)
		}
	}
	n, err := run(client, timeout, func(ctx context.Context, c *rtm.Client) (rtm.Count, error) {
		return c.Count(ctx, msgType.target(xid), rtm.CountQuery{Types: mtype, Begin: begin, End: end})
	}, done)
	return int32(n.Senders), int32(n.Messages), err
}

// EditMessage replaces a message's text and attributes, unless it is older than
// timeLimit in milliseconds; 0 is no limit.
func (client *RTMServerClient) EditMessage(messageId int64, fromUid int64, xid int64, messageType MessageType, msg string, attrs string, timeLimit int64, rest ...interface{}) error {
	return client.do("EditMessage", rest, func(ctx context.Context, c *rtm.Client) error {
		return c.Edit(ctx, fromUid, messageType.target(xid), messageId, rtm.EditRequest{Text: msg, Attrs: attrs, TimeLimit: timeLimit})
	})
}

// DeleteConversationMessages deletes all messages a user sent in a conversation.
func (client *RTMServerClient) DeleteConversationMessages(fromUid int64, xid int64, messageType MessageType, rest ...interface{}) error {
	return client.do("DeleteConversationMessages", rest, func(ctx context.Context, c *rtm.Client) error {
		return c.DeleteConversation(ctx, fromUid, messageType.target(xid))
	})
}
