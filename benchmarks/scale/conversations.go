package scale

import (
	"context"
	"fmt"

	"github.com/gofpnn/gofpnn/benchmarks/measure"
	"github.com/gofpnn/gofpnn/benchmarks/peer"
	"github.com/gofpnn/gofpnn/benchmarks/report"
)

// conversations reads pages of longer and longer ones.
func (s *Scale) conversations(ctx context.Context) ([]report.Curve, error) {
	curve := report.Curve{
		Name: "conversation", Title: "Length of conversations", X: "messages", Y: "µs for a page",
		Note: fmt.Sprintf("One caller reads pages of %d messages from anywhere in a conversation of the fake server. The median time.",
			peer.PageRows),
	}
	err := s.with(ctx, peer.History, s.Duration*timesOf(s, peer.Conversations), func(ctx context.Context, pr *peer.Process) (err error) {
		gate, err := peer.DialGate(ctx, pr.Address)
		if err != nil {
			return err
		}
		defer func() { err = closing(err, []*peer.Gate{gate}) }()
		var trials []trial
		for i, length := range peer.Conversations {
			pages := []measure.Caller{gate.Pages(i)}
			trials = append(trials, trial{float64(length), func() (float64, error) {
				sample, err := measure.Closed(ctx, pages, s.Duration)
				return sample.P50, err
			}})
		}
		points, err := s.inTurns(trials)
		curve.Lines = []report.Series{report.NewSeries("page", points)}
		return err
	})
	return []report.Curve{curve}, err
}
