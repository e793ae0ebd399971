package scale

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/gofpnn/gofpnn/benchmarks/measure"
	"github.com/gofpnn/gofpnn/benchmarks/peer"
	"github.com/gofpnn/gofpnn/benchmarks/report"
)

// sizeCallers is how many callers send messages of one size.
const sizeCallers = 16

// sizes sends larger and larger messages, which come back as they are.
func (s *Scale) sizes(ctx context.Context) ([]report.Curve, error) {
	bytes := some(s, []int{16, 64, 256, 1 << 10, 4 << 10, 16 << 10, 64 << 10, 256 << 10, 1 << 20}, 2)
	calls := report.Curve{
		Name: "size", Title: "Size of messages", X: "bytes", Y: "calls a second",
		Note: fmt.Sprintf("%d callers share a connection. A message goes both ways.", sizeCallers),
	}
	volume := report.Curve{
		Name: "volume", Title: "Volume of messages", X: "bytes", Y: "MB a second", Note: calls.Note + " One way counts.",
	}
	for _, p := range []peer.Peer{peer.FPNN(), peer.FPNNServer()} {
		var points []report.Point
		err := s.with(ctx, p, 2*s.Duration*timesOf(s, bytes), func(ctx context.Context, pr *peer.Process) (err error) {
			var trials []trial
			for _, n := range bytes {
				text := strings.Repeat("x", n)
				trials = append(trials, trial{float64(n), func() (float64, error) { return s.sized(ctx, pr.Addr, text) }})
			}
			points, err = s.inTurns(trials)
			return err
		})
		if err != nil {
			return nil, err
		}
		calls.Lines = append(calls.Lines, report.NewSeries(p.Name, points))
		volume.Lines = append(volume.Lines, report.NewSeries(p.Name, inMegabytes(points)))
	}
	return []report.Curve{calls, volume}, nil
}

// sized returns the calls a second with a text.
func (s *Scale) sized(ctx context.Context, addr, text string) (float64, error) {
	c, err := peer.DialFPNN(ctx, addr)
	if err != nil {
		return 0, err
	}
	callers := make([]measure.Caller, sizeCallers)
	for i := range callers {
		callers[i] = c.Sender(text)
	}
	_, err = measure.Closed(ctx, callers, s.Duration/4)
	if err != nil {
		return 0, errors.Join(err, c.Close())
	}
	sample, err := measure.Closed(ctx, callers, s.Duration)
	return sample.PerSecond(), errors.Join(err, c.Close())
}

// inMegabytes turns calls into the bytes they carry.
func inMegabytes(points []report.Point) (volume []report.Point) {
	for _, p := range points {
		mb := p.X / 1e6
		volume = append(volume, report.Point{X: p.X, Y: measure.Spread{Median: p.Y.Median * mb, Min: p.Y.Min * mb, Max: p.Y.Max * mb}})
	}
	return volume
}
