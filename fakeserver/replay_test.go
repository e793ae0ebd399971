package fakeserver_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/fakeserver"
	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/rtm"
)

// A replay may take longer than a connection may be idle.
func TestReplayOutlivesTheIdleTimeout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := fakeserver.New(t)
		one, other := client(t, srv), client(t, srv)
		require.NoError(t, say(t, one, "one"))
		for range 10 {
			require.NoError(t, say(t, other, "other"))
		}
		require.NoError(t, say(t, one, "one again"))
		records := srv.Journal().Records()

		again := fakeserver.New(t)
		again.On(fakeserver.AnyMethod, fakeserver.Delay(30*time.Second))
		begin := time.Now()
		require.NoError(t, again.Replay(records))
		require.Equal(t, 12*30*time.Second, time.Since(begin))
		require.Equal(t, srv.State(), again.State())
	})
}

// A client that listens and asks nothing more is told all there is, however much.
func TestReplayAcknowledgesPushesOfSilentClients(t *testing.T) {
	t.Parallel()
	const rooms = 1000
	synctest.Test(t, func(t *testing.T) {
		srv := fakeserver.New(t)
		ear := client(t, srv, rtm.WithHandler(func(context.Context, rtm.Push) {}))
		require.NoError(t, ear.ListenAll(t.Context(), rtm.ListenAll{Rooms: true}))
		c := client(t, srv)
		for room := range int64(rooms) {
			_, err := c.Send(t.Context(), alice, rtm.Room(room), rtm.Message{Type: 66, Text: "hello"})
			require.NoError(t, err)
		}
		require.NoError(t, say(t, ear, "still here"))
		again := fakeserver.New(t)
		again.On("sendroommsg", fakeserver.Delay(time.Second))
		require.NoError(t, again.Replay(srv.Journal().Records()))
		require.Equal(t, srv.State(), again.State())
		synctest.Wait()
		require.Empty(t, again.Listeners(), "its connections have ended")
	})
}

// second is true of the second quest.
func second() func(*fpnn.Quest) bool {
	n := 0
	return func(*fpnn.Quest) bool {
		n++
		return n == 2
	}
}

func TestReplayEndsWhereAnAnswerDiffersOrIsMissing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := fakeserver.New(t)
		c := client(t, srv)
		for range 3 {
			require.NoError(t, say(t, c, "x"))
		}
		records := srv.Journal().Records()

		different := fakeserver.New(t)
		different.On("sendgroupmsg", fakeserver.Fail(5, "no"), fakeserver.Where(second()))
		err := different.Replay(records)
		var differs *fakeserver.DifferentAnswerError
		require.True(t, errors.As(err, &differs), "%v", err)
		require.EqualValues(t, 2, differs.Quest.Order)
		require.Zero(t, differs.Want.Code())
		require.Equal(t, 5, differs.Got.Code())
		require.Len(t, different.Messages(rtm.Group(7)), 1)

		silent := fakeserver.New(t)
		silent.On("sendgroupmsg", fakeserver.Drop(), fakeserver.Where(second()))
		begin := time.Now()
		require.ErrorContains(t, silent.Replay(records), "not answered within 1m0s")
		require.Equal(t, time.Minute, time.Since(begin))

		gone := fakeserver.New(t)
		gone.On("sendgroupmsg", fakeserver.CloseConn(), fakeserver.Where(second()))
		require.ErrorContains(t, gone.Replay(records), "unexpected EOF")
	})
}
