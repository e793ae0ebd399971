package wire_test

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/codec"
	"github.com/gofpnn/gofpnn/fpnn/frame"
	"github.com/gofpnn/gofpnn/rtm/wire"
)

// vector is a package recorded between the vendor's Go SDK and a gate.
type vector struct {
	Name    string `json:"name"`
	Hex     string `json:"frame_hex"`
	Decoded struct {
		Seq     uint32 `json:"seq"`
		Payload node   `json:"payload"`
	} `json:"decoded"`
	Auth *struct {
		PID    int32  `json:"pid"`
		Secret string `json:"secret"`
	} `json:"auth"`

	pkg    frame.Package
	params codec.Payload
	method string // of a quest, or of the one that an answer is to
}

// node is a value as the recorder decoded it.
type node struct {
	Form  string          `json:"t"`
	Value json.RawMessage `json:"v"`
}

// value returns what codec.Any would.
func (n node) value(t *testing.T) any {
	t.Helper()
	unmarshal := func(into any) { require.NoError(t, json.Unmarshal(n.Value, into)) }
	switch form := strings.TrimPrefix(n.Form, "fix"); {
	case strings.HasPrefix(form, "map"):
		var pairs []struct{ K, V node }
		unmarshal(&pairs)
		m := make(map[string]any, len(pairs))
		for _, p := range pairs {
			m[fmt.Sprint(p.K.value(t))] = p.V.value(t)
		}
		return m
	case strings.HasPrefix(form, "array"):
		var elements []node
		unmarshal(&elements)
		list := make([]any, len(elements))
		for i, e := range elements {
			list[i] = e.value(t)
		}
		return list
	case strings.HasPrefix(form, "bin"):
		var s string
		unmarshal(&s)
		b, err := hex.DecodeString(s)
		require.NoError(t, err)
		return b
	case strings.HasPrefix(form, "str"):
		var s string
		unmarshal(&s)
		return s
	case form == "bool":
		var b bool
		unmarshal(&b)
		return b
	default:
		require.Contains(t, form, "int", "form of a value")
		var i int64
		unmarshal(&i)
		return i
	}
}

func (v *vector) fields(t *testing.T) map[string]any {
	t.Helper()
	return v.Decoded.Payload.value(t).(map[string]any)
}

// recorded returns the quests of the methods that are known here and the
// answers to them.
func recorded(t *testing.T) (known []*vector) {
	t.Helper()
	for _, v := range frames(t) {
		if quests[v.method] != nil {
			known = append(known, v)
		}
	}
	return known
}

func frames(t *testing.T) (all []*vector) {
	t.Helper()
	data, err := os.ReadFile("../../codec/testdata/rtm-frames.json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(data, &all))
	asked := make(map[string]map[uint32]string)
	for _, v := range all {
		raw, err := hex.DecodeString(v.Hex)
		require.NoError(t, err)
		n, err := v.pkg.Parse(raw, frame.DefaultMaxPackage)
		require.NoError(t, err, v.Name)
		require.Equal(t, len(raw), n, v.Name)
		v.params, err = codec.ParsePayloadStrict(v.pkg.Payload)
		require.NoError(t, err, v.Name)
		session, _, _ := strings.Cut(strings.TrimPrefix(v.Name, "go/"), "/")
		if asked[session] == nil {
			asked[session] = make(map[uint32]string)
		}
		if v.pkg.Kind == frame.Answer {
			v.method = asked[session][v.Decoded.Seq]
		} else {
			v.method = string(v.pkg.Method)
			asked[session][v.Decoded.Seq] = v.method
		}
	}
	return all
}

// parsed is a quest as package wire holds it.
type parsed interface {
	codec.Appender
	Method() string
}

// signable makes a parser of one that fills in what is not parsed with the rest.
func signable[Q any, P interface {
	*Q
	parsed
}](parse func(codec.Payload) (P, error), signed func(P) *wire.Signed,
) func(codec.Payload, wire.Signed) (parsed, error) {
	return func(p codec.Payload, s wire.Signed) (parsed, error) {
		q, err := parse(p)
		if err != nil {
			return nil, err
		}
		*signed(q) = s
		return q, nil
	}
}

func send(kind wire.Kind, multi bool) func(codec.Payload, wire.Signed) (parsed, error) {
	return signable(func(p codec.Payload) (*wire.Send, error) {
		q, err := wire.ParseSend(kind, multi, p)
		return &q, err
	},
		func(q *wire.Send) *wire.Signed { return &q.Signed })
}

func history(kind wire.Kind) func(codec.Payload, wire.Signed) (parsed, error) {
	return signable(func(p codec.Payload) (*wire.History, error) { return wire.ParseHistory(kind, p) },
		func(q *wire.History) *wire.Signed { return &q.Signed })
}

// quest reads one of the quests that name their parameters once.
func quest[Q any, P interface {
	*Q
	wire.Quest
}]() func(codec.Payload, wire.Signed) (parsed, error) {
	return func(p codec.Payload, s wire.Signed) (parsed, error) {
		q := P(new(Q))
		return &wire.Signable{Signed: s, Quest: q}, wire.Parse(p, q)
	}
}

// quests reads the quests of each method.
var quests = map[string]func(codec.Payload, wire.Signed) (parsed, error){
	"sendmsg":         send(wire.P2P, false),
	"sendmsgs":        send(wire.P2P, true),
	"sendgroupmsg":    send(wire.InGroup, false),
	"sendroommsg":     send(wire.InRoom, false),
	"broadcastmsg":    send(wire.Broadcast, false),
	"getp2pmsg":       history(wire.P2P),
	"getgroupmsg":     history(wire.InGroup),
	"getroommsg":      history(wire.InRoom),
	"getbroadcastmsg": history(wire.Broadcast),

	"getmsg":              quest[wire.Get](),
	"delmsg":              quest[wire.Delete](),
	"editmsg":             quest[wire.Edit](),
	"cleanmsg":            quest[wire.Clean](),
	"delconversationmsgs": quest[wire.DeleteSent](),
	"getmsgnum":           quest[wire.Count](),
	"clearprojectmsg":     quest[wire.ClearProject](),

	"addgroupmembers": quest[wire.AddGroupMembers](),
	"delgroupmembers": quest[wire.DelGroupMembers](),
	"getgroupmembers": quest[wire.GetGroupMembers](),
	"getgroupcount":   quest[wire.GetGroupCount](),
	"isgroupmember":   quest[wire.IsGroupMember](),
	"getusergroups":   quest[wire.GetUserGroups](),
	"addroommember":   quest[wire.AddRoomMember](),
	"delroommember":   quest[wire.DelRoomMember](),
	"addroommembers":  quest[wire.AddRoomMembers](),
	"delroommembers":  quest[wire.DelRoomMembers](),
	"getroommembers":  quest[wire.GetRoomMembers](),
	"getroomcount":    quest[wire.GetRoomCount](),

	"addlisten":    quest[wire.AddListen](),
	"removelisten": quest[wire.RemoveListen](),
	"setlisten":    quest[wire.SetListen](),

	"gettoken":    quest[wire.GetToken](),
	"removetoken": quest[wire.RemoveToken](),
	"kickout":     quest[wire.Kickout](),
}

// answers are what the methods answer, besides sends and histories.
var answers = map[string]func() wire.Params{
	"getmsg":    func() wire.Params { return new(wire.GetAnswer) },
	"getmsgnum": func() wire.Params { return new(wire.CountAnswer) },

	"getgroupmembers": func() wire.Params { return new(wire.UIDs) },
	"getgroupcount":   func() wire.Params { return new(wire.MemberCount) },
	"isgroupmember":   func() wire.Params { return new(wire.OK) },
	"getusergroups":   func() wire.Params { return new(wire.GIDs) },
	"addroommembers":  func() wire.Params { return new(wire.Succeeded) },
	"delroommembers":  func() wire.Params { return new(wire.Succeeded) },
	"getroommembers":  func() wire.Params { return new(wire.UIDs) },
	"getroomcount":    func() wire.Params { return new(wire.RoomCounts) },

	"gettoken": func() wire.Params { return new(wire.Token) },
}

// What the vendor's SDK sends reads as its values, and our own quest for them
// has the same parameters: names, kinds and values.
func TestOurQuestsSayWhatTheVendorsDo(t *testing.T) {
	t.Parallel()
	seen := make(map[string]int)
	for _, v := range recorded(t) {
		if v.pkg.Kind == frame.Answer || v.Name == restoredWithMaps {
			continue
		}
		want := v.fields(t)
		auth, err := wire.ParseAuth(v.params)
		require.NoError(t, err, v.Name)
		project := wire.Project{ID: v.Auth.PID, Secret: wire.Secret(v.Auth.Secret)}
		require.True(t, project.Verify(v.method, auth), v.Name)

		q, err := quests[v.method](v.params, wire.Signed{Project: project, Salt: auth.Salt, Time: auth.Time})
		require.NoError(t, err, v.Name)
		require.Equal(t, v.method, q.Method())
		b, err := q.AppendPayload(nil)
		require.NoError(t, err, v.Name)
		require.Equal(t, want, payloadOf(t, b), v.Name)
		seen[v.method]++
	}
	for method := range quests {
		require.Positive(t, seen[method], "no vector of %s", method)
	}
}

// After a reconnection the vendor's Go SDK sends sets where it sent arrays before.
const restoredWithMaps = "go/reconnect-after/quest:setlisten"

func TestIDsThatComeAsMapsAreRead(t *testing.T) {
	t.Parallel()
	for _, v := range recorded(t) {
		if v.Name != restoredWithMaps {
			continue
		}
		var q wire.SetListen
		require.NoError(t, wire.Parse(v.params, &q))
		require.Nil(t, q.All)
		require.ElementsMatch(t, []int64{100, 101}, q.Groups)
		require.ElementsMatch(t, []int64{300}, q.Rooms)
		require.ElementsMatch(t, []int64{1001}, q.Users)
		require.ElementsMatch(t, []string{"login", "logout"}, q.Events)
		return
	}
	t.Fatal("no such vector")
}

func TestRecordedPushesAreRead(t *testing.T) {
	t.Parallel()
	message := func(id int64, mtype int8, text, attrs string) wire.Message {
		return wire.Message{ID: 7000000000000100 + id, Type: mtype, Text: text, Attrs: attrs}
	}
	want := map[string]wire.Quest{
		"pushmsg": &wire.Push{From: 1001, Target: wire.User(2002), Message: message(1, 51, "p2p push", "at")},
		"pushmsg#3": &wire.Push{From: 1001, Target: wire.User(2002), Message: wire.Message{
			ID: 7000000000000102, Type: 66, Data: []byte{0, 0xff, 0xfe, 0x80},
		}},
		"pushmsg#4":    &wire.Push{From: 1001, Target: wire.User(2002), Message: message(3, 30, "chat push 中文", "")},
		"pushgroupmsg": &wire.Push{From: 1001, Target: wire.Group(100), Message: message(6, 51, "group push", "")},
		"pushroommsg":  &wire.Push{From: 1001, Target: wire.Room(300), Message: message(7, 51, "room push", "")},
		"pushevent":    &wire.Event{ProjectID: 80000001, Event: "login", UID: 1001, Time: 1700000000, Endpoint: "127.0.0.1:13321"},
		"pushevent#2":  &wire.Event{ProjectID: 80000001, Event: "logout", UID: 1001, Time: 1700000001, Endpoint: "127.0.0.1:13321"},
	}
	for _, v := range frames(t) {
		name := strings.TrimPrefix(v.Name, "go/push/quest:")
		expected, ok := want[name]
		if !ok {
			continue
		}
		require.Equal(t, expected.Method(), v.method, name)
		got := wire.Quest(new(wire.Event))
		if push, ok := expected.(*wire.Push); ok {
			push.ModifiedTime = 1700000000123
			got = &wire.Push{Target: wire.Target{Kind: push.Target.Kind}}
		}
		require.NoError(t, wire.Parse(v.params, got), name)
		require.Equal(t, expected, got, name)

		b, err := wire.Unsigned{Quest: got}.AppendPayload(nil)
		require.NoError(t, err)
		ours, theirs := payloadOf(t, b).(map[string]any), v.fields(t)
		delete(theirs, "data") // empty, and so left out
		if _, ok := theirs["to"]; !ok {
			delete(ours, "to") // more than the SDK needs
		}
		require.Equal(t, theirs, ours, name)
		delete(want, name)
	}
	require.Empty(t, want, "no such vector")
}

// payloadOf decodes b, which must be one map and nothing else.
func payloadOf(t *testing.T, b []byte) any {
	t.Helper()
	p, err := codec.ParsePayloadStrict(b)
	require.NoError(t, err)
	var m map[string]any
	require.NoError(t, p.Decode(&m))
	require.Len(t, m, p.Len(), "a parameter twice")
	return m
}

func TestRecordedAnswersReadAsTypedResults(t *testing.T) {
	t.Parallel()
	sends, rows := 0, 0
	for _, v := range recorded(t) {
		if v.pkg.Kind != frame.Answer || v.pkg.SS != 0 {
			continue
		}
		want := v.fields(t)
		if answer := answers[v.method]; answer != nil {
			got := answer()
			require.NoError(t, wire.Parse(v.params, got), v.Name)
			b, err := wire.Answer{Params: got}.AppendPayload(nil)
			require.NoError(t, err)
			require.Equal(t, want, payloadOf(t, b), "%s: what we would answer", v.Name)
			continue
		}
		if mtime, ok := want["mtime"]; ok {
			got, err := wire.ParseSendAnswer(v.params)
			require.NoError(t, err, v.Name)
			require.Equal(t, mtime, got.ModifiedTime, v.Name)
			sends++
			continue
		}
		if len(want) == 0 {
			require.NoError(t, wire.Parse(v.params, wire.Nothing{}), v.Name)
			continue
		}
		quest := &wire.History{UID: 1001, Target: wire.Group(7)}
		if v.method == wire.P2P.HistoryMethod() {
			quest.Target = wire.User(2002)
		}
		page, err := wire.ParsePage(v.params, quest)
		require.NoError(t, err, v.Name)
		require.Equal(t, want["lastid"], page.LastCursor, v.Name)
		require.Equal(t, want["begin"], page.Begin, v.Name)
		require.Equal(t, want["end"], page.End, v.Name)
		msgs, _ := want["msgs"].([]any)
		require.Len(t, page.Messages, len(msgs), v.Name)
		for i, m := range page.Messages {
			row := msgs[i].([]any)
			from := row[1]
			if quest.Target.Kind == wire.P2P {
				from = map[any]int64{int64(1): quest.UID, int64(2): quest.Target.ID}[from]
			}
			var body any = m.Text
			if m.Data != nil {
				body = m.Data
			}
			require.Equal(t,
				[]any{row[0], from, row[2], row[3], row[4], row[5], row[6], row[7]},
				[]any{m.Cursor, m.From, int64(m.Type), m.ID, m.Deleted, body, m.Attrs, m.ModifiedTime}, v.Name)
			rows++
		}
	}
	require.Positive(t, sends)
	require.Positive(t, rows)
}

// Both directions name parameters in one place: that each is the right one is
// said here.
func TestParametersMeanWhatTheyShould(t *testing.T) {
	t.Parallel()
	members := []int64{1001, 2002, 5000000000}
	ref := wire.MessageRef{ID: 7000000000000005, From: 1001, Target: wire.User(2002)}
	want := map[string]wire.Params{
		"getmsg.p2p/answer": &wire.GetAnswer{
			Cursor: 90005, ModifiedTime: 1700000000123, Message: wire.Message{Type: 51, Text: "hello", Attrs: "at"},
		},
		"getmsg.group.binary/answer": &wire.GetAnswer{
			Cursor: 90003, ModifiedTime: 1700000000123, Message: wire.Message{Type: 66, Data: []byte{0, 0xff, 0xfe, 0x80}},
		},
		"getmsg.p2p/quest:getmsg":                     &wire.Get{MessageRef: ref},
		"editmsg/quest:editmsg":                       &wire.Edit{MessageRef: ref, Text: "edited", Attrs: "at"},
		"cleanmsg.p2p/quest:cleanmsg":                 &wire.Clean{From: 1001, Target: wire.User(2002), Begin: 1, End: 2},
		"cleanmsg.room/quest:cleanmsg":                &wire.Clean{Target: wire.Room(300)},
		"getmsgnum/quest:getmsgnum":                   &wire.Count{Target: wire.Group(100)},
		"getmsgnum/answer":                            &wire.CountAnswer{Senders: 3, Messages: 12},
		"getgroupmembers/answer":                      &wire.UIDs{UIDs: members},
		"getgroupcount/answer":                        &wire.MemberCount{N: 3},
		"isgroupmember/answer":                        &wire.OK{OK: true},
		"getusergroups/answer":                        &wire.GIDs{GIDs: []int64{1, 2}},
		"addroommembers/answer":                       &wire.Succeeded{UIDs: members[:2]},
		"getroomcount/answer":                         &wire.RoomCounts{Users: map[int64]int32{300: 3}},
		"gettoken/answer":                             &wire.Token{Token: "8A3F00112233445566778899AABBCCDD"},
		"clearprojectmsg.p2p/quest:clearprojectmsg":   &wire.ClearProject{Kind: wire.ClearP2P},
		"clearprojectmsg.room/quest:clearprojectmsg":  &wire.ClearProject{Kind: wire.ClearRooms},
		"clearprojectmsg.group/quest:clearprojectmsg": &wire.ClearProject{Kind: wire.ClearGroups},
		"clearprojectmsg.all/quest:clearprojectmsg":   &wire.ClearProject{Kind: wire.ClearAll},
		"isgroupmember/quest:isgroupmember":           &wire.IsGroupMember{GID: 100, UID: 1001},
		"addroommember/quest:addroommember":           &wire.AddRoomMember{RID: 300, UID: 1001},
	}
	for _, v := range recorded(t) {
		name := strings.TrimPrefix(v.Name, "go/")
		if expected, ok := want[name]; ok {
			got := reflect.New(reflect.TypeOf(expected).Elem()).Interface().(wire.Params)
			require.NoError(t, wire.Parse(v.params, got), name)
			require.Equal(t, expected, got, name)
			delete(want, name)
		}
	}
	require.Empty(t, want, "no such vector")
}
