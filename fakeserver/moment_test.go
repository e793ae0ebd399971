package fakeserver_test

import (
	"context"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/fakeserver"
	"github.com/gofpnn/gofpnn/rtm"
)

// A state is of one moment: what one quest sends to many is in it for all of them
// or for none.
func TestStateHoldsAQuestAsAWholeOrNotAtAll(t *testing.T) {
	t.Parallel()
	const receivers, moments = 100, 10
	srv := fakeserver.New(t, fakeserver.WithJournal(0, 0))
	c := client(t, srv)
	users := make([]int64, receivers)
	for n := range users {
		users[n] = int64(n + 1)
	}
	ctx, enough := context.WithCancel(t.Context())
	var sender sync.WaitGroup
	sender.Go(func() {
		for ctx.Err() == nil {
			if _, err := c.SendMulti(t.Context(), alice, users, rtm.Message{Type: 66, Text: "to all"}); err != nil {
				t.Errorf("%v", err)
				return
			}
		}
	})
	defer sender.Wait()
	defer enough()
	for seen, last := 0, 0; seen < moments && !t.Failed(); {
		st := srv.State()
		if len(st.Conversations) == 0 {
			continue
		}
		require.Len(t, st.Conversations, receivers)
		sent := len(st.Conversations[0].Messages)
		for _, of := range st.Conversations {
			require.Len(t, of.Messages, sent, &of)
		}
		if sent > last {
			seen, last = seen+1, sent
		}
	}
}
