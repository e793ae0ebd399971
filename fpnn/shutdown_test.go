package fpnn_test

import (
	"context"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/fpnn/frame"
)

func TestShutdownLetsAnswersOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, srv := pair(t, handler(func(_ context.Context, q *fpnn.Quest) (any, error) {
			<-time.After(5 * time.Second)
			return q.Payload, nil
		}), nil, fpnn.WithTimeout(time.Hour))
		got := make(chan error, 1)
		go func() {
			_, err := c.Call(t.Context(), "slow", num(1))
			got <- err
		}()
		synctest.Wait()
		start := time.Now()
		down := make(chan error, 1)
		go func() { down <- srv.Shutdown(t.Context()) }()
		synctest.Wait()
		_, err := c.Call(t.Context(), "new", nil)
		require.Equal(t, fpnn.CodeCoreServerStopping, fpnn.Code(err))
		require.True(t, fpnn.SafeToRetry(err))
		require.NoError(t, <-got)
		require.NoError(t, <-down)
		require.Equal(t, 5*time.Second, time.Since(start))
	})
}

func TestShutdownGivesUpWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, srv := pair(t, handler(func(ctx context.Context, _ *fpnn.Quest) (any, error) {
			<-ctx.Done() // ends with the connection
			return nil, ctx.Err()
		}), nil, fpnn.WithTimeout(time.Hour))
		got := make(chan error, 1)
		go func() {
			_, err := c.Call(t.Context(), "never", nil)
			got <- err
		}()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		require.ErrorIs(t, srv.Shutdown(ctx), context.DeadlineExceeded)
		require.ErrorIs(t, <-got, fpnn.ErrDisconnected)
	})
}

// Who does not wait for the answer has not lost it by the shutdown.
func TestPeerThatLeavesDuringShutdownIsNoError(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, srv := pair(t, handler(func(ctx context.Context, _ *fpnn.Quest) (any, error) {
			<-ctx.Done() // ends with the connection
			<-time.After(time.Second)
			return nil, ctx.Err()
		}), nil, fpnn.WithTimeout(time.Hour))
		go func() { _, _ = c.Call(t.Context(), "never", nil) }()
		synctest.Wait()
		down := make(chan error, 1)
		go func() { down <- srv.Shutdown(t.Context()) }()
		synctest.Wait()
		require.NoError(t, c.Close())
		require.NoError(t, <-down)
	})
}

func TestShutdownOfAConnectionThatIsClosedMeanwhile(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newPeer(t, (*peer).drain, fpnn.WithTimeout(time.Hour))
		conn := connected(t, c)
		go func() { _, _ = conn.Call(t.Context(), "never", nil) }()
		synctest.Wait()
		down := make(chan error, 1)
		go func() { down <- conn.Shutdown(t.Context()) }()
		synctest.Wait()
		require.NoError(t, conn.Close())
		require.NoError(t, <-down, "closed from this side")
	})
}

func TestShutdownOfALostConnectionWithNothingToDo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for range 64 { // the loss and the end of what was to do are told at once
			leave := make(chan struct{})
			conn := connected(t, newPeer(t, func(*peer) { <-leave }))
			close(leave)
			<-conn.Done()
			require.NoError(t, conn.Shutdown(t.Context()))
		}
	})
}

func TestClientShutdownWaitsForItsCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := pair(t, handler(func(context.Context, *fpnn.Quest) (any, error) {
			<-time.After(3 * time.Second)
			return nil, nil
		}), nil)
		got := make(chan error, 1)
		go func() {
			_, err := c.Call(t.Context(), "slow", nil)
			got <- err
		}()
		synctest.Wait()
		start := time.Now()
		require.NoError(t, c.Shutdown(t.Context()))
		require.Equal(t, 3*time.Second, time.Since(start))
		require.NoError(t, <-got)
		_, err := c.Call(t.Context(), "slow", nil)
		require.ErrorIs(t, err, fpnn.ErrClosed)
	})
}

// A socket that is closed while its peer still sends is reset, and what the peer
// has not read yet is lost.
func TestShutdownLosesNoAnswerToAPeerThatGoesOnSending(t *testing.T) {
	t.Parallel()
	for range 5 {
		srv, err := fpnn.NewServer(handler(func(context.Context, *fpnn.Quest) (any, error) { return zeros(2 << 20), nil }))
		require.NoError(t, err)
		l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
		require.NoError(t, err)
		go srv.Serve(l)
		nc, err := new(net.Dialer).DialContext(t.Context(), "tcp", l.Addr().String())
		require.NoError(t, err)
		w := frame.NewWriter(nc, frame.DefaultMaxPackage)
		q := quest(1, "big")
		require.NoError(t, w.Write(&q))
		require.Eventually(t, func() bool { return srv.Stats().BytesOut > 2<<20 }, 10*time.Second, time.Millisecond)
		var sender sync.WaitGroup
		sender.Go(func() {
			note := quest(0, "note")
			note.Kind = frame.Oneway
			for w.Write(&note) == nil {
			}
		})
		down := make(chan error, 1)
		go func() { down <- srv.Shutdown(context.Background()) }()
		require.Eventually(t, func() bool { return srv.Stats().Refused > 0 }, 10*time.Second, time.Millisecond)
		var answer frame.Package
		require.NoError(t, frame.NewReader(nc, frame.DefaultMaxPackage).Read(&answer))
		_ = nc.Close()
		sender.Wait()
		require.NoError(t, <-down)
	}
}
