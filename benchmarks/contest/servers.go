package contest

import (
	"context"

	"github.com/gofpnn/gofpnn/benchmarks/peer"
)

// Servers are the processes of the peers' servers, which are started when they
// are needed first. It is used by one goroutine.
type Servers map[string]*peer.Process // by the peers' names

// With has f use a peer's server. If ctx ends before f does, the server is killed,
// so that calls without an answer end. A server that has failed, or that keeps
// what it is sent, is not used again.
func (s Servers) With(ctx context.Context, p peer.Peer, f func(pr *peer.Process) error) (err error) {
	pr := s[p.Name]
	if pr == nil {
		if pr, err = peer.Start(ctx, p); err != nil {
			return err
		}
		s[p.Name] = pr
	}
	stop := context.AfterFunc(ctx, pr.Kill)
	err = f(pr)
	if killed := !stop(); killed || err != nil || p.Keeps {
		delete(s, p.Name)
		pr.Stop()
	}
	return err
}

// Stop ends all servers and waits for their end.
func (s Servers) Stop() {
	for _, pr := range s {
		pr.Stop()
	}
	clear(s)
}
