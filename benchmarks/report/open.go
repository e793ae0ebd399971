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
	P99      float64 `json:"p99_us"`   // a call in a hundred takes longer from when it was due
	Answered float64 `json:"answered"` // less than this part of the calls is answered while calls are due
}

// Exceeded reports whether a peer could not follow. What the loop itself was late
// is not forgiven: it shares the processors with the client, which may be the cause.
func (l Limit) Exceeded(s measure.OpenSample) bool {
	return s.P99 > l.P99 || float64(s.Answered) < float64(s.Offered)*l.Answered
}

// Open is one run with open loops.
type Open struct {
	Machine Machine   `json:"machine"`
	Started time.Time `json:"started"`
	Quick   bool      `json:"quick"` // too short to be published
	Rounds  int       `json:"rounds"`
	Seconds float64   `json:"seconds"` // of one measurement, if enough calls are due in it
	Callers int       `json:"callers"`
	Limit   Limit     `json:"limit"`
	Rows    []OpenRow `json:"rows"`
	Peers   []Peer    `json:"peers"`
}

// OpenRow is what the rounds saw of one peer at one rate: medians, in
// microseconds from when a call was due.
type OpenRow struct {
	Name     string         `json:"name"`
	Rate     float64        `json:"rate"`    // calls due in a second
	Rounds   int            `json:"rounds"`  // that neither failed nor had given up
	Seconds  float64        `json:"seconds"` // of one measurement
	Answered measure.Spread `json:"answered_per_s"`
	P50      float64        `json:"p50_us"`
	P99      float64        `json:"p99_us"`
	P999     float64        `json:"p999_us"`
	Late     float64        `json:"late_p99_us"` // until calls were handed over
	Lagged   bool           `json:"lagged"`      // late is more than half the limit
	Exceeded bool           `json:"exceeded"`    // the limit, in half of the rounds or more, or one had given up
}

// Add sums up the rounds that have measured a peer at a rate, in a row. Those that
// have not count as exceeded; gaveUp says of one of them that it could not follow
// lower rates, so that the others are those that went well.
func (o *Open) Add(name string, rate float64, gaveUp bool, rounds ...measure.OpenSample) {
	of := func(get func(s *measure.OpenSample) float64) measure.Spread {
		var values []float64
		for i := range rounds {
			values = append(values, get(&rounds[i]))
		}
		return measure.SpreadOf(values)
	}
	exceeded := o.Rounds - len(rounds)
	for _, s := range rounds {
		if o.Limit.Exceeded(s) {
			exceeded++
		}
	}
	late := of(func(s *measure.OpenSample) float64 { return s.Late }).Median
	o.Rows = append(o.Rows, OpenRow{
		Name: name, Rate: rate, Rounds: len(rounds), Answered: of((*measure.OpenSample).PerSecond),
		Seconds:  of(func(s *measure.OpenSample) float64 { return s.Duration.Seconds() }).Median,
		P50:      of(func(s *measure.OpenSample) float64 { return s.P50 }).Median,
		P99:      of(func(s *measure.OpenSample) float64 { return s.P99 }).Median,
		P999:     of(func(s *measure.OpenSample) float64 { return s.P999 }).Median,
		Late:     late,
		Lagged:   late > o.Limit.P99/2,
		Exceeded: gaveUp || 2*exceeded >= o.Rounds,
	})
}

// Knee returns the last rate before the first that a peer cannot follow, 0 if there
// is none. Rows are in the order of their rates.
func (o *Open) Knee(name string) (rate float64) {
	for _, row := range o.Rows {
		if row.Name != name {
			continue
		}
		if row.Exceeded {
			break
		}
		rate = row.Rate
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
		"One connection, up to %d calls under way, medians of %s of %v s, longer at low rates.\n%s\n## Knees\n\n"+
		"A peer follows a rate if 99 of 100 calls are answered within %s ms of when they were due, and %s %% of them while calls\n"+
		"are due. Its knee is the last rate before the first that it does not follow. After two of these in a row a round gives it\n"+
		"up; the rates above count as not followed.\n\n",
		o.Callers, plural(o.Rounds, "round"), o.Seconds, caution(o.Quick), short(o.Limit.P99/1000), short(100*o.Limit.Answered))
	t := newTable(&b, []string{"peer", "calls/s"})
	for _, name := range o.names() {
		t.row([]string{name, thousands(o.Knee(name))})
	}
	t.flush()
	writeChart(&b, "The 99th percentile by rate", base, svg)
	b.WriteString("\n## Rates\n\nLate is how late 99 of 100 calls were at most handed over, if a caller was free; the times include it. A * marks more\n" +
		"than half the limit: the program did not get a processor in time, be it for its client under test or for something else.\n\n")
	t = newTable(&b, []string{"peer", "due/s", "answered/s", "p50 µs", "p99 µs", "p99.9 µs", "late µs", ""})
	for _, row := range o.Rows {
		name, late, verdict := row.Name, short(row.Late), ""
		if row.Rounds < o.Rounds {
			name += fmt.Sprintf(" (%d of %s)", row.Rounds, plural(o.Rounds, "round"))
		}
		if row.Lagged {
			late += " *"
		}
		if row.Exceeded {
			verdict = "cannot follow"
		}
		t.row([]string{
			name, thousands(row.Rate), thousands(row.Answered.Median),
			short(row.P50), short(row.P99), short(row.P999), late, verdict,
		})
	}
	t.flush()
	writePeers(&b, o.Peers)
	_, err := io.WriteString(w, b.String())
	return err
}
