package fakeserver

import (
	"fmt"
	"testing"

	"github.com/gofpnn/gofpnn/rtm/wire"
)

// A page costs the same whatever the length of the conversation.
func BenchmarkPage(b *testing.B) {
	for _, n := range []int{1_000, 1_000_000} {
		c := filled(n, func(i int) int64 { return int64(i/10) + 1 })
		// One message of a type that is nowhere else.
		c.append(1, &wire.Message{ID: -1, Type: 120}, int64(n))
		queries := map[string]wire.History{
			"newest":   {Descending: true},
			"from":     {Begin: int64(n / 20)},
			"next":     {Descending: true, End: int64(n / 20), Cursor: int64(n / 2)},
			"one type": {Types: []int8{7}},
			"rare":     {Types: []int8{120}},
		}
		for name, q := range queries {
			q.Limit = 20
			b.Run(fmt.Sprintf("%s/%d", name, n), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					c.page(&q, int64(n))
				}
			})
		}
	}
}

func BenchmarkAppend(b *testing.B) {
	var s store
	m := wire.Message{Type: 51, Text: "hello"}
	b.ReportAllocs()
	for b.Loop() {
		m.ID++
		s.conversation(1, wire.Group(7)).append(1, &m, m.ID)
	}
}
