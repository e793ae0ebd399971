package scale

import (
	"context"
	"errors"

	"github.com/gofpnn/gofpnn/benchmarks/contest"
	"github.com/gofpnn/gofpnn/benchmarks/peer"
	"github.com/gofpnn/gofpnn/benchmarks/report"
)

// callers has more and more callers share one connection.
func (s *Scale) callers(ctx context.Context) ([]report.Curve, error) {
	c := &contest.Contest{
		Peers:   []peer.Peer{peer.FPNN(), peer.FPNNServer(), peer.RTM()},
		Callers: some(s, []int{256, 512, 1024, 2048, 4096}, 1),
		Rounds:  s.Rounds, Duration: s.Duration, Warmup: s.Duration / 4,
		Progress: s.Progress.Part("callers"),
	}
	if s.Small {
		c.Grace = contest.QuickGrace
	}
	r, err := c.Run(ctx)
	if err != nil {
		return nil, err
	}
	curve := report.Curve{Name: "callers", Title: "Callers that share a connection", X: "callers", Y: "calls a second"}
	for _, p := range r.Peers {
		if p.Failed != "" {
			err = errors.Join(err, errors.New(p.Failed))
		}
		var points []report.Point
		for _, row := range r.Rows {
			if row.Name == p.Name {
				points = append(points, report.Point{X: float64(row.N), Y: row.Calls})
			}
		}
		curve.Lines = append(curve.Lines, report.NewSeries(p.Name, points))
	}
	return []report.Curve{curve}, err
}
