package main

import (
	"errors"
	"flag"
	"io"
	"os"
	"time"

	"github.com/gofpnn/gofpnn/benchmarks/report"
)

// output is where a report goes.
type output struct {
	json bool
	out  string
}

func (o *output) flags(flags *flag.FlagSet) {
	flags.BoolVar(&o.json, "json", false, "write JSON instead of Markdown to the standard output")
	flags.StringVar(&o.out, "out", "results", "`directory` for the report as JSON, Markdown and SVG; empty for none")
}

// prepare makes sure before anything is measured that there is a directory to
// write to.
func (o *output) prepare() error {
	if o.out == "" {
		return nil
	}
	return writable(o.out)
}

// writable makes a directory if there is none, and a file in it for a moment.
func writable(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, ".league-*")
	if err != nil {
		return err
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

// write writes a report to where it is wanted, also if it fails at one place. Its
// files are named for the day and the kind, and those of a quick run also for that.
func (o *output) write(stdout io.Writer, d report.Document, started time.Time, kind string, quick bool) error {
	var err error
	if o.json {
		err = report.WriteJSON(stdout, d)
	} else {
		err = d.WriteMarkdown(stdout, "")
	}
	if o.out == "" {
		return err
	}
	base := started.UTC().Format(time.DateOnly) + "-" + kind
	if quick {
		base += "-quick"
	}
	return errors.Join(err, report.Publish(o.out, base, d))
}
