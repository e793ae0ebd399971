package fakeserver_test

import (
	"reflect"
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

func TestEveryCounterIsAMetric(t *testing.T) {
	t.Parallel()
	var stats fakeserver.Stats
	own := map[int64]string{}
	for field, v := range reflect.ValueOf(&stats).Elem().Fields() {
		if v.Kind() == reflect.Struct {
			continue // see TestEveryCounterIsAMetric of package fpnn
		}
		n := int64(len(own) + 1)
		v.SetInt(n)
		own[n] = field.Name
	}
	names := map[string]bool{}
	for _, m := range stats.Metrics("gate", "a") {
		names[m.Name] = true
		require.Equal(t, []string{"gate", "a"}, m.Labels[:2], m.Name)
		if m.Value != 0 {
			require.Contains(t, own, m.Value, m.Name)
			require.Equal(t, own[m.Value] != "Records", m.Gauge, m.Name)
			delete(own, m.Value)
		}
	}
	require.Empty(t, own, "fields without a metric")
	for _, m := range stats.ServerStats.Metrics() {
		require.Contains(t, names, m.Name)
	}
}
