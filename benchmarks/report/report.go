// Package report writes down what was measured: as JSON, as Markdown and as a
// chart. Its values are plain data. Times are microseconds, unless a name says
// otherwise.
package report

import (
	"math"
	"time"

	"github.com/gofpnn/gofpnn/benchmarks/measure"
)

// Report is one run of the league.
type Report struct {
	Machine       Machine   `json:"machine"`
	Started       time.Time `json:"started"`
	Quick         bool      `json:"quick"` // too short to be published
	Rounds        int       `json:"rounds"`
	Seconds       float64   `json:"seconds"`        // of one measurement
	WarmupSeconds float64   `json:"warmup_seconds"` // before it, which do not count
	Baseline      string    `json:"baseline"`
	Rows          []Row     `json:"rows"`
	Peers         []Peer    `json:"peers"`
}

// Peer says what became of a peer.
type Peer struct {
	Name    string `json:"name"`
	What    string `json:"what"`
	Skipped string `json:"skipped,omitempty"` // why it was not measured
	Failed  string `json:"failed,omitempty"`  // why it was not measured to the end
}

// Row is what all rounds saw of one peer with so many callers. Quantities besides
// calls are medians of the rounds; one that is not known is null.
type Row struct {
	Name      string         `json:"name"`
	N         int            `json:"n"`
	Rounds    int            `json:"rounds"` // that did not fail
	Calls     measure.Spread `json:"calls_per_s"`
	P50       *float64       `json:"p50_us"`
	P99       *float64       `json:"p99_us"`
	P999      *float64       `json:"p999_us"`
	Allocs    *float64       `json:"allocs"`        // of the client for each call
	Bytes     *float64       `json:"bytes"`         // the same
	ClientCPU *float64       `json:"client_cpu_us"` // for each call
	ServerCPU *float64       `json:"server_cpu_us"` // the same
	Ratio     *float64       `json:"ratio"`         // of the calls a second to the baseline's
}

// Measured is one measurement: what the client saw, and what the server used for
// each call, in microseconds of processor time.
type Measured struct {
	measure.Sample
	ServerCPU float64
}

// NewRow sums up the rounds of one peer.
func NewRow(name string, n int, rounds []Measured) Row {
	of := func(get func(m *Measured) float64) *float64 {
		var values []float64
		for i := range rounds {
			if v := get(&rounds[i]); !math.IsNaN(v) {
				values = append(values, v)
			}
		}
		if len(values) == 0 {
			return nil
		}
		median := measure.SpreadOf(values).Median
		return &median
	}
	var calls []float64
	for i := range rounds {
		calls = append(calls, rounds[i].PerSecond())
	}
	return Row{
		Name: name, N: n, Rounds: len(rounds), Calls: measure.SpreadOf(calls),
		P50:       of(func(m *Measured) float64 { return m.P50 }),
		P99:       of(func(m *Measured) float64 { return m.P99 }),
		P999:      of(func(m *Measured) float64 { return m.P999 }),
		Allocs:    of(func(m *Measured) float64 { return m.Allocs }),
		Bytes:     of(func(m *Measured) float64 { return m.Bytes }),
		ClientCPU: of(func(m *Measured) float64 { return m.CPU }),
		ServerCPU: of(func(m *Measured) float64 { return m.ServerCPU }),
	}
}

// Compare fills in the ratios to the baseline's row with as many callers. Where
// it has none, there is no ratio.
func (r *Report) Compare() {
	for i := range r.Rows {
		row := &r.Rows[i]
		if base := r.Row(r.Baseline, row.N); base != nil && base.Calls.Median > 0 {
			ratio := row.Calls.Median / base.Calls.Median
			row.Ratio = &ratio
		}
	}
}

// Row returns the row of a peer with n callers, or nil.
func (r *Report) Row(name string, n int) *Row {
	for i := range r.Rows {
		if r.Rows[i].Name == name && r.Rows[i].N == n {
			return &r.Rows[i]
		}
	}
	return nil
}
