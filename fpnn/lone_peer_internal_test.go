package fpnn

import (
	"context"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/fpnn/frame"
	"github.com/gofpnn/gofpnn/transport/mem"
)

// lonePeer is a connection that takes small writes at once, as TCP does, and whose
// peer answers each quest, or leaves it to the test.
type lonePeer struct {
	*Conn
	slow    *atomic.Bool
	release chan struct{}
	far     net.Conn
	quests  chan frame.Package // instead of an answer, if silent
	silent  bool
	served  chan string // methods of quests from the peer
}

// slowWriter is a transport whose Writes have done their work, and are kept then
// while slow is set.
type slowWriter struct {
	net.Conn
	slow    *atomic.Bool
	release chan struct{}
}

func (s slowWriter) Write(b []byte) (int, error) {
	n, err := s.Conn.Write(b)
	if s.slow.Load() {
		<-s.release
	}
	return n, err
}

func newLonePeer(t *testing.T, change func(*connConfig)) *lonePeer {
	t.Helper()
	near, far := mem.Pipe()
	cfg := defaultConfig()
	cfg.ended = func(*Conn) {}
	slow := slowWriter{near, new(atomic.Bool), make(chan struct{})}
	p := &lonePeer{slow: slow.slow, release: slow.release, far: far, quests: make(chan frame.Package, 1), served: make(chan string, 16)}
	cfg.handler = HandlerFunc(func(_ context.Context, q *Quest) (any, error) {
		p.served <- q.Method()
		return nil, nil
	})
	if change != nil {
		change(&cfg)
	}
	p.Conn = newConn(slow, &cfg)
	p.buffered = true
	p.start()
	var peer sync.WaitGroup
	peer.Go(func() {
		r := frame.NewReader(far, frame.DefaultMaxPackage)
		for {
			var q frame.Package
			if r.Read(&q) != nil {
				return
			}
			switch {
			case q.Kind != frame.Twoway:
			case p.silent:
				p.quests <- q
			default:
				p.answer(q.Seq)
			}
		}
	})
	t.Cleanup(func() {
		_ = p.Close()
		<-p.Done()
		_ = far.Close()
		peer.Wait()
	})
	return p
}

func answerTo(seq uint32) []byte {
	b := frame.AppendAnswer(nil, 1, frame.MsgPack, 0, seq)
	b = append(b, 0x80)
	_ = frame.Finish(b, frame.DefaultMaxPackage)
	return b
}

func (p *lonePeer) answer(seq uint32) { _, _ = p.far.Write(answerTo(seq)) }

// say has the peer send a oneway quest.
func (p *lonePeer) say(method string) {
	b, _ := frame.AppendQuest(nil, 1, frame.MsgPack, frame.Oneway, method)
	b = append(b, 0x80)
	_ = frame.Finish(b, frame.DefaultMaxPackage)
	_, _ = p.far.Write(b)
}

// runLone makes calls until their caller reads by itself.
func (p *lonePeer) runLone(t *testing.T) {
	t.Helper()
	for range 3 * loneRun {
		_, err := p.Call(t.Context(), "m", nil)
		require.NoError(t, err)
	}
	require.Equal(t, anyonesTurn, p.turn(), "the reader stands by")
	p.mu.Lock()
	defer p.mu.Unlock()
	require.NotZero(t, p.turns, "the last answers were read by their caller")
}

func (p *lonePeer) turn() turn {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.reads
}

// call makes a call in a goroutine and waits until its package has arrived.
func (p *lonePeer) call(ctx context.Context, args any) (frame.Package, <-chan error) {
	p.silent = true
	ended := make(chan error, 1)
	go func() {
		_, err := p.Call(ctx, "m", args)
		ended <- err
	}()
	return <-p.quests, ended
}

// ends waits for a value, at most for so long.
func ends[T any](t *testing.T, c <-chan T, within time.Duration) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(within):
		require.FailNow(t, "not in time")
		panic("unreachable")
	}
}

// advance lets a bubble's clock run on.
func advance(t *testing.T, d time.Duration) {
	t.Helper()
	require.Less(t, time.Now().Year(), 2020, "not in a bubble")
	<-time.After(d)
}
