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
	Duration time.Duration // of one measurement, longer if few calls are due in it
	Grace    time.Duration // how much longer until a peer is taken for dead
	Limit    report.Limit
	Progress *Progress
}

const (
	// hopeless is after how many rates in a row that a peer cannot follow a round
	// gives it up.
	hopeless = 2
	// enoughCalls are due in each measurement, if it does not have to be more than
	// longest times as long for that: of fewer, too few are above the 99th percentile.
	enoughCalls = 5000
	longest     = 4
)

// errNoCallers says that a peer's client has no callers to hand calls to.
var errNoCallers = errors.New("makes its calls itself: there is no open loop")

// Run measures. It ends as [Contest.Run] does.
func (o *Open) Run(ctx context.Context) (*report.Open, error) {
	servers := make(Servers)
	defer servers.Stop()
	return o.run(ctx, func(p peer.Peer, rate float64) (measure.OpenSample, error) {
		return o.measure(ctx, servers, p, rate)
	})
}

// at is a peer at a rate.
type at struct {
	name string
	rate float64
}

func (o *Open) run(ctx context.Context, sample func(p peer.Peer, rate float64) (measure.OpenSample, error)) (*report.Open, error) {
	defer o.Progress.Done()
	var (
		found     = make(map[at][]measure.OpenSample)
		gaveUp    = make(map[at]bool)
		standings = newStandings(o.Peers, o.Progress)
		steps     = o.Rounds * len(o.Rates) * len(o.Peers)
		step      = 0
	)
	for round := range o.Rounds {
		exceeded := make(map[string]int) // the last times
		for _, rate := range o.Rates {
			for _, p := range o.Peers {
				step++
				if exceeded[p.Name] == hopeless {
					gaveUp[at{p.Name, rate}] = true
					continue
				}
				if standings.out(&p) {
					continue
				}
				o.Progress.At(step-1, steps, "round %d of %d, %.0f calls/s: %s", round+1, o.Rounds, rate, p.Name)
				s, err := sample(p, rate)
				if ctx.Err() != nil {
					return nil, ctx.Err()
				}
				standings.count(&p, err)
				if err != nil {
					continue
				}
				found[at{p.Name, rate}] = append(found[at{p.Name, rate}], s)
				exceeded[p.Name]++
				if !o.Limit.Exceeded(s) {
					exceeded[p.Name] = 0
				}
			}
		}
	}
	r := &report.Open{Rows: []report.OpenRow{}, Rounds: o.Rounds, Seconds: o.Duration.Seconds(), Callers: o.Callers, Limit: o.Limit}
	r.Peers = standings.told(o.Peers)
	for _, p := range o.Peers {
		for _, rate := range o.Rates {
			if rounds := found[at{p.Name, rate}]; len(rounds) > 0 {
				r.Add(p.Name, rate, gaveUp[at{p.Name, rate}], rounds...)
			}
		}
	}
	return r, nil
}

// lasts returns how long a rate is measured.
func (o *Open) lasts(rate float64) time.Duration {
	enough := min(enoughCalls/rate, longest*o.Duration.Seconds()) // a Duration might not hold the first
	return max(o.Duration, time.Duration(enough*float64(time.Second)))
}

func (o *Open) measure(ctx context.Context, servers Servers, p peer.Peer, rate float64) (s measure.OpenSample, err error) {
	ctx, cancel := context.WithTimeout(ctx, o.lasts(rate)+cmp.Or(o.Grace, DefaultGrace))
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
	return measure.Open(ctx, callers, rate, o.lasts(rate))
}
