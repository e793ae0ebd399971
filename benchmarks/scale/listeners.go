package scale

import (
	"context"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/gofpnn/gofpnn/benchmarks/measure"
	"github.com/gofpnn/gofpnn/benchmarks/peer"
	"github.com/gofpnn/gofpnn/benchmarks/report"
	"github.com/gofpnn/gofpnn/rtm"
)

// group is what is listened to.
const group = 7

// listeners has more and more connections listen to one group. A message is sent
// to it when all have the one before.
func (s *Scale) listeners(ctx context.Context) ([]report.Curve, error) {
	steps := some(s, []int{1, 10, 100, 1_000}, 1)
	curve := report.Curve{
		Name: "listeners", Title: "Listeners to a push", X: "listeners", Y: "µs",
		Note: "Each has a connection. From the beginning of a send until the last listener has the message: the median time.",
	}
	var trials []trial
	for _, n := range steps {
		trials = append(trials, trial{float64(n), func() (micros float64, err error) {
			err = s.with(ctx, peer.RTM(), s.Duration, func(ctx context.Context, pr *peer.Process) (err error) {
				micros, err = s.pushes(ctx, pr.Address, n)
				return err
			})
			return micros, err
		}})
	}
	all, err := s.inTurns(trials)
	if err != nil {
		return nil, err
	}
	var each []report.Point
	for _, p := range all {
		y := p.Y
		each = append(each, report.Point{X: p.X, Y: measure.Spread{Median: y.Median / p.X, Min: y.Min / p.X, Max: y.Max / p.X}})
	}
	curve.Lines = []report.Series{report.NewSeries("push", all), report.NewSeries("push, for each listener", each)}
	return []report.Curve{curve}, nil
}

// pushes measures pushes to n listeners, and returns the median microseconds of one.
func (s *Scale) pushes(ctx context.Context, at peer.Address, n int) (micros float64, err error) {
	a := &audience{size: int64(n), complete: make(chan struct{}, 1)}
	gates, err := a.gather(ctx, at)
	defer func() { err = closing(err, gates) }()
	if err != nil {
		return 0, err
	}
	sender, err := peer.DialGate(ctx, at)
	if err != nil {
		return 0, err
	}
	gates = append(gates, sender)
	send := sender.Sender(1, rtm.Group(group))
	push := func() error {
		if err := send(); err != nil {
			return err
		}
		select {
		case <-a.complete:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	sample, err := measure.Closed(ctx, []measure.Caller{push}, s.Duration)
	return sample.P50, err
}

// audience are those who listen.
type audience struct {
	size     int64
	heard    atomic.Int64
	complete chan struct{} // gets a token when all have heard a message
}

func (a *audience) hear(context.Context, rtm.Push) {
	if a.heard.Add(1)%a.size == 0 {
		a.complete <- struct{}{}
	}
}

// gather connects the listeners. What it returns is to be closed, also with an
// error.
func (a *audience) gather(ctx context.Context, at peer.Address) (gates []*peer.Gate, err error) {
	made := make([]*peer.Gate, a.size)
	dials, ctx := errgroup.WithContext(ctx)
	dials.SetLimit(atOnce)
	for i := range made {
		dials.Go(func() (err error) {
			made[i], err = peer.DialGate(ctx, at, rtm.WithHandler(a.hear),
				rtm.WithListen(rtm.ListenSet{Groups: []int64{group}}, rtm.ListenAll{}))
			return err
		})
	}
	err = dials.Wait()
	for _, g := range made {
		if g != nil {
			gates = append(gates, g)
		}
	}
	return gates, err
}

// timesOf is how many measurements a curve with these steps has.
func timesOf[T any](s *Scale, steps []T) time.Duration { return time.Duration(s.Rounds * len(steps)) }
