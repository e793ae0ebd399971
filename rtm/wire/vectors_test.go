package wire_test

import (
	"encoding/hex"
	"encoding/json"
	"os"
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
			m[p.K.value(t).(string)] = p.V.value(t)
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
func recorded(t *testing.T) []*vector {
	t.Helper()
	data, err := os.ReadFile("../../codec/testdata/rtm-frames.json")
	require.NoError(t, err)
	var all, known []*vector
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
		if quests[v.method] != nil {
			known = append(known, v)
		}
	}
	return known
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
	return signable(func(p codec.Payload) (*wire.Send, error) { return wire.ParseSend(kind, multi, p) },
		func(q *wire.Send) *wire.Signed { return &q.Signed })
}

func history(kind wire.Kind) func(codec.Payload, wire.Signed) (parsed, error) {
	return signable(func(p codec.Payload) (*wire.History, error) { return wire.ParseHistory(kind, p) },
		func(q *wire.History) *wire.Signed { return &q.Signed })
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
}

// What the vendor's SDK sends reads as its values, and our own quest for them
// has the same parameters: names, kinds and values.
func TestOurQuestsSayWhatTheVendorsDo(t *testing.T) {
	t.Parallel()
	seen := make(map[string]int)
	for _, v := range recorded(t) {
		if v.pkg.Kind == frame.Answer {
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
		if mtime, ok := want["mtime"]; ok {
			got, err := wire.ParseSendAnswer(v.params)
			require.NoError(t, err, v.Name)
			require.Equal(t, mtime, got.ModifiedTime, v.Name)
			sends++
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
