package fakeserver

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/gofpnn/gofpnn/codec"
	"github.com/gofpnn/gofpnn/fpnn/frame"
)

// Record is one package in a journal.
type Record struct {
	N      int64     // its number, from 1
	Time   time.Time // when it passed
	Conn   int64     // the number of its connection, from 1, in the order they were accepted
	Out    bool      // the server sent it
	Kind   frame.Kind
	Method string // of an answer: of its quest, if that is known
	Seq    uint32 // 0 in oneway quests
	Status uint8  // of an answer: 0 for success
	Bytes  []byte // the whole package

	// Order is the place of a quest among all that the gate's methods have served,
	// from 1, given where it took effect, and of an answer that of its quest; 0 if
	// none of them has served it. A quest's record is made before it is served: who
	// sees it at once may find 0, and the place in the answer's.
	Order int64
	// Now is the time it was served at, the only one its methods knew; where Order is
	// 0 the zero time.
	Now time.Time
}

// Payload returns the package's payload. It fails if that is malformed.
func (r *Record) Payload() (codec.Payload, error) {
	var p frame.Package
	if _, err := p.Parse(r.Bytes, len(r.Bytes)); err != nil {
		return codec.Payload{}, err
	}
	if p.Flags&frame.JSON != 0 {
		return codec.ParseJSON(p.Payload)
	}
	return codec.ParsePayload(p.Payload)
}

// Code returns the code of an error answer, and 0 for all else.
func (r *Record) Code() int {
	if r.Kind != frame.Answer || r.Status == 0 {
		return 0
	}
	p, err := r.Payload()
	if err != nil {
		return 0
	}
	code, _ := p.Int64("code")
	return int(code)
}

// String returns the record as one line, tokens left out.
func (r Record) String() string {
	var b strings.Builder
	arrow := "->"
	if r.Out {
		arrow = "<-"
	}
	fmt.Fprintf(&b, "%d %s conn %d %s %s", r.N, r.Time.Format("15:04:05.000000"), r.Conn, arrow, printable(r.Method))
	if r.Kind != frame.Oneway {
		fmt.Fprintf(&b, " #%d", r.Seq)
	}
	switch {
	case r.Kind != frame.Answer:
		fmt.Fprintf(&b, " %s", r.Kind)
	case r.Status == 0:
		b.WriteString(" answer")
	default:
		b.WriteString(" error")
	}
	return b.String() + " " + r.Text()
}

// Text returns the payload for people to read, tokens left out.
func (r *Record) Text() string {
	shown := *r
	shown.redact()
	return shown.text()
}

func (r *Record) text() string {
	p, err := r.Payload()
	if err != nil {
		return fmt.Sprintf("(%v) %x", err, r.Bytes[min(frame.HeaderSize, len(r.Bytes)):])
	}
	return p.String()
}

// printable returns a method or event as it is, or quoted if it is not UTF-8 or has
// what does not print: it may be of a hostile client, and is shown in lines and on
// terminals.
func printable(name string) string {
	if utf8.ValidString(name) && strings.IndexFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }) < 0 {
		return name
	}
	return fmt.Sprintf("%q", name)
}
