package fpnn_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/transport/fault"
)

var keepAlive = fpnn.KeepAlive{Interval: 10 * time.Second, Timeout: 2 * time.Second, Retries: 2}

// connected returns the connection of a client that has just made one.
func connected(t *testing.T, c *fpnn.Client) *fpnn.Conn {
	t.Helper()
	require.NoError(t, c.Connect(t.Context()))
	return c.Conn()
}

func TestIdleConnectionIsKeptAlive(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, srv := pair(t, echoHandler, []fpnn.ServerOption{fpnn.WithIdleTimeout(15 * time.Second)}, fpnn.WithKeepAlive(keepAlive))
		conn := connected(t, c)
		<-time.After(time.Hour)
		require.NoError(t, conn.Err())
		require.Same(t, conn, c.Conn())
		require.InDelta(t, 60*6, srv.Stats().Quests, 1, "a ping for each interval")
	})
}

func TestPeerThatIsGoneIsNoticedInTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		pings := 0
		c := newPeer(t, func(p *peer) {
			for q, ok := p.read(); ok; q, ok = p.read() {
				require.Equal(t, "*ping", string(q.Method))
				pings++
			}
		}, fpnn.WithKeepAlive(keepAlive))
		conn := connected(t, c)
		start := time.Now()
		<-conn.Done()
		require.Equal(t, keepAlive.Interval+3*keepAlive.Timeout, time.Since(start))
		require.Equal(t, 3, pings)
		require.ErrorIs(t, conn.Err(), fpnn.ErrDisconnected)
		require.ErrorContains(t, conn.Err(), "*ping")
	})
}

func TestMissedPingsCountOnlyInARow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		pings := 0
		c := newPeer(t, func(p *peer) {
			for q, ok := p.read(); ok; q, ok = p.read() {
				if pings++; pings%3 == 0 {
					p.echo(q)
				}
			}
		}, fpnn.WithKeepAlive(keepAlive))
		conn := connected(t, c)
		<-time.After(time.Hour)
		require.NoError(t, conn.Err())
	})
}

func TestNoPingWhileTrafficFlows(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var pings atomic.Int64
		c := newPeer(t, func(p *peer) {
			for q, ok := p.read(); ok; q, ok = p.read() {
				if string(q.Method) == "*ping" {
					pings.Add(1)
				}
				p.echo(q)
			}
		}, fpnn.WithKeepAlive(keepAlive))
		for range 1000 {
			require.NoError(t, echoed(t.Context(), c, 1))
			<-time.After(keepAlive.Interval - time.Millisecond)
		}
		require.Zero(t, pings.Load())
	})
}

// A peer that refuses `*ping` is there all the same.
func TestPingThatIsRefusedIsAnAnswer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newPeer(t, func(p *peer) {
			for q, ok := p.read(); ok; q, ok = p.read() {
				p.write(answer(q.Seq, 1, []byte("\x82\xa4code\xcd\x4e\x24\xa2ex\xa0")))
			}
		}, fpnn.WithKeepAlive(keepAlive))
		conn := connected(t, c)
		<-time.After(time.Hour)
		require.NoError(t, conn.Err())
	})
}

func TestServerKeepsItsClientsAlive(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, srv := pair(t, echoHandler, []fpnn.ServerOption{fpnn.WithKeepAlive(keepAlive), fpnn.WithIdleTimeout(15 * time.Second)})
		conn := connected(t, c)
		<-time.After(time.Hour)
		require.NoError(t, conn.Err(), "a client answers *ping with 20004, if with nothing else")
		require.Equal(t, 1, srv.Stats().Connections)
	})
}

func TestHooksSeeEachConnection(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var begun []*fpnn.Conn
		var ended []error
		c := newPeer(t, func(p *peer) {
			q, _ := p.read() // of the hook
			p.echo(q)
			q, _ = p.read()
			p.echo(q)
		}, fpnn.WithOnConnect(func(ctx context.Context, conn *fpnn.Conn) error {
			begun = append(begun, conn)
			_, ok := ctx.Deadline()
			require.True(t, ok)
			_, err := conn.Call(ctx, "hello", num(1))
			return err
		}), fpnn.WithOnDisconnect(func(conn *fpnn.Conn, reason error) {
			require.Same(t, begun[len(begun)-1], conn)
			ended = append(ended, reason)
		}))
		for i := range 3 {
			require.NoError(t, echoed(t.Context(), c, 1))
			synctest.Wait()
			require.Len(t, begun, i+1)
			require.Len(t, ended, i+1)
			require.ErrorIs(t, ended[i], fpnn.ErrDisconnected)
		}
	})
}

func TestHookThatFailsIsADialThatFailed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		errNo := errors.New("not welcome")
		var ended []error
		c := newPeer(t, (*peer).drain,
			fpnn.WithOnConnect(func(context.Context, *fpnn.Conn) error { return errNo }),
			fpnn.WithOnDisconnect(func(_ *fpnn.Conn, reason error) { ended = append(ended, reason) }))
		_, err := c.Call(t.Context(), "m", nil)
		require.ErrorIs(t, err, errNo)
		require.True(t, fpnn.SafeToRetry(err))
		require.Nil(t, c.Conn())
		synctest.Wait()
		require.Len(t, ended, 1)
		require.ErrorIs(t, ended[0], fpnn.ErrClosed)
	})
}

func TestCloseEndsAHookInProgress(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newPeer(t, (*peer).drain, fpnn.WithTimeout(0), fpnn.WithDialTimeout(time.Hour),
			fpnn.WithOnConnect(func(ctx context.Context, conn *fpnn.Conn) error {
				_, err := conn.Call(ctx, "never answered", nil)
				return err
			}))
		ended := make(chan error, 1)
		go func() { ended <- c.Connect(t.Context()) }()
		synctest.Wait()
		start := time.Now()
		require.NoError(t, c.Close())
		require.ErrorIs(t, <-ended, fpnn.ErrClosed)
		require.Zero(t, time.Since(start))
	})
}

// What is waited for while a connection is shut down may take longer than a
// silent peer is given.
func TestShutdownWaitsForCallsOfAPeerThatIsAlive(t *testing.T) {
	t.Parallel()
	for name, shutdown := range map[string]func(c *fpnn.Client, srv *fpnn.Server) error{
		"client": func(c *fpnn.Client, _ *fpnn.Server) error { return c.Shutdown(context.Background()) },
		"server": func(_ *fpnn.Client, srv *fpnn.Server) error { return srv.Shutdown(context.Background()) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				slow := handler(func(context.Context, *fpnn.Quest) (any, error) {
					<-time.After(time.Minute)
					return nil, nil
				})
				c, srv := pair(t, slow, []fpnn.ServerOption{fpnn.WithKeepAlive(keepAlive)}, fpnn.WithKeepAlive(keepAlive), fpnn.WithTimeout(time.Hour))
				ended := make(chan error, 1)
				go func() {
					_, err := c.Call(t.Context(), "slow", nil)
					ended <- err
				}()
				synctest.Wait()
				start := time.Now()
				require.NoError(t, shutdown(c, srv))
				require.NoError(t, <-ended)
				require.Equal(t, time.Minute, time.Since(start).Round(10*time.Second))
			})
		})
	}
}

func TestShutdownTellsThatThePeerWasLost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newPeer(t, (*peer).drain, fpnn.WithKeepAlive(keepAlive), fpnn.WithTimeout(time.Hour))
		ended := make(chan error, 1)
		go func() { ended <- echoed(t.Context(), c, 1) }()
		synctest.Wait()
		start := time.Now()
		require.ErrorIs(t, c.Shutdown(t.Context()), fpnn.ErrDisconnected)
		require.ErrorIs(t, <-ended, fpnn.ErrDisconnected)
		require.Equal(t, keepAlive.Interval+3*keepAlive.Timeout, time.Since(start))
	})
}

// One that leaves pings unanswered but says something else is there, even if no
// ping may be missed.
func TestPeerThatIsHeardIsNotTakenForDead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		k := keepAlive
		k.Retries = 0
		c := newPeer(t, func(p *peer) {
			for q, ok := p.read(); ok; q, ok = p.read() {
				<-time.After(k.Timeout / 2)
				p.write(answer(q.Seq+1, 0, []byte{0x80}))
			}
		}, fpnn.WithKeepAlive(k))
		conn := connected(t, c)
		<-time.After(time.Hour)
		require.NoError(t, conn.Err())
	})
}

// A ping has a place of its own among the calls in flight.
func TestBusyPeerIsNotTakenForDead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, _ := pair(t, handler(func(context.Context, *fpnn.Quest) (any, error) {
			<-time.After(time.Minute)
			return nil, nil
		}), nil, fpnn.WithKeepAlive(keepAlive), fpnn.WithMaxInFlight(1), fpnn.WithTimeout(time.Hour))
		_, err := c.Call(t.Context(), "slow", nil)
		require.NoError(t, err)
	})
}

// A network that swallows everything leaves both sides connected: each finds out
// by itself.
func TestHalfOpenPeerIsFoundWithinTheStatedBound(t *testing.T) {
	t.Parallel()
	for _, dir := range []fault.Direction{fault.In, fault.Out, fault.Both} {
		synctest.Test(t, func(t *testing.T) {
			l := newLine(t, echoHandler)
			f := fault.New(1)
			c := clientOf(t, []string{l.addr}, fpnn.WithDialer(f.Dialer(l)), fpnn.WithKeepAlive(keepAlive))
			conn := connected(t, c)
			require.NoError(t, echoed(t.Context(), c, 1))
			f.Partition(dir)
			start := time.Now()
			<-conn.Done()
			require.LessOrEqual(t, time.Since(start), keepAlive.Interval+3*keepAlive.Timeout)
			f.Heal()
		})
	}
}
