package wire_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/codec"
	"github.com/gofpnn/gofpnn/rtm/wire"
)

func sendArgs() map[string]any {
	return map[string]any{"from": 1001, "to": 2002, "mid": int64(7e15), "mtype": 51, "msg": "hello", "attrs": "{}"}
}

// Each SDK writes numbers and texts in its own way; C++ sends bytes as str.
func TestSendsOfAllDialectsReadTheSame(t *testing.T) {
	t.Parallel()
	want := wire.Send{From: 1001, Target: wire.User(2002), Message: wire.Message{ID: 7e15, Type: 51, Text: "hello", Attrs: "{}"}}
	for name, change := range map[string]func(args map[string]any){
		"as it should be": func(map[string]any) {},
		"signed":          func(a map[string]any) { a["from"], a["to"], a["mtype"] = int64(1001), int64(2002), int64(51) },
		"unsigned":        func(a map[string]any) { a["from"], a["to"], a["mid"] = uint64(1001), uint64(2002), uint64(7e15) },
		"floats":          func(a map[string]any) { a["from"], a["mid"], a["mtype"] = 1001.0, 7e15, float32(51) },
		"attrs as bin":    func(a map[string]any) { a["attrs"] = []byte("{}") },
		"more parameters": func(a map[string]any) {
			for i := range 40 {
				a[fmt.Sprint("x", i)] = []any{i}
			}
		},
	} {
		args := sendArgs()
		change(args)
		got, err := wire.ParseSend(wire.P2P, false, payload(t, args))
		require.NoError(t, err, name)
		require.Equal(t, want, got, name)
	}
}

// Two readings of one payload would be a way around a signature.
func TestLastOfDuplicateParametersCounts(t *testing.T) {
	t.Parallel()
	for _, more := range []int{0, 40} {
		b := codec.AppendMapHeader(nil, 9+more)
		for i := range more {
			b = codec.AppendNil(codec.AppendString(b, fmt.Sprint("x", i)))
		}
		for i, key := range []string{"from", "to", "mid", "mtype", "from", "msg", "attrs", "to"} {
			if b = codec.AppendString(b, key); key == "msg" || key == "attrs" {
				b = codec.AppendString(b, key)
			} else {
				b = codec.AppendInt(b, int64(i)+1)
			}
		}
		b = codec.AppendInt(codec.AppendBytes(b, []byte("mid")), 99) // a bin key is the same key
		p, err := codec.ParsePayloadStrict(b)
		require.NoError(t, err)
		q, err := wire.ParseSend(wire.P2P, false, p)
		require.NoError(t, err)
		require.Equal(t, []int64{5, 8, 99, 4}, []int64{q.From, q.Target.ID, q.Message.ID, int64(q.Message.Type)}, "%d more", more)
	}
}

func TestBadParameterIsNamedWithoutItsValue(t *testing.T) {
	t.Parallel()
	const private = "what the user wrote"
	for _, key := range []string{"from", "to", "mid", "mtype", "msg", "attrs"} {
		args := sendArgs()
		delete(args, key)
		_, err := wire.ParseSend(wire.P2P, false, payload(t, args))
		require.ErrorIs(t, err, codec.ErrNotFound, key)
		require.ErrorContains(t, err, fmt.Sprintf("%q", key))

		for _, bad := range []any{nil, []any{private}, map[string]any{private: private}} {
			args[key] = bad
			_, err = wire.ParseSend(wire.P2P, false, payload(t, args))
			require.ErrorIs(t, err, codec.ErrWrongType, key)
			require.ErrorContains(t, err, fmt.Sprintf("%q", key))
			require.NotContains(t, err.Error(), private)
		}
	}
	for key, bad := range map[string]any{"mtype": "51", "mid": uint64(math.MaxUint64), "from": 0.5, "to": private} {
		args := sendArgs()
		args[key] = bad
		_, err := wire.ParseSend(wire.P2P, false, payload(t, args))
		require.ErrorIs(t, err, codec.ErrWrongType, key)
		require.ErrorContains(t, err, key)
		require.NotContains(t, err.Error(), private)
	}
}

// So that a gate can answer with the code for it.
func TestTypeOutOfRangeIsNone(t *testing.T) {
	t.Parallel()
	for _, n := range []any{128, -1, 256 + 51, math.MinInt64, math.MaxInt64, 0} {
		args := sendArgs()
		args["mtype"] = n
		q, err := wire.ParseSend(wire.P2P, false, payload(t, args))
		require.NoError(t, err)
		require.Zero(t, q.Message.Type, n)
	}
}

// Python and Node leave out bounds, cursor and types.
func TestHistoryWithoutBoundsIsUnbounded(t *testing.T) {
	t.Parallel()
	p := payload(t, map[string]any{"uid": 1, "ouid": 2, "desc": true, "num": 10})
	q, err := wire.ParseHistory(wire.P2P, p)
	require.NoError(t, err)
	require.Equal(t, &wire.History{UID: 1, Target: wire.User(2), Descending: true, Limit: 10}, q)
}

// A parsed quest must not share memory with the buffer it came in, which is used
// again.
func TestParsedQuestOutlivesItsBuffer(t *testing.T) {
	t.Parallel()
	for _, m := range []wire.Message{{Type: 51, Text: "hello", Attrs: "{}"}, {Type: 51, Data: []byte("bytes")}} {
		b, err := (&wire.Send{Target: wire.Room(1), Message: m}).AppendPayload(nil)
		require.NoError(t, err)
		p, err := codec.ParsePayloadStrict(b)
		require.NoError(t, err)
		q, err := wire.ParseSend(wire.InRoom, false, p)
		require.NoError(t, err)
		clear(b)
		require.Equal(t, m, q.Message)
	}
}

func TestKindsNameTheirMethods(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		target              wire.Target
		text, send, history string
	}{
		{wire.User(2), "user 2", "sendmsg", "getp2pmsg"},
		{wire.Group(-7), "group -7", "sendgroupmsg", "getgroupmsg"},
		{wire.Room(9), "room 9", "sendroommsg", "getroommsg"},
		{wire.Everyone, "everyone", "broadcastmsg", "getbroadcastmsg"},
		{wire.Target{}, "Kind(0) 0", "", ""},
		{wire.Target{Kind: 5, ID: 1}, "Kind(5) 1", "", ""},
		{wire.Target{Kind: -128, ID: 1}, "Kind(-128) 1", "", ""},
	} {
		require.Equal(t, c.text, c.target.String())
		require.Equal(t, c.send, c.target.Kind.SendMethod())
		require.Equal(t, c.history, c.target.Kind.HistoryMethod())
		require.Equal(t, c.send != "", c.target.Kind.Valid())
	}
}
