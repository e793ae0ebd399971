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

// BenchmarkAppend is a message of 100 bytes, on the average of all that a
// conversation gets on its way to a length, of two senders: whose ids rise, or where
// every second is late.
func BenchmarkAppend(b *testing.B) {
	says := wire.Content{Body: make([]byte, 100), Attrs: []byte("{}")}
	for name, late := range map[string]int64{"rising": 0, "late": 1000} {
		for _, n := range []int64{1_000, 1_000_000} {
			b.Run(fmt.Sprintf("%s/%d", name, n), func(b *testing.B) {
				var s store
				i := int64(0)
				b.ReportAllocs()
				for b.Loop() {
					if i++; i == n {
						s, i = store{}, 1
					}
					from := i % 2
					m := wire.Message{ID: i - from*late, Type: 51}
					c := s.conversation(from, wire.Group(7))
					c.mu.Lock()
					c.add(from, &m, &says, i)
					c.mu.Unlock()
				}
			})
		}
	}
}

// BenchmarkDuplicate is a message whose id is taken, and one whose id is asked for
// and was never there.
func BenchmarkDuplicate(b *testing.B) {
	for _, n := range []int{1_000, 1_000_000} {
		c := filled(n, func(i int) int64 { return int64(i) })
		m := wire.Message{Type: 51}
		b.Run(fmt.Sprintf("taken/%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				m.ID = (m.ID + 7919) % int64(n)
				if _, ok := c.append(1, &m, int64(n)); ok {
					b.Fatal("stored")
				}
			}
		})
		b.Run(fmt.Sprintf("unknown/%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				m.ID = (m.ID + 7919) % int64(n)
				if _, ok := c.get(2, m.ID); ok {
					b.Fatal("there")
				}
			}
		})
	}
}
