package fpnn

import (
	"slices"
	"strconv"
	"strings"
)

// Metric is one number of what Stats returns, described as monitoring systems want
// it.
type Metric struct {
	// Name is of lower-case words with underscores between them. It ends with
	// "_bytes" if bytes are counted.
	Name   string
	Help   string   // one sentence
	Gauge  bool     // it goes up and down, else it is a counter
	Labels []string // name, value, name, value
	Value  int64
}

// MetricsType is the media type of what [AppendMetrics] appends.
const MetricsType = "text/plain; version=0.0.4; charset=utf-8"

// AppendMetrics appends metrics in the text format of Prometheus. prefix begins each
// name, as "myprogram_fpnn_"; those of counters get "_total" at the end. Metrics with
// the same name form one family, described as the first of them is, and must differ
// in the values of their labels. What is not UTF-8 is replaced by U+FFFD.
func AppendMetrics(b []byte, prefix string, metrics []Metric) []byte {
	families := make(map[string][]Metric)
	for _, m := range metrics {
		families[m.Name] = append(families[m.Name], m)
	}
	for _, m := range metrics {
		family, first := families[m.Name]
		if !first {
			continue
		}
		delete(families, m.Name)
		name, kind := prefix+m.Name, "gauge"
		if !m.Gauge {
			name, kind = name+"_total", "counter"
		}
		b = append(b, "# HELP "+name+" "+escapeHelp.Replace(strings.ToValidUTF8(m.Help, "\uFFFD"))+"\n"...)
		b = append(b, "# TYPE "+name+" "+kind+"\n"...)
		for _, m := range family {
			b = append(b, name...)
			b = appendLabels(b, m.Labels)
			b = strconv.AppendInt(append(b, ' '), m.Value, 10)
			b = append(b, '\n')
		}
	}
	return b
}

var (
	escapeHelp  = strings.NewReplacer(`\`, `\\`, "\n", `\n`)
	escapeLabel = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)
)

func appendLabels(b []byte, labels []string) []byte {
	separator := "{"
	for i := 0; i < len(labels); i += 2 {
		value := strings.ToValidUTF8(labels[i+1], "\uFFFD")
		b = append(b, separator+labels[i]+`="`+escapeLabel.Replace(value)+`"`...)
		separator = ","
	}
	if len(labels) > 0 {
		b = append(b, '}')
	}
	return b
}

// Metrics returns the counters as metrics. labels are pairs of name and value that
// all get, to tell one connection from others; it panics if one has no value.
func (s ConnStats) Metrics(labels ...string) []Metric {
	m := newMetricList(labels)
	s.list(m)
	return m.all
}

// Metrics returns the counters as metrics, see [ConnStats.Metrics].
func (s ClientStats) Metrics(labels ...string) []Metric {
	m := newMetricList(labels)
	m.gauge("connections", "Connections that calls can use.", s.Connections)
	m.counter("dials", "Attempts to connect.", s.Dials)
	m.counter("dials_failed", "Attempts to connect that failed.", s.DialsFailed)
	m.gauge("calls_waiting", "Calls waiting for a connection.", s.Waiting)
	m.counter("calls_unconnected", "Calls and notices that failed for want of a connection.", s.Unconnected)
	s.list(m)
	return m.all
}

// Metrics returns the counters as metrics, see [ConnStats.Metrics].
func (s ServerStats) Metrics(labels ...string) []Metric {
	m := newMetricList(labels)
	m.gauge("connections", "Connections that are open.", s.Connections)
	m.counter("connections_accepted", "Connections accepted and served.", s.Accepted)
	m.counter("connections_not_allowed", "Connections turned away since their peer is not allowed.", s.NotAllowed)
	m.counter("connections_too_many", "Connections turned away since there were too many.", s.TooMany)
	m.counter("quests_forbidden", "Quests to built-in methods answered with 20013.", s.Forbidden)
	m.gauge("buffered_bytes", "Bytes held for incomplete packages.", int(s.Buffered))
	s.list(m)
	return m.all
}

func (s *ConnStats) list(m *metricList) {
	m.counter("received_bytes", "Bytes received.", s.BytesIn)
	m.counter("sent_bytes", "Bytes sent.", s.BytesOut)
	m.counter("writes", "Writes to the transport.", s.Writes)
	m.counter("calls", "Twoway quests sent.", s.Calls)
	const ended = "Calls that have ended, by how."
	m.counter("calls_ended", ended, s.Answered, "end", "answered")
	m.counter("calls_ended", ended, s.TimedOut, "end", "timed_out")
	m.counter("calls_ended", ended, s.GivenUp, "end", "given_up")
	m.counter("calls_ended", ended, s.Lost, "end", "lost")
	m.counter("error_answers_received", "Calls answered with an error.", s.ErrorsIn)
	m.counter("calls_overflowed", "Calls refused since too many were in flight.", s.Overflowed)
	m.counter("notices", "Oneway quests sent.", s.Notices)
	m.counter("answers_unclaimed", "Answers nobody waited for.", s.Unclaimed)
	m.counter("quests_accepted", "Quests accepted from peers.", s.Quests)
	m.counter("error_answers_sent", "Accepted quests answered with an error.", s.ErrorsOut)
	m.counter("quests_refused", "Quests not accepted from peers.", s.Refused)
	m.counter("quests_limited", "Quests not accepted since there were too many a second.", s.Limited)
	m.gauge("calls_in_flight", "Calls waiting for their answer.", s.InFlight)
	m.gauge("quests_serving", "Quests accepted and not yet answered.", s.Serving)
	m.gauge("quests_queued", "Quests waiting for a worker.", s.Queued)
	m.gauge("quests_late", "Quests that will be answered later.", s.Late)
	m.gauge("unwritten_bytes", "Bytes waiting to be written.", s.Unwritten)
	m.gauge("packages_blocked", "Packages waiting for room among those.", s.Blocked)
}

// metricList gathers metrics that share labels.
type metricList struct {
	labels []string
	all    []Metric
}

func newMetricList(labels []string) *metricList {
	if len(labels)%2 != 0 {
		panic("fpnn: Metrics with a label that has no value")
	}
	return &metricList{labels: labels}
}

func (m *metricList) counter(name, help string, n int64, labels ...string) {
	m.all = append(m.all, Metric{Name: name, Help: help, Labels: slices.Concat(m.labels, labels), Value: n})
}

func (m *metricList) gauge(name, help string, n int) {
	m.all = append(m.all, Metric{Name: name, Help: help, Gauge: true, Labels: m.labels, Value: int64(n)})
}
