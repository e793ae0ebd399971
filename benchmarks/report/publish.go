package report

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// Document is a report that can be published.
type Document interface {
	// WriteMarkdown writes it for people. Its charts are in files whose names
	// begin with base; if that is "", they are left out.
	WriteMarkdown(w io.Writer, base string) error
	// Charts returns the charts by the ends of their files' names.
	Charts() map[string]*Chart
}

// Publish writes a report to a directory: base.json, base.md, and its charts.
func Publish(dir, base string, d Document) error {
	err := errors.Join(
		writeFile(dir, base+".json", func(w io.Writer) error { return WriteJSON(w, d) }),
		writeFile(dir, base+".md", func(w io.Writer) error { return d.WriteMarkdown(w, base) }))
	for end, chart := range d.Charts() {
		err = errors.Join(err, writeFile(dir, base+end, chart.WriteSVG))
	}
	return err
}

func writeFile(dir, name string, write func(w io.Writer) error) error {
	f, err := os.Create(filepath.Join(dir, name))
	if err != nil {
		return err
	}
	return errors.Join(write(f), f.Close())
}

// WriteJSON writes a report as one JSON object.
func WriteJSON(w io.Writer, report any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(report)
}

// writeTitle writes how a report begins.
func writeTitle(w io.Writer, title string, at time.Time, m Machine) {
	_, _ = fmt.Fprintf(w, "# %s, %s\n\n%v.", title, at.UTC().Format("2006-01-02 15:04 MST"), m)
}

// writeChart shows a chart.
func writeChart(w io.Writer, alt, base, end string) {
	if base != "" {
		_, _ = fmt.Fprintf(w, "\n![%s](%s%s)\n", alt, base, end)
	}
}
