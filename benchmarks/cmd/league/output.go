package main

import (
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

// prepare makes sure before anything is measured that there is a directory.
func (o *output) prepare() error {
	if o.out == "" {
		return nil
	}
	return os.MkdirAll(o.out, 0o755)
}

// write writes a report to where it is wanted. Its files are named for the day
// and the kind, and those of a quick run also for that.
func (o *output) write(stdout io.Writer, d report.Document, started time.Time, kind string, quick bool) error {
	if o.out != "" {
		base := started.UTC().Format(time.DateOnly) + "-" + kind
		if quick {
			base += "-quick"
		}
		if err := report.Publish(o.out, base, d); err != nil {
			return err
		}
	}
	if o.json {
		return report.WriteJSON(stdout, d)
	}
	return d.WriteMarkdown(stdout, "")
}
