package report

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"gonum.org/v1/plot/plotter"

	"github.com/gofpnn/gofpnn/benchmarks/measure"
)

// Limit says when a peer cannot follow any more.
type Limit struct {
	P99      float64 `json:"p99_us"`   // a call in a hundred takes longer from when it was handed over
	Answered float64 `json:"answered"` // this part of the calls due is answered in their time
}

// Exceeded reports whether a peer could not follow.
func (l Limit) Exceeded(s measure.OpenSample) bool {
	due := float64(s.Offered) * l.Answered
	return s.P99-s.Late > l.P99 || float64(s.Answered) < due
}

// Open is one run with open loops.
type Open struct {
	Machine Machine   `json:"machine"`
	Started time.Time `json:"started"`
	Quick   bool      `json:"quick"` // too short to be published
	Rounds  int       `json:"rounds"`
	Seconds float64   `json:"seconds"` // of one measurement
	Callers int       `json:"callers"`
	Limit   Limit     `json:"limit"`
	Rows    []OpenRow `json:"rows"`
	Peers   []Peer    `json:"peers"`
}

// OpenRow is what the rounds saw of one peer at one rate: medians, in
// microseconds from when a call was due.
type OpenRow struct {
	Name     string         `json:"name"`
	Rate     float64        `json:"rate"` // calls due in a second
	Answered measure.Spread `json:"answered_per_s"`
	P50      float64        `json:"p50_us"`
	P99      float64        `json:"p99_us"`
	P999     float64        `json:"p999_us"`
	Late     float64        `json:"late_p99_us"` // until calls were handed over
	Exceeded bool           `json:"exceeded"`    // the limit, in half of the rounds or more
}

// NewOpenRow sums up the rounds of a peer at a rate.
func NewOpenRow(name string, rate float64, limit Limit, rounds []measure.OpenSample) OpenRow {
	of := func(get func(s *measure.OpenSample) float64) measure.Spread {
		var values []float64
		for i := range rounds {
			values = append(values, get(&rounds[i]))
		}
		return measure.SpreadOf(values)
	}
	exceeded := 0
	for _, s := range rounds {
		if limit.Exceeded(s) {
			exceeded++
		}
	}
	return OpenRow{
		Name: name, Rate: rate, Answered: of((*measure.OpenSample).PerSecond),
		P50:      of(func(s *measure.OpenSample) float64 { return s.P50 }).Median,
		P99:      of(func(s *measure.OpenSample) float64 { return s.P99 }).Median,
		P999:     of(func(s *measure.OpenSample) float64 { return s.P999 }).Median,
		Late:     of(func(s *measure.OpenSample) float64 { return s.Late }).Median,
		Exceeded: 2*exceeded >= len(rounds),
	}
}

// Knee returns the highest rate that a peer can follow, 0 if there is none.
func (o *Open) Knee(name string) (rate float64) {
	for _, row := range o.Rows {
		if row.Name == name && !row.Exceeded {
			rate = max(rate, row.Rate)
		}
	}
	return rate
}

func (o *Open) names() (names []string) {
	for _, row := range o.Rows {
		if !slices.Contains(names, row.Name) {
			names = append(names, row.Name)
		}
	}
	return names
}

// Charts returns the chart of the 99th percentile by rate.
func (o *Open) Charts() map[string]*Chart {
	c := &Chart{Title: "Open loop: 99 of 100 calls are answered within", X: "calls due in a second", Y: "µs since due"}
	for _, name := range o.names() {
		line := Line{Name: name}
		for _, row := range o.Rows {
			if row.Name == name && row.P99 > 0 {
				line.Points = append(line.Points, plotter.XY{X: row.Rate, Y: row.P99})
			}
		}
		c.Lines = append(c.Lines, line)
	}
	return map[string]*Chart{svg: c}
}

// WriteMarkdown writes the knees, then all rates. See [Document].
func (o *Open) WriteMarkdown(w io.Writer, base string) error {
	var b strings.Builder
	writeTitle(&b, "Open loop", o.Started, o.Machine)
	fmt.Fprintf(&b, " Calls are due at fixed times, and their own times begin then.\n"+
		"One connection, up to %d calls under way, medians of %s of %v s.\n%s\n## Knees\n\n"+
		"The highest rate at which 99 of 100 calls are answered within %s ms, besides what they were handed over late, and %s %%\n"+
		"of them in the time in which they were due.\n\n",
		o.Callers, plural(o.Rounds, "round"), o.Seconds, caution(o.Quick), short(o.Limit.P99/1000), short(100*o.Limit.Answered))
	t := newTable(&b, []string{"peer", "calls/s"})
	for _, name := range o.names() {
		t.row([]string{name, thousands(o.Knee(name))})
	}
	t.flush()
	writeChart(&b, "The 99th percentile by rate", base, svg)
	b.WriteString("\n## Rates\n\nLate is what 99 of 100 calls were handed over late, if a caller was free: that is due to the measuring itself.\n\n")
	t = newTable(&b, []string{"peer", "due/s", "answered/s", "p50 µs", "p99 µs", "p99.9 µs", "late µs", ""})
	for _, row := range o.Rows {
		verdict := ""
		if row.Exceeded {
			verdict = "cannot follow"
		}
		t.row([]string{
			row.Name, thousands(row.Rate), thousands(row.Answered.Median),
			short(row.P50), short(row.P99), short(row.P999), short(row.Late), verdict,
		})
	}
	t.flush()
	writePeers(&b, o.Peers)
	_, err := io.WriteString(w, b.String())
	return err
}
