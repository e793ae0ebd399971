package main

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
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

// questCounts counts quests that have been served.
type questCounts struct {
	mu sync.Mutex
	of map[questLabels]int64
}

// count counts what next serves.
func (c *questCounts) count(next fpnn.Handler) fpnn.Handler {
	return fpnn.HandlerFunc(func(ctx context.Context, q *fpnn.Quest) (any, error) {
		answer, err := next.ServeQuest(ctx, q)
		labels := questLabels{q.Method(), fpnn.Code(err)}
		if labels.code == fpnn.CodeCoreUnknownMethod {
			labels.method = otherMethods
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.of == nil {
			c.of = make(map[questLabels]int64)
		}
		c.of[labels]++
		return answer, err
	})
}

func (c *questCounts) all() map[questLabels]int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.of)
}

// metrics returns the counters in the text format of Prometheus, version 0.0.4.
func (w *web) metrics() ([]byte, error) {
	var b strings.Builder
	stats := w.srv.Stats()
	for _, m := range []struct {
		name, kind, help string
		value            int64
	}{
		{"connections", "gauge", "Connections that are open.", int64(stats.Connections)},
		{"connections_accepted_total", "counter", "Connections there have been.", stats.Accepted},
		{"received_bytes_total", "counter", "Bytes received from clients.", stats.BytesIn},
		{"sent_bytes_total", "counter", "Bytes sent to clients.", stats.BytesOut},
		{"quests_refused_total", "counter", "Quests not accepted, since too many waited.", stats.Refused},
		{"answers_unclaimed_total", "counter", "Answers from clients that nobody waited for.", stats.Unclaimed},
		{"journal_records_total", "counter", "Packages recorded in the journal.", stats.Records},
		{"conversations", "gauge", "Conversations there are.", int64(stats.Conversations)},
		{"messages", "gauge", "Messages held, deleted ones left out.", int64(stats.Messages)},
		{"listeners", "gauge", "Connections that listen to messages or events.", int64(stats.Listeners)},
	} {
		head(&b, m.name, m.kind, m.help)
		fmt.Fprintf(&b, "rtmfake_%s %d\n", m.name, m.value)
	}
	head(&b, "quests_total", "counter", "Quests served, by method and by the code of the answer, 0 for success.")
	counts := w.quests.all()
	for _, l := range slices.SortedFunc(maps.Keys(counts), func(a, b questLabels) int {
		return cmp.Or(cmp.Compare(a.method, b.method), cmp.Compare(a.code, b.code))
	}) {
		fmt.Fprintf(&b, "rtmfake_quests_total{method=\"%s\",code=\"%d\"} %d\n", escape.Replace(l.method), l.code, counts[l])
	}
	return []byte(b.String()), nil
}

func head(b *strings.Builder, name, kind, help string) {
	fmt.Fprintf(b, "# HELP rtmfake_%[1]s %[3]s\n# TYPE rtmfake_%[1]s %[2]s\n", name, kind, help)
}

// escape makes a text the value of a label.
var escape = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)
