package fpnn_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"runtime"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/transport"
)

func TestTracerIsToldOfDials(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLine(t, echoHandler)
		r := newRecorder(t)
		refuse := errors.New("no log-in")
		var reject atomic.Bool
		c := clientOf(t, []string{"x://nowhere", l.addr}, fpnn.WithDialer(l), fpnn.WithTracer(r),
			fpnn.WithDialerFor("x", transport.DialerFunc(func(context.Context, string, string) (net.Conn, error) {
				<-time.After(time.Second)
				return nil, syscall.ECONNREFUSED
			})),
			fpnn.WithOnConnect(func(context.Context, *fpnn.Conn) error {
				if reject.Load() {
					return refuse
				}
				return nil
			}))
		reject.Store(true)
		require.ErrorIs(t, c.Connect(t.Context()), refuse)
		reject.Store(false)
		require.NoError(t, c.Connect(t.Context()))
		require.Zero(t, r.open())
		var got []string
		for _, e := range r.ended {
			require.Nil(t, e.began.Conn)
			got = append(got, fmt.Sprint(e.op.Kind, " ", e.op.Endpoint, " ", e.op.Duration, " ", e.op.Code, " ", e.op.Conn != nil))
		}
		require.Equal(t, []string{
			"dial x://nowhere 1s 20012 false", "dial " + l.addr + " 0s 20012 false",
			"dial x://nowhere 1s 20012 false", "dial " + l.addr + " 0s 0 true",
		}, got)
		require.ErrorIs(t, r.ended[1].err, refuse)
		require.Equal(t, c.Conn(), r.ended[3].op.Conn)
	})
}

// Endpoints are called what the program calls them.
func TestTracerIsToldOfEndpointsByTheirNames(t *testing.T) {
	t.Parallel()
	nobody := transport.DialerFunc(func(context.Context, string, string) (net.Conn, error) { return nil, syscall.ECONNREFUSED })
	endpoints := []string{"tls://a:1", "tls://unix:/b", "unix:/c", "x://d:2", "e:3"}
	var names []string
	c := clientOf(t, endpoints, fpnn.WithDialer(nobody), fpnn.WithDialerFor("x", nobody), fpnn.WithTracer(startFunc(
		func(ctx context.Context, op fpnn.Operation) context.Context {
			names = append(names, op.Endpoint)
			return ctx
		})))
	require.Error(t, c.Connect(t.Context()))
	require.Equal(t, endpoints, names)
}

// A dialer that ends its goroutine is no reason to forget the dial.
func TestTracerIsToldOfDialsThatPanic(t *testing.T) {
	t.Parallel()
	r := newRecorder(t)
	c := clientOf(t, []string{"x"}, fpnn.WithTracer(r), fpnn.WithDialer(transport.DialerFunc(
		func(context.Context, string, string) (net.Conn, error) { runtime.Goexit(); return nil, nil })))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = c.Connect(ctx)
	}()
	require.Eventually(t, func() bool { return c.Stats().DialsFailed == 1 }, 10*time.Second, time.Millisecond)
	cancel()
	<-done
	require.Zero(t, r.open())
	require.Len(t, r.ended, 1)
	require.ErrorContains(t, r.ended[0].err, "Goexit")
}

// The wait for a connection is part of a call.
func TestTracedCallsWaitThroughAnOutage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLine(t, echoHandler)
		r := newRecorder(t)
		c := l.client(t, fpnn.WithTracer(r))
		r.take()
		l.cut()
		ends := calls(t.Context(), c, 3)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		notified := c.Notify(ctx, "m", nil)
		require.ErrorIs(t, notified, context.DeadlineExceeded)
		l.heal()
		allAnswered(t, ends)
		for _, e := range r.take() {
			require.Nil(t, e.began.Conn)
			require.Equal(t, l.addr, e.began.Endpoint)
			require.Equal(t, l.addr, e.op.Endpoint)
			if e.op.Kind == fpnn.OpNotify {
				require.Equal(t, notified, e.err)
				require.Nil(t, e.op.Conn)
				require.Equal(t, fpnn.CodeCoreTimeout, e.op.Code)
				continue
			}
			require.NoError(t, e.err)
			require.Equal(t, c.Conn(), e.op.Conn)
			require.NotZero(t, e.op.Seq)
			require.GreaterOrEqual(t, e.op.Duration, time.Second)
		}
	})
}
