package fpnn_test

import (
	"context"
	"net"
	"runtime"
	"slices"
	"sync"
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

// zeros is a payload of so many bytes.
type zeros int

func (n zeros) AppendPayload(b []byte) ([]byte, error) {
	return codec.AppendBytes(codec.AppendString(codec.AppendMapHeader(b, 1), "b"), make([]byte, n)), nil
}

// The package of a call that is given up is left out of the next Write, which may
// then be none at all: those who wait for room must hear of that.
func TestRoomFreedByACancelledCallIsUsed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		read := make(chan struct{})
		c := newPeer(t, func(p *peer) {
			<-read
			echoScript(p)
		}, fpnn.WithTimeout(0), fpnn.WithWriteTimeout(24*time.Hour))
		call := func(ctx context.Context, size int) <-chan error {
			done := make(chan error, 1)
			go func() {
				_, err := c.Call(ctx, "m", zeros(size))
				done <- err
			}()
			synctest.Wait()
			return done
		}
		writing := call(t.Context(), 100<<10) // more than the transport takes
		ctx, cancel := context.WithCancel(t.Context())
		buffered := call(ctx, 200<<10)
		waiting := call(t.Context(), 100<<10)
		noted := make(chan error, 1)
		go func() { noted <- c.Notify(t.Context(), "n", zeros(100<<10)) }()
		synctest.Wait()
		require.Equal(t, 3, c.Conn().Stats().InFlight)

		cancel()
		require.ErrorIs(t, <-buffered, context.Canceled)
		close(read)
		require.NoError(t, <-noted)
		require.NoError(t, <-writing)
		require.NoError(t, <-waiting)
	})
}

// Packages leave in the order of the calls: one that needs the whole buffer is
// not overtaken for ever by small ones.
func TestLargePackageIsNotOvertaken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		read := make(chan struct{})
		var sizes []int
		c := newPeer(t, func(p *peer) {
			<-read
			for q, ok := p.read(); ok; q, ok = p.read() {
				sizes = append(sizes, len(q.Payload)>>10)
				p.echo(q)
			}
		}, fpnn.WithWriteTimeout(24*time.Hour))
		want := []int{100, 50, 300, 1, 2, 250, 300, 3, 4}
		gaveUp := 5 // its place is not needed
		var calls sync.WaitGroup
		for i, size := range want {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			calls.Go(func() {
				_, err := c.Call(ctx, "m", zeros(size<<10))
				require.Equal(t, i == gaveUp, err != nil, err)
			})
			synctest.Wait()
			if i == gaveUp {
				cancel()
				synctest.Wait()
			}
		}
		close(read)
		calls.Wait()
		require.Equal(t, slices.Delete(want, gaveUp, gaveUp+1), sizes)
	})
}

// One answer may be larger than the whole write buffer; that is no sign of a
// peer that does not read.
func TestRefusalBehindALargeAnswerIsNoHarm(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		hold := make(chan struct{})
		srv, err := fpnn.NewServer(handler(func(_ context.Context, q *fpnn.Quest) (any, error) {
			if q.Method() == "big" {
				return zeros(1 << 20), nil
			}
			<-hold
			return nil, nil
		}), fpnn.WithConcurrency(3), fpnn.WithInbox(1))
		require.NoError(t, err)
		near, far := mem.Pipe()
		require.NoError(t, srv.ServeConn(far))
		conn := srv.Conns()[0]
		w := frame.NewWriter(near, frame.DefaultMaxPackage)
		for seq, method := range []string{"big", "big", "hold", "hold", "hold", "hold", "hold"} {
			pkg := quest(uint32(seq)+1, method)
			require.NoError(t, w.Write(&pkg))
			synctest.Wait()
		}
		stats := conn.Stats()
		require.EqualValues(t, 1, stats.Refused)
		require.Greater(t, stats.Unwritten, 1<<20)
		require.NoError(t, conn.Err())
		close(hold)
		go func() { _ = srv.Shutdown(t.Context()) }()
		r := frame.NewReader(near, frame.DefaultMaxPackage)
		status := map[uint32]uint8{}
		var pkg frame.Package
		for r.Read(&pkg) == nil {
			status[pkg.Seq] = pkg.SS
		}
		require.Equal(t, map[uint32]uint8{1: 0, 2: 0, 3: 0, 4: 0, 5: 0, 6: 0, 7: 1}, status)
		_ = near.Close()
	})
}

// slowClose is a connection that says goodbye at length, as TLS does.
type slowClose struct{ net.Conn }

func (s slowClose) Close() error {
	err := s.Conn.Close()
	<-time.After(5 * time.Second)
	return err
}

func TestCallsEndBeforeTheTransportHasClosed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		near, far := mem.Pipe()
		c, err := fpnn.NewClient([]string{"peer"}, fpnn.WithDialer(transport.DialerFunc(
			func(context.Context, string, string) (net.Conn, error) { return slowClose{near}, nil })))
		require.NoError(t, err)
		ended := make(chan error, 1)
		go func() {
			_, err := c.Call(t.Context(), "m", nil)
			ended <- err
		}()
		synctest.Wait()
		start := time.Now()
		require.NoError(t, far.Close())
		require.ErrorIs(t, <-ended, fpnn.ErrDisconnected)
		require.Zero(t, time.Since(start))
		require.NoError(t, c.Close())
		require.Equal(t, 5*time.Second, time.Since(start), "Close waits for all of it")
	})
}

func TestQuestsAnsweredLateAreBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var responders []*fpnn.Responder
		c, _ := pair(t, handler(func(_ context.Context, q *fpnn.Quest) (any, error) {
			responders = append(responders, q.Later())
			return nil, nil
		}), []fpnn.ServerOption{fpnn.WithInbox(4), fpnn.WithConcurrency(1)})
		codes := make(chan int, 10)
		call := func(n int) {
			for range n {
				go func() {
					_, err := c.Call(t.Context(), "m", nil)
					codes <- fpnn.Code(err)
				}()
				synctest.Wait()
			}
		}
		call(10)
		require.Len(t, responders, 4)
		require.Len(t, codes, 6)
		for range 6 {
			require.Equal(t, fpnn.CodeCoreWorkQueueFull, <-codes)
		}
		for _, r := range responders {
			require.NoError(t, r.Reply(nil, nil))
		}
		synctest.Wait()
		require.Len(t, codes, 4)
		call(1)
		require.Len(t, responders, 5, "there is room again")
		require.NoError(t, responders[4].Reply(nil, nil))
		for range 5 {
			require.Zero(t, <-codes)
		}
	})
}

// A test that fails in a handler ends its goroutine.
func TestHandlerThatExitsItsGoroutineCostsOneAnswer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, _ := pair(t, handler(func(_ context.Context, q *fpnn.Quest) (any, error) {
			if q.Method() == "exit" {
				<-time.After(time.Second)
				runtime.Goexit()
			}
			return nil, nil
		}), []fpnn.ServerOption{fpnn.WithConcurrency(1)})
		var calls sync.WaitGroup
		codes := make([]int, 3)
		for i, method := range []string{"exit", "m", "exit"} {
			calls.Go(func() {
				_, err := c.Call(t.Context(), method, nil)
				codes[i] = fpnn.Code(err)
			})
			synctest.Wait()
		}
		calls.Wait()
		require.Equal(t, []int{fpnn.CodeCoreUnknown, 0, fpnn.CodeCoreUnknown}, codes)
	})
}

func TestGaugesAreZeroWhenAllConnectionsAreGone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		hold := make(chan struct{})
		c, srv := pair(t, handler(func(context.Context, *fpnn.Quest) (any, error) {
			<-hold
			return nil, nil
		}), []fpnn.ServerOption{fpnn.WithConcurrency(2)})
		for range 10 {
			go func() { _, _ = c.Call(t.Context(), "m", nil) }()
		}
		synctest.Wait()
		require.Equal(t, 10, srv.Stats().Serving)
		conn := srv.Conns()[0]
		require.NoError(t, c.Close())
		synctest.Wait()
		require.Equal(t, 10, conn.Stats().Serving, "the peer has left: what it sent is served")
		require.NoError(t, conn.Close())
		require.Equal(t, 2, conn.Stats().Serving, "those that handlers are at")
		close(hold)
		synctest.Wait()
		stats := srv.Stats()
		require.Zero(t, stats.Connections)
		require.Zero(t, stats.Serving)
		require.EqualValues(t, 10, stats.Quests)
	})
}
