package report

import (
	"image/color"
	"io"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
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
	chartWidth  = 24 * vg.Centimeter
	chartHeight = 15 * vg.Centimeter
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

// WriteSVG draws the chart.
func (c *Chart) WriteSVG(w io.Writer) error {
	p := plot.New()
	p.Title.Text = c.Title
	p.X.Label.Text, p.Y.Label.Text = c.X, c.Y
	p.X.Scale, p.Y.Scale = plot.LogScale{}, plot.LogScale{}
	p.X.Tick.Marker, p.Y.Tick.Marker = plot.LogTicks{Prec: -1}, plot.LogTicks{Prec: -1}
	p.Add(plotter.NewGrid())
	p.Legend.Top = true
	p.Legend.Left = true
	p.BackgroundColor = color.White
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
		p.Legend.Add(line.Name, l, points)
	}
	canvas := vgsvg.New(chartWidth, chartHeight)
	p.Draw(draw.New(canvas))
	_, err := canvas.WriteTo(w)
	return err
}
