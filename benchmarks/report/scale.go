package report

import (
	"fmt"
	"io"
	"math"
	"strings"
	"time"

	"gonum.org/v1/plot/plotter"

	"github.com/gofpnn/gofpnn/benchmarks/measure"
)

// Scale is one run that shows how costs grow.
type Scale struct {
	Machine Machine   `json:"machine"`
	Started time.Time `json:"started"`
	Quick   bool      `json:"quick"` // too short to be published
	Rounds  int       `json:"rounds"`
	Seconds float64   `json:"seconds"` // of one measurement
	Curves  []Curve   `json:"curves"`
}

// Curve shows how something grows.
type Curve struct {
	Name  string   `json:"name"` // in file names
	Title string   `json:"title"`
	X     string   `json:"x"`
	Y     string   `json:"y"`
	Note  string   `json:"note,omitempty"`
	Lines []Series `json:"lines"`
}

// Series is one line of a curve.
type Series struct {
	Name   string  `json:"name"`
	Points []Point `json:"points"` // with X ascending
	Growth Growth  `json:"growth"`
}

// Point is what the rounds saw at one place.
type Point struct {
	X float64        `json:"x"`
	Y measure.Spread `json:"y"`
}

// Growth says how y grows with x.
type Growth struct {
	Times    float64 `json:"times"`    // the last y is so many times the first
	Exponent float64 `json:"exponent"` // y is about x to this power: 0 is flat, 1 linear
}

// NewSeries returns a series with its growth.
func NewSeries(name string, points []Point) Series {
	return Series{Name: name, Points: points, Growth: growth(points)}
}

// growth fits a straight line to the logarithms.
func growth(points []Point) (g Growth) {
	if len(points) < 2 {
		return g
	}
	var x, y, xx, xy float64
	n := float64(len(points))
	for _, p := range points {
		lx, ly := math.Log(p.X), math.Log(p.Y.Median)
		x, y, xx, xy = x+lx, y+ly, xx+lx*lx, xy+lx*ly
	}
	g.Times = points[len(points)-1].Y.Median / points[0].Y.Median
	g.Exponent = (n*xy - x*y) / (n*xx - x*x)
	return g
}

// said says how a series grows, "" if it has one point.
func (s *Series) said(x, y string) string {
	if len(s.Points) < 2 {
		return ""
	}
	const digits = 100
	exponent := math.Round(s.Growth.Exponent*digits) / digits
	if exponent == 0 {
		exponent = 0 // not -0
	}
	from, to := s.Points[0].X, s.Points[len(s.Points)-1].X
	return fmt.Sprintf("- %s: %s times the %s, %s times the %s; about the power %.2f\n",
		s.Name, short(to/from), x, short(s.Growth.Times), y, exponent)
}

func (c *Curve) file() string { return "-" + c.Name + svg }

// Charts returns the curves' charts.
func (s *Scale) Charts() map[string]*Chart {
	charts := make(map[string]*Chart)
	for _, curve := range s.Curves {
		c := &Chart{Title: curve.Title, X: curve.X, Y: curve.Y}
		for _, series := range curve.Lines {
			line := Line{Name: series.Name}
			for _, p := range series.Points {
				line.Points = append(line.Points, plotter.XY{X: p.X, Y: p.Y.Median})
			}
			c.Lines = append(c.Lines, line)
		}
		charts[curve.file()] = c
	}
	return charts
}

// WriteMarkdown writes the curves as tables. See [Document].
func (s *Scale) WriteMarkdown(w io.Writer, base string) error {
	var b strings.Builder
	writeTitle(&b, "Scale", s.Started, s.Machine)
	fmt.Fprintf(&b, " Client and server are two processes on it. Medians of %s of %v s,\nwith minimum and maximum in parentheses.\n%s",
		plural(s.Rounds, "round"), s.Seconds, caution(s.Quick))
	for _, c := range s.Curves {
		fmt.Fprintf(&b, "\n## %s\n\n", c.Title)
		if c.Note != "" {
			fmt.Fprintf(&b, "%s\n\n", c.Note)
		}
		c.writeTable(&b)
		said := ""
		for _, line := range c.Lines {
			said += line.said(c.X, c.Y)
		}
		if said != "" {
			b.WriteString("\n" + said)
		}
		writeChart(&b, c.Title, base, c.file())
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (c *Curve) writeTable(w io.Writer) {
	head := []string{c.X}
	var xs []float64
	for _, line := range c.Lines {
		head = append(head, line.Name+", "+c.Y)
		if len(line.Points) > len(xs) {
			xs = xs[:0]
			for _, p := range line.Points {
				xs = append(xs, p.X)
			}
		}
	}
	t := newTable(w, head)
	for _, x := range xs {
		cells := []string{thousands(x)}
		for _, line := range c.Lines {
			cell := ""
			for _, p := range line.Points {
				if p.X == x {
					cell = fmt.Sprintf("%s (%s, %s)", short(p.Y.Median), short(p.Y.Min), short(p.Y.Max))
				}
			}
			cells = append(cells, cell)
		}
		t.row(cells)
	}
	t.flush()
}
