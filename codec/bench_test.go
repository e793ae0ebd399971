package codec_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/vmihailenco/msgpack/v5"

	"github.com/gofpnn/gofpnn/codec"
)

// quest is what an RTM client sends with every message.
type quest struct {
	PID   int32  `msgpack:"pid"`
	Sign  string `msgpack:"sign"`
	Salt  int64  `msgpack:"salt"`
	TS    int32  `msgpack:"ts"`
	MType int8   `msgpack:"mtype"`
	From  int64  `msgpack:"from"`
	To    int64  `msgpack:"to"`
	MID   int64  `msgpack:"mid"`
	Msg   string `msgpack:"msg"`
	Attrs string `msgpack:"attrs"`
}

var sampleQuest = quest{
	PID: 80000001, Sign: "B11B7819BD50989A67088D9053826C0B", Salt: 7530343851100520578, TS: 1795373881,
	MType: 51, From: 1001, To: 2002, MID: 7530343851100520577, Msg: "hello", Attrs: "attrs-1",
}

func (q *quest) AppendPayload(b []byte) ([]byte, error) {
	b = codec.AppendMapHeader(b, 10)
	b = codec.AppendInt(codec.AppendString(b, "pid"), int64(q.PID))
	b = codec.AppendString(codec.AppendString(b, "sign"), q.Sign)
	b = codec.AppendInt(codec.AppendString(b, "salt"), q.Salt)
	b = codec.AppendInt(codec.AppendString(b, "ts"), int64(q.TS))
	b = codec.AppendInt(codec.AppendString(b, "mtype"), int64(q.MType))
	b = codec.AppendInt(codec.AppendString(b, "from"), q.From)
	b = codec.AppendInt(codec.AppendString(b, "to"), q.To)
	b = codec.AppendInt(codec.AppendString(b, "mid"), q.MID)
	b = codec.AppendString(codec.AppendString(b, "msg"), q.Msg)
	return codec.AppendString(codec.AppendString(b, "attrs"), q.Attrs), nil
}

func sampleQuestPayload() []byte {
	b, _ := sampleQuest.AppendPayload(nil)
	return b
}

// historyRow is one message of a history page, positional as on the wire.
type historyRow struct {
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

const historyRows = 20

func historyPage() []byte {
	b := codec.AppendMapHeader(nil, 4)
	b = codec.AppendInt(codec.AppendString(b, "num"), historyRows)
	b = codec.AppendInt(codec.AppendString(b, "lastid"), 90020)
	b = codec.AppendInt(codec.AppendString(b, "end"), 1700000000123)
	b = codec.AppendArrayHeader(codec.AppendString(b, "msgs"), historyRows)
	for i := range int64(historyRows) {
		b = codec.AppendArrayHeader(b, 8)
		b = codec.AppendInt(b, 90001+i)
		b = codec.AppendInt(b, 1001)
		b = codec.AppendInt(b, 51)
		b = codec.AppendInt(b, 7530343851100520577+i)
		b = codec.AppendBool(b, false)
		b = codec.AppendString(b, strings.Repeat("m", 40))
		b = codec.AppendString(b, "attrs-1")
		b = codec.AppendInt(b, 1700000000123+i)
	}
	return b
}

func readHistoryPage(data []byte, rows []historyRow) (int, error) {
	p, err := codec.ParsePayload(data)
	if err != nil {
		return 0, err
	}
	msgs, err := p.Array("msgs")
	if err != nil {
		return 0, err
	}
	n := 0
	for ; n < len(rows); n++ {
		v, ok := msgs.Next()
		if !ok {
			break
		}
		row, err := v.Array()
		if err != nil {
			return n, err
		}
		if err := readHistoryRow(row, &rows[n]); err != nil {
			return n, err
		}
	}
	return n, nil
}

// readHistoryPageForward is readHistoryPage with a cursor.
func readHistoryPageForward(data []byte, rows []historyRow) (int, error) {
	p, err := codec.ParsePayload(data)
	if err != nil {
		return 0, err
	}
	msgs, err := p.Value("msgs")
	if err != nil {
		return 0, err
	}
	c := msgs.Cursor()
	n := min(c.Array(), len(rows))
	for i := range rows[:n] {
		r := &rows[i]
		columns := c.Array()
		r.ID, r.From, r.MType, r.MID = c.Int64(), c.Int64(), c.Int64(), c.Int64()
		r.Deleted = c.Bool()
		r.Msg, r.Attrs = c.Text(), c.Text()
		r.MTime = c.Int64()
		c.Skip(columns - 8)
	}
	return n, c.Err()
}

func readHistoryRow(row codec.Array, r *historyRow) (err error) {
	next := func() codec.Value { v, _ := row.Next(); return v }
	for _, field := range []*int64{&r.ID, &r.From, &r.MType, &r.MID} {
		if *field, err = next().Int64(); err != nil {
			return err
		}
	}
	if r.Deleted, err = next().Bool(); err != nil {
		return err
	}
	for _, field := range []*string{&r.Msg, &r.Attrs} {
		if *field, err = next().Text(); err != nil {
			return err
		}
	}
	r.MTime, err = next().Int64()
	return err
}

func BenchmarkEncodeQuest(b *testing.B) {
	b.Run("append", func(b *testing.B) {
		b.ReportAllocs()
		buf := make([]byte, 0, 512)
		for b.Loop() {
			buf, _ = codec.Append(buf[:0], &sampleQuest)
		}
	})
	b.Run("reflection", func(b *testing.B) {
		b.ReportAllocs()
		type plain quest // without AppendPayload
		q := plain(sampleQuest)
		buf := make([]byte, 0, 512)
		for b.Loop() {
			buf, _ = codec.Append(buf[:0], &q)
		}
	})
	b.Run("vmihailenco", func(b *testing.B) {
		b.ReportAllocs()
		var buf bytes.Buffer
		enc := msgpack.NewEncoder(&buf)
		enc.UseCompactInts(true)
		for b.Loop() {
			buf.Reset()
			_ = enc.Encode(&sampleQuest)
		}
	})
}

func BenchmarkReadMTime(b *testing.B) {
	data := codec.AppendInt(codec.AppendString(codec.AppendMapHeader(nil, 1), "mtime"), 1700000000123)
	b.Run("payload", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			p, err := codec.ParsePayload(data)
			if err != nil {
				b.Fatal(err)
			}
			if _, err := p.Int64("mtime"); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("decode", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var answer struct {
				MTime int64 `msgpack:"mtime"`
			}
			if err := codec.Unmarshal(data, &answer); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("vmihailenco", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var answer struct {
				MTime int64 `msgpack:"mtime"`
			}
			if err := msgpack.Unmarshal(data, &answer); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkReadHistoryPage(b *testing.B) {
	data := historyPage()
	for _, c := range []struct {
		name string
		read func(data []byte, rows []historyRow) (int, error)
	}{{"array", readHistoryPage}, {"cursor", readHistoryPageForward}} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			rows := make([]historyRow, historyRows)
			for b.Loop() {
				if n, err := c.read(data, rows); err != nil || n != historyRows {
					b.Fatal(n, err)
				}
			}
		})
	}
	b.Run("vmihailenco", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var page struct {
				Num    int64        `msgpack:"num"`
				LastID int64        `msgpack:"lastid"`
				End    int64        `msgpack:"end"`
				Msgs   []historyRow `msgpack:"msgs"`
			}
			if err := msgpack.Unmarshal(data, &page); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkScan(b *testing.B) {
	for _, c := range []struct {
		name string
		data []byte
	}{
		{"answer", codec.AppendInt(codec.AppendString(codec.AppendMapHeader(nil, 1), "mtime"), 1700000000123)},
		{"quest", sampleQuestPayload()},
		{"page", historyPage()},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(c.data)))
			for b.Loop() {
				if _, err := codec.Scan(c.data); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// Containers that were skipped once for every level around them would take
// seconds.
func BenchmarkDeepAndWide(b *testing.B) {
	const wide = codec.MaxElements - codec.MaxDepth
	data := "\x81\xa1a" + strings.Repeat("\x91", codec.MaxDepth-2) +
		string(codec.AppendArrayHeader(nil, wide)) + strings.Repeat("\x01", wide)
	p, err := codec.ParsePayload([]byte(data))
	if err != nil {
		b.Fatal(err)
	}
	b.Run("decode", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var s struct {
				A any `msgpack:"a"`
			}
			if err := p.Decode(&s); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("JSON", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := p.AppendJSON(nil); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkJSON(b *testing.B) {
	p, err := codec.ParsePayload(sampleQuestPayload())
	if err != nil {
		b.Fatal(err)
	}
	text, err := p.AppendJSON(nil)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("append", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if text, err = p.AppendJSON(text[:0]); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("parse", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := codec.ParseJSON(text); err != nil {
				b.Fatal(err)
			}
		}
	})
}
