// Package contest measures peers in turns, so that what else the machine does meets
// all alike: in a closed loop ([Contest]), or at fixed rates ([Open]).
//
// A [Contest], an [Open] and their [Progress] are each for one goroutine at a time.
// Failures of peers are results; only ctx's end is an error.
package contest

import (
	"cmp"
	"context"
	"errors"
	"math"
	"runtime"
	"time"

	"github.com/gofpnn/gofpnn/benchmarks/measure"
	"github.com/gofpnn/gofpnn/benchmarks/peer"
	"github.com/gofpnn/gofpnn/benchmarks/report"
)

const (
	// DefaultGrace is what Grace is if not set.
	DefaultGrace = 15 * time.Second
	// QuickGrace is that of a quick run.
	QuickGrace = 2 * time.Second
	// QuickLimit has a quick run end within a minute, also if peers hang.
	QuickLimit = 50 * time.Second
)

// Contest says what is measured: in every round, for each number of callers, the
// peers one after the other, so that what changes on the machine meanwhile changes
// for all of them. Servers run all the time; a connection lasts for one
// measurement.
type Contest struct {
	Peers    []peer.Peer
	Callers  []int
	Rounds   int
	Duration time.Duration // of one measurement
	Warmup   time.Duration // before it, which does not count
	Grace    time.Duration // how much longer than that until a peer is taken for dead
	Limit    time.Duration // after which no measurement begins; 0 for none
	Profiles string        // directory for CPU profiles of both processes; "" for none
	Progress *Progress
}

// Result is what a contest has found.
type Result struct {
	Rows  []report.Row // not nil
	Peers []report.Peer
}

// entry is a row of the result.
type entry struct {
	name string
	n    int
}

// Run measures. A peer that fails twice in a row is out from then on. Failures are
// told in the result; the only error is ctx's.
func (c *Contest) Run(ctx context.Context) (*Result, error) {
	servers := make(Servers)
	defer servers.Stop()
	defer c.Progress.Done()
	measured := make(map[entry][]report.Measured)
	standings := newStandings(c.Peers, c.Progress)
	plan := c.plan(standings)
	start := time.Now()
	for i, s := range plan {
		if standings.out(&s.peer) {
			continue
		}
		if c.Limit > 0 && time.Since(start) >= c.Limit {
			standings.leave(&s.peer, c.Limit)
			continue
		}
		c.Progress.At(i, len(plan), "round %d of %d, %d callers: %s", s.round, c.Rounds, s.n, s.peer.Name)
		m, err := c.measure(ctx, servers, s)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		standings.count(&s.peer, err)
		if err == nil {
			e := entry{s.peer.Name, s.n}
			measured[e] = append(measured[e], m)
		}
	}
	r := &Result{Rows: []report.Row{}, Peers: standings.told(c.Peers)}
	for _, p := range c.Peers {
		for _, n := range c.Callers {
			if rounds := measured[entry{p.Name, n}]; len(rounds) > 0 {
				r.Rows = append(r.Rows, report.NewRow(p.Name, n, rounds))
			}
		}
	}
	return r, nil
}

// step is one measurement.
type step struct {
	peer  peer.Peer
	n     int
	round int
}

// plan returns all measurements in their order.
func (c *Contest) plan(standings *standings) (plan []step) {
	for round := range c.Rounds {
		for _, n := range c.Callers {
			for _, p := range c.Peers {
				if !standings.out(&p) && (n == 1 || !p.Lone) {
					plan = append(plan, step{p, n, round + 1})
				}
			}
		}
	}
	return plan
}

func (c *Contest) measure(ctx context.Context, servers Servers, s step) (m report.Measured, err error) {
	ctx, cancel := context.WithTimeout(ctx, c.Warmup+c.Duration+cmp.Or(c.Grace, DefaultGrace))
	defer cancel()
	err = servers.With(ctx, s.peer, func(pr *peer.Process) error {
		conn, err := s.peer.Dial(ctx, pr.Address)
		if err != nil {
			return err
		}
		m, err = c.measureConn(ctx, pr, conn, s)
		return errors.Join(err, conn.Close())
	})
	return m, err
}

func (c *Contest) measureConn(ctx context.Context, pr *peer.Process, conn peer.Conn, s step) (m report.Measured, err error) {
	load, err := c.warm(ctx, conn, s.n)
	if err != nil {
		return m, err
	}
	runtime.GC()
	end, err := c.profile(ctx, pr, conn, s)
	if err != nil {
		return m, err
	}
	defer func() { err = errors.Join(err, end()) }()
	before, err := pr.CPU(ctx)
	if err != nil {
		return m, err
	}
	if m.Sample, err = load(); err != nil {
		return m, err
	}
	after, err := pr.CPU(ctx)
	if err != nil {
		return m, err
	}
	m.ServerCPU = math.NaN()
	if after > 0 {
		m.ServerCPU = float64((after - before).Nanoseconds()) / 1000 / float64(max(m.Calls, 1))
	}
	return m, nil
}

// warm warms a connection up, or has that done by who makes its calls, and returns
// what makes those that count.
func (c *Contest) warm(ctx context.Context, conn peer.Conn, n int) (load func() (measure.Sample, error), err error) {
	if apart, ok := conn.(peer.Apart); ok {
		return func() (measure.Sample, error) { return apart.LoadWarm(ctx, n, c.Warmup, c.Duration) }, nil
	}
	if c.Warmup > 0 {
		_, err = peer.Load(ctx, conn, n, c.Warmup)
	}
	return func() (measure.Sample, error) { return peer.Load(ctx, conn, n, c.Duration) }, err
}
