// Package scale shows how costs grow: with connections, callers, the size of
// messages, the length of conversations and the number of listeners. A [Scale] is for
// one goroutine at a time.
package scale

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gofpnn/gofpnn/benchmarks/contest"
	"github.com/gofpnn/gofpnn/benchmarks/measure"
	"github.com/gofpnn/gofpnn/benchmarks/peer"
	"github.com/gofpnn/gofpnn/benchmarks/report"
)

// Scale says how much is measured.
type Scale struct {
	Rounds   int
	Duration time.Duration // of one measurement
	Small    bool          // leave out the largest steps
	Progress *contest.Progress
}

// Names are what can be measured, in the order it is.
var Names = []string{"connections", "callers", "size", "conversation", "listeners"}

// Run measures what is named. Servers run in processes of their own. With an error
// it returns the curves that could be measured.
func (s *Scale) Run(ctx context.Context, names []string) (curves []report.Curve, err error) {
	all := map[string]func(ctx context.Context) ([]report.Curve, error){
		"connections": s.connections, "callers": s.callers, "size": s.sizes, "conversation": s.conversations, "listeners": s.listeners,
	}
	defer s.Progress.Done()
	start := time.Now()
	for i, name := range names {
		if s.Small && time.Since(start) >= contest.QuickLimit {
			err = errors.Join(err, fmt.Errorf("%s: has not begun within %v", name, contest.QuickLimit))
			continue
		}
		s.Progress.At(i, len(names), "%s", name)
		found, failure := all[name](ctx)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if failure != nil {
			err = errors.Join(err, fmt.Errorf("%s: %w", name, failure))
			continue
		}
		curves = append(curves, found...)
	}
	return curves, err
}

// patience is what a step may take besides what is measured.
const patience = time.Minute

// with has f use the server of p.
func (s *Scale) with(ctx context.Context, p peer.Peer, d time.Duration, f func(ctx context.Context, pr *peer.Process) error) error {
	ctx, cancel := context.WithTimeout(ctx, d+patience)
	defer cancel()
	servers := make(contest.Servers)
	defer servers.Stop()
	return servers.With(ctx, p, func(pr *peer.Process) error { return f(ctx, pr) })
}

// trial is what is measured in turns at one place of a curve.
type trial struct {
	x   float64
	run func() (y float64, err error)
}

// inTurns makes all trials in every round, one after the other.
func (s *Scale) inTurns(trials []trial) ([]report.Point, error) {
	ys := make([][]float64, len(trials))
	for range s.Rounds {
		for i, t := range trials {
			y, err := t.run()
			if err != nil {
				return nil, fmt.Errorf("at %.0f: %w", t.x, err)
			}
			ys[i] = append(ys[i], y)
		}
	}
	var points []report.Point
	for i, t := range trials {
		points = append(points, report.Point{X: t.x, Y: measure.SpreadOf(ys[i])})
	}
	return points, nil
}

// some returns the steps that are wanted: of a small run, all but the last n.
func some[T any](s *Scale, steps []T, n int) []T {
	if s.Small {
		return steps[:len(steps)-n]
	}
	return steps
}

// closing closes conns and adds what goes wrong to err.
func closing[C interface{ Close() error }](err error, conns []C) error {
	for _, c := range conns {
		err = errors.Join(err, c.Close())
	}
	return err
}
