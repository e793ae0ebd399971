package fpnn

import (
	"maps"
	"slices"
	"sync/atomic"
)

// ConnStats counts what a connection has done since it was made, and what it is at.
// Those of a client or server are sums over its connections, past and present.
type ConnStats struct {
	BytesIn, BytesOut int64 // that came from and went to the transport
	Writes            int64 // to the transport; many packages leave in one

	// Each call ends in one of the four ways that follow, or is InFlight.

	Calls      int64 // twoway quests to the peer, pings of WithKeepAlive included
	Answered   int64 // calls that got an answer
	TimedOut   int64 // calls whose time-out passed, or the deadline of their ctx
	GivenUp    int64 // calls whose ctx was cancelled
	Lost       int64 // calls that ended with the connection, whoever closed it
	ErrorsIn   int64 // error answers among those Answered
	Overflowed int64 // calls refused with ErrQueueFull, see WithMaxInFlight; not in Calls
	Notices    int64 // oneway quests to the peer

	Unclaimed int64 // answers nobody waited for: late, double or invented

	Quests    int64 // accepted from the peer
	ErrorsOut int64 // error answers to these
	Refused   int64 // quests from the peer not accepted: inbox full, too many a second, or shutting down
	Limited   int64 // of these, those beyond the rate of WithQuestRate

	// What there is now.

	InFlight  int // calls waiting for their answer, see WithMaxInFlight
	Serving   int // quests accepted and not yet answered
	Queued    int // of these, those waiting for a worker, see WithInbox and WithConcurrency
	Late      int // of these, those waiting for their Responder
	Unwritten int // bytes waiting in the write buffer, see WithWriteBuffer
	Blocked   int // packages waiting for room in it, and whoever sends them
}

// ClientStats counts what a client has done since it was made, and what it is at.
type ClientStats struct {
	Connections int   // that calls can use now: 1, or 0
	Dials       int64 // attempts to connect, each endpoint by itself
	DialsFailed int64 // of these; the others but one that is under way have led to a connection
	Waiting     int   // calls waiting for a connection, see WithMaxWaiting
	Unconnected int64 // calls and notices that failed while they waited for one, or could not wait; not in Calls
	ConnStats
}

// ServerStats counts what a server has done since it was made, and what it is at.
type ServerStats struct {
	Connections int   // open now
	Accepted    int64 // connections ever accepted and served
	NotAllowed  int64 // connections of peers that WithAllowedPeers does not name
	TooMany     int64 // connections beyond WithMaxConns
	Forbidden   int64 // quests that WithPrivateBuiltins has answered with 20013
	Buffered    int64 // bytes held now for incomplete packages, see WithMaxBuffered
	ConnStats
}

// connStats are counted where no lock is held.
type connStats struct {
	bytesIn, bytesOut, writes atomic.Int64
	quests, refused, limited  atomic.Int64
	errorsIn, errorsOut       atomic.Int64
	unclaimed                 atomic.Int64
}

// connCounts are counted where Conn.mu is held.
type connCounts struct {
	calls, timedOut, givenUp, lost int64
	overflowed, notices            int64
}

// Stats returns the connection's counters and the present length of its queues.
// It may be called at any time, also when the connection has ended.
func (c *Conn) Stats() ConnStats {
	s := ConnStats{
		BytesIn:   c.stats.bytesIn.Load(),
		BytesOut:  c.stats.bytesOut.Load(),
		Writes:    c.stats.writes.Load(),
		ErrorsIn:  c.stats.errorsIn.Load(),
		Unclaimed: c.stats.unclaimed.Load(),
		Quests:    c.stats.quests.Load(),
		ErrorsOut: c.stats.errorsOut.Load(),
		Refused:   c.stats.refused.Load(),
		Limited:   c.stats.limited.Load(),
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	n := c.counts
	s.Calls, s.TimedOut, s.GivenUp, s.Lost = n.calls, n.timedOut, n.givenUp, n.lost
	s.Overflowed, s.Notices = n.overflowed, n.notices
	s.InFlight, s.Serving, s.Queued, s.Late = c.pending.count, c.serving, c.inbox.len(), max(c.late, 0)
	s.Unwritten, s.Blocked = len(c.out), len(c.line)-c.gaps
	s.Answered = s.Calls - s.TimedOut - s.GivenUp - s.Lost - int64(s.InFlight)
	return s
}

// final returns what is to be remembered of a connection that has ended.
func (c *Conn) final() ConnStats {
	s := c.Stats()
	s.InFlight, s.Serving, s.Queued, s.Late, s.Unwritten, s.Blocked = 0, 0, 0, 0, 0, 0 // of quests never answered
	return s
}

func (s *ConnStats) add(o ConnStats) {
	s.BytesIn += o.BytesIn
	s.BytesOut += o.BytesOut
	s.Writes += o.Writes
	s.Calls += o.Calls
	s.Answered += o.Answered
	s.TimedOut += o.TimedOut
	s.GivenUp += o.GivenUp
	s.Lost += o.Lost
	s.ErrorsIn += o.ErrorsIn
	s.Overflowed += o.Overflowed
	s.Notices += o.Notices
	s.Unclaimed += o.Unclaimed
	s.Quests += o.Quests
	s.ErrorsOut += o.ErrorsOut
	s.Refused += o.Refused
	s.Limited += o.Limited
	s.InFlight += o.InFlight
	s.Serving += o.Serving
	s.Queued += o.Queued
	s.Late += o.Late
	s.Unwritten += o.Unwritten
	s.Blocked += o.Blocked
}

// Stats returns the client's counters.
func (c *Client) Stats() ClientStats {
	s := ClientStats{Unconnected: c.unconnected.Load()}
	if c.Conn() != nil {
		s.Connections = 1
	}
	c.mu.Lock()
	s.Dials, s.DialsFailed, s.Waiting, s.ConnStats = c.dialled, c.undialled, c.waiting-c.left, c.past
	conns := slices.Collect(maps.Keys(c.conns))
	c.mu.Unlock()
	for _, conn := range conns {
		s.add(conn.Stats())
	}
	return s
}

// Stats returns the server's counters.
func (s *Server) Stats() ServerStats {
	s.mu.Lock()
	conns := s.connsLocked()
	stats := ServerStats{
		Connections: len(conns), NotAllowed: s.notAllowed, TooMany: s.tooMany, ConnStats: s.ended,
	}
	s.mu.Unlock()
	for _, c := range conns {
		stats.add(c.Stats())
	}
	stats.Accepted, stats.Forbidden, stats.Buffered = s.accepted.Load(), s.forbidden.Load(), s.buffered.Load()
	return stats
}
