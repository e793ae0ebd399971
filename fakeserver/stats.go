package fakeserver

import (
	"cmp"
	"slices"

	"github.com/gofpnn/gofpnn/fpnn"
)

// Stats counts what a server has done since it was started, and what it holds.
type Stats struct {
	fpnn.ServerStats
	Records       int64 // of the journal, those it has dropped included
	Conversations int
	Messages      int // held, deleted ones left out
	Listeners     int
}

// Stats returns the counters. Quests are served meanwhile, so that they need not
// be of one moment.
func (s *Server) Stats() Stats {
	stats := Stats{ServerStats: s.server.Stats(), Records: s.journal.count()}
	s.store.each(func(_ conversationKey, c *conversation) {
		stats.Conversations++
		stats.Messages += c.held()
	})
	s.listeners.each(func(*listener) { stats.Listeners++ })
	return stats
}

func (j *Journal) count() int64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.records
}

func (c *conversation) held() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.live
}

// Recent returns the conversations in which something was sent last, the latest
// first, each with its latest messages: of both no more than given. Unlike
// [Server.Conversations] it holds up no quest, and costs little where there are
// many.
func (s *Server) Recent(conversations, messages int) []Conversation {
	type candidate struct {
		key    conversationKey
		of     *conversation
		newest int64
	}
	var all []candidate
	s.store.each(func(key conversationKey, c *conversation) {
		c.mu.Lock()
		newest := c.newest
		c.mu.Unlock()
		all = append(all, candidate{key, c, newest})
	})
	slices.SortFunc(all, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(b.newest, a.newest),
			cmp.Compare(a.key.kind, b.key.kind), cmp.Compare(a.key.a, b.key.a), cmp.Compare(a.key.b, b.key.b))
	})
	var recent []Conversation
	for _, c := range all[:min(len(all), max(conversations, 0))] {
		recent = append(recent, c.of.snapshot(c.key, max(messages, 0)))
	}
	return recent
}

// Groups returns all groups that have members, in rising order.
func (s *Server) Groups() []Members { return s.groups.snapshot() }

// Rooms returns all rooms that have members, in rising order.
func (s *Server) Rooms() []Members { return s.rooms.snapshot() }
