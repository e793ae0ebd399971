package codec_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
	ugorji "github.com/ugorji/go/codec"
	"github.com/vmihailenco/msgpack/v5"

	"github.com/gofpnn/gofpnn/codec"
)

const mtime = 1700000000123

// answer is what a gate answers to every message sent.
var answer = codec.AppendInt(codec.AppendString(codec.AppendMapHeader(nil, 1), "mtime"), mtime)

type answerStruct struct {
	MTime int64 `msgpack:"mtime"`
}

// answerDecoders read the time in the answer.
var answerDecoders = []struct {
	codec  string
	decode func(data []byte) (int64, error)
}{
	{"gofpnn", func(data []byte) (int64, error) {
		p, err := codec.ParsePayload(data)
		if err != nil {
			return 0, err
		}
		return p.Int64("mtime")
	}},
	{"gofpnn-struct", func(data []byte) (int64, error) {
		var a answerStruct
		err := codec.Unmarshal(data, &a)
		return a.MTime, err
	}},
	{"msgp", readMsgpAnswer},
	{"vmihailenco-map", func(data []byte) (int64, error) {
		var m map[string]any
		if err := msgpack.Unmarshal(data, &m); err != nil {
			return 0, err
		}
		n, _ := m["mtime"].(uint64)
		return int64(n), nil
	}},
	{"vmihailenco-struct", func(data []byte) (int64, error) {
		var a answerStruct
		err := msgpack.Unmarshal(data, &a)
		return a.MTime, err
	}},
	{"vmihailenco-low-level", lowLevelAnswer},
	{"ugorji", func(data []byte) (int64, error) {
		var handle ugorji.MsgpackHandle
		handle.RawToString = true
		var m map[any]any
		if err := ugorji.NewDecoderBytes(data, &handle).Decode(&m); err != nil {
			return 0, err
		}
		n, _ := m["mtime"].(uint64)
		return int64(n), nil
	}},
}

var lowLevelReader bytes.Reader

func lowLevelAnswer(data []byte) (n int64, err error) {
	lowLevelReader.Reset(data)
	d := msgpack.GetDecoder()
	defer msgpack.PutDecoder(d)
	d.Reset(&lowLevelReader)
	fields, err := d.DecodeMapLen()
	if err != nil {
		return 0, err
	}
	for range fields {
		key, err := d.DecodeString()
		if err != nil {
			return 0, err
		}
		if key == "mtime" {
			n, err = d.DecodeInt64()
		} else {
			err = d.Skip()
		}
		if err != nil {
			return 0, err
		}
	}
	return n, nil
}

func TestDecodersReadTheSameAnswer(t *testing.T) {
	for _, d := range answerDecoders {
		n, err := d.decode(answer)
		require.NoError(t, err, d.codec)
		require.EqualValues(t, mtime, n, d.codec)
	}
}

func BenchmarkReadAnswer(b *testing.B) {
	for _, d := range answerDecoders {
		b.Run("codec="+d.codec, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := d.decode(answer); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
