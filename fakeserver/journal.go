package fakeserver

import (
	"bytes"
	"context"
	"iter"
	"sync"

	"github.com/gofpnn/gofpnn/fpnn"
)

// The bounds of a journal that has no others.
const (
	DefaultJournalRecords = 10_000
	DefaultJournalBytes   = 16 << 20
)

// Journal is what has passed between a server and its clients: every package, in
// order, as far back as its bounds allow; the oldest go first. All methods may be
// called concurrently. What they return is a copy, though not of Bytes, which
// are not to be changed.
type Journal struct {
	maxRecords, maxBytes int
	path                 string // of the file; "" for none
	tokens               bool   // are written to files

	mu      sync.Mutex
	entries []*entry // the oldest first
	first   int64    // the number of entries[0] among all there were
	records int64    // how many there were
	kept    int      // records in entries
	bytes   int      // of these
	changed chan struct{}
	closed  bool
	sink    *sink // nil: none
}

// entry is a record, or the news that the quest of an earlier one was served.
type entry struct {
	record *Record
	served bool
	size   int // of the record's bytes
}

// Journal returns what the server records.
func (s *Server) Journal() *Journal { return &s.journal }

// open begins to write the journal to its file, if it has one.
func (j *Journal) open() (err error) {
	if j.path == "" {
		return nil
	}
	if j.sink, err = openSink(j.path, j.tokens); err == nil {
		go j.sink.run(j)
	}
	return err
}

// off reports whether nothing is to be recorded.
func (j *Journal) off() bool { return j.maxRecords == 0 && j.sink == nil }

// add appends a record and gives it its number.
func (j *Journal) add(r *Record) {
	j.sink.wait(len(r.Bytes))
	j.mu.Lock()
	j.records++
	r.N = j.records
	j.append(&entry{record: r, size: len(r.Bytes)})
	changed := j.change()
	j.mu.Unlock()
	changed.send()
}

// served notes where a quest took effect, and when.
func (j *Journal) served(r *Record, c *call) {
	j.mu.Lock()
	r.Order, r.Now = c.order, c.now.Round(0)
	j.append(&entry{record: r, served: true})
	changed := j.change()
	j.mu.Unlock()
	changed.send()
}

// answers has the record of an answer know what is known of its quest's.
func (j *Journal) answers(r, quest *Record) {
	j.mu.Lock()
	defer j.mu.Unlock()
	r.Method, r.Order, r.Now = quest.Method, quest.Order, quest.Now
}

// append adds an entry and drops the oldest beyond the bounds, unless they are
// still to be written. j.mu is held.
func (j *Journal) append(e *entry) {
	j.entries = append(j.entries, e)
	if !e.served {
		j.kept++
		j.bytes += len(e.record.Bytes)
	}
	for (j.kept > j.maxRecords || j.bytes > j.maxBytes) && !j.sink.needs(j.first) {
		j.drop()
	}
}

// drop drops the oldest entry. Its bytes are not kept either by who waits for the
// quest's answer.
func (j *Journal) drop() {
	if e := j.entries[0]; !e.served {
		j.kept--
		j.bytes -= len(e.record.Bytes)
		e.record.Bytes = nil
	}
	j.entries[0] = nil
	j.entries = j.entries[1:]
	j.first++
}

// alike reports whether a record has the payload of q.
func (j *Journal) alike(r *Record, q *fpnn.Quest) bool {
	j.mu.Lock()
	seen := *r
	j.mu.Unlock()
	p, err := seen.Payload()
	return err == nil && bytes.Equal(p.Raw(), q.Raw())
}

// change takes the channel of those who wait for more. j.mu is held.
func (j *Journal) change() notice {
	changed := j.changed
	j.changed = nil
	return changed
}

// notice is a channel that is closed once, when no lock is held.
type notice chan struct{}

func (n notice) send() {
	if n != nil {
		close(n)
	}
}

// after returns the entries from number at on, the number after them, and if
// there are none the channel that tells of more. Records are copies.
func (j *Journal) after(at int64, limit int) (entries []entry, next int64, more <-chan struct{}) {
	j.mu.Lock()
	defer j.mu.Unlock()
	at = max(at, j.first)
	for _, e := range j.entries[at-j.first:] {
		if len(entries) == limit {
			break
		}
		record := *e.record
		entries = append(entries, entry{&record, e.served, e.size})
	}
	next = at + int64(len(entries))
	if len(entries) == 0 && !j.closed {
		if j.changed == nil {
			j.changed = make(chan struct{})
		}
		more = j.changed
	}
	return entries, next, more
}

// batch is how many entries are looked at under one lock.
const batch = 256

// All returns the records there are, the oldest first.
func (j *Journal) All() iter.Seq[Record] {
	return func(yield func(Record) bool) {
		j.mu.Lock()
		end := j.first + int64(len(j.entries))
		j.mu.Unlock()
		for at := int64(0); at < end; {
			entries, next, _ := j.after(at, batch)
			for i, e := range entries {
				if next-int64(len(entries)-i) < end && !e.served && !yield(*e.record) {
					return
				}
			}
			if at = next; len(entries) == 0 {
				return
			}
		}
	}
}

// Records returns All as a slice.
func (j *Journal) Records() []Record {
	var records []Record
	for r := range j.All() {
		records = append(records, r)
	}
	return records
}

// Follow returns the records there are and those to come, until ctx ends or the
// server is closed. Who is slower than the journal moves on misses some: the
// numbers tell. Each comes once, as it is then: of a quest that may be before it has
// been served, so that [Record].Order is only in the answer's record.
func (j *Journal) Follow(ctx context.Context) iter.Seq[Record] {
	return func(yield func(Record) bool) {
		for e := range j.follow(ctx, 0) {
			if !e.served && !yield(*e.record) {
				return
			}
		}
	}
}

func (j *Journal) follow(ctx context.Context, at int64) iter.Seq[entry] {
	return func(yield func(entry) bool) {
		for {
			entries, next, more := j.after(at, batch)
			for _, e := range entries {
				if !yield(e) {
					return
				}
			}
			at = next
			if len(entries) > 0 {
				continue
			}
			if more == nil {
				return
			}
			select {
			case <-more:
			case <-ctx.Done():
				return
			}
		}
	}
}

// Wait returns the first record for which wanted is true, one there is already or
// the first to come. It fails when ctx ends, or with [fpnn.ErrClosed] when the
// server has been closed. Of quests and [Record].Order it knows what
// [Journal.Follow] does: to wait for one that has been served, wait for its answer.
func (j *Journal) Wait(ctx context.Context, wanted func(r Record) bool) (Record, error) {
	for r := range j.Follow(ctx) {
		if wanted(r) {
			return r, nil
		}
	}
	if err := ctx.Err(); err != nil {
		return Record{}, err
	}
	return Record{}, fpnn.ErrClosed
}

// close ends those who follow, after what there is.
func (j *Journal) close() error {
	j.mu.Lock()
	j.closed = true
	changed := j.change()
	j.mu.Unlock()
	changed.send()
	return j.sink.close()
}

// logged is how many records are logged of a test that failed.
const logged = 100

func (j *Journal) log(t TB) {
	records := j.Records()
	if n := len(records) - logged; n > 0 {
		t.Logf("fakeserver: %d records, the last %d:", len(records), logged)
		records = records[n:]
	}
	for _, r := range records {
		t.Logf("fakeserver: %v", r)
	}
}
