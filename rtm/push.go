package rtm

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/rtm/wire"
)

// Push is what a gate tells a client that listens: of a message, or of an event.
type Push struct {
	StoredMessage        // the message, without a cursor, if Event is nil
	Target        Target // to whom the message was sent
	Event         *Event
}

// Event is something that happened to a user, such as "login" and "logout". See
// [wire.Event] for the fields.
type Event = wire.Event

// Defaults of the options about pushes.
const (
	DefaultPushInbox   = 1024
	DefaultDedupPushes = 10_000
	DefaultDedupAge    = 5 * time.Minute
)

// maxPushBytes bounds the texts, data and attributes of the pushes that wait.
const maxPushBytes = 64 << 20

// ErrConsumer ends a loop over [Client.Pushes] if there is another one, or a
// handler.
var ErrConsumer = errors.New("rtm: pushes are consumed elsewhere")

// PushStats counts pushes.
type PushStats struct {
	Accepted   int64 // acknowledged and queued
	Duplicates int64 // acknowledged and dropped
	Refused    int64 // answered with 20011, since the inbox was full, or that of the connection; or with 20014 in Shutdown
	Unreadable int64 // answered with an error, since fields were missing or of another type; the first one is logged
	Handled    int64
	Waiting    int // accepted and not yet handled; after Close: never handled
}

// Metrics returns the counters as metrics, for [fpnn.AppendMetrics]. labels are pairs
// of name and value that all get, to tell one client from others; it panics if one has
// no value.
func (s PushStats) Metrics(labels ...string) []fpnn.Metric {
	if len(labels)%2 != 0 {
		panic("rtm: Metrics with a label that has no value")
	}
	return []fpnn.Metric{
		{Name: "pushes_accepted", Help: "Pushes acknowledged and queued.", Labels: labels, Value: s.Accepted},
		{Name: "pushes_duplicate", Help: "Pushes acknowledged and dropped since they had come before.", Labels: labels, Value: s.Duplicates},
		{Name: "pushes_refused", Help: "Pushes refused since too many were waiting, or in a shutdown.", Labels: labels, Value: s.Refused},
		{Name: "pushes_unreadable", Help: "Pushes answered with an error since they could not be read.", Labels: labels, Value: s.Unreadable},
		{Name: "pushes_handled", Help: "Pushes handled.", Labels: labels, Value: s.Handled},
		{Name: "pushes_waiting", Help: "Pushes accepted and not yet handled.", Gauge: true, Labels: labels, Value: int64(s.Waiting)},
	}
}

// pushConfig is what the options say about pushes.
type pushConfig struct {
	inbox   int
	handler func(ctx context.Context, p Push) // nil if Pushes is to be used
	logger  *slog.Logger
	seen    int // messages remembered
	seenAge time.Duration
}

// pushes is the way in: quests of the gate are checked against the window of
// those already seen, queued and acknowledged. One consumer takes them out, in
// the order they came.
type pushes struct {
	pushConfig

	mu       sync.Mutex
	queue    []Push
	held     int           // of these, the last ones, which are not to be handled yet
	holding  bool          // what comes now is
	bytes    int           // in it
	arrived  chan struct{} // closed when something is queued for a consumer that waits
	consumer bool          // there is one
	wanted   bool          // there is a handler, or there was a consumer
	full     bool          // a push was refused since: this episode has its log line
	closed   bool
	window   window
	stats    PushStats
}

// serve is what the gate's quests reach.
func (s *pushes) serve(ctx context.Context, q *fpnn.Quest) (any, error) {
	if err := ctx.Err(); err != nil {
		return nil, err // it cannot be acknowledged, and what the next connection brings may be newer
	}
	var p Push
	switch kind := q.Method(); kind {
	case wire.PushPing:
		return nil, nil
	case wire.PushP2P, wire.PushGroup, wire.PushRoom:
		push := wire.Push{Target: wire.Target{Kind: pushKinds[kind]}}
		if err := wire.Parse(q.Payload, &push); err != nil {
			return nil, s.unreadable(kind, err)
		}
		p = Push{StoredMessage: push.Stored(), Target: push.Target}
	case new(Event).Method():
		p.Event = new(Event)
		if err := wire.Parse(q.Payload, p.Event); err != nil {
			return nil, s.unreadable(kind, err)
		}
	default:
		return nil, fpnn.UnknownMethod(q)
	}
	return nil, s.accept(p, q)
}

var pushKinds = map[string]wire.Kind{wire.PushP2P: wire.P2P, wire.PushGroup: wire.InGroup, wire.PushRoom: wire.InRoom}

// unreadable counts a push that was not what its method promises, and returns the
// answer.
func (s *pushes) unreadable(kind string, err error) error {
	s.mu.Lock()
	s.stats.Unreadable++
	first := s.stats.Unreadable == 1
	s.mu.Unlock()
	if first {
		s.logger.Warn("a push is unreadable", "method", kind, "err", err)
	}
	return err
}

// accept queues a push, unless it has been here before. Its error is the answer.
func (s *pushes) accept(p Push, q *fpnn.Quest) error {
	s.mu.Lock()
	if s.closed || !s.wanted {
		s.mu.Unlock()
		return fpnn.UnknownMethod(q)
	}
	key := seenKey{p.Target, p.From, p.ID}
	now := time.Now()
	if p.Event == nil && s.window.has(key, now) {
		s.stats.Duplicates++
		s.mu.Unlock()
		return nil
	}
	size := p.size()
	if len(s.queue) >= s.inbox || s.bytes > 0 && s.bytes+size > maxPushBytes {
		s.stats.Refused++
		first := !s.full
		s.full = true
		s.mu.Unlock()
		if first {
			s.logger.Warn("pushes are refused: the handler is too slow", "waiting", s.inbox)
		}
		return fpnn.Errorf(fpnn.CodeCoreWorkQueueFull, "push inbox is full")
	}
	if p.Event == nil {
		s.window.add(key, now)
	}
	s.stats.Accepted++
	s.queue = append(s.queue, p)
	if s.holding {
		s.held++
	}
	s.bytes += size
	arrived := s.arrived
	s.arrived = nil
	s.mu.Unlock()
	if arrived != nil {
		close(arrived)
	}
	return nil
}

// hold is told of a new connection: what comes from now on is not handled before
// release. Among it may be what the gate has pushed before and had no
// acknowledgement of, however long the outage was.
func (s *pushes) hold() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.holding = true
	s.window.renew(time.Now())
}

func (s *pushes) release() {
	s.mu.Lock()
	s.holding, s.held = false, 0
	arrived := s.arrived
	s.arrived = nil
	s.mu.Unlock()
	if arrived != nil {
		close(arrived)
	}
}

// size is what a push counts for among those that wait.
func (p *Push) size() int {
	n := len(p.Text) + len(p.Data) + len(p.Attrs)
	if e := p.Event; e != nil {
		n += len(e.Event) + len(e.Endpoint) + len(e.Data)
	}
	return n
}

// close lets nothing more in.
func (s *pushes) close() {
	s.mu.Lock()
	s.closed = true
	arrived := s.arrived
	s.arrived = nil
	s.mu.Unlock()
	if arrived != nil {
		close(arrived)
	}
}

// PushStats returns the counters of pushes.
func (c *Client) PushStats() PushStats {
	before := c.fpnn.Stats().Refused // a gate sends nothing but pushes
	c.pushes.mu.Lock()
	defer c.pushes.mu.Unlock()
	stats := c.pushes.stats
	stats.Refused += before
	stats.Waiting = len(c.pushes.queue)
	return stats
}
