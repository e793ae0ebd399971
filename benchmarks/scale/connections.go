package scale

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/gofpnn/gofpnn/benchmarks/measure"
	"github.com/gofpnn/gofpnn/benchmarks/peer"
	"github.com/gofpnn/gofpnn/benchmarks/report"
)

const (
	// reserve is how many files a process needs besides connections.
	reserve = 100
	// atOnce is how many connections are made, or pinged, at a time.
	atOnce = 64
)

// connections holds more and more connections without using them, and pings them
// when there are no more to come.
func (s *Scale) connections(ctx context.Context) ([]report.Curve, error) {
	steps, note := fitting(some(s, []int{100, 1_000, 10_000}, 1), int(report.OpenFiles()))
	var h held
	err := s.with(ctx, peer.FPNNServer(), patience, func(ctx context.Context, pr *peer.Process) error {
		return h.hold(ctx, pr, steps)
	})
	if err != nil {
		return nil, err
	}
	return []report.Curve{
		{
			Name: "connections", Title: "Memory of an idle connection", X: "connections", Y: "bytes for each", Note: note,
			Lines: []report.Series{
				report.NewSeries("client", h.client),
				report.NewSeries("server", h.server),
				report.NewSeries("both", h.both),
				report.NewSeries("both, once pinged", h.pinged),
			},
		},
		{
			Name: "pings", Title: "Pinging every idle connection once", X: "connections", Y: "µs for each",
			Note:  fmt.Sprintf("%d pings at a time. Measured once.", atOnce),
			Lines: []report.Series{report.NewSeries("*ping", h.pings)},
		},
	}, nil
}

// fitting leaves out the steps for which a process may not have enough files open,
// and says what it does.
func fitting(steps []int, files int) (fit []int, note string) {
	most := steps[len(steps)-1]
	note = fmt.Sprintf("%d connections; a process may have %d files open.", most, files)
	if files > 0 && files-reserve < most {
		most = max(files-reserve, 1)
		note = fmt.Sprintf("Scaled down to %d connections, since a process may have only %d files open.", most, files)
	}
	for _, n := range steps {
		if n < most {
			fit = append(fit, n)
		}
	}
	return append(fit, most), note + " Measured once: it does not depend on what else the machine does."
}

// held is what connections cost that are held. Points are for each connection.
type held struct{ client, server, both, pinged, pings []report.Point }

// hold makes connections up to each step, those of the steps before included, and
// then pings as many.
func (h *held) hold(ctx context.Context, pr *peer.Process, steps []int) (err error) {
	var conns []peer.Client
	defer func() { err = closing(err, conns) }()
	before, err := memory(ctx, pr)
	if err != nil {
		return err
	}
	each := func(points *[]report.Point, n int, total float64) {
		*points = append(*points, report.Point{X: float64(n), Y: measure.SpreadOf([]float64{total / float64(n)})})
	}
	for _, n := range steps {
		if conns, err = dialUpTo(ctx, conns, n, pr.Addr); err != nil {
			return err
		}
		now, err := memory(ctx, pr)
		if err != nil {
			return err
		}
		each(&h.client, n, now.client-before.client)
		each(&h.server, n, now.server-before.server)
		each(&h.both, n, now.sum()-before.sum())
	}
	for _, n := range steps {
		took, err := pingAll(ctx, conns[:n])
		if err != nil {
			return err
		}
		each(&h.pings, n, float64(took.Microseconds()))
	}
	now, err := memory(ctx, pr)
	each(&h.pinged, len(conns), now.sum()-before.sum())
	return err
}

// used is what both processes use, in bytes of heap and stacks.
type used struct{ client, server float64 }

func (u used) sum() float64 { return u.client + u.server }

func memory(ctx context.Context, pr *peer.Process) (used, error) {
	server, err := pr.Usage(ctx)
	return used{float64(peer.Memory()), float64(server.Memory)}, err
}

// dialUpTo makes connections until there are n.
func dialUpTo(ctx context.Context, conns []peer.Client, n int, addr string) ([]peer.Client, error) {
	more := make([]peer.Client, n-len(conns))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	for i := range more {
		group.Go(func() (err error) {
			more[i], err = peer.DialFPNN(ctx, addr)
			return err
		})
	}
	err := group.Wait()
	for _, c := range more {
		if c.Client != nil {
			conns = append(conns, c)
		}
	}
	return conns, err
}

// pingAll pings every connection once.
func pingAll(ctx context.Context, conns []peer.Client) (time.Duration, error) {
	start := time.Now()
	group, ctx := errgroup.WithContext(ctx)
	for part := range atOnce {
		group.Go(func() error {
			for i := part; i < len(conns); i += atOnce {
				if _, err := conns[i].Call(ctx, "*ping", nil); err != nil {
					return err
				}
			}
			return nil
		})
	}
	err := group.Wait()
	return time.Since(start), err
}
