package fakeserver_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/fakeserver"
	"github.com/gofpnn/gofpnn/rtm"
)

func TestStatsCountWhatPassesAndWhatIsHeld(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := fakeserver.New(t, append([]fakeserver.Option{fakeserver.WithJournal(5, 1<<20)}, busyOptions...)...)
		require.Zero(t, srv.Stats())
		busy(t, srv)
		synctest.Wait()

		stats := srv.Stats()
		st := srv.State()
		held := 0
		for _, c := range st.Conversations {
			for _, m := range c.Messages {
				if !m.Deleted {
					held++
				}
			}
		}
		require.Equal(t, held, stats.Messages)
		require.Equal(t, len(st.Conversations), stats.Conversations)
		require.Equal(t, 1, stats.Listeners)
		require.Equal(t, 1, stats.Connections)
		require.EqualValues(t, 1, stats.Accepted)
		records := srv.Journal().Records()
		require.LessOrEqual(t, len(records), 5, "the rest is dropped")
		require.Equal(t, records[len(records)-1].N, stats.Records)
		require.Equal(t, stats.Records, 2*stats.Quests, "each has its answer")
		require.Equal(t, st.Groups, srv.Groups())
		require.Equal(t, st.Rooms, srv.Rooms())
	})
}

func TestRecentConversationsComeFirst(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := fakeserver.New(t)
		require.Empty(t, srv.Recent(3, 3))
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
			for _, c := range srv.Recent(conversations, messages) {
				line := c.String() + ":"
				for _, m := range c.Messages {
					line += " " + m.Text
				}
				lines = append(lines, line)
			}
			return lines
		}
		require.Equal(t, []string{"group 7: c f", "room 9: e", "users 1001 and 2002: d"}, outline(10, 2))
		require.Equal(t, []string{"group 7: a b c f", "room 9: e"}, outline(2, 10))
		require.Equal(t, []string{"group 7:"}, outline(1, 0))
		require.Empty(t, outline(-1, -1))
	})
}
