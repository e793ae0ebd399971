package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/benchmarks/measure"
	"github.com/gofpnn/gofpnn/benchmarks/report"
)

// newest reads the newest published file with that end.
func newest(t *testing.T, end string) []byte {
	t.Helper()
	files, err := filepath.Glob("../../results/*" + end)
	require.NoError(t, err)
	require.NotEmpty(t, files, end)
	text, err := os.ReadFile(slices.Max(files))
	require.NoError(t, err)
	return text
}

// published is what the newest results say.
type published struct {
	league report.Report
	scale  report.Scale
	codec  string
}

func readPublished(t *testing.T) (p published) {
	t.Helper()
	require.NoError(t, json.Unmarshal(newest(t, "-league.json"), &p.league))
	require.NoError(t, json.Unmarshal(newest(t, "-scale.json"), &p.scale))
	p.codec = string(newest(t, "-codec.txt"))
	return p
}

// over tells how many times as many calls one peer makes as another, by callers.
func (p *published) over(name, other string, callers ...int) string {
	var times []string
	for _, n := range callers {
		a, b := p.league.Row(name, n), p.league.Row(other, n)
		times = append(times, ratio(a.Calls.Median/b.Calls.Median))
	}
	return strings.Join(times, " / ")
}

// leastOver tells the least of over for several others.
func (p *published) leastOver(name string, others []string, callers ...int) string {
	var times []float64
	for _, n := range callers {
		for _, other := range others {
			times = append(times, p.league.Row(name, n).Calls.Median/p.league.Row(other, n).Calls.Median)
		}
	}
	return ratio(slices.Min(times))
}

// curve returns a line's points.
func (p *published) curve(t *testing.T, name, line string) []report.Point {
	t.Helper()
	for _, c := range p.scale.Curves {
		for _, s := range c.Lines {
			if c.Name == name && s.Name == line {
				return s.Points
			}
		}
	}
	require.Fail(t, "no such curve", "%s %s", name, line)
	return nil
}

// growth tells what the last point of a line is over its first.
func (p *published) growth(t *testing.T, name, line string) string {
	t.Helper()
	points := p.curve(t, name, line)
	return ratio(points[len(points)-1].Y.Median / points[0].Y.Median)
}

// ns returns the median of a codec's benchmark.
func (p *published) ns(t *testing.T, benchmark, codec string) float64 {
	t.Helper()
	line := regexp.MustCompile(`(?m)^Benchmark` + benchmark + `/codec=` + codec + `-\d+\s+\d+\s+([\d.]+) ns/op`)
	var all []float64
	for _, m := range line.FindAllStringSubmatch(p.codec, -1) {
		v, err := strconv.ParseFloat(m[1], 64)
		require.NoError(t, err)
		all = append(all, v)
	}
	require.NotEmpty(t, all, "%s %s", benchmark, codec)
	return measure.SpreadOf(all).Median
}

func ratio(v float64) string { return strconv.FormatFloat(v, 'f', 2-min(int(v)/10, 1), 64) }

// The table of aims in the README says what the newest results do.
func TestReadmeTellsHowFarItsAimsAreReached(t *testing.T) {
	t.Parallel()
	p := readPublished(t)
	all := []int{1, 16, 64, 256, 1024}
	lone, ping := p.league.Row("fpnn", 1), p.league.Row("pingpong", 1)
	many := p.league.Row("fpnn", 1024)
	idle := p.curve(t, "connections", "both, once pinged")
	var seen []string
	for _, aim := range [][3]string{
		{"calls of `fpnn` over `vendor`, 1 / 16 / 64 / 256 / 1024 callers", "2 / 6 / 15 / 28 / 45", p.over("fpnn", "vendor", all...)},
		{"of `fpnn-server` over `fpnn`, the same", "0.5", p.over("fpnn-server", "fpnn", all...)},
		{"of `fpnn` over `rueidis`, 16 / 256 / 1024", "1.7 / 2.3 / 2", p.over("fpnn", "rueidis", 16, 256, 1024)},
		{"of `fpnn-server` over `grpc`, `net/rpc`, `nats`, the least of all", "above 1", p.leastOver("fpnn-server", []string{"grpc", "net/rpc", "nats"}, all...)},
		{"of `fpnn` over `raw`, 64 / 256 / 1024", "0.6 / 0.8 / 0.5", p.over("fpnn", "raw", 64, 256, 1024)},
		{"of `rtm` over `fpnn`, 256", "0.5", p.over("rtm", "fpnn", 256)},
		{"of `fpnn`, `fpnn-server`, `rtm` with 4,096 callers over those with 256", "1", strings.Join([]string{
			p.growth(t, "callers", "fpnn"), p.growth(t, "callers", "fpnn-server"), p.growth(t, "callers", "rtm"),
		}, " / ")},
		{"p50 of a lone caller over that of `pingpong`", "near 1", ratio(*lone.P50 / *ping.P50)},
		{"p99 with 1024 callers; `vendor`", "at most 5 ms", fmt.Sprintf("%.1f ms; %.0f ms", *many.P99/1000, *p.league.Row("vendor", 1024).P99/1000)},
		{"idle connection, pinged, both ends", "at most 20 KB", fmt.Sprintf("%.1f KB", idle[len(idle)-1].Y.Median/1000)},
		{"page of 20, of 1,000,000 messages over 1,000", "at most 1.3", p.growth(t, "conversation", "page")},
		{"time of msgp over ours to encode a quest", "2", ratio(p.ns(t, "EncodeQuest", "msgp") / p.ns(t, "EncodeQuest", "gofpnn"))},
		{"time of ours over msgp's to decode a page; with one string for all texts", "at most 1", ratio(p.ns(t, "ReadPage", "gofpnn")/p.ns(t, "ReadPage", "msgp")) + "; " +
			ratio(p.ns(t, "ReadPage", "gofpnn-shared")/p.ns(t, "ReadPage", "msgp"))},
	} {
		seen = append(seen, fmt.Sprintf("| %s | %s | %s |", aim[0], aim[1], aim[2]))
	}
	text, err := os.ReadFile("../../README.md")
	require.NoError(t, err)
	table := strings.Join(seen, "\n")
	if !strings.Contains(string(text), table) {
		t.Errorf("README.md should have:\n%s", table)
	}
}

var update = flag.Bool("update", false, "write the newest published Markdown anew, from its numbers")

// What is published as Markdown is what the numbers beside it say.
func TestPublishedMarkdownIsThatOfItsNumbers(t *testing.T) {
	t.Parallel()
	p := readPublished(t)
	var open report.Open
	require.NoError(t, json.Unmarshal(newest(t, "-open.json"), &open))
	for end, d := range map[string]report.Document{"-league.md": &p.league, "-open.md": &open, "-scale.md": &p.scale} {
		files, err := filepath.Glob("../../results/*" + end)
		require.NoError(t, err)
		name := slices.Max(files)
		var b strings.Builder
		require.NoError(t, d.WriteMarkdown(&b, strings.TrimSuffix(filepath.Base(name), ".md")))
		if *update {
			require.NoError(t, os.WriteFile(name, []byte(b.String()), 0o644))
		}
		if string(newest(t, end)) != b.String() {
			t.Errorf("%s is not made of the JSON beside it: go test ./cmd/league -run Published -update", name)
		}
	}
}
