package fpnn_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/codec"
	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/fpnn/frame"
	"github.com/gofpnn/gofpnn/transport"
	"github.com/gofpnn/gofpnn/transport/mem"
)

// listenOn serves echoes on l until the test ends.
func listenOn(t *testing.T, l net.Listener, err error) {
	require.NoError(t, err)
	srv, err := fpnn.NewServer(echoHandler)
	require.NoError(t, err)
	served := make(chan error, 1)
	go func() { served <- srv.Serve(l) }()
	t.Cleanup(func() {
		_ = srv.Close()
		require.ErrorIs(t, <-served, fpnn.ErrClosed)
	})
}

// echoed calls c with n and returns an error unless n comes back.
func echoed(ctx context.Context, c *fpnn.Client, n int64) error {
	a, err := c.Call(ctx, "echo", num(n))
	if err != nil {
		return err
	}
	got, err := a.Int64("n")
	if got != n {
		err = fmt.Errorf("echo of %d: %d, %w", n, got, err)
	}
	return err
}

// calls starts n calls and returns the channel of their ends.
func calls(ctx context.Context, c *fpnn.Client, n int) <-chan error {
	errs := make(chan error, n)
	for i := range n {
		go func() { errs <- echoed(ctx, c, int64(i)) }()
	}
	return errs
}

// allAnswered waits for the ends of calls.
func allAnswered(t *testing.T, errs <-chan error) {
	for range cap(errs) {
		require.NoError(t, <-errs)
	}
}

// requireUnsent checks an error of a call that found no connection.
func requireUnsent(t *testing.T, err, cause error) {
	t.Helper()
	require.ErrorIs(t, err, cause)
	var op *fpnn.OpError
	require.ErrorAs(t, err, &op)
	require.Equal(t, "call", op.Op)
	require.Equal(t, "echo", op.Method)
	require.False(t, op.Sent)
	require.True(t, fpnn.SafeToRetry(err))
}

// heldDialer counts its dials and holds each until it is released.
type heldDialer struct {
	mem.Network
	dials   atomic.Int64
	release chan struct{}
}

func clientOnHold(t *testing.T, opts ...fpnn.ClientOption) (*heldDialer, *fpnn.Client) {
	d := &heldDialer{release: make(chan struct{})}
	l, err := d.Listen("srv")
	listenOn(t, l, err)
	return d, clientOf(t, []string{"srv"}, append(opts, fpnn.WithDialer(d))...)
}

func (d *heldDialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	d.dials.Add(1)
	select {
	case <-d.release:
		return d.Network.DialContext(ctx, network, address)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func TestOneDialForAllCallers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, c := clientOnHold(t)
		errs := calls(t.Context(), c, 100)
		synctest.Wait() // all of them wait for the dial
		require.EqualValues(t, 1, d.dials.Load())
		close(d.release)
		allAnswered(t, errs)
		require.EqualValues(t, 1, d.dials.Load())
	})
}

func TestWaiterLeavesOnItsOwnContext(t *testing.T) {
	for want, code := range map[error]int{
		context.Canceled:         fpnn.CodeCoreCanceled,
		context.DeadlineExceeded: fpnn.CodeCoreTimeout,
	} {
		synctest.Test(t, func(t *testing.T) {
			d, c := clientOnHold(t)
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			leaver := calls(ctx, c, 1) // the one that started the dial
			synctest.Wait()
			others := calls(t.Context(), c, 10)
			synctest.Wait()
			if errors.Is(want, context.Canceled) {
				cancel()
			}
			err := <-leaver
			requireUnsent(t, err, want)
			require.Equal(t, code, fpnn.Code(err))
			require.Empty(t, others)
			close(d.release)
			allAnswered(t, others)
			require.EqualValues(t, 1, d.dials.Load())
		})
	}
}

func TestOneWaiterTooManyIsRefusedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, c := clientOnHold(t, fpnn.WithMaxWaiting(3))
		errs := calls(t.Context(), c, 3)
		synctest.Wait()
		start := time.Now()
		err := echoed(t.Context(), c, 9)
		require.Zero(t, time.Since(start))
		requireUnsent(t, err, fpnn.ErrQueueFull)
		require.Equal(t, fpnn.CodeCoreWorkQueueFull, fpnn.Code(err))
		close(d.release)
		allAnswered(t, errs)
		require.NoError(t, echoed(t.Context(), c, 9))
	})
}

func TestCloseEndsTheDialInProgress(t *testing.T) {
	for _, connects := range []bool{false, true} { // a dialer may connect all the same
		synctest.Test(t, func(t *testing.T) {
			near, far := mem.Pipe()
			defer near.Close()
			cancelled, release := make(chan struct{}), make(chan struct{})
			dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
				<-ctx.Done()
				close(cancelled)
				<-release
				if connects {
					return near, nil
				}
				return nil, ctx.Err()
			}
			c := clientOf(t, []string{"srv"}, fpnn.WithDialer(transport.DialerFunc(dial)), fpnn.WithDialTimeout(time.Hour))
			waiters := calls(t.Context(), c, 10)
			synctest.Wait()
			start := time.Now()
			closed := make(chan error, 1)
			go func() { closed <- c.Close() }()
			<-cancelled
			require.Zero(t, time.Since(start), "cancelled, not timed out")
			synctest.Wait()
			require.Empty(t, closed, "Close waits for the dial")
			close(release)
			require.NoError(t, <-closed)
			for range cap(waiters) {
				requireUnsent(t, <-waiters, fpnn.ErrClosed)
			}
			if connects {
				_, err := far.Read(make([]byte, 1))
				require.ErrorIs(t, err, io.EOF, "the connection nobody wanted is closed")
			}
		})
	}
}

// What a quest's number says about its end.
func mayCancel(n int64) bool   { return n%2 == 1 }
func neverSent(n int64) bool   { return n%16 == 13 } // perhaps: cancelled before anybody has seen it
func unanswered(n int64) bool  { return n%4 == 1 }
func answersRace(n int64) bool { return n%8 == 3 } // with the cancelling

// moody answers some quests at once, twice, and the rest in random order when
// late is closed, some of them twice. It counts the answers.
type moody struct {
	got     []chan struct{} // closed when the quest of that number has been read
	late    chan struct{}
	flushed chan struct{} // closed when no more answers are held
	answers atomic.Int64
}

func (m *moody) play(p *peer) {
	var mu sync.Mutex
	var held []frame.Package
	echo := func(q frame.Package, times int) {
		for range times {
			m.answers.Add(1)
			p.echo(q)
		}
	}
	go func() {
		defer close(m.flushed)
		<-m.late
		mu.Lock()
		defer mu.Unlock()
		for _, i := range rand.Perm(len(held)) {
			echo(held[i], 1+i%2)
		}
	}()
	for q, ok := p.read(); ok; q, ok = p.read() {
		payload, _ := codec.ParsePayload(q.Payload)
		n, _ := payload.Int64("n")
		mu.Lock() // until a quest that is got is held
		switch close(m.got[n]); {
		case unanswered(n):
		case n+1 == int64(len(m.got)): // the last
			echo(q, 1)
		case answersRace(n), n%4 == 0:
			echo(q, 2)
		default:
			held = append(held, q)
		}
		mu.Unlock()
	}
}

// Every call ends once, with its own answer or its own caller's ctx, and every
// answer ends one call or is counted as unclaimed.
func TestThousandCallersOfWhomHalfGiveUp(t *testing.T) {
	t.Parallel()
	const callers int64 = 1000
	m := &moody{late: make(chan struct{}), flushed: make(chan struct{})}
	for range callers + 1 {
		m.got = append(m.got, make(chan struct{}))
	}
	c := newPeer(t, m.play, fpnn.WithTimeout(0))
	var errs [callers]error
	var fickle, patient sync.WaitGroup
	for n := range callers {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		if !mayCancel(n) {
			patient.Go(func() { errs[n] = echoed(ctx, c, n) })
			continue
		}
		fickle.Go(func() { errs[n] = echoed(ctx, c, n) })
		fickle.Go(func() {
			defer cancel()
			if !neverSent(n) {
				<-m.got[n]
			}
		})
	}
	fickle.Wait()
	for n := int64(2); n < callers; n += 4 {
		<-m.got[n] // or the peer would not hold it
	}
	close(m.late)
	patient.Wait()
	<-m.flushed
	require.NoError(t, echoed(t.Context(), c, callers), "the connection still works")

	answered := int64(1)
	for i, err := range errs {
		n := int64(i)
		if err == nil {
			require.True(t, !mayCancel(n) || answersRace(n), "call %d has an answer from nowhere", n)
			answered++
			continue
		}
		require.True(t, mayCancel(n), "call %d: %v", n, err)
		require.ErrorIs(t, err, context.Canceled, "call %d", n)
		select { // by now the peer has read all that was written
		case <-m.got[n]:
			require.False(t, fpnn.SafeToRetry(err), "call %d", n)
		default:
			require.True(t, fpnn.SafeToRetry(err), "call %d", n)
		}
	}
	require.Zero(t, c.Conn().Stats().InFlight)
	require.Equal(t, m.answers.Load()-answered, c.Conn().Stats().Unclaimed)
}
