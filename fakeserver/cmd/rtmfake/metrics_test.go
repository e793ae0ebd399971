package main

import (
	"bufio"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/fakeserver"
	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/rtm"
)

func TestMetricsAreExact(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		for range 3 {
			s.say(rtm.Group(7), "hello")
		}
		s.say(rtm.User(8), "hello")
		require.NoError(t, s.client.AddListen(t.Context(), rtm.ListenSet{Groups: []int64{7}}))
		for range 2 {
			_, err := s.client.Get(t.Context(), 1, rtm.Group(7), 1)
			require.Error(t, err)
		}
		for n := range 100 {
			_, err := s.client.FPNN().Call(t.Context(), fmt.Sprint("made up\"\n\\", n), nil)
			require.Error(t, err)
		}
		_, err := s.client.FPNN().Call(t.Context(), "*ping", nil)
		require.NoError(t, err)
		_, err = s.client.FPNN().Call(t.Context(), "sendmsg", map[string]any{"salt": 1})
		require.Error(t, err)
		require.NoError(t, s.client.FPNN().Notify(t.Context(), "*ping", nil))
		synctest.Wait()

		stats := s.srv.Stats()
		answer := s.ask(http.MethodGet, "/metrics")
		require.Equal(t, "text/plain; version=0.0.4; charset=utf-8", answer.Header.Get("Content-Type"))
		got := metrics(t, answer.Body)
		require.Subset(t, got, map[string]string{
			`rtmfake_connections`:                                  "1",
			`rtmfake_connections_accepted_total`:                   "1",
			`rtmfake_received_bytes_total`:                         fmt.Sprint(stats.BytesIn),
			`rtmfake_sent_bytes_total`:                             fmt.Sprint(stats.BytesOut),
			`rtmfake_quests_refused_total`:                         "0",
			`rtmfake_quests_accepted_total`:                        "110",
			`rtmfake_error_answers_sent_total`:                     "103",
			`rtmfake_answers_unclaimed_total`:                      "0",
			`rtmfake_journal_records_total`:                        "219",
			`rtmfake_conversations`:                                "2",
			`rtmfake_messages`:                                     "4",
			`rtmfake_listeners`:                                    "1",
			`rtmfake_quests_total{method="*ping",code="0"}`:        "2",
			`rtmfake_quests_total{method="addlisten",code="0"}`:    "1",
			`rtmfake_quests_total{method="getmsg",code="200070"}`:  "2",
			`rtmfake_quests_total{method="other",code="20004"}`:    "100",
			`rtmfake_quests_total{method="sendgroupmsg",code="0"}`: "3",
			`rtmfake_quests_total{method="sendmsg",code="0"}`:      "1",
			`rtmfake_quests_total{method="sendmsg",code="200002"}`: "1",
		})
		maps.DeleteFunc(got, func(name, _ string) bool { return !strings.HasPrefix(name, "rtmfake_quests_total") })
		require.Len(t, got, 7, "methods of the gate's, and the others together")
	})
}

// A quest that is answered later is counted when it is, with what is answered.
func TestAnswersThatComeLaterAreCounted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		later := make(chan *fpnn.Responder, 1)
		s.srv.On("getmsg", func(c *fakeserver.Ctx) { later <- c.Later() })
		ended := make(chan error, 1)
		go func() {
			_, err := s.client.Get(t.Context(), 1, rtm.Group(7), 1)
			ended <- err
		}()
		synctest.Wait()
		require.NotContains(t, s.get("/metrics"), `method="getmsg"`)
		require.NoError(t, (<-later).Reply(nil, fpnn.Errorf(200070, "gone")))
		require.Equal(t, 200070, fpnn.Code(<-ended))
		require.Contains(t, s.get("/metrics"), `rtmfake_quests_total{method="getmsg",code="200070"} 1`+"\n")
	})
}

var (
	comment = regexp.MustCompile(`^# (HELP|TYPE) (\w+) (.+)$`)
	sample  = regexp.MustCompile(`^((\w+)(?:\{\w+="(?:[^"\\\n]|\\["\\n])*"(?:,\w+="(?:[^"\\\n]|\\["\\n])*")*\})?) (\d+)$`)
)

// metrics reads the text format: each family has its help and type before its
// samples, and all samples differ.
func metrics(t *testing.T, in io.Reader) map[string]string {
	t.Helper()
	values, described := map[string]string{}, map[string]string{}
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		line := lines.Text()
		if c := comment.FindStringSubmatch(line); c != nil {
			described[c[2]] += c[1] + " "
			if c[1] == "TYPE" {
				require.Equal(t, strings.HasSuffix(c[2], "_total"), c[3] == "counter", line)
				require.Contains(t, []string{"counter", "gauge"}, c[3])
			}
			continue
		}
		m := sample.FindStringSubmatch(line)
		require.NotNil(t, m, "%q", line)
		require.Equal(t, "HELP TYPE ", described[m[2]], line)
		require.NotContains(t, values, m[1])
		values[m[1]] = m[3]
	}
	require.NoError(t, lines.Err())
	return values
}

func TestLabelsAreEscaped(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.web.quests.of = map[questLabels]int64{{"a\"b\\c\nd", 7}: 1}
	require.Contains(t, s.get("/metrics"), `rtmfake_quests_total{method="a\"b\\c\nd",code="7"} 1`+"\n")
	metrics(t, strings.NewReader(s.get("/metrics")))
}

// With -ws there are those of the listener too.
func TestMetricsTellOfHTTPConnectionsIfTheGateTakesThem(t *testing.T) {
	t.Parallel()
	for _, way := range []string{"-ws", ""} {
		args := []string{"-http", ":0"}
		if way != "" {
			args = append(args, way)
		}
		g := start(t, args...)
		url := g.said("web page on ") + "/metrics"
		client := http.Client{Transport: new(http.Transport)}
		page := func() string {
			answer, err := client.Get(url)
			require.NoError(t, err)
			defer answer.Body.Close()
			text, err := io.ReadAll(answer.Body)
			require.NoError(t, err)
			return string(text)
		}
		if way == "" {
			require.NotContains(t, page(), "rtmfake_gate_")
		} else {
			silent, err := net.Dial("tcp", g.addr)
			require.NoError(t, err)
			require.Eventually(t, func() bool { return strings.Contains(page(), "\nrtmfake_gate_connections_unknown 1\n") },
				10*time.Second, time.Millisecond)
			require.NoError(t, silent.Close())
			metrics(t, strings.NewReader(page()))
		}
		client.CloseIdleConnections()
	}
}
