package fakeserver

import (
	"errors"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/fpnn/frame"
	"github.com/gofpnn/gofpnn/transport/fault"
)

// Link is one client's connection, as the network sees it. Its methods are those
// of [Network], for this connection only.
type Link struct {
	network *Network
	number  int64
	faults  *fault.Faults
	conn    *linkConn
}

// linkConn is what the server has of a link.
type linkConn struct {
	net.Conn // with faults
	link     *Link
	in, out  *tap // nil without a journal
}

// Number is the connection's number, from 1, in the order they were accepted, as
// in the journal.
func (l *Link) Number() int64 { return l.number }

// RemoteAddr is the client's address.
func (l *Link) RemoteAddr() net.Addr { return l.conn.RemoteAddr() }

// Conn returns the connection as the protocol sees it, to call the client; nil
// when it has ended.
func (l *Link) Conn() *fpnn.Conn {
	for _, c := range l.network.server.Conns() {
		if c.NetConn() == net.Conn(l.conn) {
			return c
		}
	}
	return nil
}

// linkOf returns the link of a connection.
func linkOf(c *fpnn.Conn) *Link {
	if conn, ok := c.NetConn().(*linkConn); ok {
		return conn.link
	}
	return nil
}

// numberOf returns the number of a connection's link, 0 if it has none.
func numberOf(c *fpnn.Conn) int64 {
	if l := linkOf(c); l != nil {
		return l.number
	}
	return 0
}

func (c *linkConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.in.pass(b[:n])
	return n, err
}

func (c *linkConn) Write(b []byte) (int, error) {
	c.out.pass(b)
	return c.Conn.Write(b)
}

func (c *linkConn) Close() error {
	c.link.network.forget(c.link)
	return c.Conn.Close()
}

func (c *linkConn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return errors.ErrUnsupported
}

// tap records what passes in one direction.
type tap struct {
	journal *Journal
	conn    int64
	out     bool
	limit   int
	waiting *waiting

	mu   sync.Mutex
	rest []byte // the beginning of a package
	dead bool   // what passes are no packages
}

// waiting are the quests of one connection of which something is to be noted
// later: twoway ones until they are answered, oneway ones until they are served.
type waiting struct {
	mu     sync.Mutex
	count  int
	quests map[questKey][]pending // those of one key in the order they came
}

// questKey is what quests are told apart by. That twoway ones of a direction have
// a number in common is a client's fault; oneway ones have none.
type questKey struct {
	out, oneway bool
	seq         uint32
}

type pending struct {
	record *Record
	served bool
}

// Bounds of what waits. Only a client that does not get its answers, or sends
// oneway quests that nobody serves, comes near; then the oldest are forgotten.
const (
	maxWaiting = 100_000
	maxOneways = 1000
)

func (w *waiting) add(key questKey, r *Record) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.quests == nil || w.count >= maxWaiting {
		w.quests, w.count = make(map[questKey][]pending), 0
	}
	list := w.quests[key]
	list = append(list, pending{record: r})
	if len(list) > maxOneways {
		list = slices.Delete(list, 0, 1)
		w.count--
	}
	w.quests[key] = list
	w.count++
}

// answered forgets a twoway quest, which it returns.
func (w *waiting) answered(out bool, seq uint32) *Record {
	w.mu.Lock()
	defer w.mu.Unlock()
	key := questKey{out: out, seq: seq}
	list := w.quests[key]
	if len(list) == 0 {
		return nil
	}
	at := max(0, slices.IndexFunc(list, func(p pending) bool { return p.served }))
	r := list[at].record
	w.drop(key, at)
	return r
}

// served returns the record of a quest that is being served. Of those that have
// method and number in common it is one with the same payload.
func (w *waiting) served(j *Journal, q *fpnn.Quest) *Record {
	w.mu.Lock()
	defer w.mu.Unlock()
	key := questKey{oneway: q.Oneway(), seq: q.Seq()}
	list := w.quests[key]
	var found []int
	for i, p := range list {
		if !p.served && p.record.Method == q.Method() {
			found = append(found, i)
		}
	}
	if len(found) > 1 {
		found = slices.DeleteFunc(found, func(i int) bool { return !j.alike(list[i].record, q) })
	}
	if len(found) == 0 {
		return nil
	}
	r := list[found[0]].record
	if list[found[0]].served = true; key.oneway {
		w.drop(key, found[0])
	}
	return r
}

func (w *waiting) drop(key questKey, at int) {
	w.count--
	if list := slices.Delete(w.quests[key], at, at+1); len(list) > 0 {
		w.quests[key] = list
	} else {
		delete(w.quests, key)
	}
}

// pass records the packages that b completes.
func (t *tap) pass(b []byte) {
	if t == nil || len(b) == 0 {
		return
	}
	t.mu.Lock()
	if t.dead {
		t.mu.Unlock()
		return
	}
	if len(t.rest) > 0 {
		t.rest = append(t.rest, b...)
		b = t.rest
	}
	var records []*Record
	for {
		var p frame.Package
		n, err := p.Parse(b, t.limit)
		if err != nil {
			t.dead, b = true, nil
		}
		if n == 0 || err != nil {
			break
		}
		records = append(records, t.record(&p, b[:n]))
		b = b[n:]
	}
	if len(b) == 0 {
		t.rest = nil
	} else {
		t.rest = append(t.rest[:0], b...)
	}
	t.mu.Unlock()
	for _, r := range records {
		t.journal.add(r)
	}
}

// record makes a record of a package.
func (t *tap) record(p *frame.Package, raw []byte) *Record {
	r := &Record{
		Time: time.Now().Round(0), Conn: t.conn, Out: t.out, Kind: p.Kind, Method: string(p.Method), Seq: p.Seq,
		Bytes: append([]byte(nil), raw...),
	}
	switch {
	case p.Kind == frame.Twoway:
		t.waiting.add(questKey{out: t.out, seq: p.Seq}, r)
	case p.Kind == frame.Oneway && !t.out:
		t.waiting.add(questKey{oneway: true}, r)
	case p.Kind == frame.Answer:
		r.Status = p.SS
		if quest := t.waiting.answered(!t.out, p.Seq); quest != nil {
			t.journal.answers(r, quest)
		}
	}
	return r
}

// applied notes where a quest took effect, and when.
func (j *Journal) applied(q *fpnn.Quest, c *call) {
	conn, ok := q.Conn().NetConn().(*linkConn)
	if !ok || conn.in == nil {
		return
	}
	if r := conn.in.waiting.served(j, q); r != nil {
		j.served(r, c)
	}
}
