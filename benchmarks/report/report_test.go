package report

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"gonum.org/v1/plot/plotter"

	"github.com/gofpnn/gofpnn/benchmarks/measure"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares what is written with a file.
func golden(t *testing.T, file string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", file)
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(path, got, 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), string(got))
}

var (
	machine = Machine{OS: "linux", Arch: "amd64", CPU: "An Engine", CPUs: 2, Go: "go1.26.0", Files: 1024}
	at      = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
)

// sampled is one round with so many calls in a second.
func sampled(calls int64, p50, allocs float64) Measured {
	return Measured{
		Sample: measure.Sample{
			Calls: calls, Elapsed: time.Second, P50: p50, P99: 2 * p50, P999: 3 * p50, Allocs: allocs, Bytes: 16 * allocs, CPU: 1.5,
		},
		ServerCPU: math.NaN(),
	}
}

func league() *Report {
	r := &Report{
		Machine: machine, Started: at, Rounds: 3, Seconds: 1, WarmupSeconds: 0.2, Baseline: "net/rpc",
		Rows: []Row{
			NewRow("fpnn", 1, []Measured{sampled(20_000, 50, 0), sampled(10_000, 100, 0), sampled(30_000, 33, 0)}),
			NewRow("fpnn", 64, []Measured{sampled(300_000, 150, 0.0001), sampled(250_000, 160, 0), sampled(270_000, 155, 0)}),
			NewRow("net/rpc", 1, []Measured{sampled(10_000, 100, 8), sampled(9_000, 101, 8), sampled(11_000, 99, 8)}),
			NewRow("net/rpc", 64, []Measured{sampled(30_000, 2000, 8), sampled(27_000, 2100, 8), sampled(28_000, 1900, 8)}),
			NewRow("other", 64, []Measured{{Sample: measure.Sample{
				Calls: 1, Elapsed: time.Second, P50: math.NaN(), P99: math.NaN(), P999: math.NaN(),
				Allocs: math.NaN(), Bytes: math.NaN(), CPU: math.NaN(),
			}, ServerCPU: 2}}),
		},
		Peers: []Peer{
			{Name: "fpnn", What: "a client"},
			{Name: "net/rpc", What: "the standard library's"},
			{Name: "rueidis", What: "a Redis client", Skipped: "there is no redis-server"},
			{Name: "other", What: "an outside program", Failed: "exit status 1"},
		},
	}
	r.Compare()
	return r
}

func grown() *Scale {
	points := func(y ...float64) (points []Point) {
		for i, y := range y {
			points = append(points, Point{X: math.Pow(10, float64(i+2)), Y: measure.Spread{Median: y, Min: y / 2, Max: 2 * y}})
		}
		return points
	}
	return &Scale{
		Machine: machine, Started: at, Rounds: 5, Seconds: 0.5,
		Curves: []Curve{
			{
				Name: "connections", Title: "Memory of a connection", X: "connections", Y: "bytes", Note: "Scaled down.",
				Lines: []Series{NewSeries("flat", points(20_000, 20_000, 20_000)), NewSeries("linear", points(1, 10, 100))},
			},
			{Name: "one", Title: "One step", X: "things", Y: "µs", Lines: []Series{NewSeries("line", points(3))}},
		},
	}
}

func TestFormats(t *testing.T) {
	t.Parallel()
	for name, d := range map[string]Document{"league": league(), "open": openLoop(), "scale": grown()} {
		var b bytes.Buffer
		require.NoError(t, WriteJSON(&b, d))
		require.True(t, json.Valid(b.Bytes()))
		golden(t, name+".json", b.Bytes())
		b.Reset()
		require.NoError(t, d.WriteMarkdown(&b, name))
		golden(t, name+".md", b.Bytes())
	}
}

func TestPublishedFilesAreAllThatIsReferredTo(t *testing.T) {
	t.Parallel()
	for _, d := range []Document{league(), openLoop(), grown()} {
		dir := t.TempDir()
		require.NoError(t, Publish(dir, "base", d))
		text, err := os.ReadFile(filepath.Join(dir, "base.md"))
		require.NoError(t, err)
		charts, err := filepath.Glob(filepath.Join(dir, "*.svg"))
		require.NoError(t, err)
		require.Len(t, charts, len(d.Charts()))
		require.Equal(t, len(charts), strings.Count(string(text), "]("))
		for _, chart := range charts {
			require.Contains(t, string(text), "]("+filepath.Base(chart)+")")
		}
		require.FileExists(t, filepath.Join(dir, "base.json"))
	}
	require.Error(t, Publish(filepath.Join(t.TempDir(), "none"), "base", league()))
}

// texts returns the texts of an SVG, which has to be well-formed.
func texts(t *testing.T, svg []byte) (texts []string) {
	t.Helper()
	d := xml.NewDecoder(bytes.NewReader(svg))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return texts
		}
		require.NoError(t, err)
		if s, ok := token.(xml.CharData); ok && len(bytes.TrimSpace(s)) > 0 {
			texts = append(texts, string(s))
		}
	}
}

func TestChartsShowWhatTheySay(t *testing.T) {
	t.Parallel()
	for _, d := range []Document{league(), openLoop(), grown()} {
		for _, c := range d.Charts() {
			var b bytes.Buffer
			require.NoError(t, c.WriteSVG(&b))
			shown := texts(t, b.Bytes())
			require.Subset(t, shown, []string{c.Title, c.X, c.Y})
			for _, line := range c.Lines {
				require.Contains(t, shown, line.Name)
				for _, p := range line.Points {
					require.Contains(t, shown, thousands(p.X))
				}
			}
		}
	}
}

func TestChartsOfLittleAreDrawn(t *testing.T) {
	t.Parallel()
	for _, c := range []Chart{
		{},
		{Lines: []Line{{Name: "empty"}}},
		{Lines: []Line{{Name: "a point", Points: plotter.XYs{{X: 1, Y: 1}}}}},
	} {
		require.NoError(t, c.WriteSVG(io.Discard))
	}
}

func TestRatiosAreToTheRowWithAsManyCallers(t *testing.T) {
	t.Parallel()
	r := league()
	require.InEpsilon(t, 2, *r.Row("fpnn", 1).Ratio, 1e-9)
	require.InEpsilon(t, 270.0/28, *r.Row("fpnn", 64).Ratio, 1e-9)
	require.InEpsilon(t, 1, *r.Row("net/rpc", 64).Ratio, 1e-9)
	r = league()
	r.Baseline = "other"
	for i := range r.Rows {
		r.Rows[i].Ratio = nil
	}
	r.Compare()
	require.Nil(t, r.Row("fpnn", 1).Ratio, "no such row")
}

func TestGrowthIsTheExponent(t *testing.T) {
	t.Parallel()
	for _, want := range []float64{-1, 0, 0.5, 1, 2} {
		var points []Point
		for x := 1.0; x <= 1e6; x *= 7 {
			points = append(points, Point{X: x, Y: measure.SpreadOf([]float64{3 * math.Pow(x, want)})})
		}
		g := NewSeries("", points).Growth
		require.InDelta(t, want, g.Exponent, 1e-9)
		require.InEpsilon(t, math.Pow(points[len(points)-1].X, want), g.Times, 1e-9)
	}
	require.Zero(t, NewSeries("", nil).Growth)
}

func TestNumbersAreShort(t *testing.T) {
	t.Parallel()
	for v, want := range map[float64]string{
		0: "0", 0.0001: "0", 0.0234: "0.023", 0.5: "0.5", 1: "1", 1.256: "1.26", 99.94: "99.9", 123.4: "123", 1234567: "1,234,567",
	} {
		require.Equal(t, want, short(v))
	}
}
