package fakeserver

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/gofpnn/gofpnn/fpnn/frame"
)

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
