package wire_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/codec"
	"github.com/gofpnn/gofpnn/rtm/wire"
)

// again writes a quest and reads it back as a payload.
func again(t *testing.T, a codec.Appender) codec.Payload {
	t.Helper()
	b, err := a.AppendPayload(nil)
	require.NoError(t, err)
	p, err := codec.ParsePayloadStrict(b)
	require.NoError(t, err)
	return p
}

// seed adds quests or answers that parse.
func seed(f *testing.F, appenders ...codec.Appender) {
	f.Helper()
	for _, a := range appenders {
		b, err := a.AppendPayload(nil)
		require.NoError(f, err)
		for kind := wire.P2P; kind <= wire.Broadcast; kind++ {
			f.Add(byte(kind), b)
		}
	}
}

// FuzzParseSend: no bytes make the parser panic, and what it accepts is the same
// after being written and read once more.
func FuzzParseSend(f *testing.F) {
	text := wire.Message{ID: 7e15, Type: 51, Text: "hello", Attrs: "{}"}
	binary := wire.Message{ID: -1, Type: 127, Data: []byte{0, 0xff}}
	seed(f,
		&wire.Send{From: 1, Target: wire.User(2), Message: text},
		&wire.Send{From: -5, Target: wire.Group(5e9), Message: binary},
		&wire.Send{From: 1, Target: wire.Room(2), Message: text},
		&wire.Send{From: 1, Target: wire.Everyone, Message: binary},
		&wire.Send{From: 1, Tos: []int64{1, 1 << 40, -1}, Message: text},
		&wire.Send{From: 1, Tos: []int64{}, Message: text},
	)
	f.Fuzz(func(t *testing.T, k byte, data []byte) {
		p, err := codec.ParsePayload(data)
		if err != nil {
			return
		}
		_, _ = wire.ParseAuth(p)
		kind, multi := wire.Kind(k%5), k&0x80 > 0 // no kind at 0
		q, err := wire.ParseSend(kind, multi, p)
		if err != nil {
			return
		}
		back, err := wire.ParseSend(kind, multi, again(t, &q))
		require.NoError(t, err)
		require.Equal(t, q, back)
	})
}

// FuzzParseHistory is FuzzParseSend for the quest that reads history.
func FuzzParseHistory(f *testing.F) {
	seed(f,
		&wire.History{UID: 1, Target: wire.User(2), Limit: 20},
		&wire.History{UID: 1, Target: wire.Group(2), Descending: true, Limit: 10, Begin: 1, End: 1 << 41, Cursor: 9, Types: []int8{30, 51}},
		&wire.History{UID: 1, Target: wire.Room(2), Limit: -1},
		&wire.History{UID: 1, Target: wire.Everyone, Limit: 20, Types: []int8{127}},
	)
	f.Fuzz(func(t *testing.T, k byte, data []byte) {
		p, err := codec.ParsePayload(data)
		if err != nil {
			return
		}
		kind := wire.Kind(k % 5)
		q, err := wire.ParseHistory(kind, p)
		if err != nil {
			return
		}
		back, err := wire.ParseHistory(kind, again(t, q))
		require.NoError(t, err)
		require.Equal(t, q, back)
	})
}

// FuzzParsePage is FuzzParseSend for pages of history.
func FuzzParsePage(f *testing.F) {
	seed(f,
		&wire.PageAnswer{Quest: inGroup},
		&wire.PageAnswer{Quest: inGroup, Page: wire.Page{LastCursor: 9, Begin: 1, End: 2, Messages: []wire.Stored{
			{Message: wire.Message{ID: 7e15, Type: 51, Text: "hello", Attrs: "{}"}, Cursor: 8, From: 1, ModifiedTime: 1 << 40},
			{Message: wire.Message{ID: -1, Type: 127, Data: []byte{0, 0xff}}, Cursor: 9, From: 2, Deleted: true},
		}}},
	)
	f.Fuzz(func(t *testing.T, k byte, data []byte) {
		p, err := codec.ParsePayload(data)
		if err != nil {
			return
		}
		q := &wire.History{UID: 1001, Target: wire.Target{Kind: wire.Kind(k % 5), ID: 2002}}
		page, err := wire.ParsePage(p, q)
		if err != nil {
			return
		}
		if q.Target.Kind == wire.P2P {
			for _, m := range page.Messages {
				if m.From != 1001 && m.From != 2002 {
					return // a direction nobody knows is kept as it is, and would be written as 2
				}
			}
		}
		back, err := wire.ParsePage(again(t, &wire.PageAnswer{Page: *page, Quest: q}), q)
		require.NoError(t, err)
		require.Len(t, back.Messages, len(page.Messages))
		for i := range page.Messages {
			require.Equal(t, page.Messages[i], back.Messages[i])
		}
		require.Equal(t, []int64{page.LastCursor, page.Begin, page.End}, []int64{back.LastCursor, back.Begin, back.End})
	})
}

// everyParams returns one of each kind of parameters.
func everyParams() []wire.Params {
	return []wire.Params{
		new(wire.Get), new(wire.Delete), new(wire.Edit), new(wire.Clean), new(wire.DeleteSent), new(wire.Count),
		new(wire.ClearProject), new(wire.AddGroupMembers), new(wire.DelGroupMembers), new(wire.GetGroupMembers),
		new(wire.GetGroupCount), new(wire.IsGroupMember), new(wire.GetUserGroups), new(wire.AddRoomMember),
		new(wire.DelRoomMember), new(wire.AddRoomMembers), new(wire.DelRoomMembers), new(wire.GetRoomMembers),
		new(wire.GetRoomCount), new(wire.GetToken), new(wire.RemoveToken), new(wire.Kickout), new(wire.ClearUser),
		new(wire.AddListen), new(wire.RemoveListen), new(wire.SetListen), new(wire.Event),
		&wire.Push{Target: wire.User(0)}, &wire.Push{Target: wire.Group(0)}, &wire.Push{Target: wire.Room(0)},
		new(wire.GetAnswer), new(wire.CountAnswer), new(wire.UIDs), new(wire.GIDs), new(wire.Succeeded),
		new(wire.MemberCount), new(wire.RoomCounts), new(wire.OK), new(wire.Token),
		wire.Nothing{},
	}
}

// Whatever a peer sends is an error or parameters that can be written and read
// again as they are.
func FuzzParse(f *testing.F) {
	seed := func(v any) {
		b, err := codec.Marshal(v)
		require.NoError(f, err)
		f.Add(b)
	}
	seed(map[string]any{"mid": 1, "from": 2, "xid": 3, "type": 4, "msg": "m", "attrs": "", "timeLimit": 5, "begin": 6, "end": 7})
	seed(map[string]any{"gid": 1, "rid": 2, "uid": 3, "uids": []int{1, 2}, "rids": []int{4}, "to": 9, "mtype": 51, "mtime": 3})
	seed(map[string]any{"gids": map[int]any{1: 2}, "events": []string{"x"}, "group": true, "room": false, "p2p": true, "ev": true})
	seed(map[string]any{"cn": map[string]int{"1": 2}, "ok": true, "token": "t", "sender": 1, "num": 2, "successedUids": []int{}})
	seed(map[string]any{"pid": 1, "event": "login", "uid": 2, "time": 3, "endpoint": "e", "data": "d", "id": 1, "cn": 3})
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := codec.ParsePayload(data)
		if err != nil {
			return
		}
		for i, params := range everyParams() {
			if wire.Parse(p, params) != nil {
				continue
			}
			b, err := wire.Answer{Params: params}.AppendPayload(nil)
			require.NoError(t, err)
			p, err := codec.ParsePayloadStrict(b)
			require.NoError(t, err, "%T", params)
			again := everyParams()[i]
			require.NoError(t, wire.Parse(p, again), "%T", params)
			require.Equal(t, params, again)
		}
	})
}

func FuzzFile(f *testing.F) {
	f.Add(imageText, audioAttrs)
	f.Add(`{"url":1,"size":"7"}`, `{"rtm":[],"custom":{"a":null}}`)
	f.Fuzz(func(t *testing.T, text, attrs string) {
		m := stored(t, 41, text, attrs)
		require.NotNil(t, m.File)
		require.Equal(t, text, m.Text)
		require.Equal(t, attrs, m.Attrs)
	})
}
