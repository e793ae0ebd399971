package fpnn

import (
	"cmp"
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/fpnn/frame"
)

// together has so many quests come at once, and returns how many workers were begun.
func together(t *testing.T, c *Conn, n int) (begun int) {
	t.Helper()
	var refusal *Error
	c.mu.Lock()
	for seq := range n {
		refusal = cmp.Or(refusal, c.accept(newQuest(c, &frame.Package{
			Header:  frame.Header{Version: 1, Flags: frame.MsgPack, Kind: frame.Twoway},
			Seq:     uint32(seq + 1),
			Payload: []byte{0x80},
		}, "m")))
	}
	begun = c.workers
	c.mu.Unlock()
	require.Nil(t, refusal)
	return begun
}

// However many quests come at once, one worker is begun for them: it begins the next,
// if there is still something to do, and so on until all are at work.
func TestQuestsThatComeTogetherBeginOneWorker(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cfg := defaultConfig()
		cfg.concurrency = 16
		release := make(chan struct{})
		var handled atomic.Int64
		cfg.handler = HandlerFunc(func(context.Context, *Quest) (any, error) {
			handled.Add(1)
			<-release
			return nil, nil
		})
		c := newConn(sink{}, &cfg)
		require.Equal(t, 1, together(t, c, 100))
		synctest.Wait()
		require.EqualValues(t, cfg.concurrency, handled.Load())
		close(release)
		synctest.Wait()
		require.EqualValues(t, 100, handled.Load())
		require.Zero(t, c.workers)
		require.False(t, c.beginning)
	})
}

// Who has served the last quest writes the answers, though another worker is about
// to begin: it will find nothing.
func TestLastWorkerWritesThoughAnotherBegins(t *testing.T) {
	t.Parallel()
	cfg := defaultConfig()
	c := newConn(sink{}, &cfg)
	c.mu.Lock()
	c.workers, c.beginning = 1, true
	c.append([]byte("answer"))
	c.answerAndUnlock(false)
	c.mu.Lock()
	defer c.mu.Unlock()
	require.EqualValues(t, 1, c.begun, "Writes")
	require.False(t, c.writing)
	require.Equal(t, 1, c.running, "goroutines: the reader that newConn counts")
}
