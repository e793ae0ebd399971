package main

import (
	"context"
	"errors"
	"flag"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/gofpnn/gofpnn/benchmarks/contest"
	"github.com/gofpnn/gofpnn/benchmarks/report"
	"github.com/gofpnn/gofpnn/benchmarks/scale"
)

func grow(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	s := scale.Scale{Progress: contest.NewProgress(stderr)}
	var (
		out  output
		only string
	)
	flags := flag.NewFlagSet("league scale", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&only, "only", strings.Join(scale.Names, ","), "`curves` to measure, with commas between")
	flags.IntVar(&s.Rounds, "rounds", 5, "rounds, in each of which every step is measured once")
	flags.DurationVar(&s.Duration, "duration", time.Second, "`time` of one measurement")
	flags.BoolVar(&s.Small, "quick", false, "less than a minute: one round of short measurements, without the largest steps")
	out.flags(flags)
	if err := parse(flags, args); err != nil {
		return err
	}
	if s.Small {
		s.Rounds, s.Duration = 1, 200*time.Millisecond
	}
	names := strings.Split(only, ",")
	for _, name := range names {
		if !slices.Contains(scale.Names, name) {
			return wrong(flags, "-only: no curve %q", name)
		}
	}
	if s.Rounds < 1 || s.Duration <= 0 {
		return wrong(flags, "-rounds and -duration have to be above 0")
	}
	if err := out.prepare(); err != nil {
		return err
	}
	r := &report.Scale{
		Machine: report.ThisMachine(), Started: time.Now(), Quick: s.Small, Rounds: s.Rounds, Seconds: s.Duration.Seconds(),
	}
	var failed error
	if r.Curves, failed = s.Run(ctx, names); len(r.Curves) == 0 {
		return failed
	}
	return errors.Join(failed, out.write(stdout, r, r.Started, "scale", s.Small))
}
