package fpnn_test

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/fpnn"
)

func TestMetricsAreText(t *testing.T) {
	t.Parallel()
	text := fpnn.AppendMetrics([]byte("# before\n"), "my_", []fpnn.Metric{
		{Name: "calls", Help: `One \ two` + "\nthree.", Labels: []string{"gate", "a"}, Value: 1},
		{Name: "in_flight", Help: "Now.", Gauge: true, Value: -5},
		{Name: "calls", Help: "Not the first.", Labels: []string{"gate", "a \"\\\n\xff中", "end", ""}, Value: 1 << 62},
	})
	require.Equal(t, `# before
# HELP my_calls_total One \\ two\nthree.
# TYPE my_calls_total counter
my_calls_total{gate="a"} 1
my_calls_total{gate="a \"\\\n`+"\uFFFD"+`中",end=""} 4611686018427387904
# HELP my_in_flight Now.
# TYPE my_in_flight gauge
my_in_flight -5
`, string(text))
	require.Empty(t, fpnn.AppendMetrics(nil, "my_", nil))
}

// Those of two clients are told apart by a label, and have one description.
func TestMetricsOfSeveralClientsAreOneText(t *testing.T) {
	t.Parallel()
	nasty := "b\"} 1\n# HELP \\"
	a, b := fpnn.ClientStats{Dials: 3}, fpnn.ClientStats{Dials: 4, ConnStats: fpnn.ConnStats{Lost: 5}}
	metrics := append(a.Metrics("gate", "a"), b.Metrics("gate", nasty)...)
	values := parseMetrics(t, fpnn.AppendMetrics(nil, "fpnn_", metrics))
	require.Len(t, values, len(metrics))
	require.EqualValues(t, 3, values[sample{"fpnn_dials_total", "gate=a"}])
	require.EqualValues(t, 4, values[sample{"fpnn_dials_total", "gate=" + nasty}])
	require.EqualValues(t, 5, values[sample{"fpnn_calls_ended_total", "gate=" + nasty + ",end=lost"}])
	odd := strings.Fields("gate")
	require.Panics(t, func() { a.Metrics(odd...) }, "a label without a value")
}

// Labels that are given do not share memory with what is added to them.
func TestMetricsLeaveTheirLabelsAlone(t *testing.T) {
	t.Parallel()
	labels := append(make([]string, 0, 10), "gate", "a")
	metrics := fpnn.ConnStats{}.Metrics(labels...)
	require.Equal(t, []string{"", ""}, labels[2:4])
	ends := map[string]bool{}
	for _, m := range metrics {
		if m.Name == "calls_ended" {
			ends[strings.Join(m.Labels, " ")] = true
		}
	}
	require.Equal(t, []string{"gate a end answered", "gate a end given_up", "gate a end lost", "gate a end timed_out"},
		slices.Sorted(maps.Keys(ends)))
}

func TestMetricsOfAllKindsAreText(t *testing.T) {
	t.Parallel()
	for _, metrics := range [][]fpnn.Metric{fpnn.ConnStats{}.Metrics(), fpnn.ClientStats{}.Metrics(), fpnn.ServerStats{}.Metrics()} {
		require.Len(t, parseMetrics(t, fpnn.AppendMetrics(nil, "a:b_", metrics)), len(metrics))
	}
}

type sample struct{ name, labels string }

var (
	describing = regexp.MustCompile(`^# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)$`)
	sampling   = regexp.MustCompile(`^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.+)\})? (-?\d+)$`)
	labelling  = regexp.MustCompile(`^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(?:,|$)`)
	unescape   = strings.NewReplacer(`\\`, `\`, `\"`, `"`, `\n`, "\n")
)

// parseMetrics reads the text format, strictly: each family is described once, and
// its samples, which differ, follow at once.
func parseMetrics(t *testing.T, text []byte) map[sample]int64 {
	t.Helper()
	require.True(t, utf8.Valid(text))
	values, families, family := map[sample]int64{}, map[string]bool{}, ""
	lines := strings.Split(string(text), "\n")
	require.Empty(t, lines[len(lines)-1], "the last line ends")
	for i, line := range lines[:len(lines)-1] {
		switch d := describing.FindStringSubmatch(line); {
		case d != nil && d[1] == "HELP":
			require.False(t, families[d[2]], "described twice: %s", line)
			families[d[2]], family = true, d[2]
			continue
		case d != nil:
			require.Contains(t, lines[i-1], "# HELP "+family+" ")
			require.Equal(t, family, d[2])
			require.Equal(t, strings.HasSuffix(family, "_total"), d[3] == "counter")
			require.Contains(t, []string{"counter", "gauge"}, d[3])
			continue
		}
		m := sampling.FindStringSubmatch(line)
		require.NotNil(t, m, "%q", line)
		require.Equal(t, family, m[1])
		var labels []string
		for rest := m[2]; rest != ""; {
			l := labelling.FindStringSubmatch(rest)
			require.NotNil(t, l, "%q", rest)
			labels = append(labels, l[1]+"="+unescape.Replace(l[2]))
			rest = rest[len(l[0]):]
		}
		at := sample{m[1], strings.Join(labels, ",")}
		require.NotContains(t, values, at)
		n, err := strconv.ParseInt(m[3], 10, 64)
		require.NoError(t, err)
		values[at] = n
	}
	return values
}
