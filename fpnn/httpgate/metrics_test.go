package httpgate_test

import (
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/fpnn/httpgate"
)

func TestEveryCounterIsAMetric(t *testing.T) {
	t.Parallel()
	var stats httpgate.Stats
	want := map[int64]string{}
	for field, v := range reflect.ValueOf(&stats).Elem().Fields() {
		n := int64(len(want) + 1)
		v.SetInt(n)
		want[n] = field.Name
	}
	got := map[int64]string{}
	for _, m := range stats.Metrics("gate", "a") {
		require.Empty(t, got[m.Value], "%s and %s", got[m.Value], m.Name)
		got[m.Value] = m.Name
		require.Equal(t, []string{"gate", "a"}, m.Labels, m.Name)
		field := want[m.Value]
		require.Equal(t, field != "TooMany" && field != "Refused", m.Gauge, m.Name)
	}
	for n, field := range want {
		require.NotEmpty(t, got[n], field)
	}
	require.Len(t, got, len(want))
}

// Those of a listener, and of the server that accepts from it, go into one text.
func TestMetricsAreApartFromThoseOfTheServer(t *testing.T) {
	t.Parallel()
	names := map[string]bool{}
	for _, m := range (fpnn.ServerStats{}).Metrics() {
		names[m.Name] = true
	}
	for _, m := range (httpgate.Stats{}).Metrics() {
		require.False(t, names[m.Name], m.Name)
	}
	text := fpnn.AppendMetrics(nil, "fpnn_", httpgate.Stats{HTTP: 3, TooMany: 4}.Metrics("gate", "a"))
	require.Contains(t, string(text), "# TYPE fpnn_gate_http_connections gauge\n"+`fpnn_gate_http_connections{gate="a"} 3`+"\n")
	require.Contains(t, string(text), `fpnn_gate_http_connections_too_many_total{gate="a"} 4`+"\n")
	odd := []string{"gate"}
	require.Panics(t, func() { httpgate.Stats{}.Metrics(odd...) }, "a label without a value")
}
