package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"strings"
	"time"

	"github.com/gofpnn/gofpnn/benchmarks/peer"
	"github.com/gofpnn/gofpnn/benchmarks/report"
)

// grace is how much longer than planned a measurement may take before its peer is
// taken for dead.
const grace = 15 * time.Second

// contest measures peers in turns: in every round, for each number of callers, one
// after the other, so that what changes on the machine meanwhile changes for all.
// Their servers run all the time; a connection lasts for one measurement.
type contest struct {
	*options
	peers     []peer.Peer
	processes map[string]*peer.Process
	measured  map[entry][]report.Measured
	failed    map[string]error
	progress  *progress
}

// entry is a row of the result.
type entry struct {
	name string
	n    int
}

func newContest(o *options, peers []peer.Peer, p *progress) *contest {
	return &contest{
		options: o, peers: peers, progress: p,
		processes: make(map[string]*peer.Process),
		measured:  make(map[entry][]report.Measured),
		failed:    make(map[string]error),
	}
}

// run measures and returns the report. A peer that fails is out from then on.
func (c *contest) run(ctx context.Context) (*report.Report, error) {
	r := &report.Report{
		Machine: report.ThisMachine(), Started: time.Now(), Quick: c.quick,
		Rounds: c.rounds, Seconds: c.duration.Seconds(), Baseline: c.baseline,
	}
	defer c.stop()
	defer c.progress.done()
	skipped := make(map[string]string)
	for _, p := range c.peers {
		if p.Missing != nil {
			if why := p.Missing(); why != "" {
				skipped[p.Name] = why
				c.progress.say("%s is skipped: %s", p.Name, why)
			}
		}
	}
	plan := c.plan(skipped)
	for i, s := range plan {
		if c.failed[s.peer.Name] != nil {
			continue
		}
		c.progress.at(i, len(plan), "round %d of %d, %d callers: %s", s.round, c.rounds, s.n, s.peer.Name)
		m, err := c.measure(ctx, s)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err != nil {
			c.failed[s.peer.Name] = err
			c.progress.say("%s is out: %v", s.peer.Name, err)
			continue
		}
		e := entry{s.peer.Name, s.n}
		c.measured[e] = append(c.measured[e], m)
	}
	for _, p := range c.peers {
		told := report.Peer{Name: p.Name, What: p.What, Skipped: skipped[p.Name]}
		if err := c.failed[p.Name]; err != nil {
			told.Failed = err.Error()
		}
		r.Peers = append(r.Peers, told)
		for _, n := range c.callers {
			if rounds := c.measured[entry{p.Name, n}]; len(rounds) > 0 {
				r.Rows = append(r.Rows, report.NewRow(p.Name, n, rounds))
			}
		}
	}
	r.Compare()
	return r, nil
}

// step is one measurement.
type step struct {
	peer  peer.Peer
	n     int
	round int
}

// plan returns all measurements in their order.
func (c *contest) plan(skipped map[string]string) (plan []step) {
	for round := range c.rounds {
		for _, n := range c.callers {
			for _, p := range c.peers {
				if skipped[p.Name] == "" && (n == 1 || !p.Lone) {
					plan = append(plan, step{p, n, round + 1})
				}
			}
		}
	}
	return plan
}

// measure makes one measurement, and ends the peer's server if that fails.
func (c *contest) measure(ctx context.Context, s step) (m report.Measured, err error) {
	ctx, cancel := context.WithTimeout(ctx, c.warmup+c.duration+grace)
	defer cancel()
	pr, err := c.process(ctx, s.peer)
	if err != nil {
		return m, err
	}
	if s.peer.Keeps {
		defer func() {
			delete(c.processes, s.peer.Name)
			pr.Stop()
		}()
	}
	defer context.AfterFunc(ctx, pr.Kill)() // calls without an answer end with their connection
	conn, err := s.peer.Dial(ctx, pr.Address)
	if err != nil {
		return m, err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	if c.warmup > 0 {
		if _, err := peer.Load(ctx, conn, s.n, c.warmup); err != nil {
			return m, err
		}
	}
	runtime.GC()
	end, err := c.profile(ctx, pr, s)
	if err != nil {
		return m, err
	}
	before, err := pr.CPU(ctx)
	if err != nil {
		return m, err
	}
	if m.Sample, err = peer.Load(ctx, conn, s.n, c.duration); err != nil {
		return m, err
	}
	after, err := pr.CPU(ctx)
	if err != nil {
		return m, err
	}
	m.ServerCPU = math.NaN()
	if after > 0 {
		m.ServerCPU = float64((after-before).Nanoseconds()) / 1000 / float64(max(m.Calls, 1))
	}
	return m, end()
}

// process returns the peer's server, which is started the first time.
func (c *contest) process(ctx context.Context, p peer.Peer) (*peer.Process, error) {
	if pr := c.processes[p.Name]; pr != nil {
		return pr, nil
	}
	pr, err := peer.Start(ctx, p)
	if err == nil {
		c.processes[p.Name] = pr
	}
	return pr, err
}

func (c *contest) stop() {
	for _, pr := range c.processes {
		pr.Stop()
	}
}

// profile begins CPU profiles of both processes, if they are wanted, and returns
// what ends them.
func (c *contest) profile(ctx context.Context, pr *peer.Process, s step) (end func() error, err error) {
	if c.profiles == "" {
		return func() error { return nil }, nil
	}
	path := func(side string) string {
		name := fmt.Sprintf("%s-%d-%d-%s.pprof", strings.ReplaceAll(s.peer.Name, "/", "-"), s.n, s.round, side)
		return filepath.Join(c.profiles, name)
	}
	if err := pr.Profile(ctx, path("server")); err != nil {
		return nil, err
	}
	f, err := os.Create(path("client"))
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		_ = f.Close()
		return nil, err
	}
	return func() error {
		pprof.StopCPUProfile()
		return errors.Join(f.Close(), pr.Profile(ctx, ""))
	}, nil
}
