package compat

import (
	"context"
	"time"

	"github.com/gofpnn/gofpnn/rtm"
)

// The functions that send take, after their fixed arguments, attrs string, a
// time-out, and a callback: func(mtime int64, errorCode int, errInfo string), or
// func(mtime int64, mid int64, errorCode int, errInfo string), which is also told
// the message's id. They return mtime, the time of the message in Unix
// milliseconds; with a callback 0.

// SendMessage sends a text from one user to another.
func (client *RTMServerClient) SendMessage(fromUid int64, toUid int64, mtype int8, message string, rest ...interface{}) (int64, error) {
	return client.send("SendMessage", rest, fromUid, rtm.User(toUid), rtm.Message{Type: mtype, Text: message})
}

// SendMessageByBinary sends bytes from one user to another.
func (client *RTMServerClient) SendMessageByBinary(fromUid int64, toUid int64, messageType int8, message []byte, rest ...interface{}) (int64, error) {
	return client.send("SendMessageByBinary", rest, fromUid, rtm.User(toUid), binary(messageType, message))
}

// SendMessages sends a text from one user to several others.
func (client *RTMServerClient) SendMessages(fromUid int64, toUids []int64, mtype int8, message string, rest ...interface{}) (int64, error) {
	return client.sendMulti("SendMessages", rest, fromUid, toUids, rtm.Message{Type: mtype, Text: message})
}

// SendMessagesByBinary sends bytes from one user to several others.
func (client *RTMServerClient) SendMessagesByBinary(fromUid int64, toUids []int64, messageType int8, message []byte, rest ...interface{}) (int64, error) {
	return client.sendMulti("SendMessagesByBinary", rest, fromUid, toUids, binary(messageType, message))
}

// SendGroupMessage sends a text to a group.
func (client *RTMServerClient) SendGroupMessage(fromUid int64, groupId int64, mtype int8, message string, rest ...interface{}) (int64, error) {
	return client.send("SendGroupMessage", rest, fromUid, rtm.Group(groupId), rtm.Message{Type: mtype, Text: message})
}

// SendGroupMessageByBinary sends bytes to a group.
func (client *RTMServerClient) SendGroupMessageByBinary(fromUid int64, groupId int64, messageType int8, message []byte, rest ...interface{}) (int64, error) {
	return client.send("SendGroupMessageByBinary", rest, fromUid, rtm.Group(groupId), binary(messageType, message))
}

// SendRoomMessage sends a text to a room.
func (client *RTMServerClient) SendRoomMessage(fromUid int64, roomId int64, mtype int8, message string, rest ...interface{}) (int64, error) {
	return client.send("SendRoomMessage", rest, fromUid, rtm.Room(roomId), rtm.Message{Type: mtype, Text: message})
}

// SendRoomMessageByBinary sends bytes to a room.
func (client *RTMServerClient) SendRoomMessageByBinary(fromUid int64, roomId int64, messageType int8, message []byte, rest ...interface{}) (int64, error) {
	return client.send("SendRoomMessageByBinary", rest, fromUid, rtm.Room(roomId), binary(messageType, message))
}

// SendBroadcastMessage sends a text to all users of the project.
func (client *RTMServerClient) SendBroadcastMessage(fromUid int64, mtype int8, message string, rest ...interface{}) (int64, error) {
	return client.send("SendBroadcastMessage", rest, fromUid, rtm.Everyone, rtm.Message{Type: mtype, Text: message})
}

// SendBroadcastMessageByBinary sends bytes to all users of the project.
func (client *RTMServerClient) SendBroadcastMessageByBinary(fromUid int64, messageType int8, message []byte, rest ...interface{}) (int64, error) {
	return client.send("SendBroadcastMessageByBinary", rest, fromUid, rtm.Everyone, binary(messageType, message))
}

// binary makes a message of bytes, of none too.
func binary(mtype int8, data []byte) rtm.Message {
	if data == nil {
		data = []byte{}
	}
	return rtm.Message{Type: mtype, Data: data}
}

func (client *RTMServerClient) send(function string, rest []any, from int64, to rtm.Target, m rtm.Message) (int64, error) {
	return client.sendWith(function, rest, m, func(ctx context.Context, c *rtm.Client, m rtm.Message) (rtm.Receipt, error) {
		return c.Send(ctx, from, to, m)
	})
}

func (client *RTMServerClient) sendMulti(function string, rest []any, from int64, to []int64, m rtm.Message) (int64, error) {
	return client.sendWith(function, rest, m, func(ctx context.Context, c *rtm.Client, m rtm.Message) (rtm.Receipt, error) {
		return c.SendMulti(ctx, from, to, m)
	})
}

func (client *RTMServerClient) sendWith(function string, rest []any, m rtm.Message,
	send func(ctx context.Context, c *rtm.Client, m rtm.Message) (rtm.Receipt, error),
) (int64, error) {
	var timeout time.Duration
	var callback func(mtime int64, errorCode int, errInfo string)
	var callbackWithID func(mtime int64, mid int64, errorCode int, errInfo string)
	if err := parseRest(function, rest, &m.Attrs, &timeout, &callback, &callbackWithID); err != nil {
		return 0, err
	}
	var done func(r rtm.Receipt, errorCode int, errInfo string)
	switch {
	case callbackWithID != nil:
		done = func(r rtm.Receipt, errorCode int, errInfo string) {
			callbackWithID(r.ModifiedTime, r.ID, errorCode, errInfo)
		}
	case callback != nil:
		done = func(r rtm.Receipt, errorCode int, errInfo string) { callback(r.ModifiedTime, errorCode, errInfo) }
	}
	receipt, err := run(client, timeout, func(ctx context.Context, c *rtm.Client) (rtm.Receipt, error) {
		return send(ctx, c, m)
	}, done)
	return receipt.ModifiedTime, err
}
