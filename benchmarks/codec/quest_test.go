package codec_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
	ugorji "github.com/ugorji/go/codec"
	"github.com/vmihailenco/msgpack/v5"

	"github.com/gofpnn/gofpnn/codec"
)

// quest is what an RTM client sends with every message.
type quest struct {
	PID   int64  `msgpack:"pid"`
	Sign  string `msgpack:"sign"`
	Salt  int64  `msgpack:"salt"`
	TS    int64  `msgpack:"ts"`
	MType int64  `msgpack:"mtype"`
	From  int64  `msgpack:"from"`
	To    int64  `msgpack:"to"`
	MID   int64  `msgpack:"mid"`
	Msg   string `msgpack:"msg"`
	Attrs string `msgpack:"attrs"`
}

var sample = quest{
	PID: 80000001, Sign: "B11B7819BD50989A67088D9053826C0B", Salt: 7530343851100520578, TS: 1795373881,
	MType: 51, From: 1001, To: 2002, MID: 7530343851100520577, Msg: "hello", Attrs: "attrs-1",
}

// questFields is how many parameters a quest has.
const questFields = 10

func (q *quest) AppendPayload(b []byte) ([]byte, error) {
	b = codec.AppendMapHeader(b, questFields)
	b = codec.AppendInt(codec.AppendString(b, "pid"), q.PID)
	b = codec.AppendString(codec.AppendString(b, "sign"), q.Sign)
	b = codec.AppendInt(codec.AppendString(b, "salt"), q.Salt)
	b = codec.AppendInt(codec.AppendString(b, "ts"), q.TS)
	b = codec.AppendInt(codec.AppendString(b, "mtype"), q.MType)
	b = codec.AppendInt(codec.AppendString(b, "from"), q.From)
	b = codec.AppendInt(codec.AppendString(b, "to"), q.To)
	b = codec.AppendInt(codec.AppendString(b, "mid"), q.MID)
	b = codec.AppendString(codec.AppendString(b, "msg"), q.Msg)
	return codec.AppendString(codec.AppendString(b, "attrs"), q.Attrs), nil
}

// encoders encode the sample. Each may use b.
var encoders = []struct {
	codec  string
	encode func(b []byte) ([]byte, error)
}{
	{"gofpnn", func(b []byte) ([]byte, error) { return codec.Append(b[:0], &sample) }},
	{"gofpnn-struct", func(b []byte) ([]byte, error) {
		type plain quest // without AppendPayload
		q := plain(sample)
		return codec.Append(b[:0], &q)
	}},
	{"msgp", func(b []byte) ([]byte, error) { return msgpSample.MarshalMsg(b[:0]) }},
	{"vmihailenco-map", func([]byte) ([]byte, error) { return msgpack.Marshal(sampleMap()) }},
	{"vmihailenco-struct", func([]byte) ([]byte, error) { return msgpack.Marshal(&sample) }},
	{"vmihailenco-low-level", lowLevelQuest},
	{"ugorji", func([]byte) ([]byte, error) {
		var handle ugorji.MsgpackHandle
		handle.WriteExt = true
		b := new(bytes.Buffer)
		err := ugorji.NewEncoder(b, &handle).Encode(sampleMap())
		return b.Bytes(), err
	}},
}

func sampleMap() map[any]any {
	return map[any]any{
		"pid": sample.PID, "sign": sample.Sign, "salt": sample.Salt, "ts": sample.TS, "mtype": sample.MType,
		"from": sample.From, "to": sample.To, "mid": sample.MID, "msg": sample.Msg, "attrs": sample.Attrs,
	}
}

var lowLevelBuffer bytes.Buffer

func lowLevelQuest([]byte) ([]byte, error) {
	lowLevelBuffer.Reset()
	e := msgpack.GetEncoder()
	defer msgpack.PutEncoder(e)
	e.Reset(&lowLevelBuffer)
	if err := e.EncodeMapLen(questFields); err != nil {
		return nil, err
	}
	q := &sample
	for _, f := range [...]struct {
		key  string
		n    int64
		text string
	}{
		{key: "pid", n: q.PID},
		{key: "sign", text: q.Sign},
		{key: "salt", n: q.Salt},
		{key: "ts", n: q.TS},
		{key: "mtype", n: q.MType},
		{key: "from", n: q.From},
		{key: "to", n: q.To},
		{key: "mid", n: q.MID},
		{key: "msg", text: q.Msg},
		{key: "attrs", text: q.Attrs},
	} {
		err := e.EncodeString(f.key)
		if f.text != "" && err == nil {
			err = e.EncodeString(f.text)
		} else if err == nil {
			err = e.EncodeInt(f.n)
		}
		if err != nil {
			return nil, err
		}
	}
	return lowLevelBuffer.Bytes(), nil
}

func TestEncodersEncodeTheSameQuest(t *testing.T) {
	for _, e := range encoders {
		b, err := e.encode(make([]byte, 0, 512))
		require.NoError(t, err, e.codec)
		var q quest
		require.NoError(t, msgpack.Unmarshal(b, &q), e.codec)
		require.Equal(t, sample, q, e.codec)
		p, err := codec.ParsePayloadStrict(b)
		require.NoError(t, err, e.codec)
		require.Equal(t, questFields, p.Len(), e.codec)
	}
}

func BenchmarkEncodeQuest(b *testing.B) {
	for _, e := range encoders {
		b.Run("codec="+e.codec, func(b *testing.B) {
			b.ReportAllocs()
			buf := make([]byte, 0, 512)
			for b.Loop() {
				if _, err := e.encode(buf); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
