package contest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/gofpnn/gofpnn/benchmarks/measure"
	"github.com/gofpnn/gofpnn/benchmarks/peer"
	"github.com/gofpnn/gofpnn/benchmarks/report"
)

// Open says what is measured in an open loop: in every round, for each rate,
// ascending, the peers one after the other. A peer that cannot follow twice in a
// row is not asked for more in that round.
type Open struct {
	Peers    []peer.Peer
	Callers  int       // that wait to make the calls: as many may be under way
	Rates    []float64 // calls a second
	Rounds   int
	Duration time.Duration // of one measurement
	Grace    time.Duration // how much longer until a peer is taken for dead
	Limit    report.Limit
	Progress *Progress
}

// errNoCallers says that a peer's client has no callers to hand calls to.
var errNoCallers = errors.New("makes its calls itself: there is no open loop")

// Run measures. It ends as [Contest.Run] does.
func (o *Open) Run(ctx context.Context) (*report.Open, error) {
	servers := make(Servers)
	defer servers.Stop()
	defer o.Progress.Done()
	var (
		found     = make(map[string]map[float64][]measure.OpenSample)
		standings = newStandings(o.Peers, o.Progress)
		steps     = o.Rounds * len(o.Rates) * len(o.Peers)
		step      = 0
	)
	for _, p := range o.Peers {
		found[p.Name] = make(map[float64][]measure.OpenSample)
	}
	for round := range o.Rounds {
		exceeded := make(map[string]int) // the last times
		for _, rate := range o.Rates {
			for _, p := range o.Peers {
				step++
				if standings.out(&p) || exceeded[p.Name] == 2 {
					continue
				}
				o.Progress.At(step-1, steps, "round %d of %d, %.0f calls/s: %s", round+1, o.Rounds, rate, p.Name)
				s, err := o.measure(ctx, servers, p, rate)
				if ctx.Err() != nil {
					return nil, ctx.Err()
				}
				standings.count(&p, err)
				if err != nil {
					continue
				}
				found[p.Name][rate] = append(found[p.Name][rate], s)
				exceeded[p.Name]++
				if !o.Limit.Exceeded(s) {
					exceeded[p.Name] = 0
				}
			}
		}
	}
	r := &report.Open{Rounds: o.Rounds, Seconds: o.Duration.Seconds(), Callers: o.Callers, Limit: o.Limit}
	r.Peers = standings.told(o.Peers)
	for _, p := range o.Peers {
		for _, rate := range o.Rates {
			if rounds := found[p.Name][rate]; len(rounds) > 0 {
				r.Rows = append(r.Rows, report.NewOpenRow(p.Name, rate, o.Limit, rounds))
			}
		}
	}
	return r, nil
}

func (o *Open) measure(ctx context.Context, servers Servers, p peer.Peer, rate float64) (s measure.OpenSample, err error) {
	ctx, cancel := context.WithTimeout(ctx, o.Duration+cmp.Or(o.Grace, DefaultGrace))
	defer cancel()
	err = servers.With(ctx, p, func(pr *peer.Process) error {
		conn, err := p.Dial(ctx, pr.Address)
		if err != nil {
			return err
		}
		s, err = o.measureConn(ctx, conn, rate)
		return errors.Join(err, conn.Close())
	})
	return s, err
}

func (o *Open) measureConn(ctx context.Context, conn peer.Conn, rate float64) (s measure.OpenSample, err error) {
	if _, ok := conn.(peer.Loader); ok {
		return s, errNoCallers
	}
	callers := make([]measure.Caller, o.Callers)
	for i := range callers {
		callers[i] = conn.Caller()
	}
	if _, err := measure.Closed(ctx, callers, o.Duration/10); err != nil {
		return s, fmt.Errorf("before it counts: %w", err)
	}
	runtime.GC()
	return measure.Open(ctx, callers, rate, o.Duration)
}
