package compat

import (
	"context"
	"time"

	"github.com/gofpnn/gofpnn/rtm"
)

// RTMAudioFileInfo describes a voice message.
type RTMAudioFileInfo struct {
	IsRTMaudio bool   // a voice message recorded by RTM's SDKs; else the rest is empty
	Codec      string // such as "amr-wb"
	Srate      int32  // samples a second
	Lang       string // the language spoken
	Duration   int32  // milliseconds
}

// FileMsgInfo is what a file message says of its file.
type FileMsgInfo struct {
	Url      string `json:"url"`
	FileSize int64  `json:"size"` // bytes
	Surl     string `json:"surl"` // of the thumbnail of an image
	RTMAudioFileInfo
}

// RTMMessage is a message.
type RTMMessage struct {
	FromUid      int64
	ToId         int64 // the user, group or room it was sent to; 0 for everyone
	MessageType  int8
	MessageId    int64
	Message      string // text, or the bytes of a binary message
	Attrs        string // of a file message, only the sender's own attributes
	ModifiedTime int64  // Unix milliseconds
	FileInfo     *FileMsgInfo
}

// HistoryMessageUnit is a message of a history.
type HistoryMessageUnit struct {
	CursorId int64
	RTMMessage
}

// HistoryMessageResult is a page of a history. LastCursorId, Begin and End are
// what asks for the next one.
type HistoryMessageResult struct {
	Num          int16
	LastCursorId int64
	Begin        int64
	End          int64
	Messages     []*HistoryMessageUnit
}

// The functions that read histories take, after their fixed arguments, message
// types []int8, a time-out, and a callback func(result *HistoryMessageResult,
// errorCode int, errInfo string). With desc they read backward from end, else
// forward from begin, both Unix milliseconds and inclusive, 0 for none; num is 20
// at most; lastid is the LastCursorId of the page before, 0 for the first.

// GetGroupMessage reads a group's history on behalf of uid.
func (client *RTMServerClient) GetGroupMessage(groupId int64, desc bool, num int16, begin int64, end int64, lastid int64, uid int64, rest ...interface{}) (*HistoryMessageResult, error) {
	return client.history("GetGroupMessage", rest, uid, rtm.Group(groupId), desc, num, begin, end, lastid)
}

// GetRoomMessage reads a room's history on behalf of uid.
func (client *RTMServerClient) GetRoomMessage(roomId int64, desc bool, num int16, begin int64, end int64, lastid int64, uid int64, rest ...interface{}) (*HistoryMessageResult, error) {
	return client.history("GetRoomMessage", rest, uid, rtm.Room(roomId), desc, num, begin, end, lastid)
}

// GetBroadcastMessage reads the history of messages to everyone on behalf of uid.
func (client *RTMServerClient) GetBroadcastMessage(desc bool, num int16, begin int64, end int64, lastid int64, uid int64, rest ...interface{}) (*HistoryMessageResult, error) {
	return client.history("GetBroadcastMessage", rest, uid, rtm.Everyone, desc, num, begin, end, lastid)
}

// GetP2PMessage reads the history of two users.
func (client *RTMServerClient) GetP2PMessage(uid int64, peerUid int64, desc bool, num int16, begin int64, end int64, lastid int64, rest ...interface{}) (*HistoryMessageResult, error) {
	return client.history("GetP2PMessage", rest, uid, rtm.User(peerUid), desc, num, begin, end, lastid)
}

func (client *RTMServerClient) history(function string, rest []any, uid int64, with rtm.Target, desc bool, num int16, begin, end, lastid int64) (*HistoryMessageResult, error) {
	q := rtm.HistoryQuery{Descending: desc, Limit: int(num), Begin: begin, End: end, Cursor: lastid}
	var timeout time.Duration
	var callback func(result *HistoryMessageResult, errorCode int, errInfo string)
	if err := parseRest(function, rest, &q.Types, &timeout, &callback); err != nil {
		return nil, err
	}
	return run(client, timeout, func(ctx context.Context, c *rtm.Client) (*HistoryMessageResult, error) {
		page, err := c.History(ctx, uid, with, q)
		if err != nil {
			return nil, err
		}
		next := page.Next()
		result := &HistoryMessageResult{
			Num: int16(len(page.Messages)), LastCursorId: next.Cursor, Begin: next.Begin, End: next.End,
		}
		for i := range page.Messages {
			m := &page.Messages[i]
			to := with.ID
			if with.Kind == rtm.P2P && m.From == to {
				to = uid
			}
			result.Messages = append(result.Messages, &HistoryMessageUnit{m.Cursor, client.message(m, to)})
		}
		return result, nil
	}, callback)
}

// message is how a message is shown.
func (client *RTMServerClient) message(m *rtm.StoredMessage, to int64) RTMMessage {
	shown := RTMMessage{
		FromUid: m.From, ToId: to, MessageType: m.Type, MessageId: m.ID,
		Message: m.Text, Attrs: m.Attrs, ModifiedTime: m.ModifiedTime,
	}
	if m.Data != nil {
		shown.Message = string(m.Data)
	}
	f := m.File
	if f == nil {
		return shown
	}
	shown.FileInfo = &FileMsgInfo{Url: f.URL, FileSize: f.Size, Surl: f.Thumbnail}
	if a := f.Audio; a != nil {
		shown.FileInfo.RTMAudioFileInfo = RTMAudioFileInfo{
			IsRTMaudio: true, Codec: a.Codec, Srate: a.SampleRate, Lang: a.Language, Duration: a.Duration,
		}
	}
	if f.TextErr != nil {
		client.log("text of file message %d from %d: %v", m.ID, m.From, f.TextErr)
	}
	if f.AttrsErr != nil {
		client.log("attributes of file message %d from %d: %v", m.ID, m.From, f.AttrsErr)
		return shown
	}
	shown.Attrs = f.Custom
	return shown
}
