package fakeserver

import (
	"math"
	"sync"
	"time"

	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/fpnn/frame"
)

// tap records what passes in one direction.
type tap struct {
	journal *Journal
	conn    int64
	out     bool
	reserve func(n int) bool // see [fpnn.Server.Reserve]
	waiting *waiting

	mu   sync.Mutex
	rest []byte // the beginning of a package
	dead bool   // what passes are no packages, or the connection has ended
}

// freeRest is how large a rest may be that is not reserved.
const freeRest = 64 << 10

// pass records the packages that b completes. It fails with [frame.ErrNoBuffer] if
// there is no memory for the beginning of one.
func (t *tap) pass(b []byte) error {
	if t == nil || len(b) == 0 {
		return nil
	}
	records, err := t.cut(b)
	for _, r := range records {
		t.journal.add(r)
	}
	return err
}

// cut makes records of the packages that b completes, and keeps the rest.
func (t *tap) cut(b []byte) (records []*Record, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.dead {
		return nil, nil
	}
	if len(t.rest) > 0 {
		if err := t.keep(b); err != nil {
			return nil, err
		}
		b = t.rest
	}
	for {
		var p frame.Package
		n, err := p.Parse(b, math.MaxInt) // what is too large the server refuses
		if err != nil {
			t.drop()
			t.dead = true
			return records, nil
		}
		if n == 0 {
			break
		}
		records = append(records, t.record(&p, b[:n]))
		b = b[n:]
	}
	if len(b) > 0 && len(b) == len(t.rest) {
		return records, nil
	}
	t.drop() // b keeps its bytes
	if len(b) > 0 {
		err = t.keep(b)
	}
	return records, err
}

// keep adds b to the rest. t.mu is held.
func (t *tap) keep(b []byte) error {
	size := cap(t.rest)
	if need := len(t.rest) + len(b); need > size {
		grown := max(need, 2*size)
		if !t.account(size, grown) {
			t.drop()
			t.dead = true
			return frame.ErrNoBuffer
		}
		t.rest = append(make([]byte, 0, grown), t.rest...)
	}
	t.rest = append(t.rest, b...)
	return nil
}

// drop throws the rest away. t.mu is held.
func (t *tap) drop() {
	t.account(cap(t.rest), 0)
	t.rest = nil
}

// account reserves what a rest needs that changes its size.
func (t *tap) account(from, to int) bool {
	n := max(to, freeRest) - max(from, freeRest)
	return n == 0 || t.reserve(n)
}

// end gives back what has been reserved, with the connection.
func (t *tap) end() {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.drop()
	t.dead = true
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
