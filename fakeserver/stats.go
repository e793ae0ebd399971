package fakeserver

import "github.com/gofpnn/gofpnn/fpnn"

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
	stats := s.counters()
	s.store.each(func(_ conversationKey, c *conversation) {
		stats.Conversations++
		stats.Messages += c.held()
	})
	s.listeners.each(func(*listener) { stats.Listeners++ })
	return stats
}

// Metrics returns the counters as metrics, see [fpnn.ConnStats.Metrics].
func (s Stats) Metrics(labels ...string) []fpnn.Metric {
	return append(s.ServerStats.Metrics(labels...),
		fpnn.Metric{Name: "journal_records", Help: "Packages recorded in the journal.", Labels: labels, Value: s.Records},
		fpnn.Metric{Name: "conversations", Help: "Conversations there are.", Gauge: true, Labels: labels, Value: int64(s.Conversations)},
		fpnn.Metric{Name: "messages", Help: "Messages held, deleted ones left out.", Gauge: true, Labels: labels, Value: int64(s.Messages)},
		fpnn.Metric{Name: "listeners", Help: "Connections that listen to messages or events.", Gauge: true, Labels: labels, Value: int64(s.Listeners)},
	)
}

// counters returns what need not be counted first.
func (s *Server) counters() Stats {
	return Stats{ServerStats: s.server.Stats(), Records: s.journal.Count()}
}

// Count returns how many records there have been, those dropped included.
func (j *Journal) Count() int64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.records
}

func (c *conversation) held() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.live
}

// Groups returns all groups that have members, in rising order.
func (s *Server) Groups() []Members { return s.groups.snapshot() }

// Rooms returns all rooms that have members, in rising order.
func (s *Server) Rooms() []Members { return s.rooms.snapshot() }
