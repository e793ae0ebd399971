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

// served returns a function that has a send served, from its payload to its answer:
// checked, stored in one of 256 conversations in turn, and answered.
func served(tb testing.TB) func() error {
	tb.Helper()
	s := New(tb, WithJournal(0, 0))
	var quests [256][]byte
	for i := range quests {
		q := wire.Send{
			Signed: wire.Signed{Project: s.Project(), Salt: 1 << 60, Time: time.Now().Unix()},
			From:   1000 + int64(i), Target: wire.User(2000 + int64(i)),
			Message: wire.Message{ID: 1 << 60, Type: 51, Text: strings.Repeat("x", 100)},
		}
		var err error
		quests[i], err = q.AppendPayload(nil)
		require.NoError(tb, err)
	}
	const key = "\xa3mid\xcf"
	at := strings.Index(string(quests[0]), key) + len(key)
	m := s.readSend(wire.P2P, false)
	answer := make([]byte, 0, 64)
	id := uint64(0)
	return func() error {
		raw := quests[id%uint64(len(quests))]
		binary.BigEndian.PutUint64(raw[at:], id)
		id++
		p, err := codec.ParsePayload(raw)
		if err != nil {
			return err
		}
		c := newCall(nil, s.now())
		v, err := s.serve(c, wire.P2P.SendMethod(), m, p)
		c.free()
		if err != nil {
			return err
		}
		answer, err = v.(codec.Appender).AppendPayload(answer[:0])
		return err
	}
}

func BenchmarkServeSend(b *testing.B) {
	send := served(b)
	b.ReportAllocs()
	for b.Loop() {
		if err := send(); err != nil {
			b.Fatal(err)
		}
	}
}
