package report

import (
	"image/color"
	"io"
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// Line is one line of a chart: its points are above 0 in both directions.
type Line struct {
	Name   string
	Points plotter.XYs
}

// Chart is a chart with logarithmic axes.
type Chart struct {
	Title, X, Y string
	Lines       []Line
}

// svg ends the name of a report's only chart.
const svg = ".svg"

// Charts returns the chart of calls a second by callers.
func (r *Report) Charts() map[string]*Chart {
	c := &Chart{Title: "Calls a second on one connection", X: "synchronous callers", Y: "calls a second"}
	for _, name := range r.names() {
		line := Line{Name: name}
		for _, n := range r.callers() {
			if row := r.Row(name, n); row != nil && row.Calls.Median > 0 {
				line.Points = append(line.Points, plotter.XY{X: float64(n), Y: row.Calls.Median})
			}
		}
		c.Lines = append(c.Lines, line)
	}
	return map[string]*Chart{svg: c}
}

const (
	chartWidth  = 26 * vg.Centimeter
	chartHeight = 15 * vg.Centimeter
	legendWidth = 5.5 * vg.Centimeter
	margin      = 0.4 * vg.Centimeter
)

// palette has colours that can be told apart, by those too who see few.
var palette = []color.Color{
	color.RGBA{0x00, 0x72, 0xb2, 0xff},
	color.RGBA{0xd5, 0x5e, 0x00, 0xff},
	color.RGBA{0x00, 0x9e, 0x73, 0xff},
	color.RGBA{0xcc, 0x79, 0xa7, 0xff},
	color.RGBA{0x56, 0xb4, 0xe9, 0xff},
	color.RGBA{0xe6, 0x9f, 0x00, 0xff},
	color.RGBA{0x00, 0x00, 0x00, 0xff},
}

// dashes are how lines of the same colour differ.
var dashes = [][]vg.Length{nil, {vg.Points(6), vg.Points(3)}, {vg.Points(2), vg.Points(2)}}

var glyphs = []draw.GlyphDrawer{draw.CircleGlyph{}, draw.TriangleGlyph{}, draw.BoxGlyph{}}

// WriteSVG draws the chart, with the legend to the right.
func (c *Chart) WriteSVG(w io.Writer) error {
	p := plot.New()
	p.Title.Text = c.Title
	p.X.Label.Text, p.Y.Label.Text = c.X, c.Y
	p.X.Scale, p.Y.Scale = plot.LogScale{}, plot.LogScale{}
	p.X.Tick.Marker, p.Y.Tick.Marker = plot.TickerFunc(c.steps), plot.TickerFunc(decades)
	p.Add(plotter.NewGrid())
	legend := plot.NewLegend()
	legend.Top, legend.Left = true, true
	legend.Padding = vg.Points(3)
	for i, line := range c.Lines {
		if len(line.Points) == 0 {
			continue
		}
		l, points, err := plotter.NewLinePoints(line.Points)
		if err != nil {
			return err
		}
		style := i / len(palette) % len(dashes)
		l.Color, l.Dashes, l.Width = palette[i%len(palette)], dashes[style], vg.Points(1.5)
		points.Color, points.Shape, points.Radius = l.Color, glyphs[style], vg.Points(2.5)
		p.Add(l, points)
		legend.Add(line.Name, l, points)
	}
	for _, axis := range []*plot.Axis{&p.X, &p.Y} {
		widen(axis)
	}
	sans(&p.Title.TextStyle, &p.X.Label.TextStyle, &p.Y.Label.TextStyle, &p.X.Tick.Label, &p.Y.Tick.Label, &legend.TextStyle)
	canvas := vgsvg.New(chartWidth, chartHeight)
	whole := draw.Crop(draw.New(canvas), margin, -margin, margin, -margin)
	p.Draw(draw.Crop(whole, 0, -legendWidth, 0, 0))
	legend.Draw(draw.Crop(whole, chartWidth-legendWidth-margin, 0, 0, -2*margin))
	_, err := canvas.WriteTo(w)
	return err
}

// widen gives an axis some room, which logarithms need, and which one point alone
// does not make.
func widen(axis *plot.Axis) {
	if axis.Min > axis.Max || axis.Max <= 0 { // there are no points
		axis.Min, axis.Max = 1, base
	}
	const room = 1.1
	axis.Min, axis.Max = axis.Min/room, axis.Max*room
}

func sans(styles ...*text.Style) {
	for _, s := range styles {
		s.Font.Variant = "Sans"
	}
}

// steps are ticks where lines have points, with labels as far as there is room.
func (c *Chart) steps(low, high float64) (ticks []plot.Tick) {
	var at []float64
	for _, line := range c.Lines {
		for _, p := range line.Points {
			at = append(at, p.X)
		}
	}
	slices.Sort(at)
	const labels = 11 // beside each other
	room := math.Pow(high/low, 1.0/labels)
	labelled := 0.0
	for _, x := range slices.Compact(at) {
		tick := plot.Tick{Value: x}
		if x >= labelled*room {
			tick.Label, labelled = thousands(x), x
		}
		if x >= low && x <= high {
			ticks = append(ticks, tick)
		}
	}
	return ticks
}

// base is that of the logarithms.
const base = 10

// decades are ticks at powers of ten, with smaller ones between.
func decades(low, high float64) (ticks []plot.Tick) {
	for decade := math.Pow(base, math.Floor(math.Log10(low))); decade <= high; decade *= base {
		for i := 1.0; i < base; i++ {
			tick := plot.Tick{Value: i * decade}
			if i == 1 {
				tick.Label = short(decade)
			}
			if tick.Value >= low && tick.Value <= high {
				ticks = append(ticks, tick)
			}
		}
	}
	return ticks
}
