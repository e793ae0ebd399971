package fpnn

import "sync/atomic"

// ConnStats counts what a connection has done since it was made.
type ConnStats struct {
	BytesIn, BytesOut int64
	Writes            int64 // many packages leave in one
	Quests            int64 // accepted from the peer
	Refused           int64 // quests from the peer not accepted: inbox full, too many a second, or shutting down
	Limited           int64 // of these, those beyond the rate of WithQuestRate
	Unclaimed         int64 // answers nobody waited for: late, double or invented
	InFlight          int   // calls waiting for their answer
	Serving           int   // quests accepted and not yet answered
	Unwritten         int   // bytes waiting in the write buffer
}

type connStats struct {
	bytesIn, bytesOut, writes atomic.Int64
	quests, refused, limited  atomic.Int64
	unclaimed                 atomic.Int64
}

// Stats returns the connection's counters and the present length of its queues.
func (c *Conn) Stats() ConnStats {
	s := ConnStats{
		BytesIn:   c.stats.bytesIn.Load(),
		BytesOut:  c.stats.bytesOut.Load(),
		Writes:    c.stats.writes.Load(),
		Quests:    c.stats.quests.Load(),
		Refused:   c.stats.refused.Load(),
		Limited:   c.stats.limited.Load(),
		Unclaimed: c.stats.unclaimed.Load(),
	}
	c.mu.Lock()
	s.InFlight, s.Serving, s.Unwritten = c.pending.count, c.serving, len(c.out)
	c.mu.Unlock()
	return s
}

// final returns what is to be remembered of a connection that has ended.
func (c *Conn) final() ConnStats {
	s := c.Stats()
	s.InFlight, s.Serving, s.Unwritten = 0, 0, 0 // of quests never answered
	return s
}

func (s *ConnStats) add(o ConnStats) {
	s.BytesIn += o.BytesIn
	s.BytesOut += o.BytesOut
	s.Writes += o.Writes
	s.Quests += o.Quests
	s.Refused += o.Refused
	s.Limited += o.Limited
	s.Unclaimed += o.Unclaimed
	s.InFlight += o.InFlight
	s.Serving += o.Serving
	s.Unwritten += o.Unwritten
}
