package fpnn

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// Who calls, waits for the peer's quest, and then calls again, has no call under way
// when the quest comes: the reader must be there.
func TestReaderDoesNotStandByWhereQuestsFollowAnswers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newLonePeer(t, nil)
		for range 4 * loneRun {
			_, err := p.Call(t.Context(), "m", nil)
			require.NoError(t, err)
			p.say("push")
			require.Equal(t, "push", ends(t, p.served, time.Nanosecond))
		}
	})
}

func TestReaderGoesOnWhenAQuestHasCome(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newLonePeer(t, nil)
		p.runLone(t)
		q, ended := p.call(t.Context(), nil)
		p.say("push")
		p.answer(q.Seq)
		require.NoError(t, ends(t, ended, time.Nanosecond))
		p.silent = false
		require.Equal(t, readersTurn, p.turn())
		p.runLone(t)
	})
}

// The peer waits for the end of a handler, and may ask again at once.
func TestReaderDoesNotStandByForHandlersThatCall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newLonePeer(t, nil)
		p.handler = HandlerFunc(func(ctx context.Context, q *Quest) (any, error) {
			var failed error
			for range 4 * loneRun {
				_, err := q.Conn().Call(ctx, "m", nil)
				failed = errors.Join(failed, err)
			}
			require.NoError(t, failed)
			p.served <- q.Method()
			return nil, nil
		})
		for range 3 {
			p.say("push")
			require.Equal(t, "push", ends(t, p.served, time.Nanosecond))
		}
	})
}
