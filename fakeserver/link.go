package fakeserver

import (
	"bytes"
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
	mu      sync.Mutex
	quests  map[questKey]*Record
	oneways []*Record // of clients
}

type questKey struct {
	out bool
	seq uint32
}

// maxWaiting bounds them; a client that never gets its answers is the only one to
// come near.
const maxWaiting = 100_000

func (w *waiting) add(out bool, r *Record) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.quests == nil || len(w.quests) == maxWaiting {
		w.quests = make(map[questKey]*Record)
	}
	w.quests[questKey{out, r.Seq}] = r
}

// find returns a quest, which is forgotten when it is answered.
func (w *waiting) find(out bool, seq uint32, answered bool) *Record {
	w.mu.Lock()
	defer w.mu.Unlock()
	key := questKey{out, seq}
	r := w.quests[key]
	if answered {
		delete(w.quests, key)
	}
	return r
}

func (w *waiting) addOneway(r *Record) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.oneways) == maxWaiting {
		w.oneways = nil
	}
	w.oneways = append(w.oneways, r)
}

// findOneway returns a oneway quest like q, which is forgotten. They have no
// numbers, but those that are alike are as good as each other.
func (w *waiting) findOneway(q *fpnn.Quest) *Record {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i, r := range w.oneways {
		if r.Method != q.Method() {
			continue
		}
		if p, err := r.Payload(); err == nil && bytes.Equal(p.Raw(), q.Raw()) {
			w.oneways = slices.Delete(w.oneways, i, i+1)
			return r
		}
	}
	return nil
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
		t.waiting.add(t.out, r)
	case p.Kind == frame.Oneway && !t.out:
		t.waiting.addOneway(r)
	case p.Kind == frame.Answer:
		r.Status = p.SS
		if quest := t.waiting.find(!t.out, p.Seq, true); quest != nil {
			r.Method = quest.Method
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
	var r *Record
	if q.Oneway() {
		r = conn.in.waiting.findOneway(q)
	} else {
		r = conn.in.waiting.find(false, q.Seq(), false)
	}
	if r != nil {
		j.served(r, c)
	}
}
