package fakeserver_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/fakeserver"
	"github.com/gofpnn/gofpnn/rtm"
)

func TestExpectationsHold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := fakeserver.New(t)
		c := client(t, srv)
		require.NoError(t, say(t, c, "one"))
		require.NoError(t, say(t, c, "two"))
		require.NoError(t, c.AddGroupMembers(t.Context(), 7, []int64{bob, alice}))
		newEar(t, srv, 7)
		var r recorder
		expect := srv.Expect(&r)
		require.True(t, expect.Stored(rtm.Group(7), "one", "two"))
		require.True(t, expect.Stored(rtm.User(bob)))
		require.True(t, expect.Members(rtm.Group(7), bob, alice))
		require.True(t, expect.Members(rtm.Room(7)))
		require.True(t, expect.Quests("sendgroupmsg", 2))
		require.True(t, expect.Quests("sendmsg", 0))
		require.True(t, expect.Quests(fakeserver.AnyMethod, 4))
		require.True(t, expect.Connections(2))
		require.True(t, expect.Listening(alice, rtm.Group(7), 1))
		require.True(t, expect.Listening(alice, rtm.Group(8), 0))
		require.False(t, r.failed)
		require.Empty(t, r.lines)
	})
}

func TestUnmetExpectationsShowTheDifference(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := fakeserver.New(t)
		c := client(t, srv)
		for _, text := range []string{"a", "b", "c", "d", "e", "f", "g"} {
			require.NoError(t, say(t, c, text))
		}
		srv.SeedRoom(5, 1, 2, 3)
		for want, unmet := range map[string]func(fakeserver.Expect) bool{
			`fakeserver: messages to group 7 (- missing, + not expected):
  ... 1 more
  "b"
  "c"
  "d"
+ "e"
  "f"
- "x"
  "g"`: func(e fakeserver.Expect) bool { return e.Stored(rtm.Group(7), "a", "b", "c", "d", "f", "x", "g") },
			`fakeserver: messages to group 7 (- missing, + not expected):
- "A"
+ "a"
  "b"
  "c"
  "d"
  ... 3 more`: func(e fakeserver.Expect) bool { return e.Stored(rtm.Group(7), "A", "b", "c", "d", "e", "f", "g") },
			`fakeserver: messages to everyone (- missing, + not expected):
- "x"`: func(e fakeserver.Expect) bool { return e.Stored(rtm.Everyone, "x") },
			`fakeserver: members of room 5 (- missing, + not expected):
  1
+ 2
  3
- 4`: func(e fakeserver.Expect) bool { return e.Members(rtm.Room(5), 4, 3, 1) },
			`fakeserver: user 5 has no members`:          func(e fakeserver.Expect) bool { return e.Members(rtm.User(5)) },
			`fakeserver: 0 listeners to group 7, want 1`: func(e fakeserver.Expect) bool { return e.Listening(1, rtm.Group(7), 1) },
			`fakeserver: 1 connections, want 2`:          func(e fakeserver.Expect) bool { return e.Connections(2) },
			`fakeserver: 7 quests to sendgroupmsg, want 1; all there were:` + strings.Repeat(" sendgroupmsg", 7): func(e fakeserver.Expect) bool {
				return e.Quests("sendgroupmsg", 1)
			},
		} {
			var r recorder
			require.False(t, unmet(srv.Expect(&r)), want)
			require.True(t, r.failed)
			require.Equal(t, []string{want}, r.lines)
		}
	})
}

func TestLongDifferencesAreShownToo(t *testing.T) {
	t.Parallel()
	srv := fakeserver.New(t)
	var texts []string
	for n := range 2000 {
		texts = append(texts, fmt.Sprint(n))
		require.NoError(t, srv.SeedMessages(rtm.Group(7), rtm.StoredMessage{From: 1, Message: rtm.Message{Type: 66, Text: fmt.Sprint("x", n)}}))
	}
	var r recorder
	require.False(t, srv.Expect(&r).Stored(rtm.Group(7), texts...))
	require.Equal(t, 4000, strings.Count(r.lines[0], "\n"))
}

func TestExpectationsMayComeTrueLater(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := fakeserver.New(t)
		c := client(t, srv)
		start := time.Now()
		time.AfterFunc(time.Minute, func() { _ = say(t, c, "late") })
		var r recorder
		require.True(t, srv.Expect(&r).Within(time.Hour).Stored(rtm.Group(7), "late"))
		require.Equal(t, time.Minute, time.Since(start).Round(time.Second))
		require.Empty(t, r.lines)
		require.False(t, srv.Expect(&r).Within(time.Minute).Stored(rtm.Group(7), "never"))
		require.Equal(t, 2*time.Minute, time.Since(start).Round(time.Second))
		require.Len(t, r.lines, 1)
	})
}
