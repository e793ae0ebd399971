package main

import (
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

// openPeers are measured in an open loop unless told otherwise.
const openPeers = "fpnn,fpnn-server,rtm,net/rpc,grpc,nats,rueidis"

func open(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	o := contest.Open{Progress: contest.NewProgress(stderr)}
	var (
		out   output
		rates = rateList{1e3, 2e3, 5e3, 10e3, 20e3, 30e3, 50e3, 70e3, 100e3, 150e3, 200e3, 300e3, 400e3, 500e3, 700e3, 1e6}
		limit time.Duration
		names string
		quick bool
	)
	flags := flag.NewFlagSet("league open", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Var(&rates, "rate", "`calls` due in a second, ascending, with commas between")
	flags.StringVar(&names, "peers", openPeers, "`names` of the peers to measure, with commas between")
	flags.IntVar(&o.Callers, "n", 1024, "calls that may be under way")
	flags.IntVar(&o.Rounds, "rounds", 3, "rounds, in each of which every rate is measured once")
	flags.DurationVar(&o.Duration, "duration", time.Second, "`time` of one measurement, up to 4 times as long at low rates")
	flags.DurationVar(&limit, "limit", 10*time.Millisecond, "`time` within which 99 of 100 calls have to be answered, from when they were due")
	flags.BoolVar(&quick, "quick", false, "less than a minute: one round of short measurements")
	out.flags(flags)
	if err := parse(flags, args); err != nil {
		return err
	}
	if quick {
		o.Rounds, o.Duration, o.Grace = 1, 200*time.Millisecond, contest.QuickGrace
	}
	var err error
	if o.Peers, err = pick(peer.League(), names); err != nil {
		return wrong(flags, "-peers: %v", err)
	}
	if o.Rounds < 1 || o.Duration <= 0 || o.Callers < 1 || limit <= 0 {
		return wrong(flags, "-rounds, -duration, -n and -limit have to be above 0")
	}
	if err := out.prepare(); err != nil {
		return err
	}
	const answered = 0.98
	o.Rates, o.Limit = rates, report.Limit{P99: float64(limit) / float64(time.Microsecond), Answered: answered}
	started := time.Now()
	r, err := o.Run(ctx)
	if err != nil {
		return err
	}
	r.Machine, r.Started, r.Quick = report.ThisMachine(), started, quick
	return errors.Join(out.write(stdout, r, started, "open", quick), failures(r.Peers))
}

// pick returns the named peers, in the order of all.
func pick(all []peer.Peer, names string) (picked []peer.Peer, err error) {
	wanted := strings.Split(names, ",")
	for _, name := range wanted {
		if !slices.ContainsFunc(all, func(p peer.Peer) bool { return p.Name == name }) {
			return nil, fmt.Errorf("no peer %q", name)
		}
	}
	for _, p := range all {
		if slices.Contains(wanted, p.Name) {
			picked = append(picked, p)
		}
	}
	return picked, nil
}

// rateList is ascending.
type rateList []float64

// maxRate is a call in a nanosecond, which no clock tells from more.
const maxRate = 1e9

func (l *rateList) String() string {
	return strings.Trim(strings.ReplaceAll(fmt.Sprint(*l), " ", ","), "[]")
}

func (l *rateList) Set(s string) error {
	*l = nil
	for field := range strings.SplitSeq(s, ",") {
		rate, err := strconv.ParseFloat(field, 64)
		if err != nil {
			return err
		}
		if !(rate > 0 && rate <= maxRate) { // nor is NaN
			return fmt.Errorf("%v is not above 0 and up to %v", rate, maxRate)
		}
		if n := len(*l); n > 0 && rate <= (*l)[n-1] {
			return errors.New("rates are not ascending")
		}
		*l = append(*l, rate)
	}
	return nil
}
