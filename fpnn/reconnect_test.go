package fpnn_test

import (
	"context"
	"fmt"
	"net"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/transport"
	"github.com/gofpnn/gofpnn/transport/mem"
)

// line is a dialer to a server that can be cut off.
type line struct {
	mem.Network
	addr string
	srv  *fpnn.Server

	mu    sync.Mutex
	down  bool
	dials []time.Time
}

func newLine(t *testing.T, h fpnn.Handler) *line {
	t.Helper()
	l := new(line)
	listener, err := l.Listen("")
	require.NoError(t, err)
	l.addr = listener.Addr().String()
	l.srv, err = fpnn.NewServer(h)
	require.NoError(t, err)
	go l.srv.Serve(listener)
	t.Cleanup(func() { _ = l.srv.Close() })
	return l
}

func (l *line) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	l.mu.Lock()
	l.dials = append(l.dials, time.Now())
	down := l.down
	l.mu.Unlock()
	if down {
		return nil, syscall.ECONNREFUSED
	}
	return l.Network.DialContext(ctx, network, address)
}

func (l *line) cut() {
	l.mu.Lock()
	l.down = true
	l.mu.Unlock()
	for _, c := range l.srv.Conns() {
		_ = c.Close()
	}
	synctest.Wait()
}

func (l *line) heal() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.down = false
}

func (l *line) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.dials)
}

// client returns a client that was connected for long enough.
func (l *line) client(t *testing.T, opts ...fpnn.ClientOption) *fpnn.Client {
	t.Helper()
	c := clientOf(t, []string{l.addr}, append([]fpnn.ClientOption{fpnn.WithDialer(l), fpnn.WithTimeout(time.Minute)}, opts...)...)
	require.NoError(t, c.Connect(t.Context()))
	<-time.After(time.Minute)
	return c
}

func TestCallsWaitThroughAnOutage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLine(t, echoHandler)
		c := l.client(t)
		l.cut()
		require.Equal(t, fpnn.Idle, c.State())
		ends := calls(t.Context(), c, 100)
		<-time.After(20 * time.Second)
		require.Empty(t, ends)
		l.heal()
		allAnswered(t, ends)
		require.Less(t, l.count(), 30, "one attempt at a time, and pauses")
		require.Equal(t, fpnn.Ready, c.State())
	})
}

func TestCallThatGivesUpInAnOutageSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLine(t, echoHandler)
		c := l.client(t, fpnn.WithTimeout(10*time.Second))
		l.cut()
		start := time.Now()
		err := echoed(t.Context(), c, 1)
		require.Equal(t, 10*time.Second, time.Since(start))
		requireUnsent(t, err, context.DeadlineExceeded)
		require.ErrorIs(t, err, syscall.ECONNREFUSED)
		require.Equal(t, fpnn.CodeCoreTimeout, fpnn.Code(err))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		requireUnsent(t, echoed(ctx, c, 1), context.DeadlineExceeded)
		dials := l.count()
		<-time.After(5 * time.Minute)
		require.LessOrEqual(t, l.count(), dials+1, "nobody waits: no more attempts")
	})
}

// Those who have given up are not in the way of those who come later, however long
// it lasts.
func TestLongOutageHasRoomForEachCaller(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLine(t, echoHandler)
		c := l.client(t, fpnn.WithMaxWaiting(200))
		l.cut()
		const callers = 2 * 3600
		ends := make(chan error, callers)
		for range callers { // two a second, of whom ten wait at a time
			go func() {
				ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
				defer cancel()
				ends <- echoed(ctx, c, 1)
			}()
			<-time.After(500 * time.Millisecond)
		}
		for range callers - 10 {
			requireUnsent(t, <-ends, context.DeadlineExceeded)
		}
		require.Less(t, l.count(), 600, "one attempt at a time, and pauses")
		l.heal()
	})
}

func TestClientThatNeverConnectedFailsAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLine(t, echoHandler)
		l.cut()
		c := clientOf(t, []string{l.addr}, fpnn.WithDialer(l))
		start := time.Now()
		requireUnsent(t, echoed(t.Context(), c, 1), syscall.ECONNREFUSED)
		require.Zero(t, time.Since(start))
		require.Equal(t, fpnn.Waiting, c.State())
		l.heal()
		require.NoError(t, echoed(t.Context(), c, 1))
		require.LessOrEqual(t, time.Since(start), fpnn.DefaultReconnect.Min)
	})
}

func TestPausesGrowToTheirMaximum(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := fpnn.Reconnect{Min: time.Second, Max: 30 * time.Second, Stable: time.Second, Eager: true}
		l := newLine(t, echoHandler)
		l.client(t, fpnn.WithReconnect(r))
		l.cut()
		<-time.After(2 * time.Hour)
		l.mu.Lock()
		dials := l.dials[1:]
		l.mu.Unlock()
		var pauses []time.Duration
		for i := range dials[1:] {
			pause := dials[i+1].Sub(dials[i])
			most := r.Max
			if i < 5 {
				most = r.Min << i
			}
			require.LessOrEqual(t, pause, most, "pause %d", i)
			pauses = append(pauses, pause)
		}
		// With full jitter the mean of the later ones is half of the maximum.
		var sum time.Duration
		for _, p := range pauses[5:] {
			sum += p
		}
		mean := sum / time.Duration(len(pauses)-5)
		require.InDelta(t, 15, mean.Seconds(), 3)
	})
}

func TestEagerClientComesBackThoughNobodyCalls(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := fpnn.DefaultReconnect
		for _, r.Eager = range []bool{false, true} {
			l := newLine(t, echoHandler)
			c := l.client(t, fpnn.WithReconnect(r))
			for range 3 {
				l.cut()
				l.heal()
				<-time.After(time.Minute)
				require.Equal(t, r.Eager, c.Conn() != nil)
			}
		}
	})
}

func TestFailFastDoesNotWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := fpnn.DefaultReconnect
		r.FailFast = true
		l := newLine(t, echoHandler)
		c := l.client(t, fpnn.WithReconnect(r))
		l.cut()
		start := time.Now()
		for range 100 {
			requireUnsent(t, echoed(t.Context(), c, 1), syscall.ECONNREFUSED)
		}
		require.Zero(t, time.Since(start))
		require.Equal(t, 2, l.count(), "the pause holds for all")
		<-time.After(r.Min)
		l.heal()
		require.NoError(t, echoed(t.Context(), c, 1))
	})
}

// The vendor's SDK made 366 quests in 0.3 seconds.
func TestServerThatClosesAfterEachAnswerStartsNoStorm(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := fpnn.DefaultReconnect
		r.Eager = true
		l := newLine(t, handler(func(_ context.Context, q *fpnn.Quest) (any, error) {
			conn := q.Conn()
			time.AfterFunc(time.Millisecond, func() { _ = conn.Close() })
			return nil, nil
		}))
		c := clientOf(t, []string{l.addr}, fpnn.WithDialer(l), fpnn.WithReconnect(r),
			fpnn.WithOnConnect(func(ctx context.Context, conn *fpnn.Conn) error {
				_, err := conn.Call(ctx, "restore", nil)
				return err
			}))
		require.NoError(t, c.Connect(t.Context()))
		<-time.After(10 * time.Minute)
		require.Less(t, l.count(), 100)
		require.Greater(t, l.count(), 20)
	})
}

func TestStableConnectionEndsTheOutage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := fpnn.Reconnect{Min: time.Hour, Max: time.Hour, Stable: time.Minute}
		l := newLine(t, echoHandler)
		c := l.client(t, fpnn.WithReconnect(r), fpnn.WithTimeout(0))
		for range 5 { // lost after a minute: made again at once
			l.cut()
			l.heal()
			start := time.Now()
			require.NoError(t, echoed(t.Context(), c, 1))
			require.Zero(t, time.Since(start))
			<-time.After(r.Stable)
		}
		l.cut()
		l.heal()
		require.NoError(t, echoed(t.Context(), c, 1))
		<-time.After(r.Stable - 1)
		l.cut() // too soon
		l.heal()
		require.Equal(t, fpnn.Waiting, c.State())
		start := time.Now()
		require.NoError(t, echoed(t.Context(), c, 1))
		require.Positive(t, time.Since(start))
		require.NoError(t, c.Conn().Close(), "from this side")
		synctest.Wait()
		require.Equal(t, fpnn.Idle, c.State(), "is no failure")
	})
}

func TestCloseInterruptsThePause(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := fpnn.Reconnect{Min: time.Hour, Max: time.Hour, Eager: true}
		l := newLine(t, echoHandler)
		c := l.client(t, fpnn.WithReconnect(r), fpnn.WithTimeout(0))
		l.cut()
		ends := calls(t.Context(), c, 5)
		<-time.After(time.Second)
		start := time.Now()
		require.NoError(t, c.Close())
		require.Zero(t, time.Since(start))
		for range 5 {
			requireUnsent(t, <-ends, fpnn.ErrClosed)
		}
		require.Equal(t, fpnn.Closed, c.State())
	})
}

// dialer wraps the connections that a line makes.
func (l *line) wrapped(wrap func(nc net.Conn) net.Conn) transport.Dialer {
	return transport.DialerFunc(func(ctx context.Context, network, address string) (net.Conn, error) {
		nc, err := l.DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return wrap(nc), nil
	})
}

func slow(nc net.Conn) net.Conn { return slowClose{nc} }

// That a connection is lost counts from the moment it is, though its end takes
// a while.
func TestCallersStartNoStormEither(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLine(t, handler(func(_ context.Context, q *fpnn.Quest) (any, error) {
			conn := q.Conn()
			time.AfterFunc(time.Millisecond, func() { _ = conn.Close() })
			return nil, nil
		}))
		c := clientOf(t, []string{l.addr}, fpnn.WithDialer(l.wrapped(slow)))
		for start := time.Now(); time.Since(start) < 10*time.Second; <-time.After(time.Millisecond) {
			_, _ = c.Call(t.Context(), "m", nil)
		}
		require.Less(t, l.count(), 50)
	})
}

func TestFirstOutageIsWaitedThroughToo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLine(t, echoHandler)
		c := l.client(t, fpnn.WithDialer(l.wrapped(slow)))
		l.cut()
		ends := calls(t.Context(), c, 10)
		<-time.After(10 * time.Second)
		require.Empty(t, ends)
		l.heal()
		allAnswered(t, ends)
	})
}

func TestEagerClientDoesNotWaitForItsHandler(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := fpnn.DefaultReconnect
		r.Eager = true
		l := newLine(t, echoHandler)
		c := l.client(t, fpnn.WithReconnect(r), fpnn.WithHandler(handler(func(context.Context, *fpnn.Quest) (any, error) {
			<-time.After(10 * time.Minute)
			return nil, nil
		})))
		conn := l.srv.Conns()[0]
		go func() { _, _ = conn.Call(t.Context(), "push", nil) }()
		synctest.Wait()
		l.cut()
		l.heal()
		<-time.After(2 * r.Min)
		require.NotNil(t, c.Conn())
	})
}

func TestEagerClientGoesOnAfterAFirstFailure(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := fpnn.DefaultReconnect
		for _, r.Eager = range []bool{false, true} {
			l := newLine(t, echoHandler)
			l.cut()
			c := clientOf(t, []string{l.addr}, fpnn.WithDialer(l), fpnn.WithReconnect(r))
			<-time.After(time.Hour)
			require.Zero(t, l.count(), "not before it is used")
			require.ErrorIs(t, c.Connect(t.Context()), syscall.ECONNREFUSED)
			<-time.After(time.Hour)
			l.heal()
			<-time.After(r.Max)
			require.Equal(t, r.Eager, c.Conn() != nil)
		}
	})
}

func TestEagerClientFailsFastToo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := fpnn.DefaultReconnect
		r.Eager, r.FailFast = true, true
		l := newLine(t, echoHandler)
		late := transport.DialerFunc(func(ctx context.Context, network, address string) (net.Conn, error) {
			nc, err := l.DialContext(ctx, network, address)
			if err != nil {
				<-time.After(time.Second)
			}
			return nc, err
		})
		c := l.client(t, fpnn.WithDialer(late), fpnn.WithReconnect(r), fpnn.WithTimeout(time.Hour))
		l.cut()
		start := time.Now()
		requireUnsent(t, echoed(t.Context(), c, 1), syscall.ECONNREFUSED)
		require.Equal(t, time.Second, time.Since(start), "with the attempt under way")
		<-time.After(time.Hour)
		l.heal()
		<-time.After(r.Max)
		require.NoError(t, echoed(t.Context(), c, 1))
	})
}

func TestEndpointThatIsOfNoUseIsLeft(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var network mem.Network
		bad, err := network.Listen("bad")
		require.NoError(t, err)
		srv, err := fpnn.NewServer(handler(func(_ context.Context, q *fpnn.Quest) (any, error) { return nil, q.Conn().Close() }))
		require.NoError(t, err)
		go srv.Serve(bad)
		defer srv.Close()
		good, err := network.Listen("good")
		listenOn(t, good, err)
		c := clientOf(t, []string{"bad", "good"}, fpnn.WithDialer(&network))
		require.Error(t, echoed(t.Context(), c, 1))
		for range 10 {
			require.NoError(t, echoed(t.Context(), c, 1))
			<-time.After(time.Minute)
			require.NoError(t, c.Conn().Close())
			synctest.Wait()
		}
		require.EqualValues(t, 1, srv.Stats().Accepted, "the one that was of use is the first again")
	})
}

// uponPayload is a payload at whose encoding something happens.
type uponPayload func()

func (f uponPayload) AppendPayload(b []byte) ([]byte, error) {
	f()
	return num(7).AppendPayload(b)
}

func TestCallOnAConnectionJustGoingDownWaitsForTheNext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLine(t, echoHandler)
		c := l.client(t)
		heal := time.AfterFunc(10*time.Second, l.heal)
		defer heal.Stop()
		cuts := 0
		a, err := c.Call(t.Context(), "echo", uponPayload(func() {
			if cuts++; cuts < 5 {
				synctest.Wait() // until it is accepted
				l.cut()
			}
			if cuts < 4 { // so the next one is about to go down too
				l.heal()
			}
		}))
		require.NoError(t, err)
		require.Equal(t, 5, cuts)
		n, err := a.Int64("n")
		require.NoError(t, err)
		require.EqualValues(t, 7, n)

		_, err = c.Call(t.Context(), "echo", uponPayload(func() { go c.Close(); synctest.Wait() }))
		require.ErrorIs(t, err, fpnn.ErrClosed)
	})
}

func TestCallOnAConnectionJustGoingDownFailsFast(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLine(t, echoHandler)
		r := fpnn.DefaultReconnect
		r.FailFast = true
		c := l.client(t, fpnn.WithReconnect(r))
		_, err := c.Call(t.Context(), "echo", uponPayload(l.cut))
		requireUnsent(t, err, fpnn.ErrDisconnected)
		require.Equal(t, 1, l.count())
	})
}

// failingPayload is a payload that cannot be had.
type failingPayload struct{ err error }

func (f failingPayload) AppendPayload([]byte) ([]byte, error) { return nil, f.err }

// A payload may be asked for elsewhere, and that connection be lost.
func TestLossOfAnotherConnectionIsNotTakenForOnesOwn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newLine(t, echoHandler).client(t)
		start := time.Now()
		_, err := c.Call(t.Context(), "echo", failingPayload{fmt.Errorf("elsewhere: %w", fpnn.ErrDisconnected)})
		requireUnsent(t, err, fpnn.ErrDisconnected)
		require.Zero(t, time.Since(start))
	})
}

// A connection may be lost before it is the client's.
func TestConnectionLostInItsHookIsReplaced(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := fpnn.DefaultReconnect
		r.Eager = true
		l := newLine(t, echoHandler)
		hooks := 0
		c := clientOf(t, []string{l.addr}, fpnn.WithDialer(l), fpnn.WithReconnect(r), fpnn.WithOnConnect(func(_ context.Context, conn *fpnn.Conn) error {
			if hooks++; hooks == 1 {
				synctest.Wait() // until it is accepted
				_ = l.srv.Conns()[0].Close()
				<-conn.Done()
			}
			return nil
		}))
		require.NoError(t, c.Connect(t.Context()))
		require.Equal(t, fpnn.Waiting, c.State())
		<-time.After(time.Minute)
		synctest.Wait()
		require.Equal(t, 2, hooks)
		require.Equal(t, fpnn.Ready, c.State())
		require.NoError(t, c.Conn().Err())
	})
}

func TestClientStatsOutliveConnections(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLine(t, echoHandler)
		c := clientOf(t, []string{l.addr}, fpnn.WithDialer(l))
		require.Zero(t, c.Stats())
		for range 3 {
			require.NoError(t, echoed(t.Context(), c, 1))
			require.NoError(t, c.Conn().Close())
			synctest.Wait()
		}
		require.NoError(t, echoed(t.Context(), c, 1))
		one := c.Conn().Stats()
		require.Positive(t, one.BytesOut)
		require.Equal(t, 4*one.BytesOut, c.Stats().BytesOut)
		require.Equal(t, l.srv.Stats().BytesIn, c.Stats().BytesOut)
	})
}
