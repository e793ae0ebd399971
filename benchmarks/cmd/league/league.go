package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

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
	baseline string
	quick    bool
	json     bool
	out      string
	profiles string
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
	flags.StringVar(&o.baseline, "baseline", "net/rpc", "`name` of the peer that ratios are to")
	flags.BoolVar(&o.quick, "quick", false, "less than a minute: 3 short rounds, whatever the other flags say")
	flags.BoolVar(&o.json, "json", false, "write JSON instead of Markdown to the standard output")
	flags.StringVar(&o.out, "out", "results", "`directory` for the report as JSON, Markdown and SVG; empty for none")
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
	}
	peers, err := o.chosen()
	switch {
	case err != nil:
		return wrong(flags, "%v", err)
	case o.rounds < 1 || o.duration <= 0 || o.warmup < 0 || slices.Min(o.callers) < 1:
		return wrong(flags, "-rounds, -duration and -n have to be above 0")
	}
	for _, dir := range []string{o.out, o.profiles} {
		if dir == "" {
			continue
		}
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
	}
	c := newContest(&o, peers, newProgress(stderr))
	r, err := c.run(ctx)
	if err != nil {
		return err
	}
	if err := o.write(r, stdout); err != nil {
		return err
	}
	for _, p := range r.Peers {
		if p.Failed != "" {
			err = errors.Join(err, fmt.Errorf("%s: %s", p.Name, p.Failed))
		}
	}
	return err
}

// chosen returns the peers to measure.
func (o *options) chosen() ([]peer.Peer, error) {
	all := peer.League()
	for _, e := range o.execs {
		all = append(all, peer.Outside(e.name, e.command))
	}
	has := func(name string) bool {
		return slices.ContainsFunc(all, func(p peer.Peer) bool { return p.Name == name })
	}
	if !has(o.baseline) {
		return nil, fmt.Errorf("-baseline: no peer %q", o.baseline)
	}
	if o.peers == "" {
		return all, nil
	}
	names := strings.Split(o.peers, ",")
	for _, name := range names {
		if !has(name) {
			return nil, fmt.Errorf("-peers: no peer %q", name)
		}
	}
	for _, e := range o.execs {
		names = append(names, e.name)
	}
	return slices.DeleteFunc(all, func(p peer.Peer) bool { return !slices.Contains(names, p.Name) }), nil
}

// write writes the report to where it is wanted.
func (o *options) write(r *report.Report, stdout io.Writer) error {
	name := r.Started.UTC().Format("2006-01-02") + "-league"
	if o.quick {
		name += "-quick"
	}
	if o.out != "" {
		err := errors.Join(
			writeFile(o.out, name+".json", func(w io.Writer) error { return report.WriteJSON(w, r) }),
			writeFile(o.out, name+".md", func(w io.Writer) error { return r.WriteMarkdown(w, name+".svg") }),
			writeFile(o.out, name+".svg", r.Chart().WriteSVG))
		if err != nil {
			return err
		}
	}
	if o.json {
		return report.WriteJSON(stdout, r)
	}
	return r.WriteMarkdown(stdout, "")
}

type intList []int

func (l *intList) String() string { return strings.Trim(strings.ReplaceAll(fmt.Sprint(*l), " ", ","), "[]") }

func (l *intList) Set(s string) error {
	*l = nil
	for field := range strings.SplitSeq(s, ",") {
		n, err := strconv.Atoi(field)
		if err != nil {
			return err
		}
		*l = append(*l, n)
	}
	return nil
}

type execList []struct{ name, command string }

func (l *execList) String() string { return "" }

func (l *execList) Set(s string) error {
	name, command, ok := strings.Cut(s, "=")
	if !ok || name == "" || command == "" {
		return errors.New("has to be name=command")
	}
	*l = append(*l, struct{ name, command string }{name, command})
	return nil
}
