package fpnn_test

import (
	"context"
	"errors"
	"math"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/transport"
	"github.com/gofpnn/gofpnn/transport/mem"
)

func TestEndpointsAreTriedInTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network mem.Network
		l, err := network.Listen("up")
		listenOn(t, l, err)
		for _, tt := range []struct {
			endpoints, tried []string
			takes            time.Duration
			want             error
		}{
			{[]string{"up", "down"}, []string{"up"}, 0, nil},
			{[]string{"down", "up"}, []string{"down", "up"}, 0, nil},
			{[]string{"hangs", "up"}, []string{"hangs", "up"}, 3 * time.Second, nil},
			{[]string{"hangs", "down"}, []string{"hangs", "down"}, 3 * time.Second, syscall.ECONNREFUSED},
			{[]string{"down", "hangs", "hangs"}, []string{"down", "hangs", "hangs"}, 6 * time.Second, context.DeadlineExceeded},
		} {
			var tried []string
			dial := func(ctx context.Context, network_, address string) (net.Conn, error) {
				tried = append(tried, address)
				if address == "hangs" {
					<-ctx.Done()
					return nil, ctx.Err()
				}
				return network.DialContext(ctx, network_, address)
			}
			c := clientOf(t, tt.endpoints, fpnn.WithDialer(transport.DialerFunc(dial)), fpnn.WithDialTimeout(3*time.Second), fpnn.WithTimeout(0))
			start := time.Now()
			err := echoed(t.Context(), c, 1)
			require.Equal(t, tt.takes, time.Since(start))
			require.Equal(t, tt.tried, tried)
			if tt.want == nil {
				require.NoError(t, err)
				continue
			}
			requireUnsent(t, err, tt.want)
			if errors.Is(tt.want, context.DeadlineExceeded) {
				require.Equal(t, fpnn.CodeCoreTimeout, fpnn.Code(err))
			}
		}
	})
}

func TestRealSockets(t *testing.T) {
	t.Parallel()
	for network, address := range map[string]string{"tcp": "127.0.0.1:0", "unix": filepath.Join(t.TempDir(), "s")} {
		l, err := net.Listen(network, address)
		listenOn(t, l, err)
		endpoint := l.Addr().String()
		if network == "unix" {
			endpoint = "unix:" + address
		}
		c, err := fpnn.Dial(t.Context(), endpoint)
		require.NoError(t, err)
		defer c.Close()
		require.Equal(t, network, c.Conn().NetConn().RemoteAddr().Network())
		for i := range 20 {
			require.NoError(t, echoed(t.Context(), c, int64(i)), "alone")
		}
		allAnswered(t, calls(t.Context(), c, 500))
	}
}

func TestNetConnIsTheTransportsConnection(t *testing.T) {
	t.Parallel()
	for name, wrap := range map[string]func(nc net.Conn) net.Conn{
		"with deadlines":    func(nc net.Conn) net.Conn { return nc },
		"without deadlines": func(nc net.Conn) net.Conn { return noDeadlines{nc} },
	} {
		near, far := mem.Pipe()
		srv, err := fpnn.NewServer(echoHandler)
		require.NoError(t, err)
		theirs := wrap(far)
		require.NoError(t, srv.ServeConn(theirs))
		ours := wrap(near)
		c := clientOf(t, []string{"x"}, fpnn.WithDialer(transport.DialerFunc(func(context.Context, string, string) (net.Conn, error) {
			return ours, nil
		})))
		require.NoError(t, echoed(t.Context(), c, 1), name)
		require.True(t, c.Conn().NetConn() == ours, name)
		require.True(t, srv.Conns()[0].NetConn() == theirs, name)
		require.Equal(t, near.LocalAddr(), c.Conn().LocalAddr())
		require.Equal(t, near.RemoteAddr(), c.Conn().RemoteAddr())
		require.NoError(t, srv.Close())
	}
}

func TestClosedClientStaysClosed(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(c *fpnn.Client) error{
		"closed, never connected": func(c *fpnn.Client) error { return c.Close() },
		"shut down, never connected": func(c *fpnn.Client) error {
			return c.Shutdown(context.Background())
		},
		"closed, connected": func(c *fpnn.Client) error {
			_, err := c.Call(context.Background(), "echo", nil)
			return errors.Join(err, c.Close())
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newPeer(t, echoScript)
			require.NoError(t, end(c))
			err := echoed(t.Context(), c, 2)
			requireUnsent(t, err, fpnn.ErrClosed)
			require.Equal(t, fpnn.CodeCoreConnectionClosed, fpnn.Code(err))
			require.ErrorIs(t, c.Notify(t.Context(), "n", nil), fpnn.ErrClosed)
			require.ErrorIs(t, c.Connect(t.Context()), fpnn.ErrClosed)
			require.Nil(t, c.Conn())
			require.NoError(t, c.Close(), "once more")
			require.NoError(t, c.Shutdown(t.Context()), "once more")
		})
	}
}

func TestNoDialForACallerAlreadyGone(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	requireUnsent(t, echoed(ctx, newPeer(t, nil), 1), context.Canceled) // a dial would panic
}

func TestShutdownOfAnIdleConnectionEndsAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for _, end := range []func(c *fpnn.Client, srv *fpnn.Server) error{
			func(c *fpnn.Client, _ *fpnn.Server) error { return c.Shutdown(context.Background()) },
			func(_ *fpnn.Client, srv *fpnn.Server) error { return srv.Shutdown(context.Background()) },
		} {
			c, srv := pair(t, echoHandler, nil)
			require.NoError(t, echoed(t.Context(), c, 1))
			synctest.Wait()
			require.NoError(t, end(c, srv))
		}
	})
}

// The time-out is the caller's: it does not matter to it what takes so long.
func TestDefaultTimeoutCountsTheWaitForAConnection(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		connectAfter := time.Hour
		dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
			select {
			case <-time.After(connectAfter):
			case <-ctx.Done():
				return nil, ctx.Err()
			}
			near, far := mem.Pipe()
			t.Cleanup(func() { _ = far.Close() }) // nobody answers
			return near, nil
		}
		for _, connectAfter = range []time.Duration{time.Hour, 3 * time.Second} {
			c := clientOf(t, []string{"x"}, fpnn.WithDialer(transport.DialerFunc(dial)),
				fpnn.WithTimeout(5*time.Second), fpnn.WithDialTimeout(time.Minute))
			start := time.Now()
			_, err := c.Call(t.Context(), "m", nil)
			require.ErrorIs(t, err, context.DeadlineExceeded)
			require.Equal(t, 5*time.Second, time.Since(start))
			if connectAfter == time.Hour {
				require.ErrorIs(t, c.Notify(t.Context(), "m", nil), context.DeadlineExceeded)
				require.Equal(t, 10*time.Second, time.Since(start))
			}
			require.NoError(t, c.Close())
		}
	})
}

// A Dialer's own clock may be a little ahead of the context's.
func TestDialThatTimesOutSaysSoWhoeverNoticed(t *testing.T) {
	t.Parallel()
	dial := func(context.Context, string, string) (net.Conn, error) {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: os.ErrDeadlineExceeded}
	}
	c := clientOf(t, []string{"x"}, fpnn.WithDialer(transport.DialerFunc(dial)))
	err := c.Connect(t.Context())
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	require.Equal(t, fpnn.CodeCoreTimeout, fpnn.Code(err))
}

func TestRefusedDialHasACodeOfItsOwn(t *testing.T) {
	t.Parallel()
	c := clientOf(t, []string{"nobody"}, fpnn.WithDialer(new(mem.Network)))
	_, callErr := c.Call(t.Context(), "m", nil)
	for _, err := range []error{c.Connect(t.Context()), callErr} {
		require.ErrorIs(t, err, syscall.ECONNREFUSED)
		require.Equal(t, fpnn.CodeCoreInvalidConnection, fpnn.Code(err))
		require.True(t, fpnn.SafeToRetry(err))
	}
}

func TestErrorsOfConnectAreOpErrors(t *testing.T) {
	t.Parallel()
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	open, closed := newPeer(t, nil), newPeer(t, nil)
	require.NoError(t, closed.Close())
	for cause, err := range map[error]error{
		context.Canceled: open.Connect(gone),
		fpnn.ErrClosed:   closed.Connect(t.Context()),
	} {
		var op *fpnn.OpError
		require.ErrorAs(t, err, &op)
		require.Equal(t, "dial", op.Op)
		require.ErrorIs(t, err, cause)
		require.True(t, fpnn.SafeToRetry(err))
	}
}

// The dial keeps something for each who waits for it, gone or not.
func TestWaitersThatLeftCountUntilTheDialEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		dial := func(context.Context, string, string) (net.Conn, error) {
			<-release
			return nil, syscall.ECONNREFUSED
		}
		c := clientOf(t, []string{"x"}, fpnn.WithDialer(transport.DialerFunc(dial)), fpnn.WithMaxWaiting(3))
		for range 3 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			require.ErrorIs(t, c.Connect(ctx), context.DeadlineExceeded)
			cancel()
		}
		require.ErrorIs(t, c.Connect(t.Context()), fpnn.ErrQueueFull)
		close(release)
		synctest.Wait()
		for range 10 {
			require.ErrorIs(t, c.Connect(t.Context()), syscall.ECONNREFUSED, "there is room again")
		}
	})
}

func TestFailedCallLeavesNoOldAnswer(t *testing.T) {
	t.Parallel()
	c := newPeer(t, echoScript)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	var answer fpnn.Answer
	for name, fail := range map[string]func() error{
		"cancelled": func() error { return c.CallInto(gone, "m", nil, &answer) },
		"no method": func() error { return c.CallInto(t.Context(), "", nil, &answer) },
		"too large": func() error { return c.CallInto(t.Context(), "m", zeros(9<<20), &answer) },
		"no map":    func() error { return c.CallInto(t.Context(), "m", 7, &answer) },
	} {
		require.NoError(t, c.CallInto(t.Context(), "m", num(7), &answer))
		require.True(t, answer.Has("n"))
		require.Error(t, fail(), name)
		require.False(t, answer.Has("n"), name)
	}
	require.NoError(t, c.CallInto(t.Context(), "m", num(7), &answer))
	require.NoError(t, c.Close())
	require.ErrorIs(t, c.CallInto(t.Context(), "m", nil, &answer), fpnn.ErrClosed)
	require.False(t, answer.Has("n"))
}

func TestLongestPeriodsAreForEver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, _ := pair(t, echoHandler, []fpnn.ServerOption{fpnn.WithIdleTimeout(math.MaxInt64), fpnn.WithLateTimeout(math.MaxInt64)},
			fpnn.WithIdleTimeout(math.MaxInt64), fpnn.WithTimeout(math.MaxInt64), fpnn.WithReadTimeout(math.MaxInt64),
			fpnn.WithWriteTimeout(math.MaxInt64), fpnn.WithDialTimeout(math.MaxInt64))
		for range 3 {
			require.NoError(t, echoed(t.Context(), c, 1))
			<-time.After(24 * time.Hour)
		}
	})
}

func TestEndpointsOfAnotherDialerAreItsOwnMatter(t *testing.T) {
	t.Parallel()
	var network mem.Network
	l, err := network.Listen("ws://host/path")
	listenOn(t, l, err)
	c := clientOf(t, []string{"ws://host/path"}, fpnn.WithDialer(&network))
	require.NoError(t, echoed(t.Context(), c, 1))
}
