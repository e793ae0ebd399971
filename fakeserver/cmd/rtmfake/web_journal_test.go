package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/fakeserver"
	"github.com/gofpnn/gofpnn/rtm"
)

// event is an event of the journal's stream, or a comment.
type event struct {
	id, comment string
	recordView
}

// follow begins to follow the journal.
func (s *site) follow(change ...func(r *http.Request)) *subscriber {
	s.t.Helper()
	answer := s.ask(http.MethodGet, "/api/journal", change...)
	require.Equal(s.t, http.StatusOK, answer.StatusCode)
	require.Equal(s.t, "text/event-stream", answer.Header.Get("Content-Type"))
	sub := &subscriber{s.t, answer.Body, bufio.NewReader(answer.Body)}
	first, err := sub.next()
	require.NoError(s.t, err)
	require.Equal(s.t, " the journal", first.comment)
	return sub
}

type subscriber struct {
	t    *testing.T
	body io.Closer
	in   *bufio.Reader
}

func (s *subscriber) next() (e event, err error) {
	for {
		line, err := s.in.ReadString('\n')
		if err != nil {
			return e, err
		}
		name, value, ok := strings.Cut(strings.TrimSuffix(line, "\n"), ":")
		switch {
		case !ok:
			require.Equal(s.t, "\n", line)
			return e, nil
		case name == "id":
			e.id = strings.TrimPrefix(value, " ")
		case name == "data":
			require.NoError(s.t, json.Unmarshal([]byte(value), &e.recordView))
		default:
			require.Empty(s.t, name, line)
			e.comment = value
		}
	}
}

// record returns the next record.
func (s *subscriber) record() event {
	s.t.Helper()
	for {
		e, err := s.next()
		require.NoError(s.t, err)
		if e.id != "" {
			return e
		}
	}
}

func TestJournalIsLive(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		sub := s.follow()
		s.say(rtm.Group(7), "<b>hello\n\ndata: x</b>")
		quest, answer := sub.record(), sub.record()
		require.Contains(t, quest.Payload.Text, `"msg":"<b>hello\n\ndata: x</b>"`)
		require.Equal(t, s.web.run+"-1", quest.id)
		quest.id, quest.Payload = "", textView{}
		require.Equal(t, event{recordView: recordView{
			N: 1, Time: time.Now().UnixMilli(), Conn: 1, Kind: "twoway", Method: "sendgroupmsg", Seq: answer.Seq,
		}}, quest)
		require.Equal(t, "answer", answer.Kind)
		require.True(t, answer.Out)
		require.Zero(t, answer.Code)

		_, err := s.client.Get(t.Context(), 1, rtm.Group(7), 1)
		require.Error(t, err)
		require.NoError(t, s.client.FPNN().Notify(t.Context(), "one\xff\nway", map[string]any{"a": strings.Repeat("x", 2*maxText)}))
		sub.record()
		failed, oneway := sub.record(), sub.record()
		require.Equal(t, 200070, failed.Code)
		require.Equal(t, "oneway", oneway.Kind)
		require.Equal(t, "one\ufffd\nway", oneway.Method)
		require.Len(t, oneway.Payload.Text, maxText)
		require.Equal(t, len(`{"a":""}`)+maxText, oneway.Payload.More)

		require.NoError(t, s.client.FPNN().Notify(t.Context(), "long", map[string]any{"a": make([]byte, maxDecoded)}))
		long := sub.record()
		require.Equal(t, "long", long.Method)
		require.Empty(t, long.Payload.Text, "16 followers would hold 16 of them, each byte as six")
		require.Greater(t, long.Payload.More, maxDecoded)
	})
}

func TestFollowerGoesOnWhereItWas(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t, fakeserver.WithJournal(600, 1<<20))
		for n := range 150 {
			s.say(rtm.Group(7), fmt.Sprint(n))
		}
		synctest.Wait()
		first := s.follow().record()
		require.EqualValues(t, 101, first.N, "the last 200 of 300")
		require.EqualValues(t, 292, s.follow(withHeader("Last-Event-ID", s.web.run+"-291")).record().N)
		require.EqualValues(t, 3, s.follow(withHeader("Last-Event-ID", s.web.run+"-2")).record().N, "more than a new one gets")
		for _, id := range []string{"", "291", "another-291", s.web.run + "-", s.web.run + "-x", "-", strings.Repeat("9", 99)} {
			require.EqualValues(t, 101, s.follow(withHeader("Last-Event-ID", id)).record().N, id)
		}
	})
}

func TestSlowFollowerMissesRecordsAndHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t, fakeserver.WithJournal(10, 1<<20))
		sub := s.follow()
		for n := range 2000 {
			s.say(rtm.Group(7), fmt.Sprint(n, strings.Repeat("x", 1000)))
		}
		synctest.Wait()
		require.EqualValues(t, 4000, s.srv.Stats().Records)
		var last, missed int64
		for last < 4000 {
			r := sub.record()
			require.Greater(t, r.N, last)
			missed += r.N - last - 1
			last = r.N
		}
		require.Greater(t, missed, int64(1000))
	})
}

func TestFollowerThatTakesNothingIsLeft(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		sub := s.follow()
		for n := range 200 {
			s.say(rtm.Group(7), fmt.Sprint(n, strings.Repeat("x", 3000)))
		}
		synctest.Wait()
		require.Len(t, s.web.subscribers, 1)
		<-time.After(writeTimeout + time.Second)
		synctest.Wait()
		require.Empty(t, s.web.subscribers)
		_, err := io.ReadAll(sub.in)
		require.Error(t, err)
	})
}

func TestSilentJournalHasAHeartbeat(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		require.NoError(t, s.client.Close())
		sub := s.follow()
		start := time.Now()
		for n := range 100 {
			e, err := sub.next()
			require.NoError(t, err)
			require.Equal(t, event{}, e, "an empty comment")
			require.Equal(t, time.Duration(n+1)*heartbeat, time.Since(start))
		}
	})
}

func TestFollowersAreBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		var subs []*subscriber
		for range maxSubscribers {
			subs = append(subs, s.follow())
		}
		answer := s.ask(http.MethodGet, "/api/journal")
		require.Equal(t, http.StatusServiceUnavailable, answer.StatusCode)
		require.NotEmpty(t, answer.Header.Get("Retry-After"))
		s.state()
		s.say(rtm.Group(7), "hello")
		for _, sub := range subs {
			require.EqualValues(t, 1, sub.record().N)
		}
		subs[0].body.Close()
		synctest.Wait()
		s.follow()
	})
}

func TestFollowersEndWithTheGate(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(s *site) error{
		"web":  func(s *site) error { return s.web.close() },
		"gate": func(s *site) error { return s.srv.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newSite(t)
				idle, err := s.http.Transport.(*http.Transport).DialContext(t.Context(), "", "")
				require.NoError(t, err)
				defer idle.Close()
				s.say(rtm.Group(7), "hello")
				subs := []*subscriber{s.follow(), s.follow()}
				start := time.Now()
				require.NoError(t, end(s))
				for _, sub := range subs {
					rest, err := io.ReadAll(sub.in)
					require.NoError(t, err, "not cut off")
					require.Contains(t, string(rest), "hello")
				}
				require.LessOrEqual(t, time.Since(start), closeTimeout)
			})
		})
	}
}

func TestNoSecretIsShown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const secret = "secret-of-the-project"
		s := newSite(t, fakeserver.WithProject(rtm.Project{ID: 42, Secret: secret}))
		s.srv.SeedToken(6, `a"seeded <token>`)
		tokens := []string{secret, "seeded"}
		for _, uid := range []int64{5, 6} {
			token, err := s.client.Token(t.Context(), uid)
			require.NoError(t, err)
			tokens = append(tokens, token)
		}
		s.say(rtm.Group(7), "the last one")
		sub := s.follow()
		var shown []string
		for range 6 {
			r := sub.record()
			shown = append(shown, r.Method+" "+r.Payload.Text)
		}
		require.Regexp(t, `^gettoken {"token":"\*+"}$`, shown[1])
		for _, path := range []string{"/", "/api/state", "/metrics"} {
			shown = append(shown, s.get(path))
		}
		for _, token := range tokens {
			require.NotContains(t, strings.Join(shown, "\n"), token)
		}
	})
}
