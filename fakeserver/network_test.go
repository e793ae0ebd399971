package fakeserver_test

import (
	"context"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/fakeserver"
	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/rtm"
)

func TestRefusedDials(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, srv *fakeserver.Server) {
		network := srv.Network()
		c := client(t, srv)
		require.NoError(t, say(t, c, "one"))
		network.RefuseDials(true)
		require.NoError(t, say(t, c, "two"), "who is in stays in")
		_, err := srv.Dialer().DialContext(t.Context(), "tcp", srv.Addr())
		require.ErrorIs(t, err, syscall.ECONNREFUSED)
		network.RefuseDials(false)
		nc, err := srv.Dialer().DialContext(t.Context(), "tcp", srv.Addr())
		require.NoError(t, err)
		require.NoError(t, nc.Close())
	})
}

// Who dials a TCP server by other means finds the connection reset.
func TestRefusedDialsOfOthers(t *testing.T) {
	t.Parallel()
	srv := fakeserver.New(t, fakeserver.WithTCP("127.0.0.1:0"))
	srv.Network().RefuseDials(true)
	c, err := fpnn.NewClient([]string{srv.Addr()}, fpnn.WithTimeout(10*time.Second))
	require.NoError(t, err)
	defer c.Close()
	_, err = c.Call(t.Context(), "*ping", nil)
	require.ErrorIs(t, err, syscall.ECONNRESET)
	require.Empty(t, srv.Network().Links())
	srv.Network().RefuseDials(false)
	_, err = c.Call(t.Context(), "*ping", nil)
	require.NoError(t, err)
}

func TestClientsAreClosedAndComeBack(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, srv *fakeserver.Server) {
		for name, end := range map[string]func(){"close": srv.Network().CloseClients, "restart": srv.Network().Restart} {
			c := client(t, srv)
			require.NoError(t, say(t, c, name))
			conn := c.FPNN().Conn()
			end()
			<-conn.Done()
			require.Error(t, conn.Err())
			require.NoError(t, say(t, c, name+" again"))
			texts := said(t, c)
			require.Equal(t, []string{name, name + " again"}, texts[len(texts)-2:], "the state is kept")
		}
	})
}

func TestRestartForgetsWhoListened(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := fakeserver.New(t)
		e := newEar(t, srv, 7)
		srv.Network().Restart()
		require.Empty(t, srv.Network().Links())
		require.NoError(t, e.Connect(t.Context()))
		require.NoError(t, say(t, client(t, srv), "into the void"))
		synctest.Wait()
		require.Empty(t, e.heard())
	})
}

func TestCutNetworkIsSilent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := fakeserver.New(t)
		c := client(t, srv, rtm.WithTimeout(5*time.Second), rtm.WithFPNN(fpnn.WithoutKeepAlive()))
		require.NoError(t, say(t, c, "before"))
		conn := c.FPNN().Conn()
		srv.Network().Cut()
		start := time.Now()
		require.Equal(t, fpnn.CodeCoreTimeout, fpnn.Code(say(t, c, "lost")))
		require.Equal(t, 5*time.Second, time.Since(start))
		require.NoError(t, conn.Err(), "nobody is told")

		late := client(t, srv, rtm.WithTimeout(5*time.Second))
		require.Equal(t, fpnn.CodeCoreTimeout, fpnn.Code(say(t, late, "lost too")), "new connections are no better")
		srv.Network().Heal()
		<-conn.Done()
		require.ErrorIs(t, conn.Err(), fpnn.ErrDisconnected, "it has lost something")
		require.NoError(t, say(t, c, "after"))
		require.Equal(t, []string{"before", "after"}, said(t, c))
	})
}

func TestPausedNetworkLosesNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := fakeserver.New(t)
		c := client(t, srv, rtm.WithTimeout(time.Minute))
		require.NoError(t, say(t, c, "before"))
		conn := c.FPNN().Conn()
		srv.Network().Pause()
		sent := make(chan error, 2)
		go func() { sent <- say(t, c, "during") }()
		go func() { sent <- say(t, client(t, srv, rtm.WithTimeout(time.Minute)), "during") }()
		<-time.After(20 * time.Second)
		require.Empty(t, sent)
		srv.Network().Resume()
		start := time.Now()
		require.NoError(t, <-sent)
		require.NoError(t, <-sent)
		require.Zero(t, time.Since(start))
		require.NoError(t, conn.Err())
		require.Equal(t, []string{"before", "during", "during"}, said(t, c))
	})
}

func TestLatencyIsAddedBothWays(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := fakeserver.New(t)
		c := client(t, srv)
		took := func() time.Duration {
			start := time.Now()
			require.NoError(t, say(t, c, "x"))
			return time.Since(start)
		}
		require.Zero(t, took())
		srv.Network().Latency(100*time.Millisecond, 0)
		require.Equal(t, 200*time.Millisecond, took())
		srv.Network().Latency(100*time.Millisecond, 50*time.Millisecond)
		d := took()
		require.Greater(t, d, 200*time.Millisecond)
		require.Less(t, d, 300*time.Millisecond)
		c = client(t, srv)
		require.Greater(t, took(), 200*time.Millisecond, "new connections too")
		srv.Network().Latency(0, 0)
		<-time.After(time.Second)
		require.Zero(t, took())
	})
}

// Each connection of each seed has a latency of its own, always the same.
func TestLatencyComesFromTheSeed(t *testing.T) {
	t.Parallel()
	const connections, sends = 3, 5
	times := func(seed uint64) (all [connections][sends]time.Duration) {
		synctest.Test(t, func(t *testing.T) {
			srv := fakeserver.New(t, fakeserver.WithSeed(seed))
			srv.Network().Latency(time.Millisecond, 10*time.Second)
			for connection := range all {
				c := client(t, srv, rtm.WithTimeout(24*time.Hour), rtm.WithFPNN(fpnn.WithoutKeepAlive()))
				for n := range sends {
					start := time.Now()
					require.NoError(t, say(t, c, "x"))
					all[connection][n] = time.Since(start).Round(time.Millisecond)
				}
			}
		})
		return all
	}
	require.Equal(t, times(1), times(1))
	seen := map[[sends]time.Duration]bool{}
	for seed := range uint64(5) {
		for _, of := range times(seed) {
			require.False(t, seen[of], "seed %d", seed)
			seen[of] = true
		}
	}
}

func TestFaultsOfOneLink(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := fakeserver.New(t)
		one := client(t, srv, rtm.WithTimeout(5*time.Second))
		require.NoError(t, say(t, one, "one"))
		other := client(t, srv, rtm.WithTimeout(5*time.Second))
		require.NoError(t, say(t, other, "other"))
		links := srv.Network().Links()
		require.Len(t, links, 2)
		first := links[0]
		require.EqualValues(t, []int64{1, 2}, []int64{first.Number(), links[1].Number()})
		require.Equal(t, one.FPNN().Conn().LocalAddr(), first.RemoteAddr())
		require.Equal(t, fpnn.CodeCoreUnknownMethod, fpnn.Code(func() error {
			_, err := first.Conn().Call(t.Context(), "hello", nil)
			return err
		}()))

		first.Latency(time.Second, 0)
		start := time.Now()
		require.NoError(t, say(t, other, "other"))
		require.Zero(t, time.Since(start))
		require.NoError(t, say(t, one, "one"))
		require.Equal(t, 2*time.Second, time.Since(start))
		first.Latency(0, 0)
		<-time.After(time.Second)

		first.Pause()
		sent := make(chan error, 1)
		go func() { sent <- say(t, one, "paused") }()
		synctest.Wait()
		require.NoError(t, say(t, other, "other"))
		require.Empty(t, sent)
		first.Resume()
		require.NoError(t, <-sent)

		conn := one.FPNN().Conn()
		first.Cut()
		require.Error(t, say(t, one, "cut"))
		require.NoError(t, say(t, other, "other"))
		first.Heal()
		<-conn.Done()
		require.NoError(t, say(t, one, "again"))
		synctest.Wait() // the gate's end of the first ends by itself
		links = srv.Network().Links()
		require.EqualValues(t, []int64{2, 3}, []int64{links[0].Number(), links[1].Number()})
		require.Nil(t, first.Conn(), "it has ended")

		conn = other.FPNN().Conn()
		links[0].Reset()
		<-conn.Done()
		require.ErrorIs(t, conn.Err(), fpnn.ErrDisconnected)
		require.NoError(t, say(t, other, "back"))
	})
}

// An outage of an hour, in no time: client, network and gate share one bubble and
// one clock.
func TestHourOfOutage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := fakeserver.New(t)
		c, err := rtm.Dial(t.Context(), srv.Addr(), srv.Project(), rtm.WithDialer(srv.Dialer()))
		require.NoError(t, err)
		defer c.Close()
		require.NoError(t, say(t, c, "before"))
		srv.Network().RefuseDials(true)
		srv.Network().CloseClients()
		start := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Hour)
		defer cancel()
		sent := make(chan error, 1)
		go func() {
			_, err := c.Send(ctx, 1, rtm.Group(7), rtm.Message{Type: 66, Text: "after"})
			sent <- err
		}()
		<-time.After(time.Hour)
		srv.Network().RefuseDials(false)
		require.NoError(t, <-sent)
		require.Less(t, time.Since(start), time.Hour+time.Minute)
		require.Equal(t, []string{"before", "after"}, said(t, c))
	})
}
