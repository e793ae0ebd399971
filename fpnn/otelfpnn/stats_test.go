package otelfpnn_test

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"
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
	for _, one := range append(c.Stats().Metrics(), s.Stats().Metrics()...) {
		_, client := b.points("fpnn.client." + one.Name)
		_, server := b.points("fpnn.server." + one.Name)
		require.NotEmpty(t, append(keys(client), keys(server)...), one.Name)
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
	set(sold, more, held)
	m, points := b.points("shop.sold")
	require.Equal(t, "Sold.", m.Description)
	require.True(t, m.Data.(metricdata.Sum[int64]).IsMonotonic)
	require.Equal(t, map[string]float64{"fruit=pear,town=a": 1, "fruit=plum,town=a": 2}, points)
	m, points = b.points("shop.held_bytes")
	require.Equal(t, "By", m.Unit)
	require.False(t, m.Data.(metricdata.Sum[int64]).IsMonotonic)
	require.Equal(t, map[string]float64{"town=a": -3}, points)
	require.NoError(t, registration.Unregister())
	_, points = b.points("shop.sold")
	require.Empty(t, points)
}

// picky is a meter that minds what is observed without an instrument.
type picky struct {
	noop.Meter
	noop.Observer
	t        *testing.T
	callback metric.Callback
	seen     int
}

// pickyProvider has no other meter.
type pickyProvider struct {
	noop.MeterProvider
	meter *picky
}

func (p pickyProvider) Meter(string, ...metric.MeterOption) metric.Meter { return p.meter }

func (p *picky) RegisterCallback(f metric.Callback, _ ...metric.Observable) (metric.Registration, error) {
	p.callback = f
	return noop.Registration{}, nil
}

func (p *picky) ObserveInt64(i metric.Int64Observable, _ int64, _ ...metric.ObserveOption) {
	require.NotNil(p.t, i)
	p.seen++
}

func TestMetricsThatWereNotThereAtFirstAreLeftOut(t *testing.T) {
	t.Parallel()
	p := &picky{t: t}
	now := []fpnn.Metric{{Name: "sold"}}
	_, err := otelfpnn.Observe(pickyProvider{meter: p}, "shop.", func() []fpnn.Metric { return now })
	require.NoError(t, err)
	now = append(now, fpnn.Metric{Name: "stolen"})
	require.NoError(t, p.callback(t.Context(), p))
	require.Equal(t, 1, p.seen)
}
