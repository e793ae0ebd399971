package fakeserver_test

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/fakeserver"
	"github.com/gofpnn/gofpnn/rtm"
	"github.com/gofpnn/gofpnn/rtm/wire"
)

func TestOverviewHasTheLatestConversationsFirst(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := fakeserver.New(t)
		require.Equal(t, fakeserver.Overview{}, srv.Overview(fakeserver.Bounds{Items: 3, Messages: 3, Bytes: 3}))
		send := func(to rtm.Target, text string) {
			<-time.After(time.Second)
			_, err := srv.Send(alice, to, rtm.Message{Type: 66, Text: text})
			require.NoError(t, err)
		}
		for _, text := range []string{"a", "b", "c"} {
			send(rtm.Group(7), text)
		}
		send(rtm.User(bob), "d")
		send(rtm.Room(9), "e")
		send(rtm.Group(7), "f")

		outline := func(conversations, messages int) (lines []string) {
			all := srv.Overview(fakeserver.Bounds{Items: conversations, Messages: messages, Bytes: 1}).Conversations
			require.Equal(t, 3, all.All)
			for _, c := range all.First {
				line := fmt.Sprintf("%s, %d:", c.Name, c.Sent)
				for _, m := range c.Messages {
					line += " " + m.Text
				}
				lines = append(lines, line)
			}
			return lines
		}
		require.Equal(t, []string{"group 7, 4: c f", "room 9, 1: e", "users 1001 and 2002, 1: d"}, outline(10, 2))
		require.Equal(t, []string{"group 7, 4: a b c f", "room 9, 1: e"}, outline(2, 10))
		require.Equal(t, []string{"group 7, 4:"}, outline(1, 0))
		require.Empty(t, outline(-1, -1))
	})
}

// What is within the bounds is all that there is.
func TestOverviewAgreesWithTheState(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := fakeserver.New(t, busyOptions...)
		busy(t, srv)
		synctest.Wait()
		st, seen := srv.State(), srv.Overview(fakeserver.Bounds{Items: 100, Messages: 100, Bytes: 100})
		require.Equal(t, srv.Stats(), seen.Stats)
		conversations := map[string]fakeserver.Conversation{}
		for _, c := range st.Conversations {
			conversations[c.String()] = c
		}
		require.Equal(t, len(conversations), seen.Conversations.All)
		for _, part := range seen.Conversations.First {
			c := conversations[part.Name]
			require.Equal(t, c.Newest, part.Newest)
			require.EqualValues(t, c.Forgotten+int64(len(c.Messages)), part.Sent)
			var messages []wire.Stored
			for _, m := range part.Messages {
				require.Equal(t, [2]int{len(m.Text) + len(m.Data), len(m.Attrs)}, [2]int{m.BodyBytes, m.AttrsBytes})
				messages = append(messages, m.Stored)
			}
			require.Equal(t, c.Messages, messages, part.Name)
		}
		require.Equal(t, fakeserver.MembersPart{ID: 7, Users: fakeserver.Part[int64]{First: []int64{alice, bob}, All: 2}}, seen.Groups.First[0])
		require.Equal(t, fakeserver.MembersPart{ID: 9, Users: fakeserver.Part[int64]{First: []int64{carol}, All: 1}}, seen.Rooms.First[0])
		require.Equal(t, fakeserver.Part[fakeserver.ListenerPart]{First: []fakeserver.ListenerPart{{
			Conns:  []int64{1},
			Groups: fakeserver.Part[int64]{First: []int64{3, 7}, All: 2},
			Events: fakeserver.Part[string]{First: []string{"login"}, All: 1},
		}}, All: 1}, seen.Listeners)
	})
}

func TestOverviewIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := fakeserver.New(t)
		for n := range int64(50) {
			srv.SeedGroup(50-n, 3, n+4)
			srv.SeedRoom(n, 1)
			c := client(t, srv, rtm.WithHandler(func(context.Context, rtm.Push) {}))
			require.NoError(t, c.AddListen(t.Context(), rtm.ListenSet{Groups: []int64{9, 8, 7, 6}, Events: []string{"d", "c", "b"}}))
		}
		_, err := srv.Send(alice, rtm.Group(1), rtm.Message{Type: 66, Text: strings.Repeat("é", 10), Attrs: "attributes"})
		require.NoError(t, err)
		_, err = srv.Send(alice, rtm.Group(1), rtm.Message{Type: 66, Data: []byte("octets")})
		require.NoError(t, err)

		seen := srv.Overview(fakeserver.Bounds{Items: 2, Messages: 2, Bytes: 3})
		require.Equal(t, fakeserver.Part[fakeserver.MembersPart]{First: []fakeserver.MembersPart{
			{ID: 1, Users: fakeserver.Part[int64]{First: []int64{3, 53}, All: 2}},
			{ID: 2, Users: fakeserver.Part[int64]{First: []int64{3, 52}, All: 2}},
		}, All: 50}, seen.Groups)
		require.Equal(t, 50, seen.Rooms.All)
		require.Len(t, seen.Rooms.First, 2)
		require.Equal(t, 50, seen.Listeners.All)
		require.Len(t, seen.Listeners.First, 2)
		require.Equal(t, []int64{2}, seen.Listeners.First[1].Conns)
		require.Equal(t, fakeserver.Part[int64]{First: []int64{6, 7}, All: 4}, seen.Listeners.First[1].Groups)
		require.Equal(t, fakeserver.Part[string]{First: []string{"b", "c"}, All: 3}, seen.Listeners.First[1].Events)
		messages := seen.Conversations.First[0].Messages
		require.Equal(t, "é\xc3", messages[0].Text)
		require.Equal(t, "att", messages[0].Attrs)
		require.Equal(t, [2]int{20, 10}, [2]int{messages[0].BodyBytes, messages[0].AttrsBytes})
		require.Equal(t, []byte("oct"), messages[1].Data)
		require.Equal(t, 6, messages[1].BodyBytes)
	})
}

// Not parallel: it looks at what all goroutines allocate.
func TestOverviewCopiesBeginningsOnly(t *testing.T) {
	srv := fakeserver.New(t)
	const size = 1 << 20
	for range 20 {
		_, err := srv.Send(alice, rtm.Group(7), rtm.Message{Type: 66, Data: make([]byte, size)})
		require.NoError(t, err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	seen := srv.Overview(fakeserver.Bounds{Items: 10, Messages: 20, Bytes: 100})
	runtime.ReadMemStats(&after)
	require.Len(t, seen.Conversations.First[0].Messages, 20)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(size))
}
