package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/gofpnn/gofpnn/fpnn/frame"
)

// maxShown is the largest package in bytes whose payload is shown. Larger ones
// are not held in memory.
const maxShown = frame.DefaultMaxPackage

// maxKept is the largest buffer in bytes that outlives the package it was for.
const maxKept = 1 << 20

const magic, methodKey = "FPNN", "*key"

// stream cuts one direction of a connection into packages, in whatever pieces it
// comes. It is for one goroutine.
type stream struct {
	// found is told of each package and the offset of its first byte. Whole is
	// false if the package is longer than maxShown: then it has no payload. The
	// package's bytes are valid until found returns.
	found func(at int64, p *frame.Package, whole bool)
	// keyed is set when encryption has been asked for, by `*key`. The streams of
	// both directions share it.
	keyed *atomic.Bool

	buf  []byte
	at   int64 // offset of buf
	skip int64 // bytes still to come of a package that is not held
	size int64 // of that package
	err  error // where and why there are no more packages
}

// streamError says where a stream goes wrong.
type streamError struct {
	at     int64
	reason string
}

func (e *streamError) Error() string { return fmt.Sprintf("at byte %d: %s", e.at, e.reason) }

// write takes the next bytes. An error is final, and where the stream stops being
// FPNN.
func (s *stream) write(b []byte) error {
	if s.err != nil {
		return s.err
	}
	if s.skip > 0 {
		n := min(s.skip, int64(len(b)))
		s.skip -= n
		s.at += n
		b = b[n:]
	}
	s.buf = append(s.buf, b...)
	taken := 0
	for s.err == nil {
		n := s.next(s.buf[taken:])
		if n == 0 {
			break
		}
		taken += n
		s.at += int64(n)
	}
	switch rest := s.buf[taken:]; {
	case taken == 0:
	case cap(s.buf) > maxKept:
		s.buf = bytes.Clone(rest)
	default:
		s.buf = append(s.buf[:0], rest...)
	}
	return s.err
}

// next takes what is at the start of b and returns how long it is, 0 if it is
// not yet there.
func (s *stream) next(b []byte) int {
	if n := min(len(b), len(magic)); string(b[:n]) != magic[:n] {
		return s.fail(b, frame.ErrMagic)
	}
	var p frame.Package
	n, err := p.Parse(b, maxShown)
	switch {
	case errors.Is(err, frame.ErrTooLarge):
		return s.begin(b)
	case err != nil:
		return s.fail(b, err)
	case n > 0:
		s.tell(&p, true)
	}
	return n
}

// begin is next for a package that is too large to be held.
func (s *stream) begin(b []byte) int {
	h, _ := frame.ParseHeader(b) // as before
	p := frame.Package{Header: h}
	head := int(h.Size() - int64(h.PayloadSize))
	if len(b) < head {
		return 0
	}
	at := frame.HeaderSize
	if h.Kind != frame.Oneway {
		p.Seq = binary.LittleEndian.Uint32(b[at:])
		at += 4
	}
	p.Method = b[at:head]
	s.tell(&p, false)
	n := min(h.Size(), int64(len(b)))
	s.size, s.skip = h.Size(), h.Size()-n
	return int(n)
}

func (s *stream) tell(p *frame.Package, whole bool) {
	if string(p.Method) == methodKey {
		s.keyed.Store(true)
	}
	s.found(s.at, p, whole)
}

func (s *stream) fail(b []byte, err error) int {
	reason := cause(err)
	if guess := speaks(b); guess != "" {
		reason += ", this looks like " + guess
	} else if s.keyed.Load() {
		reason += ", encrypted since *key"
	}
	s.err = &streamError{s.at, string(appendDump([]byte(reason+": "), b))}
	return 0
}

// end tells that no more bytes come. It is an error if they end inside a package.
func (s *stream) end() error {
	switch {
	case s.err != nil:
	case s.skip > 0:
		s.err = &streamError{s.at, fmt.Sprintf("the end, with %d bytes of a package of %d missing", s.skip, s.size)}
	case len(s.buf) >= frame.HeaderSize:
		h, _ := frame.ParseHeader(s.buf)
		missing := h.Size() - int64(len(s.buf))
		s.err = &streamError{s.at + int64(len(s.buf)), fmt.Sprintf("the end, with %d bytes of a package of %d missing", missing, h.Size())}
	case len(s.buf) > 0:
		s.err = &streamError{s.at + int64(len(s.buf)), "the end, inside the header of a package"}
	}
	return s.err
}

// speaks guesses what bytes are that are no FPNN.
func speaks(b []byte) string {
	has := func(prefix string) bool { return len(b) >= len(prefix) && string(b[:len(prefix)]) == prefix }
	switch {
	case has("\x16\x03"), has("\x15\x03"), has("\x17\x03"):
		return "TLS"
	case has("GET "), has("POST "), has("HTTP/"), has("PUT "), has("HEAD "), has("OPTIONS "):
		return "HTTP"
	}
	return ""
}
