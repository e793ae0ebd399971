package fakeserver

import (
	"bytes"
	"math"
	"sync"

	"github.com/gofpnn/gofpnn/codec"
	"github.com/gofpnn/gofpnn/fpnn/frame"
)

// garbage is a payload that nobody can read: the type c1 is never used.
type garbage struct{}

func (garbage) AppendPayload(b []byte) ([]byte, error) {
	return append(codec.AppendString(codec.AppendMapHeader(b, 1), "garbage"), 0xc1), nil
}

// spoilt is garbage in JSON. Nothing but JSON is made of an answer to JSON, so this
// is, and cannot be read any more when it goes out.
type spoilt struct {
	on  *spoilage
	seq uint32
}

func (s spoilt) AppendPayload(b []byte) ([]byte, error) {
	s.on.add(s.seq)
	return codec.AppendString(codec.AppendString(codec.AppendMapHeader(b, 1), "garbage"), ""), nil
}

// spoilage are the quests of one connection whose answers are on their way out, to
// be spoilt.
type spoilage struct {
	mu   sync.Mutex
	seqs map[uint32]struct{}
}

func (s *spoilage) add(seq uint32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.seqs == nil {
		s.seqs = make(map[uint32]struct{})
	}
	s.seqs[seq] = struct{}{}
}

// apply returns the packages in b as they are to go out, each as long as it was.
func (s *spoilage) apply(b []byte) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := b
	for at := 0; at < len(b) && len(s.seqs) > 0; {
		var p frame.Package
		n, err := p.Parse(b[at:], math.MaxInt)
		if err != nil || n == 0 {
			break
		}
		at += n
		if _, ok := s.seqs[p.Seq]; !ok || p.Kind != frame.Answer {
			continue
		}
		delete(s.seqs, p.Seq)
		if &out[0] == &b[0] {
			out = bytes.Clone(b)
		}
		out[at-1] = unreadable
	}
	return out
}
