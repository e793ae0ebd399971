package fpnn_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/transport"
	"github.com/gofpnn/gofpnn/transport/mem"
)

const thisPackage = "github.com/gofpnn/gofpnn/fpnn."

// requireStack checks that %+v shows where err was noticed, by function and
// line, and that no other format does.
func requireStack(t *testing.T, err error, function, file string) {
	t.Helper()
	text := fmt.Sprintf("%+v", err)
	t.Log(text)
	require.Contains(t, text, err.Error())
	require.Contains(t, text, "\n"+thisPackage+function+"\n")
	require.Regexp(t, `/fpnn/`+file+`\.go:\d+`, text)
	for _, format := range []string{"%v", "%s", "%q"} {
		require.NotContains(t, fmt.Sprintf(format, err), ".go:")
	}
}

// clientOf returns a client that has not connected yet.
func clientOf(t *testing.T, endpoints []string, opts ...fpnn.ClientOption) *fpnn.Client {
	t.Helper()
	c, err := fpnn.NewClient(endpoints, opts...)
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func requireNoStack(t *testing.T, err error) {
	t.Helper()
	require.Error(t, err)
	require.NotContains(t, fmt.Sprintf("%+v", err), ".go:")
}

func TestFailedDialShowsItsStack(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		endpoint string
		dialer   transport.Dialer
		want     error
	}{
		"in memory":   {"nobody", new(mem.Network), syscall.ECONNREFUSED},
		"unix socket": {"unix:" + filepath.Join(t.TempDir(), "s"), new(net.Dialer), syscall.ENOENT},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := clientOf(t, []string{tt.endpoint}, fpnn.WithDialer(tt.dialer))
			for _, err := range []error{c.Connect(t.Context()), echoed(t.Context(), c, 1), c.Notify(t.Context(), "n", nil)} {
				require.ErrorIs(t, err, tt.want)
				requireStack(t, err, "(*Client).dialOne", "connect")
				var dial *net.OpError
				require.ErrorAs(t, err, &dial)
				require.Equal(t, "dial", dial.Op)
			}
			requireUnsent(t, echoed(t.Context(), c, 1), tt.want)
		})
	}
}

func TestFailedHandshakeShowsItsStack(t *testing.T) {
	t.Parallel()
	garbage := []byte("this is no TLS record\r\n")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = nc.Write(garbage)
			_ = nc.(*net.TCPConn).CloseWrite()
			(&peer{nc: nc}).drain()
			_ = nc.Close()
		}
	}()
	defer func() {
		_ = l.Close()
		<-ended
	}()
	config := &tls.Config{ServerName: "nobody"}
	overMem := func(ctx context.Context, _, _ string) (net.Conn, error) {
		near, far := mem.Pipe()
		if _, err := far.Write(garbage); err != nil {
			return nil, err
		}
		nc := tls.Client(near, config)
		if err := nc.HandshakeContext(ctx); err != nil {
			_ = near.Close()
			return nil, err
		}
		return nc, nil
	}
	for name, dialer := range map[string]transport.Dialer{
		"TCP":       &tls.Dialer{Config: config},
		"in memory": transport.DialerFunc(overMem),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := fpnn.Dial(t.Context(), l.Addr().String(), fpnn.WithDialer(dialer))
			requireStack(t, err, "(*Client).dialOne", "connect")
			var header tls.RecordHeaderError
			require.ErrorAs(t, err, &header)
			var op *fpnn.OpError
			require.ErrorAs(t, err, &op)
			require.Equal(t, "dial", op.Op)
			require.True(t, fpnn.SafeToRetry(err))
		})
	}
}

func TestLostConnectionShowsItsStack(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		end      func(p *peer)
		protocol bool
		code     int
	}{
		"garbage":       {func(p *peer) { p.writeRaw([]byte("GET / HTTP/1.1\r\n\r\n")); p.drain() }, true, fpnn.CodeCoreInvalidPackage},
		"cut short":     {func(p *peer) { p.writeRaw([]byte("FPNN\x01")) }, true, fpnn.CodeCoreInvalidPackage},
		"closed by all": {func(*peer) {}, false, fpnn.CodeCoreConnectionClosed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newPeer(t, func(p *peer) {
				p.read()
				tt.end(p)
			})
			require.NoError(t, c.Connect(t.Context()))
			conn := c.Conn()
			callErr := echoed(t.Context(), c, 1)
			<-conn.Done()
			for _, err := range []error{callErr, conn.Err(), echoed(t.Context(), c, 1)} {
				require.ErrorIs(t, err, fpnn.ErrDisconnected)
				requireStack(t, err, "(*Conn).read", "read")
				require.Equal(t, tt.code, fpnn.Code(err))
				var protocol *fpnn.ProtocolError
				require.Equal(t, tt.protocol, errors.As(err, &protocol))
			}
			var op *fpnn.OpError
			require.ErrorAs(t, callErr, &op)
			require.True(t, op.Sent)
			require.False(t, fpnn.SafeToRetry(callErr))
		})
	}
}

func TestEndsOfSingleCallsShowNoStack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newPeer(t, func(p *peer) {
			for q, ok := p.read(); ok; q, ok = p.read() {
				switch string(q.Method) {
				case "error":
					p.write(answer(q.Seq, 1, []byte("\x82\xa4code\xcd\x4e\x21\xa2ex\xa2no")))
				case "malformed":
					p.write(answer(q.Seq, 0, []byte{0x81}))
				case "malformed error":
					p.write(answer(q.Seq, 1, []byte{0x80}))
				}
			}
		}, fpnn.WithMaxInFlight(1), fpnn.WithMaxPackage(1024), fpnn.WithTimeout(time.Second))
		call := func(ctx context.Context, method string, args any) error {
			_, err := c.Call(ctx, method, args)
			return err
		}
		cancelled, cancel := context.WithCancel(t.Context())
		cancel()
		short, stop := context.WithTimeout(t.Context(), time.Millisecond)
		defer stop()
		for _, tt := range []struct {
			name string
			err  error
			code int
		}{
			{"default time-out", call(t.Context(), "never", nil), fpnn.CodeCoreTimeout},
			{"deadline", call(short, "never", nil), fpnn.CodeCoreTimeout},
			{"deadline passed", call(short, "never", nil), fpnn.CodeCoreTimeout},
			{"cancelled", call(cancelled, "never", nil), fpnn.CodeCoreCanceled},
			{"error answer", call(t.Context(), "error", nil), fpnn.CodeCoreUnknown},
			{"malformed answer", call(t.Context(), "malformed", nil), fpnn.CodeCoreDecoding},
			{"malformed error answer", call(t.Context(), "malformed error", nil), fpnn.CodeCoreDecoding},
			{"too large", call(t.Context(), "m", map[string]any{"b": make([]byte, 1024)}), fpnn.CodeCoreInvalidPackage},
			{"notify too large", c.Notify(t.Context(), "m", map[string]any{"b": make([]byte, 1024)}), fpnn.CodeCoreInvalidPackage},
			{"no method", call(t.Context(), "", nil), 0},
			{"not encodable", call(t.Context(), "m", func() {}), 0},
		} {
			requireNoStack(t, tt.err)
			if tt.code != 0 {
				require.Equal(t, tt.code, fpnn.Code(tt.err), tt.name)
			}
		}
		waiting := make(chan error, 1)
		ctx, cancelIt := context.WithCancel(t.Context())
		go func() { waiting <- call(ctx, "never", nil) }()
		synctest.Wait()
		full := call(t.Context(), "one too many", nil)
		requireNoStack(t, full)
		require.ErrorIs(t, full, fpnn.ErrQueueFull)
		cancelIt()
		err := <-waiting
		requireNoStack(t, err)
		require.ErrorIs(t, err, context.Canceled)
		require.NoError(t, c.Close())
		requireNoStack(t, call(t.Context(), "m", nil))
	})
}

// No state is shared between bubbles: pools must not carry channels or timers
// from one to another.
func TestBubblesDoNotMeet(t *testing.T) {
	bubble := func(t *testing.T) {
		var waiting sync.Map
		mux := fpnn.NewMux()
		mux.Handle("echo", echoHandler)
		mux.Handle("late", handler(func(_ context.Context, q *fpnn.Quest) (any, error) {
			r, n := q.Later(), num(len(q.Method()))
			waiting.Store(r, time.AfterFunc(time.Second, func() { _ = r.Reply(n, nil) }))
			return nil, nil
		}))
		mux.Handle("never", handler(func(_ context.Context, q *fpnn.Quest) (any, error) {
			q.Later()
			return nil, nil
		}))
		c, _ := pair(t, mux, nil)
		for range 20 {
			errs := calls(t.Context(), c, 20)
			_, err := c.Call(t.Context(), "late", nil)
			require.NoError(t, err)
			for range cap(errs) {
				require.NoError(t, <-errs)
			}
		}
		start := time.Now()
		_, err := c.Call(t.Context(), "never", nil)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, fpnn.DefaultTimeout, time.Since(start))
	}
	for range 3 {
		synctest.Test(t, bubble)
	}
	for i := range 8 {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, bubble)
		})
	}
}

func TestLostConnectionIsMadeAgain(t *testing.T) {
	t.Parallel()
	var dials atomic.Int64
	c := newPeer(t, func(p *peer) {
		if dials.Add(1) > 1 {
			echoScript(p)
			return
		}
		for range 10 {
			p.read()
		}
	})
	require.Nil(t, c.Conn())
	require.NoError(t, c.Connect(t.Context()))
	first := c.Conn()
	require.NotNil(t, first)
	errs := calls(t.Context(), c, 10)
	for range cap(errs) {
		err := <-errs
		require.ErrorIs(t, err, fpnn.ErrDisconnected)
		require.False(t, fpnn.SafeToRetry(err), "the peer has read it")
	}
	require.Nil(t, c.Conn())
	<-first.Done()
	require.ErrorIs(t, first.Err(), fpnn.ErrDisconnected)
	require.NoError(t, echoed(t.Context(), c, 1))
	require.EqualValues(t, 2, dials.Load())
	require.NotSame(t, first, c.Conn())
}
