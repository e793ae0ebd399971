package codec_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	ugorji "github.com/ugorji/go/codec"
	"github.com/vmihailenco/msgpack/v5"

	"github.com/gofpnn/gofpnn/codec"
	"github.com/gofpnn/gofpnn/rtm/wire"
)

// row is one message of a history page, positional as on the wire.
type row struct {
	_msgpack struct{} `msgpack:",as_array"` //nolint:unused // read by the library

	ID      int64
	From    int64
	MType   int64
	MID     int64
	Deleted bool
	Msg     string
	Attrs   string
	MTime   int64
}

// pageRows is how many messages the page has, rowFields how many columns.
const pageRows, rowFields = 20, 8

func sampleRows() (rows []row) {
	for i := range int64(pageRows) {
		rows = append(rows, row{
			ID: 90001 + i, From: 1001, MType: 51, MID: 7530343851100520577 + i,
			Msg: strings.Repeat("m", 40), Attrs: "attrs-1", MTime: mtime + i,
		})
	}
	return rows
}

// page is a history page as a gate answers it.
var page = func() []byte {
	b := codec.AppendMapHeader(nil, 4)
	b = codec.AppendInt(codec.AppendString(b, "num"), pageRows)
	b = codec.AppendInt(codec.AppendString(b, "lastid"), 90020)
	b = codec.AppendInt(codec.AppendString(b, "end"), mtime)
	b = codec.AppendArrayHeader(codec.AppendString(b, "msgs"), pageRows)
	for _, r := range sampleRows() {
		b = codec.AppendArrayHeader(b, rowFields)
		for _, n := range []int64{r.ID, r.From, r.MType, r.MID} {
			b = codec.AppendInt(b, n)
		}
		b = codec.AppendBool(b, r.Deleted)
		b = codec.AppendString(codec.AppendString(b, r.Msg), r.Attrs)
		b = codec.AppendInt(b, r.MTime)
	}
	return b
}()

// pageDecoders read the rows of the page.
var pageDecoders = []struct {
	codec  string
	decode func(data []byte) ([]row, error)
}{
	{"gofpnn", func(data []byte) ([]row, error) { return readPage(data, false) }},
	{"gofpnn-shared", func(data []byte) ([]row, error) { return readPage(data, true) }},
	{"gofpnn-struct", func(data []byte) ([]row, error) { return structPage(data, codec.Unmarshal) }},
	{"gofpnn-rtm", func(data []byte) ([]row, error) {
		messages, err := rtmPage(data)
		return rowsOf(messages), err
	}},
	{"msgp", func(data []byte) (rows []row, err error) {
		page, err := readMsgpPage(data)
		for _, r := range page {
			rows = append(rows, row{
				ID: r.ID, From: r.From, MType: r.MType, MID: r.MID, Deleted: r.Deleted, Msg: r.Msg, Attrs: r.Attrs, MTime: r.MTime,
			})
		}
		return rows, err
	}},
	{"vmihailenco-map", func(data []byte) ([]row, error) {
		m, err := mapPage(data)
		return rowsOfMap(m), err
	}},
	{"vmihailenco-struct", func(data []byte) ([]row, error) { return structPage(data, msgpack.Unmarshal) }},
	{"vmihailenco-low-level", lowLevelPage},
	{"ugorji", func(data []byte) ([]row, error) {
		m, err := ugorjiPage(data)
		return rowsOfMap(m), err
	}},
}

// pageBenchmarks are the decoders without what only compares them.
var pageBenchmarks = map[string]func(data []byte) error{
	"gofpnn-rtm":      func(data []byte) error { _, err := rtmPage(data); return err },
	"msgp":            func(data []byte) error { _, err := readMsgpPage(data); return err },
	"vmihailenco-map": func(data []byte) error { _, err := mapPage(data); return err },
	"ugorji":          func(data []byte) error { _, err := ugorjiPage(data); return err },
}

func readPage(data []byte, shared bool) ([]row, error) {
	p, err := codec.ParsePayload(data)
	if err != nil {
		return nil, err
	}
	msgs, err := p.Value("msgs")
	if err != nil {
		return nil, err
	}
	var t texts
	if shared {
		t = texts(msgs.Raw())
	}
	c := msgs.Cursor()
	rows := make([]row, c.Array())
	for i := range rows {
		columns := c.Array()
		r := &rows[i]
		r.ID, r.From, r.MType, r.MID = c.Int64(), c.Int64(), c.Int64(), c.Int64()
		r.Deleted = c.Bool()
		r.Msg, r.Attrs = t.read(&c), t.read(&c)
		r.MTime = c.Int64()
		c.Skip(columns - rowFields)
	}
	return rows, c.Err()
}

// texts is a copy of what a cursor reads, for the texts in it to be parts of, or
// "" if each is to have a copy of its own.
type texts string

func (t texts) read(c *codec.Cursor) string {
	if t == "" {
		return c.Text()
	}
	b := c.Bytes()
	return string(t[c.Offset()-len(b) : c.Offset()])
}

var inGroup = &wire.History{UID: 1001, Target: wire.Group(7)}

func rtmPage(data []byte) ([]wire.Stored, error) {
	p, err := codec.ParsePayload(data)
	if err != nil {
		return nil, err
	}
	page, err := wire.ParsePage(p, inGroup)
	if err != nil {
		return nil, err
	}
	return page.Messages, nil
}

func rowsOf(messages []wire.Stored) (rows []row) {
	for _, m := range messages {
		rows = append(rows, row{
			ID: m.Cursor, From: m.From, MType: int64(m.Type), MID: m.ID, Deleted: m.Deleted,
			Msg: m.Text, Attrs: m.Attrs, MTime: m.ModifiedTime,
		})
	}
	return rows
}

func structPage(data []byte, unmarshal func(data []byte, v any) error) ([]row, error) {
	var page struct {
		Num    int64 `msgpack:"num"`
		LastID int64 `msgpack:"lastid"`
		End    int64 `msgpack:"end"`
		Msgs   []row `msgpack:"msgs"`
	}
	err := unmarshal(data, &page)
	return page.Msgs, err
}

func mapPage(data []byte) (m map[string]any, err error) {
	err = msgpack.Unmarshal(data, &m)
	return m, err
}

func ugorjiPage(data []byte) (map[string]any, error) {
	var handle ugorji.MsgpackHandle
	handle.RawToString = true
	var m map[any]any
	if err := ugorji.NewDecoderBytes(data, &handle).Decode(&m); err != nil {
		return nil, err
	}
	return map[string]any{"msgs": m["msgs"]}, nil
}

// rowsOfMap reads a page of which nothing was known beforehand.
func rowsOfMap(m map[string]any) (rows []row) {
	number := func(v any) int64 {
		b, _ := msgpack.Marshal(v)
		var n int64
		_ = msgpack.Unmarshal(b, &n)
		return n
	}
	msgs, _ := m["msgs"].([]any)
	for _, v := range msgs {
		c, _ := v.([]any)
		if len(c) != rowFields {
			return nil
		}
		r := row{ID: number(c[0]), From: number(c[1]), MType: number(c[2]), MID: number(c[3]), MTime: number(c[7])}
		r.Deleted, _ = c[4].(bool)
		r.Msg, _ = c[5].(string)
		r.Attrs, _ = c[6].(string)
		rows = append(rows, r)
	}
	return rows
}

func lowLevelPage(data []byte) (rows []row, err error) {
	lowLevelReader.Reset(data)
	d := msgpack.GetDecoder()
	defer msgpack.PutDecoder(d)
	d.Reset(&lowLevelReader)
	fields, err := d.DecodeMapLen()
	if err != nil {
		return nil, err
	}
	for range fields {
		key, err := d.DecodeString()
		if err != nil {
			return nil, err
		}
		if key != "msgs" {
			if err := d.Skip(); err != nil {
				return nil, err
			}
			continue
		}
		if rows, err = lowLevelRows(d); err != nil {
			return nil, err
		}
	}
	return rows, nil
}

func lowLevelRows(d *msgpack.Decoder) ([]row, error) {
	n, err := d.DecodeArrayLen()
	if err != nil {
		return nil, err
	}
	rows := make([]row, n)
	for i := range rows {
		r := &rows[i]
		if _, err := d.DecodeArrayLen(); err != nil {
			return nil, err
		}
		for _, field := range [...]*int64{&r.ID, &r.From, &r.MType, &r.MID} {
			if *field, err = d.DecodeInt64(); err != nil {
				return nil, err
			}
		}
		if r.Deleted, err = d.DecodeBool(); err != nil {
			return nil, err
		}
		for _, field := range [...]*string{&r.Msg, &r.Attrs} {
			if *field, err = d.DecodeString(); err != nil {
				return nil, err
			}
		}
		if r.MTime, err = d.DecodeInt64(); err != nil {
			return nil, err
		}
	}
	return rows, nil
}

func TestDecodersReadTheSamePage(t *testing.T) {
	for _, d := range pageDecoders {
		rows, err := d.decode(page)
		require.NoError(t, err, d.codec)
		require.Equal(t, sampleRows(), rows, d.codec)
	}
}

func BenchmarkReadPage(b *testing.B) {
	for _, d := range pageDecoders {
		decode := pageBenchmarks[d.codec]
		if decode == nil {
			decode = func(data []byte) error { _, err := d.decode(data); return err }
		}
		b.Run("codec="+d.codec, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := decode(page); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
