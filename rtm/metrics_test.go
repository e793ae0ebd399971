package rtm_test

import (
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/rtm"
)

func TestEveryCounterOfPushesIsAMetric(t *testing.T) {
	t.Parallel()
	var stats rtm.PushStats
	want := map[int64]string{}
	for field, v := range reflect.ValueOf(&stats).Elem().Fields() {
		n := int64(len(want) + 1)
		v.SetInt(n)
		want[n] = field.Name
	}
	got := map[int64]string{}
	for _, m := range stats.Metrics("client", "a") {
		require.Empty(t, got[m.Value], "%s and %s", got[m.Value], m.Name)
		got[m.Value] = m.Name
		require.Equal(t, []string{"client", "a"}, m.Labels, m.Name)
		require.Equal(t, want[m.Value] == "Waiting", m.Gauge, m.Name)
	}
	for n, field := range want {
		require.NotEmpty(t, got[n], field)
	}
	require.Len(t, got, len(want))
}

// Those of pushes, and of the client underneath, go into one text.
func TestMetricsOfPushesAreApartFromThoseOfTheClient(t *testing.T) {
	t.Parallel()
	names := map[string]bool{}
	for _, m := range (fpnn.ClientStats{}).Metrics() {
		names[m.Name] = true
	}
	for _, m := range (rtm.PushStats{}).Metrics() {
		require.False(t, names[m.Name], m.Name)
	}
	text := fpnn.AppendMetrics(nil, "rtm_", rtm.PushStats{Accepted: 3, Waiting: 1}.Metrics("client", "a"))
	require.Contains(t, string(text), "# TYPE rtm_pushes_accepted_total counter\n"+`rtm_pushes_accepted_total{client="a"} 3`+"\n")
	require.Contains(t, string(text), "# TYPE rtm_pushes_waiting gauge\n"+`rtm_pushes_waiting{client="a"} 1`+"\n")
	odd := []string{"client"}
	require.Panics(t, func() { rtm.PushStats{}.Metrics(odd...) }, "a label without a value")
}
