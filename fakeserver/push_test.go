package fakeserver_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/fakeserver"
	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/rtm"
	"github.com/gofpnn/gofpnn/rtm/wire"
)

// ear is a connection that listens to a group and notes what it is told. It
// acknowledges nothing before it is asked to.
type ear struct {
	*fpnn.Client
	acknowledge chan error

	mu   sync.Mutex
	told []string
}

func (e *ear) heard() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.told)
}

func newEar(t *testing.T, srv *fakeserver.Server, group int64) *ear {
	t.Helper()
	e := &ear{acknowledge: make(chan error, 100)}
	c, err := fpnn.Dial(t.Context(), srv.Addr(), fpnn.WithDialer(srv.Dialer()), fpnn.WithHandler(fpnn.HandlerFunc(
		func(ctx context.Context, q *fpnn.Quest) (any, error) {
			text, err := q.Text("msg")
			require.NoError(t, err)
			e.mu.Lock()
			e.told = append(e.told, text)
			e.mu.Unlock()
			select {
			case err := <-e.acknowledge:
				return nil, err
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		})))
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close() })
	e.Client = c
	_, err = c.Call(t.Context(), "addlisten", &wire.Signable{
		Signed: wire.Signed{Project: srv.Project(), Salt: 1, Time: time.Now().Unix()},
		Quest:  &wire.AddListen{ListenSet: wire.ListenSet{Groups: []int64{group}}},
	})
	require.NoError(t, err)
	return e
}

func sendNumbers(t *testing.T, srv *fakeserver.Server, group int64, from, to int) {
	t.Helper()
	c, err := rtm.Dial(t.Context(), srv.Addr(), srv.Project(), rtm.WithDialer(srv.Dialer()))
	require.NoError(t, err)
	defer c.Close()
	for n := from; n <= to; n++ {
		_, err := c.Send(t.Context(), 1, rtm.Group(group), rtm.Message{Type: 66, Text: fmt.Sprint(n)})
		require.NoError(t, err)
	}
	synctest.Wait()
}

func TestPushIsRepeatedUntilAcknowledgedAndEndsWithItsConnection(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := fakeserver.New(t)
		one, other := newEar(t, srv, 9), newEar(t, srv, 9)
		sendNumbers(t, srv, 9, 1, 2)
		require.Equal(t, []string{"1"}, one.heard(), "the next when it is acknowledged")
		one.acknowledge <- fpnn.Errorf(fpnn.CodeCoreWorkQueueFull, "busy")
		one.acknowledge <- nil
		one.acknowledge <- nil
		<-time.After(time.Second)
		require.Equal(t, []string{"1", "1", "2"}, one.heard())
		require.Equal(t, []string{"1"}, other.heard(), "which has its own queue")
		require.NoError(t, other.Close())
		<-time.After(time.Minute)
		again := newEar(t, srv, 9)
		synctest.Wait()
		require.Empty(t, again.heard())
	})
}

func TestRedeliveryGoesOnOverConnections(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := fakeserver.New(t, fakeserver.WithPushRedelivery())
		one := newEar(t, srv, 9)
		sendNumbers(t, srv, 9, 1, 2)
		require.Equal(t, []string{"1"}, one.heard())
		require.NoError(t, one.Close())
		sendNumbers(t, srv, 9, 3, 3)

		// Two at a time: the later one is told.
		two, three := newEar(t, srv, 100), newEar(t, srv, 9)
		<-time.After(10 * time.Second) // for what was on its way to the one before
		require.Equal(t, "1", three.heard()[0])
		three.acknowledge <- nil
		<-time.After(10 * time.Second)
		require.Equal(t, "2", three.heard()[1])
		heard := len(two.heard())
		require.NoError(t, three.Close())
		for range 3 {
			two.acknowledge <- nil
		}
		<-time.After(10 * time.Second)
		require.Equal(t, []string{"2", "3"}, two.heard()[heard:])
	})
}

func TestServerClosesWithPushesWaiting(t *testing.T) {
	t.Parallel()
	for name, opts := range map[string][]fakeserver.Option{"alone": nil, "redelivered": {fakeserver.WithPushRedelivery()}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := fakeserver.New(t, opts...)
				one := newEar(t, srv, 9)
				sendNumbers(t, srv, 9, 1, 10)
				require.NoError(t, srv.Close())
				require.NoError(t, one.Close())
			})
		})
	}
}
