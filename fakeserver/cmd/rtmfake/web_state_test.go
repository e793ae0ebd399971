package main

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

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

func TestTextIsCutBetweenCharacters(t *testing.T) {
	t.Parallel()
	require.Equal(t, textView{Text: strings.Repeat("x", maxText)}, shorten(strings.Repeat("x", maxText)))
	require.Equal(t, textView{strings.Repeat("x", maxText), 1}, shorten(strings.Repeat("x", maxText+1)))
	for _, r := range []string{"é", "你", "👩"} {
		text := "x" + strings.Repeat(r, maxText)
		short := shorten(text)
		require.Equal(t, text, short.Text+text[len(text)-short.More:])
		require.Regexp(t, "^x("+r+")+$", short.Text)
		require.Greater(t, len(short.Text), maxText-4)
	}
	require.LessOrEqual(t, shorten(strings.Repeat("\x80", maxText+1)).More, 1+utf8.UTFMax, "there are no characters to cut between")
}
