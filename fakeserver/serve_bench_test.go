package fakeserver

import (
	"encoding/binary"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/codec"
	"github.com/gofpnn/gofpnn/rtm/wire"
)

// BenchmarkServeSend is a send from its payload to its answer: checked, stored in
// one of 256 conversations, and answered.
func BenchmarkServeSend(b *testing.B) {
	s := New(b, WithJournal(0, 0))
	const conversations = 256
	var quests [conversations][]byte
	for i := range quests {
		q := wire.Send{
			Signed: wire.Signed{Project: s.Project(), Salt: 1 << 60, Time: time.Now().Unix()},
			From:   1000 + int64(i), Target: wire.User(2000 + int64(i)),
			Message: wire.Message{ID: 1 << 60, Type: 51, Text: strings.Repeat("x", 100)},
		}
		var err error
		quests[i], err = q.AppendPayload(nil)
		require.NoError(b, err)
	}
	at := strings.Index(string(quests[0]), "\xa3mid\xcf") + len("\xa3mid\xcf")
	m := s.readSend(wire.P2P, false)
	answer := make([]byte, 0, 64)
	id := uint64(0)
	b.ReportAllocs()
	for b.Loop() {
		raw := quests[id%conversations]
		binary.BigEndian.PutUint64(raw[at:], id)
		id++
		p, err := codec.ParsePayload(raw)
		if err != nil {
			b.Fatal(err)
		}
		c := newCall(nil, s.now())
		v, err := s.serve(c, "sendmsg", m, p)
		c.free()
		if err != nil {
			b.Fatal(err)
		}
		if answer, err = v.(codec.Appender).AppendPayload(answer[:0]); err != nil {
			b.Fatal(err)
		}
	}
}
