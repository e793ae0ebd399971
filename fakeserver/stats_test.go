package fakeserver_test

import (
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/fakeserver"
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
