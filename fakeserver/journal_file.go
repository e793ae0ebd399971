package fakeserver

import (
	"bufio"
	"bytes"
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

// maxLine is the longest line of a journal's file: of a package of the default
// limit, 8 MiB, and its text.
const maxLine = 64 << 20

// ReadJournal reads what [Journal.Save] or [WithJournalFile] has written. A last
// line that is cut short, as by a crash, ends it with [io.ErrUnexpectedEOF]; the
// records before any error are returned with it.
func ReadJournal(r io.Reader) ([]Record, error) {
	var f journalFile
	in := bufio.NewReader(r)
	for number := 1; ; number++ {
		text, err := readLine(in)
		if err == nil {
			err = f.merge(text)
		}
		switch {
		case errors.Is(err, io.EOF):
			return f.records, nil
		case err != nil:
			return f.records, fmt.Errorf("fakeserver: journal, line %d: %w", number, err)
		}
	}
}

// readLine returns a line without its end.
func readLine(in *bufio.Reader) (line []byte, err error) {
	for {
		part, err := in.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case err == nil:
			return line[:len(line)-1], nil
		case errors.Is(err, io.EOF) && len(line) > 0:
			return nil, io.ErrUnexpectedEOF
		case !errors.Is(err, bufio.ErrBufferFull):
			return nil, err
		case len(line) > maxLine:
			return nil, errors.New("line is too long")
		}
	}
}

// journalFile is what has been read so far.
type journalFile struct {
	records []Record
	at      map[int64]int // by number
}

func (f *journalFile) merge(text []byte) error {
	var l line
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&l); err != nil {
		return err
	}
	if l.Now != nil && l.Time == nil && l.Bytes == nil {
		i, ok := f.at[l.N]
		if !ok {
			return fmt.Errorf("record %d was served and is not there", l.N)
		}
		f.records[i].Order, f.records[i].Now = l.Order, *l.Now
		return nil
	}
	var p frame.Package
	switch n, err := p.Parse(l.Bytes, len(l.Bytes)); {
	case err != nil:
		return err
	case n == 0 || n != len(l.Bytes):
		return errors.New("bytes are not one package")
	case l.Time == nil:
		return errors.New("no time")
	}
	if f.at == nil {
		f.at = make(map[int64]int)
	}
	f.at[l.N] = len(f.records)
	r := Record{N: l.N, Time: *l.Time, Conn: l.Conn, Out: l.Out, Kind: p.Kind, Method: string(p.Method), Seq: p.Seq, Bytes: l.Bytes}
	if p.Kind == frame.Answer { // which does not name its method
		r.Method, r.Status, r.Order = string(l.Method), p.SS, l.Order
		if l.Now != nil {
			r.Now = *l.Now
		}
	}
	f.records = append(f.records, r)
	return nil
}
