package fpnn

import (
	"cmp"
	"context"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/fpnn/frame"
)

// However many quests come at once, one worker is begun for them: it begins the next,
// if there is still something to do.
func TestQuestsThatComeTogetherBeginOneWorker(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cfg := defaultConfig()
		cfg.concurrency = 16
		served, most := 0, 0
		cfg.handler = HandlerFunc(func(_ context.Context, q *Quest) (any, error) {
			q.conn.mu.Lock()
			defer q.conn.mu.Unlock()
			served++
			most = max(most, q.conn.workers)
			return nil, nil
		})
		c := newConn(sink{}, &cfg)
		const quests = 100
		c.mu.Lock()
		var refusal *Error
		for seq := range quests {
			refusal = cmp.Or(refusal, c.accept(newQuest(c, &frame.Package{
				Header:  frame.Header{Version: 1, Flags: frame.MsgPack, Kind: frame.Twoway},
				Seq:     uint32(seq + 1),
				Payload: []byte{0x80},
			}, "m")))
		}
		begun := c.workers
		c.mu.Unlock()
		require.Nil(t, refusal)
		require.Equal(t, 1, begun)
		synctest.Wait()
		require.Equal(t, quests, served)
		require.Positive(t, most)
		require.LessOrEqual(t, most, cfg.concurrency)
		require.Zero(t, c.workers)
		require.False(t, c.beginning)
	})
}
