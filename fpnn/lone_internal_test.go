package fpnn

import (
	"context"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/fpnn/frame"
	"github.com/gofpnn/gofpnn/transport/mem"
)

// slowReturn is a connection whose Write has done its work before it returns, as
// one does whose goroutine waits for a processor.
type slowReturn struct {
	net.Conn
	release chan struct{}
}

func (s *slowReturn) Write(b []byte) (int, error) {
	n, err := s.Conn.Write(b)
	<-s.release
	return n, err
}

// A lone caller writes by itself. Its answer may come while it is still at it:
// then the end of its Write is the last thing Shutdown waits for.
func TestShutdownEndsThoughTheAnswerOvertookTheWrite(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		near, far := mem.Pipe()
		slow := &slowReturn{near, make(chan struct{})}
		cfg := defaultConfig()
		cfg.ended = func(*Conn) {}
		c := newConn(slow, &cfg)
		c.buffered = true // as TCP is
		c.start()
		go func() {
			var q frame.Package
			if frame.NewReader(far, frame.DefaultMaxPackage).Read(&q) == nil {
				b := frame.AppendAnswer(nil, 1, frame.MsgPack, 0, q.Seq)
				b = append(b, 0x80)
				_ = frame.Finish(b, frame.DefaultMaxPackage)
				_, _ = far.Write(b)
			}
		}()
		ended := make(chan error, 2)
		go func() {
			_, err := c.Call(t.Context(), "m", nil)
			ended <- err
		}()
		synctest.Wait()
		require.Zero(t, c.Stats().InFlight, "the answer has come")
		go func() { ended <- c.Shutdown(context.Background()) }()
		synctest.Wait()
		close(slow.release)
		require.NoError(t, <-ended)
		require.NoError(t, <-ended)
		<-c.Done()
		_ = far.Close()
	})
}

// A package may get its room while who brought it gives up: it leaves, so it is not
// said to be unsent.
func TestRoomComesBeforeTheEndOfTheWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		near, far := mem.Pipe()
		cfg := defaultConfig()
		cfg.ended = func(*Conn) {}
		cfg.writeBuffer, cfg.writeTimeout = 4096, 24*time.Hour
		c := newConn(near, &cfg)
		c.start()
		for range 2 { // one in the transport, one in the buffer
			require.NoError(t, c.Notify(t.Context(), "m", map[string]any{"b": make([]byte, 100<<10)}))
			synctest.Wait()
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- c.Notify(ctx, "n", nil) }()
		synctest.Wait()
		c.mu.Lock()
		c.out = c.out[:0]
		moved := c.advance() // a writer that is about to send them
		c.mu.Unlock()
		require.Len(t, moved, 1)
		cancel()
		require.NoError(t, <-ended)
		_ = far.Close()
		<-c.Done()
	})
}

// Callers who wait for room and give up, over and over, leave nothing behind.
func TestWaitersForRoomThatGiveUpLeaveTheLine(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		near, far := mem.Pipe()
		cfg := defaultConfig()
		cfg.ended = func(*Conn) {}
		cfg.writeBuffer, cfg.writeTimeout, cfg.timeout = 4096, 24*time.Hour, 0
		c := newConn(near, &cfg)
		c.start()
		call := func(ctx context.Context) { _, _ = c.Call(ctx, "m", map[string]any{"b": make([]byte, 100<<10)}) }
		var waiting sync.WaitGroup
		for range 3 { // one in the transport, one in the buffer, one in the line
			waiting.Go(func() { call(t.Context()) })
			synctest.Wait()
		}
		for i := range 1000 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
			if i%2 == 0 {
				call(ctx)
			} else {
				require.ErrorIs(t, c.Notify(ctx, "m", nil), context.DeadlineExceeded)
			}
			cancel()
			require.LessOrEqual(t, len(c.line), 3)
		}
		_ = far.Close()
		waiting.Wait()
		<-c.Done()
	})
}
