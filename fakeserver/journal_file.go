package fakeserver

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/gofpnn/gofpnn/fpnn/frame"
)

// sink writes a journal to a file as it grows. A nil one does nothing.
type sink struct {
	file   *os.File
	tokens bool // are to be written
	done   chan struct{}

	mu      sync.Mutex
	written int64 // entries
	ahead   int   // records not yet written
	bytes   int   // in them
	room    notice
	err     error
}

// openSink makes path a new, empty file that only its owner may read.
func openSink(path string, tokens bool) (*sink, error) {
	file, err := create(path)
	if err != nil {
		return nil, fmt.Errorf("fakeserver: journal: %w", err)
	}
	return &sink{file: file, tokens: tokens, done: make(chan struct{})}, nil
}

// create opens an empty file with mode 0600, also if there is another one. The mode
// of a device or pipe is not ours to change.
func create(path string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err == nil && info.Mode().IsRegular() {
		err = file.Chmod(0o600)
	}
	if err != nil {
		_ = file.Close()
		return nil, err
	}
	return file, nil
}

// How many records may wait to be written, and how many bytes in them. Then
// connections wait.
const (
	maxAhead      = 10_000
	maxAheadBytes = 16 << 20
)

// needs reports whether an entry is still to be written.
func (s *sink) needs(number int64) bool {
	if s == nil {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err == nil && number >= s.written
}

// wait makes a place for a record of so many bytes, and waits if there is none.
func (s *sink) wait(size int) {
	if s == nil {
		return
	}
	for {
		s.mu.Lock()
		if s.err != nil || s.ahead < maxAhead && (s.ahead == 0 || s.bytes+size <= maxAheadBytes) {
			s.ahead++
			s.bytes += size
			s.mu.Unlock()
			return
		}
		if s.room == nil {
			s.room = make(notice)
		}
		room := s.room
		s.mu.Unlock()
		<-room
	}
}

// run writes what there is to come until the journal is closed.
func (s *sink) run(j *Journal) {
	defer close(s.done)
	w := bufio.NewWriter(s.file)
	var at int64
	for {
		entries, next, more := j.after(at, batch)
		var err error
		for _, e := range entries {
			err = errors.Join(err, e.write(w, s.tokens))
		}
		if len(entries) == 0 {
			err = w.Flush()
		}
		s.progress(entries, next, err)
		at = next
		switch {
		case len(entries) > 0:
		case more == nil:
			return
		default:
			<-more
		}
	}
}

func (s *sink) progress(entries []entry, written int64, err error) {
	s.mu.Lock()
	if s.err == nil {
		s.err = err
	}
	s.written = written
	for _, e := range entries {
		if !e.served {
			s.ahead--
			s.bytes -= e.size
		}
	}
	room := s.room
	s.room = nil
	s.mu.Unlock()
	room.send()
}

// close waits until all is written, and tells what went wrong.
func (s *sink) close() error {
	if s == nil {
		return nil
	}
	<-s.done
	err := s.file.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		err = s.err
	}
	if err != nil {
		return fmt.Errorf("fakeserver: journal: %w", err)
	}
	return nil
}

// line is a line of a journal's file: a record, or without Time and Bytes the rest
// of what there is to know of the quest in an earlier one.
type line struct {
	N       int64      `json:"n"`
	Time    *time.Time `json:"time,omitempty"`
	Conn    int64      `json:"conn,omitempty"`
	Out     bool       `json:"out,omitempty"`
	Kind    string     `json:"kind,omitempty"`
	Method  octets     `json:"method,omitzero"`
	Seq     uint32     `json:"seq,omitempty"`
	Status  uint8      `json:"status,omitempty"`
	Payload string     `json:"payload,omitempty"` // for people
	Bytes   []byte     `json:"bytes,omitempty"`
	Order   int64      `json:"order,omitempty"`
	Now     *time.Time `json:"now,omitempty"`
}

func (e entry) write(w io.Writer, tokens bool) error {
	r := e.record
	if e.served {
		return writeLine(w, line{N: r.N, Order: r.Order, Now: &r.Now})
	}
	if !tokens {
		r.redact()
	}
	l := line{
		N: r.N, Time: &r.Time, Conn: r.Conn, Out: r.Out, Kind: r.Kind.String(), Method: octets(r.Method), Seq: r.Seq, Status: r.Status,
		Payload: r.text(), Bytes: r.Bytes,
	}
	if r.Kind == frame.Answer && r.Order > 0 { // a quest's comes later
		l.Order, l.Now = r.Order, &r.Now
	}
	return writeLine(w, l)
}

func writeLine(w io.Writer, l line) error {
	b, err := json.Marshal(l)
	if err != nil {
		return err
	}
	_, err = w.Write(append(b, '\n'))
	return err
}

// Save writes what there is to a file, one record of JSON in a line, for
// [ReadJournal]. The file is made anew, with mode 0600. Tokens are left out,
// unless the server has [WithJournalTokens].
func (j *Journal) Save(path string) error {
	file, err := create(path)
	if err != nil {
		return fmt.Errorf("fakeserver: journal: %w", err)
	}
	w := bufio.NewWriter(file)
	for r := range j.All() {
		err = errors.Join(err, entry{record: &r}.write(w, j.tokens))
		if r.Order > 0 && r.Kind != frame.Answer {
			err = errors.Join(err, entry{record: &r, served: true}.write(w, j.tokens))
		}
	}
	if err := errors.Join(err, w.Flush(), file.Close()); err != nil {
		return fmt.Errorf("fakeserver: journal: %w", err)
	}
	return nil
}
