package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/fakeserver"
	"github.com/gofpnn/gofpnn/rtm"
)

func TestStateShowsWhatTheGateHolds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		empty := s.get("/api/state")
		require.NotContains(t, empty, "null", "a script could not count them")
		const big = int64(1)<<62 + 1
		hostile := "<img src=x onerror=alert(1)></script>\x1b[31m\u202e\xff"
		_, err := s.client.Send(t.Context(), big, rtm.Group(7), rtm.Message{ID: big, Type: 66, Text: hostile, Attrs: hostile})
		require.NoError(t, err)
		<-time.After(time.Second)
		_, err = s.client.Send(t.Context(), 2, rtm.User(1), rtm.Message{ID: 5, Type: 50, Data: []byte("\x00<b>")})
		require.NoError(t, err)
		require.NoError(t, s.client.Delete(t.Context(), 2, rtm.User(1), 5))
		_, err = s.client.Send(t.Context(), 2, rtm.User(1), rtm.Message{ID: 6, Type: 50, Data: []byte("\x00<b>")})
		require.NoError(t, err)
		require.NoError(t, s.client.AddGroupMembers(t.Context(), 7, []int64{big, 1}))
		_, err = s.client.AddRoomMembers(t.Context(), 9, []int64{3})
		require.NoError(t, err)
		require.NoError(t, s.client.AddListen(t.Context(), rtm.ListenSet{Groups: []int64{7}, Events: []string{"<script>"}}))
		synctest.Wait()

		st := s.state()
		now := time.Now().UnixMilli()
		shown := strings.ReplaceAll(hostile, "\xff", "\ufffd")
		require.Equal(t, []conversationView{
			{Name: "users 1 and 2", Newest: now, Sent: 2, Messages: []messageView{
				{ID: 6, From: 2, Time: now, Type: 50, Binary: true, Body: textView{Text: "003c623e"}},
				{ID: 5, From: 2, Time: now, Deleted: true},
			}},
			{Name: "group 7", Newest: now - 1000, Sent: 1, Messages: []messageView{
				{ID: big, From: big, Time: now - 1000, Type: 66, Body: textView{Text: shown}, Attrs: textView{Text: shown}},
			}},
		}, st.Conversations)
		require.Equal(t, []membersView{{7, 2, []string{"1", fmt.Sprint(big)}}}, st.Groups)
		require.Equal(t, []membersView{{9, 1, []string{"3"}}}, st.Rooms)
		require.Equal(t, []textView{{Text: "connections 1 listen to groups 7; events <script>; 0 pushes wait"}}, st.Listeners)
		stats := s.srv.Stats()
		require.Len(t, st.Connections, 1)
		require.Equal(t, connectionView{1, st.Connections[0].Remote, stats.BytesIn, stats.BytesOut, 7}, st.Connections[0])
		require.Equal(t, countsView{
			Connections: 1, Accepted: 1, Quests: 7, BytesIn: stats.BytesIn, BytesOut: stats.BytesOut, Records: 14,
			Conversations: 2, Messages: 2, Listeners: 1, Groups: 1, Rooms: 1,
		}, st.Counts)
		raw := s.get("/api/state")
		require.Contains(t, raw, fmt.Sprintf(`"from":"%d"`, big), "a script would round it")
		require.NotContains(t, raw, "<")
	})
}

func TestStateIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		for id := range int64(150) {
			<-time.After(time.Second)
			s.say(rtm.Group(id), "hello")
			require.NoError(t, s.client.AddGroupMembers(t.Context(), id, []int64{1}))
			_, err := s.client.AddRoomMembers(t.Context(), id, []int64{1})
			require.NoError(t, err)
		}
		users := make([]int64, 200)
		for i := range users {
			users[i] = int64(i)
		}
		require.NoError(t, s.client.AddGroupMembers(t.Context(), 0, users))
		require.NoError(t, s.client.AddListen(t.Context(), rtm.ListenSet{Groups: users, Events: []string{"b", "a"}}))
		for n := range 30 {
			s.say(rtm.Group(5), fmt.Sprint(n))
		}
		s.say(rtm.Group(6), strings.Repeat("é", 5000)+"x")
		_, err := s.client.Send(t.Context(), 1, rtm.Group(6), rtm.Message{Type: 66, Data: make([]byte, 5000)})
		require.NoError(t, err)

		st := s.state()
		require.Equal(t, countsView{Conversations: 150, Messages: 182, Groups: 150, Rooms: 150}, countsView{
			Conversations: st.Counts.Conversations, Messages: st.Counts.Messages, Groups: st.Counts.Groups, Rooms: st.Counts.Rooms,
		})
		require.Regexp(t, `^connections 1 listen to groups 0 1 2 .* 98 99 and 100 more; events a b; \d+ pushes wait$`, st.Listeners[0].Text)
		require.Len(t, st.Groups, 100)
		require.Len(t, st.Rooms, 100)
		require.Equal(t, 200, st.Groups[0].Count)
		require.Len(t, st.Groups[0].Users, 100)
		require.Len(t, st.Conversations, 100)
		names := []string{}
		for _, c := range st.Conversations[:3] {
			names = append(names, c.Name)
		}
		require.Equal(t, []string{"group 5", "group 6", "group 149"}, names, "the most recent ones, the first two of the same moment")
		require.Equal(t, "group 52", st.Conversations[99].Name)
		require.EqualValues(t, 31, st.Conversations[0].Sent)
		require.Len(t, st.Conversations[0].Messages, 20)
		require.Equal(t, "29", st.Conversations[0].Messages[0].Body.Text)
		require.Equal(t, "10", st.Conversations[0].Messages[19].Body.Text)
		require.Equal(t, textView{strings.Repeat("00", 4000), 1000}, st.Conversations[1].Messages[0].Body)
		require.Equal(t, textView{strings.Repeat("é", 2000), 6001}, st.Conversations[1].Messages[1].Body)
	})
}

// Whatever is in them, messages and listeners do not make the answer longer than it
// may be; of each conversation the latest message is there.
func TestHostileStateFitsTheAnswer(t *testing.T) {
	t.Parallel()
	hostile := map[string]string{
		"controls":  strings.Repeat("\x00\x1b\x7f", maxText),
		"markup":    strings.Repeat("<>&", maxText),
		"no UTF-8":  strings.Repeat("\xff\xc0", maxText),
		"lines":     strings.Repeat("\u2028\u2029", maxText),
		"combining": strings.Repeat("\u0301", maxText),
	}
	for name, text := range hostile {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newSite(t, fakeserver.WithJournal(0, 0))
				for id := range int64(maxShown) {
					for n := range maxMessages {
						m := rtm.Message{Type: 66, Text: text, Attrs: text}
						if n%2 == 1 {
							m.Text, m.Data = "", []byte(text)
						}
						_, err := s.srv.Send(1, rtm.Group(id), m)
						require.NoError(t, err)
					}
				}
				require.NoError(t, s.client.AddListen(t.Context(), rtm.ListenSet{Events: []string{text, text + "x"}}))
				raw := s.get("/api/state")
				require.LessOrEqual(t, len(raw), maxState)
				require.Greater(t, len(raw), maxState*9/10, "what there is room for is there")
				var st stateView
				require.NoError(t, json.Unmarshal([]byte(raw), &st))
				require.Len(t, st.Conversations, maxShown)
				shown := 0
				for _, c := range st.Conversations {
					require.NotEmpty(t, c.Messages)
					shown += len(c.Messages)
				}
				require.Equal(t, maxShown*maxMessages, shown+st.LeftOut)
				require.Positive(t, st.LeftOut)
				m := st.Conversations[0].Messages[0]
				require.Equal(t, len(text), m.Attrs.More+len(m.Attrs.Text)-2*strings.Count(m.Attrs.Text, "\ufffd"), "each byte that is not UTF-8 became three")
				require.Contains(t, st.Listeners[0].Text, m.Attrs.Text[:maxText/8])
				require.Positive(t, st.Listeners[0].More)
			})
		})
	}
}

func TestTextIsCutBetweenCharacters(t *testing.T) {
	t.Parallel()
	require.Equal(t, textView{Text: strings.Repeat("x", maxText)}, shorten(strings.Repeat("x", maxText), maxText))
	require.Equal(t, textView{strings.Repeat("x", maxText), 1}, shorten(strings.Repeat("x", maxText+1), maxText+1))
	for _, r := range []string{"é", "你", "👩"} {
		text := "x" + strings.Repeat(r, maxText)
		short := shorten(text, len(text))
		require.Equal(t, text, short.Text+text[len(text)-short.More:])
		require.Regexp(t, "^x("+r+")+$", short.Text)
		require.Greater(t, len(short.Text), maxText-4)
	}
	long := shorten(strings.Repeat("\x80", maxText), maxText)
	require.InDelta(t, maxText/4, len(long.Text), utf8.UTFMax, "of which each byte is six in JSON, and there are no characters to cut between")
	require.Equal(t, maxText, len(long.Text)+long.More)
	require.Equal(t, textView{"x", 99}, shorten("x", 100), "the beginning of a longer one")
}
