package contest

import (
	"fmt"
	"strings"
	"time"

	"github.com/gofpnn/gofpnn/benchmarks/peer"
	"github.com/gofpnn/gofpnn/benchmarks/report"
)

// patience is after how many failures in a row a peer is out.
const patience = 2

// standings are how the peers of a contest stand, by their names.
type standings struct {
	progress *Progress
	skipped  map[string]string // what a peer needs that is not there
	made     map[string]int    // measurements
	failed   map[string]int    // of them
	inARow   map[string]int    // the last ones
	last     map[string]error
	left     map[string]int // measurements that have not begun
	limit    time.Duration  // since they were to begin within it
}

func newStandings(peers []peer.Peer, p *Progress) *standings {
	s := &standings{
		progress: p,
		skipped:  make(map[string]string), made: make(map[string]int), failed: make(map[string]int),
		inARow: make(map[string]int), last: make(map[string]error), left: make(map[string]int),
	}
	for _, peer := range peers {
		if peer.Missing == nil {
			continue
		}
		if why := peer.Missing(); why != "" {
			s.skipped[peer.Name] = why
			p.Say("%s is skipped: %s", peer.Name, why)
		}
	}
	return s
}

// out reports whether a peer is not measured, or not any more.
func (s *standings) out(p *peer.Peer) bool {
	return s.skipped[p.Name] != "" || s.inARow[p.Name] == patience
}

// count counts a measurement, which has failed if there is an error.
func (s *standings) count(p *peer.Peer, err error) {
	s.made[p.Name]++
	if err == nil {
		s.inARow[p.Name] = 0
		return
	}
	s.failed[p.Name]++
	s.inARow[p.Name]++
	s.last[p.Name] = err
	s.progress.Say("%s has failed: %v", p.Name, err)
}

// leave counts a measurement that has not begun within a limit.
func (s *standings) leave(p *peer.Peer, limit time.Duration) {
	if len(s.left) == 0 {
		s.progress.Say("what is left after %v is not measured", limit)
	}
	s.limit = limit
	s.left[p.Name]++
}

// told says what became of peers.
func (s *standings) told(peers []peer.Peer) (told []report.Peer) {
	for _, p := range peers {
		t := report.Peer{Name: p.Name, What: p.What, Skipped: s.skipped[p.Name]}
		var failed []string
		if n := s.failed[p.Name]; n > 0 {
			failed = append(failed, fmt.Sprintf("%d of %d measurements, the last with: %v", n, s.made[p.Name], s.last[p.Name]))
		}
		if n := s.left[p.Name]; n > 0 {
			failed = append(failed, fmt.Sprintf("measurements that have not begun within %v: %d", s.limit, n))
		}
		t.Failed = strings.Join(failed, "; ")
		told = append(told, t)
	}
	return told
}
