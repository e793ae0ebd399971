package otelfpnn_test

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/fpnn/otelfpnn"
)

func TestCountersAreMetrics(t *testing.T) {
	t.Parallel()
	c, s, b, _ := traced(t, mux(map[string]fpnn.HandlerFunc{"echo": echo}))
	one, err := otelfpnn.ObserveClient(b.metrics, c, attribute.String("gate", "a"))
	require.NoError(t, err)
	two, err := otelfpnn.ObserveClient(b.metrics, c, attribute.String("gate", "b"))
	require.NoError(t, err)
	_, err = otelfpnn.ObserveServer(b.metrics, s)
	require.NoError(t, err)
	for range 3 {
		_, err := c.Call(t.Context(), "echo", nil)
		require.NoError(t, err)
	}
	m, points := b.points("fpnn.client.calls_ended")
	require.Equal(t, "Calls that have ended, by how.", m.Description)
	require.True(t, m.Data.(metricdata.Sum[int64]).IsMonotonic)
	require.Equal(t, map[string]float64{
		"end=answered,gate=a": 3, "end=given_up,gate=a": 0, "end=lost,gate=a": 0, "end=timed_out,gate=a": 0,
		"end=answered,gate=b": 3, "end=given_up,gate=b": 0, "end=lost,gate=b": 0, "end=timed_out,gate=b": 0,
	}, points)
	m, points = b.points("fpnn.server.connections")
	require.False(t, m.Data.(metricdata.Sum[int64]).IsMonotonic)
	require.Equal(t, map[string]float64{"": 1}, points)
	m, points = b.points("fpnn.server.received_bytes")
	require.Equal(t, "By", m.Unit)
	require.Equal(t, map[string]float64{"": float64(c.Stats().BytesOut)}, points)
	for _, metric := range append(c.Stats().Metrics(), s.Stats().Metrics()...) {
		_, client := b.points("fpnn.client." + metric.Name)
		_, server := b.points("fpnn.server." + metric.Name)
		require.NotEmpty(t, append(keys(client), keys(server)...), metric.Name)
	}

	require.NoError(t, one.Unregister())
	_, points = b.points("fpnn.client.dials")
	require.Equal(t, map[string]float64{"gate=b": 1}, points)
	require.NoError(t, two.Unregister())
	_, points = b.points("fpnn.client.dials")
	require.Empty(t, points)
}

func keys(m map[string]float64) (all []string) {
	for k := range m {
		all = append(all, k)
	}
	return all
}

func TestAnythingWithMetricsIsObserved(t *testing.T) {
	t.Parallel()
	b := newBackend(t)
	var mu sync.Mutex
	var now []fpnn.Metric
	set := func(metrics ...fpnn.Metric) {
		mu.Lock()
		defer mu.Unlock()
		now = metrics
	}
	read := func() []fpnn.Metric {
		mu.Lock()
		defer mu.Unlock()
		return now
	}
	sold := fpnn.Metric{Name: "sold", Help: "Sold.", Labels: []string{"fruit", "pear"}, Value: 1}
	held := fpnn.Metric{Name: "held_bytes", Help: "Held.", Gauge: true, Value: -3}
	set(sold, held)
	registration, err := otelfpnn.Observe(b.metrics, "shop.", read, attribute.String("town", "a"))
	require.NoError(t, err)

	more := sold
	more.Labels, more.Value = []string{"fruit", "plum"}, 2
	set(sold, more, held, fpnn.Metric{Name: "stolen", Help: "Not there before.", Value: 5})
	m, points := b.points("shop.sold")
	require.Equal(t, "Sold.", m.Description)
	require.True(t, m.Data.(metricdata.Sum[int64]).IsMonotonic)
	require.Equal(t, map[string]float64{"fruit=pear,town=a": 1, "fruit=plum,town=a": 2}, points)
	m, points = b.points("shop.held_bytes")
	require.Equal(t, "By", m.Unit)
	require.False(t, m.Data.(metricdata.Sum[int64]).IsMonotonic)
	require.Equal(t, map[string]float64{"town=a": -3}, points)
	_, points = b.points("shop.stolen")
	require.Empty(t, points)

	require.NoError(t, registration.Unregister())
	_, points = b.points("shop.sold")
	require.Empty(t, points)
}
