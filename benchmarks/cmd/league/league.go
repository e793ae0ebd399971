package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gofpnn/gofpnn/benchmarks/contest"
	"github.com/gofpnn/gofpnn/benchmarks/peer"
	"github.com/gofpnn/gofpnn/benchmarks/report"
)

// options are what the league is told.
type options struct {
	callers  intList
	peers    string
	execs    execList
	rounds   int
	duration time.Duration
	warmup   time.Duration
	grace    time.Duration
	limit    time.Duration
	baseline string
	quick    bool
	profiles string
	output
}

func (o *options) flags(stderr io.Writer) *flag.FlagSet {
	flags := flag.NewFlagSet("league", flag.ContinueOnError)
	flags.SetOutput(stderr)
	o.callers = intList{1, 16, 64, 256, 1024}
	flags.Var(&o.callers, "n", "numbers of synchronous callers")
	flags.StringVar(&o.peers, "peers", "", "`names` of the peers to measure, with commas between (default all)")
	flags.Var(&o.execs, "exec", "`name=command` of an outside client program; may be repeated")
	flags.IntVar(&o.rounds, "rounds", 5, "rounds, in each of which every peer is measured once")
	flags.DurationVar(&o.duration, "duration", time.Second, "`time` of one measurement")
	flags.DurationVar(&o.warmup, "warmup", 200*time.Millisecond, "`time` before each that does not count")
	flags.StringVar(&o.baseline, "baseline", "", "`name` of the peer that ratios are to (default "+usualBaseline+", or the first that is measured)")
	flags.BoolVar(&o.quick, "quick", false, "less than a minute: 3 short rounds, whatever the other flags say")
	o.output.flags(flags)
	flags.StringVar(&o.profiles, "cpuprofile", "", "`directory` for CPU profiles of client and server, one for each measurement")
	return flags
}

func league(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	var o options
	flags := o.flags(stderr)
	if err := parse(flags, args); err != nil {
		return err
	}
	if o.quick {
		o.rounds, o.duration, o.warmup = 3, 100*time.Millisecond, 30*time.Millisecond
		o.grace, o.limit = contest.QuickGrace, contest.QuickLimit
	}
	peers, err := o.chosen()
	switch {
	case err != nil:
		return wrong(flags, "%v", err)
	case o.warmup < 0:
		return wrong(flags, "-warmup cannot be below 0")
	case o.rounds < 1 || o.duration <= 0 || slices.Min(o.callers) < 1:
		return wrong(flags, "-rounds, -duration and -n have to be above 0")
	}
	if err := o.prepare(); err != nil {
		return err
	}
	if o.profiles != "" {
		if err := writable(o.profiles); err != nil {
			return err
		}
	}
	r := &report.Report{
		Machine: report.ThisMachine(), Started: time.Now(), Quick: o.quick,
		Rounds: o.rounds, Seconds: o.duration.Seconds(), WarmupSeconds: o.warmup.Seconds(), Baseline: o.baseline,
	}
	c := &contest.Contest{
		Peers: peers, Callers: o.callers, Rounds: o.rounds, Duration: o.duration, Warmup: o.warmup,
		Grace: o.grace, Limit: o.limit, Profiles: o.profiles, Progress: contest.NewProgress(stderr),
	}
	found, err := c.Run(ctx)
	if err != nil {
		return err
	}
	r.Rows, r.Peers = found.Rows, found.Peers
	r.Compare()
	return errors.Join(o.write(stdout, r, r.Started, "league", o.quick), failures(r.Peers))
}

// failures returns an error for each peer that has failed.
func failures(peers []report.Peer) (err error) {
	for _, p := range peers {
		if p.Failed != "" {
			err = errors.Join(err, fmt.Errorf("%s: %s", p.Name, p.Failed))
		}
	}
	return err
}

// usualBaseline is what everybody knows.
const usualBaseline = "net/rpc"

// chosen returns the peers to measure. It settles the baseline.
func (o *options) chosen() ([]peer.Peer, error) {
	all := peer.League()
	for _, e := range o.execs {
		if _, err := pick(all, e.name); err == nil {
			return nil, fmt.Errorf("-exec: there is a peer %q already", e.name)
		}
		all = append(all, peer.Outside(e.name, e.command))
	}
	if o.peers != "" {
		names := o.peers
		for _, e := range o.execs {
			names += "," + e.name
		}
		var err error
		if all, err = pick(all, names); err != nil {
			return nil, fmt.Errorf("-peers: %w", err)
		}
	}
	switch _, err := pick(all, cmp.Or(o.baseline, usualBaseline)); {
	case err == nil:
		o.baseline = cmp.Or(o.baseline, usualBaseline)
	case o.baseline != "":
		return nil, fmt.Errorf("-baseline: %w among those that are measured", err)
	default:
		o.baseline = all[0].Name
	}
	return all, nil
}

type intList []int

func (l *intList) String() string {
	return strings.Trim(strings.ReplaceAll(fmt.Sprint(*l), " ", ","), "[]")
}

func (l *intList) Set(s string) error {
	*l = nil
	for field := range strings.SplitSeq(s, ",") {
		n, err := strconv.Atoi(field)
		if err != nil {
			return err
		}
		if !slices.Contains(*l, n) {
			*l = append(*l, n)
		}
	}
	return nil
}

type execList []struct{ name, command string }

func (l *execList) String() string { return "" }

func (l *execList) Set(s string) error {
	name, command, ok := strings.Cut(s, "=")
	if !ok || name == "" || command == "" || strings.Contains(name, ",") {
		return errors.New("has to be name=command, without a comma in the name")
	}
	*l = append(*l, struct{ name, command string }{name, command})
	return nil
}
