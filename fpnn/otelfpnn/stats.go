package otelfpnn

import (
	"context"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/gofpnn/gofpnn/fpnn"
)

// Observe has what read returns read as metrics, whenever metrics are read, until the
// registration that it returns is ended: Metrics of Stats, or a program's own. prefix
// begins each name, as "rtm.client."; those whose names read did not return at first
// are left out. What is observed twice with one provider is told apart by attrs; a nil
// provider is the global one.
func Observe(metrics metric.MeterProvider, prefix string, read func() []fpnn.Metric, attrs ...attribute.KeyValue) (metric.Registration, error) {
	m := meter(metrics)
	instruments := make(map[string]metric.Int64Observable)
	var all []metric.Observable
	for _, one := range read() {
		if instruments[one.Name] != nil {
			continue
		}
		i, err := instrument(m, prefix, one)
		if err != nil {
			return nil, err
		}
		instruments[one.Name] = i
		all = append(all, i)
	}
	return m.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		for _, one := range read() {
			if i := instruments[one.Name]; i != nil {
				o.ObserveInt64(i, one.Value, metric.WithAttributes(labelled(attrs, one.Labels)...))
			}
		}
		return nil
	}, all...)
}

// ObserveClient is [Observe] for the counters of a client ([fpnn.ClientStats]), which
// are called "fpnn.client." and so on.
func ObserveClient(metrics metric.MeterProvider, c *fpnn.Client, attrs ...attribute.KeyValue) (metric.Registration, error) {
	return Observe(metrics, "fpnn.client.", func() []fpnn.Metric { return c.Stats().Metrics() }, attrs...)
}

// ObserveServer is [Observe] for the counters of a server ([fpnn.ServerStats]), which
// are called "fpnn.server." and so on.
func ObserveServer(metrics metric.MeterProvider, s *fpnn.Server, attrs ...attribute.KeyValue) (metric.Registration, error) {
	return Observe(metrics, "fpnn.server.", func() []fpnn.Metric { return s.Stats().Metrics() }, attrs...)
}

func instrument(m metric.Meter, prefix string, one fpnn.Metric) (metric.Int64Observable, error) {
	unit := ""
	if strings.HasSuffix(one.Name, "_bytes") {
		unit = "By"
	}
	if one.Gauge {
		return m.Int64ObservableUpDownCounter(prefix+one.Name, metric.WithDescription(one.Help), metric.WithUnit(unit))
	}
	return m.Int64ObservableCounter(prefix+one.Name, metric.WithDescription(one.Help), metric.WithUnit(unit))
}

// labelled returns attrs and the labels of a metric.
func labelled(attrs []attribute.KeyValue, labels []string) []attribute.KeyValue {
	all := attrs[:len(attrs):len(attrs)]
	for i := 0; i < len(labels); i += 2 {
		all = append(all, attribute.String(labels[i], labels[i+1]))
	}
	return all
}
