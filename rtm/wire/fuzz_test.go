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
		back, err := wire.ParseSend(kind, multi, again(t, q))
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
