package report

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
)

// WriteMarkdown writes an overview, then all that is known of each number of
// callers. See [Document].
func (r *Report) WriteMarkdown(w io.Writer, base string) error {
	var b strings.Builder
	writeTitle(&b, "League", r.Started, r.Machine)
	fmt.Fprintf(&b, " Client and server are two processes on it, with one connection.\nMedians of %s of %v s%s.\n%s",
		plural(r.Rounds, "round"), r.Seconds, r.warmup(), caution(r.Quick))
	fmt.Fprintf(&b, "\n## Calls a second, by callers\n\nIn parentheses: how many times %s.\n\n", r.Baseline)
	r.writeOverview(&b)
	writeChart(&b, "Calls a second by callers", base, svg)
	for _, n := range r.callers() {
		fmt.Fprintf(&b, "\n## %s\n\n", plural(n, "caller"))
		r.writeRows(&b, n)
	}
	b.WriteString("\nAllocations, bytes and CPU time are for each call; allocations are the client's.\n")
	writePeers(&b, r.Peers)
	_, err := io.WriteString(w, b.String())
	return err
}

// warmup is what a report says of the warm-up.
func (r *Report) warmup() string {
	if r.WarmupSeconds == 0 {
		return ""
	}
	return fmt.Sprintf(", after %v s that do not count", r.WarmupSeconds)
}

// caution is a line that a quick run's document begins with.
func caution(quick bool) string {
	if !quick {
		return ""
	}
	return "A quick run: too short to be relied upon.\n"
}

func writePeers(w io.Writer, peers []Peer) {
	_, _ = fmt.Fprint(w, "\n## Peers\n\n")
	for _, p := range peers {
		_, _ = fmt.Fprintf(w, "- %s: %s.", p.Name, p.What)
		if p.Skipped != "" {
			_, _ = fmt.Fprintf(w, " Skipped: %s.", p.Skipped)
		}
		if p.Failed != "" {
			_, _ = fmt.Fprintf(w, " Failed: %s.", p.Failed)
		}
		_, _ = fmt.Fprintln(w)
	}
}

func (r *Report) writeOverview(w io.Writer) {
	callers := r.callers()
	head := []string{"peer"}
	for _, n := range callers {
		head = append(head, strconv.Itoa(n))
	}
	t := newTable(w, head)
	for _, name := range r.names() {
		cells := []string{name}
		for _, n := range callers {
			cell := ""
			if row := r.Row(name, n); row != nil {
				cell = thousands(row.Calls.Median)
				if row.Ratio != nil {
					cell += fmt.Sprintf(" (%s)", short(*row.Ratio))
				}
			}
			cells = append(cells, cell)
		}
		t.row(cells)
	}
	t.flush()
}

func (r *Report) writeRows(w io.Writer, n int) {
	t := newTable(w, []string{
		"peer", "calls/s", "min", "max", "ratio", "p50 µs", "p99 µs", "p99.9 µs", "allocs", "bytes", "client CPU µs", "server CPU µs",
	})
	for _, name := range r.names() {
		row := r.Row(name, n)
		if row == nil {
			continue
		}
		if row.Rounds < r.Rounds {
			name += fmt.Sprintf(" (%d of %s)", row.Rounds, plural(r.Rounds, "round"))
		}
		cells := []string{name, thousands(row.Calls.Median), thousands(row.Calls.Min), thousands(row.Calls.Max)}
		for _, v := range []*float64{row.Ratio, row.P50, row.P99, row.P999, row.Allocs, row.Bytes, row.ClientCPU, row.ServerCPU} {
			cell := "?"
			if v != nil {
				cell = short(*v)
			}
			cells = append(cells, cell)
		}
		t.row(cells)
	}
	t.flush()
}

// names returns the peers that have rows, in their order.
func (r *Report) names() (names []string) {
	for i := range r.Rows {
		if !slices.Contains(names, r.Rows[i].Name) {
			names = append(names, r.Rows[i].Name)
		}
	}
	return names
}

// callers returns the numbers of callers, ascending.
func (r *Report) callers() (ns []int) {
	for i := range r.Rows {
		ns = append(ns, r.Rows[i].N)
	}
	slices.Sort(ns)
	return slices.Compact(ns)
}

// table is a Markdown table whose columns are aligned in the source, too.
type table struct{ w *tabwriter.Writer }

func newTable(w io.Writer, head []string) *table {
	t := &table{tabwriter.NewWriter(w, 0, 0, 1, ' ', 0)}
	t.row(head)
	rule := []string{"---"}
	for range head[1:] {
		rule = append(rule, "--:")
	}
	t.row(rule)
	return t
}

func (t *table) row(cells []string) {
	_, _ = fmt.Fprintf(t.w, "| %s\t|\n", strings.Join(cells, "\t| "))
}

func (t *table) flush() { _ = t.w.Flush() }

// thousands writes a number without decimals, in groups of three.
func thousands(v float64) string {
	s := strconv.FormatFloat(math.Round(v), 'f', 0, 64)
	for at := len(s) - 3; at > 0; at -= 3 {
		s = s[:at] + "," + s[at:]
	}
	return s
}

// short writes a number with three digits that matter.
func short(v float64) string {
	switch a := math.Abs(v); {
	case a < 0.0005:
		return "0"
	case a < 1:
		return strconv.FormatFloat(v, 'g', 2, 64)
	case a < 100:
		return strconv.FormatFloat(v, 'g', 3, 64)
	default:
		return thousands(v)
	}
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
