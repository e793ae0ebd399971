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

// connections holds idle connections, and pings each.
func (s *Scale) connections(ctx context.Context) ([]report.Curve, error) {
	steps := some(s, []int{100, 1_000, 10_000}, 1)
	note := fmt.Sprintf("Of %d files that a process may have open.", report.OpenFiles())
	most := steps[len(steps)-1]
	if limit := int(report.OpenFiles()); limit > 0 && limit-reserve < most {
		most = max(limit-reserve, 1)
		note = fmt.Sprintf("Scaled down to %d connections: a process may have %d files open.", most, limit)
	}
	var client, server, both, pings []report.Point
	err := s.with(ctx, peer.FPNNServer(), patience, func(ctx context.Context, pr *peer.Process) (err error) {
		var conns []peer.Client
		defer func() { err = closing(err, conns) }()
		before, err := memory(ctx, pr)
		if err != nil {
			return err
		}
		for _, n := range steps {
			n = min(n, most)
			if n <= len(conns) {
				continue
			}
			if conns, err = dialUpTo(ctx, conns, n, pr.Addr); err != nil {
				return err
			}
			took, err := pingAll(ctx, conns)
			if err != nil {
				return err
			}
			now, err := memory(ctx, pr)
			if err != nil {
				return err
			}
			point := func(y float64) report.Point {
				return report.Point{X: float64(n), Y: measure.SpreadOf([]float64{y})}
			}
			c, s := (now.client-before.client)/float64(n), (now.server-before.server)/float64(n)
			client, server = append(client, point(c)), append(server, point(s))
			both = append(both, point(c+s))
			pings = append(pings, point(float64(took.Microseconds())/float64(n)))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	note += " Measured once: memory does not depend on what else the machine does."
	return []report.Curve{
		{
			Name: "connections", Title: "Memory of an idle connection", X: "connections", Y: "bytes for each", Note: note,
			Lines: []report.Series{
				report.NewSeries("client", client), report.NewSeries("server", server), report.NewSeries("both", both),
			},
		},
		{
			Name: "pings", Title: "Pinging every idle connection once", X: "connections", Y: "µs for each", Note: note,
			Lines: []report.Series{report.NewSeries("*ping", pings)},
		},
	}, nil
}

// used is what both processes use, in bytes of heap and stacks.
type used struct{ client, server float64 }

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
