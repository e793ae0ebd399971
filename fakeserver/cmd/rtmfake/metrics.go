package main

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strconv"
	"sync"

	"github.com/gofpnn/gofpnn/fpnn"
)

// questLabels are what quests are counted by.
type questLabels struct {
	method string
	code   int // of the answer; 0 for success
}

// otherMethods is what all methods are called that the gate does not have, so that
// a client cannot make up any number of them.
const otherMethods = "other"

// questCounts counts quests that have been served. It is a tracer, so that it knows
// what was answered, and when.
type questCounts struct {
	mu sync.Mutex
	of map[questLabels]int64
}

// Start begins nothing.
func (*questCounts) Start(ctx context.Context, _ fpnn.Operation) context.Context { return ctx }

// End counts quests that have been served.
func (c *questCounts) End(_ context.Context, op fpnn.Operation, _ error) {
	if op.Kind != fpnn.OpHandle {
		return
	}
	labels := questLabels{op.Method, op.Code}
	if op.Code == fpnn.CodeCoreUnknownMethod {
		labels.method = otherMethods
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.of == nil {
		c.of = make(map[questLabels]int64)
	}
	c.of[labels]++
}

func (c *questCounts) all() map[questLabels]int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.of)
}

// metrics returns the counters in the text format of Prometheus.
func (w *web) metrics() ([]byte, error) {
	all := w.srv.Stats().Metrics()
	if w.gate != nil {
		all = append(all, w.gate.Stats().Metrics()...)
	}
	counts := w.quests.all()
	for _, l := range slices.SortedFunc(maps.Keys(counts), func(a, b questLabels) int {
		return cmp.Or(cmp.Compare(a.method, b.method), cmp.Compare(a.code, b.code))
	}) {
		all = append(all, fpnn.Metric{
			Name: "quests", Help: "Quests served, by method and by the code of the answer, 0 for success.",
			Labels: []string{"method", l.method, "code", strconv.Itoa(l.code)}, Value: counts[l],
		})
	}
	return fpnn.AppendMetrics(nil, "rtmfake_", all), nil
}
