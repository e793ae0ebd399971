package fpnn_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/fpnn/frame"
	"github.com/gofpnn/gofpnn/transport"
	"github.com/gofpnn/gofpnn/transport/mem"
)

func TestLoneCallerGetsItsAnswer(t *testing.T) {
	t.Parallel()
	c := newPeer(t, echoScript)
	for i := range 100 {
		a, err := c.Call(t.Context(), "echo", num(i))
		require.NoError(t, err)
		n, err := a.Int64("n")
		require.NoError(t, err)
		require.EqualValues(t, i, n)
	}
	s := c.Conn().Stats()
	require.Zero(t, s.InFlight)
	require.Zero(t, s.Unclaimed)
}

// Answers come in random order; each caller gets its own.
func TestConcurrentCallersGetTheirOwnAnswers(t *testing.T) {
	t.Parallel()
	c := newPeer(t, func(p *peer) {
		var held []frame.Package
		for q, ok := p.read(); ok; q, ok = p.read() {
			if string(q.Method) == "tick" {
				p.echo(q)
			} else {
				held = append(held, q)
			}
			for len(held) > 0 && (len(held) > 50 || rand.IntN(3) > 0) {
				i := rand.IntN(len(held))
				p.echo(held[i])
				held = append(held[:i], held[i+1:]...)
			}
			if len(held) > 0 && rand.IntN(10) == 0 {
				p.echo(held[0])
				held = held[1:]
			}
		}
	}, fpnn.WithTimeout(time.Minute))
	const callers, calls = 1000, 20
	var wg sync.WaitGroup
	var wrong atomic.Int64
	stop := make(chan struct{})
	// Held answers leave only when more quests come: keep some coming.
	wg.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				_, _ = c.Call(t.Context(), "tick", nil)
			}
		}
	})
	var work sync.WaitGroup
	for i := range callers {
		work.Go(func() {
			for j := range calls {
				want := int64(i*calls + j)
				a, err := c.Call(t.Context(), "echo", num(want))
				if n, nerr := a.Int64("n"); err != nil || nerr != nil || n != want {
					wrong.Add(1)
				}
			}
		})
	}
	work.Wait()
	close(stop)
	wg.Wait()
	require.Zero(t, wrong.Load())
}

func TestCancelledCallLeavesTheOthersAlone(t *testing.T) {
	t.Parallel()
	read, release := make(chan struct{}), make(chan struct{})
	c := newPeer(t, func(p *peer) {
		var held []frame.Package
		for range 3 {
			q, ok := p.read()
			if !ok {
				return
			}
			held = append(held, q)
		}
		close(read)
		<-release
		for _, q := range held {
			p.echo(q) // the first comes too late
		}
		echoScript(p)
	})
	ctx, cancel := context.WithCancel(t.Context())
	first := make(chan error, 1)
	go func() {
		_, err := c.Call(ctx, "echo", num(1))
		first <- err
	}()
	others := make(chan error, 2)
	for i := range 2 {
		go func() {
			a, err := c.Call(t.Context(), "echo", num(i+2))
			if n, _ := a.Int64("n"); err == nil && n != int64(i+2) {
				err = fmt.Errorf("got %d", n)
			}
			others <- err
		}()
	}
	<-read
	cancel()
	err := <-first
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, fpnn.CodeCoreCanceled, fpnn.Code(err))
	close(release)
	require.NoError(t, <-others)
	require.NoError(t, <-others)
	_, err = c.Call(t.Context(), "echo", num(9))
	require.NoError(t, err)
	require.EqualValues(t, 1, c.Conn().Stats().Unclaimed, "the late answer is counted")
}

func TestAnswersNobodyWaitsForAreHarmless(t *testing.T) {
	t.Parallel()
	c := newPeer(t, func(p *peer) {
		for q, ok := p.read(); ok; q, ok = p.read() {
			p.echo(q)
			p.echo(q)                                          // twice
			p.write(answer(q.Seq+1000, 0, []byte{0x80}))       // never asked
			p.write(answer(q.Seq+1001, 1, []byte{0xc1, 0xff})) // never asked, and malformed
		}
	})
	for i := range 10 {
		a, err := c.Call(t.Context(), "echo", num(i))
		require.NoError(t, err)
		n, err := a.Int64("n")
		require.NoError(t, err)
		require.EqualValues(t, i, n)
	}
}

func TestDefaultTimeoutOfAnHour(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newPeer(t, (*peer).drain, fpnn.WithTimeout(time.Hour))
		start := time.Now()
		_, err := c.Call(t.Context(), "never", nil)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, fpnn.CodeCoreTimeout, fpnn.Code(err))
		require.Equal(t, time.Hour, time.Since(start))
		var op *fpnn.OpError
		require.ErrorAs(t, err, &op)
		require.True(t, op.Sent)
		require.False(t, fpnn.SafeToRetry(err))
		require.Zero(t, c.Conn().Stats().InFlight)
	})
}

// Calls started at different times each get the whole time-out, and only those
// without a deadline of their own.
func TestTimeoutsAreCountedFromEachCallsStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newPeer(t, (*peer).drain, fpnn.WithTimeout(10*time.Second))
		var wg sync.WaitGroup
		for i := range 5 {
			<-time.After(time.Second)
			wg.Go(func() {
				start := time.Now()
				_, err := c.Call(t.Context(), "never", num(i))
				require.ErrorIs(t, err, context.DeadlineExceeded)
				require.Equal(t, 10*time.Second, time.Since(start))
			})
			wg.Go(func() {
				ctx, cancel := context.WithTimeout(t.Context(), 25*time.Second)
				defer cancel()
				start := time.Now()
				_, err := c.Call(ctx, "never", num(i))
				require.ErrorIs(t, err, context.DeadlineExceeded)
				require.Equal(t, 25*time.Second, time.Since(start))
			})
		}
		wg.Wait()
	})
}

func TestDyingPeerEndsTheCallsInFlight(t *testing.T) {
	t.Parallel()
	const calls = 100
	var dials atomic.Int64
	c := newPeer(t, func(p *peer) {
		if dials.Add(1) > 1 {
			echoScript(p)
			return
		}
		for range calls {
			p.read()
		}
	})
	errs := make(chan error, calls)
	for range calls {
		go func() {
			_, err := c.Call(t.Context(), "never", nil)
			errs <- err
		}()
	}
	for range calls {
		err := <-errs
		require.ErrorIs(t, err, fpnn.ErrDisconnected)
		require.NotErrorIs(t, err, fpnn.ErrClosed)
		require.Equal(t, fpnn.CodeCoreConnectionClosed, fpnn.Code(err))
		require.False(t, fpnn.SafeToRetry(err), "the peer has read the quest")
	}
	_, err := c.Call(t.Context(), "echo", nil)
	require.NoError(t, err, "the next call makes a new connection")
	require.EqualValues(t, 2, dials.Load())
}

func TestCloseEndsTheCallsInFlight(t *testing.T) {
	t.Parallel()
	c := newPeer(t, (*peer).drain)
	errs := make(chan error, 1)
	go func() {
		_, err := c.Call(t.Context(), "never", nil)
		errs <- err
	}()
	require.Eventually(t, func() bool { return c.Conn() != nil && c.Conn().Stats().InFlight == 1 }, 10*time.Second, time.Millisecond)
	require.NoError(t, c.Close())
	err := <-errs
	require.ErrorIs(t, err, fpnn.ErrClosed)
	require.NotErrorIs(t, err, fpnn.ErrDisconnected)
	_, err = c.Call(t.Context(), "never", nil)
	require.ErrorIs(t, err, fpnn.ErrClosed)
	require.True(t, fpnn.SafeToRetry(err))
}

// A peer that stops reading fills every buffer. Callers still leave in time, and
// what never left the buffer is known not to have been sent.
func TestDeadlineHoldsWhenThePeerStopsReading(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stuck := make(chan struct{})
		defer close(stuck)
		c := newPeer(t, func(*peer) { <-stuck }, fpnn.WithWriteBuffer(64<<10), fpnn.WithWriteTimeout(time.Hour))
		args := map[string]any{"blob": make([]byte, 16<<10)}
		var sent, unsent atomic.Int64
		var wg sync.WaitGroup
		for range 40 {
			wg.Go(func() {
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				start := time.Now()
				_, err := c.Call(ctx, "big", args)
				require.ErrorIs(t, err, context.DeadlineExceeded)
				require.Equal(t, time.Second, time.Since(start))
				if fpnn.SafeToRetry(err) {
					unsent.Add(1)
				} else {
					sent.Add(1)
				}
			})
		}
		wg.Wait()
		require.Positive(t, sent.Load())
		require.Positive(t, unsent.Load())
		require.Zero(t, c.Conn().Stats().InFlight)
	})
}

func TestPeerThatStopsReadingLosesTheConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stuck := make(chan struct{})
		defer close(stuck)
		c := newPeer(t, func(*peer) { <-stuck }, fpnn.WithWriteTimeout(10*time.Second), fpnn.WithTimeout(time.Hour))
		start := time.Now()
		_, err := c.Call(t.Context(), "big", map[string]any{"blob": make([]byte, 1<<20)})
		require.ErrorIs(t, err, fpnn.ErrDisconnected)
		require.Equal(t, 10*time.Second, time.Since(start))
	})
}

// What was withdrawn before its Write began never reaches the peer.
func TestQuestReportedUnsentIsNeverSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		read := make(chan struct{})
		got := make(chan int64, 100)
		c := newPeer(t, func(p *peer) {
			<-read
			for q, ok := p.read(); ok; q, ok = p.read() {
				if string(q.Method) == "small" {
					got <- int64(q.Payload[len(q.Payload)-1])
				}
				p.echo(q)
			}
		}, fpnn.WithWriteTimeout(time.Hour), fpnn.WithTimeout(time.Hour))
		var wg sync.WaitGroup
		wg.Go(func() {
			_, err := c.Call(t.Context(), "plug", map[string]any{"blob": make([]byte, 200<<10)})
			require.NoError(t, err)
		})
		synctest.Wait() // the plug's Write is stuck
		ctx, cancel := context.WithCancel(t.Context())
		for i := range 10 {
			wg.Go(func() {
				use := t.Context()
				if i%2 == 0 {
					use = ctx
				}
				_, err := c.Call(use, "small", num(i))
				if i%2 == 0 {
					require.ErrorIs(t, err, context.Canceled)
					require.True(t, fpnn.SafeToRetry(err))
				} else {
					require.NoError(t, err)
				}
			})
		}
		synctest.Wait()
		cancel()
		synctest.Wait()
		close(read)
		wg.Wait()
		close(got)
		var seen []int64
		for n := range got {
			seen = append(seen, n)
		}
		require.ElementsMatch(t, []int64{1, 3, 5, 7, 9}, seen)
	})
}

func TestErrorAnswers(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		payload string
		want    *fpnn.RemoteError
	}{
		"code and text":                       {"\x82\xa4code\xcd\x4e\x24\xa2ex\xa3bad", &fpnn.RemoteError{Code: 20004, Message: "bad"}},
		"raiser":                              {"\x83\xa4code\x05\xa2ex\xa0\xa6raiser\xa1r", &fpnn.RemoteError{Code: 5, Raiser: "r"}},
		"number as text, as from Python":      {"\x82\xa4code\xce\x00\x01\x86\xa1\xa2ex\xce\x00\x01\x86\xa1", &fpnn.RemoteError{Code: 100001, Message: "100001"}},
		"text that is not UTF-8, as from C++": {"\x82\xa4code\x05\xa2ex\xa2\xff\xfe", &fpnn.RemoteError{Code: 5, Message: "\xff\xfe"}},
		"text missing":                        {"\x81\xa4code\x05", &fpnn.RemoteError{Code: 5}},
		"code missing":                        {"\x80", nil},
		"malformed":                           {"\xc1", nil},
		"not a map":                           {"\x93\x01\x02\x03", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newPeer(t, func(p *peer) {
				q, _ := p.read()
				p.write(answer(q.Seq, 1, []byte(tt.payload)))
				echoScript(p)
			})
			_, err := c.Call(t.Context(), "m", nil)
			if tt.want == nil {
				require.Equal(t, fpnn.CodeCoreDecoding, fpnn.Code(err))
				var op *fpnn.OpError
				require.ErrorAs(t, err, &op)
				require.True(t, op.Sent)
			} else {
				tt.want.Method = "m"
				var remote *fpnn.RemoteError
				require.ErrorAs(t, err, &remote)
				require.Equal(t, tt.want, remote)
				require.Equal(t, tt.want.Code, fpnn.Code(err))
			}
			conn := c.Conn()
			_, err = c.Call(t.Context(), "m", num(1))
			require.NoError(t, err, "an odd answer is the end of its own call only")
			require.Same(t, conn, c.Conn())
		})
	}
}

func TestMalformedAnswerFailsOnlyItsCall(t *testing.T) {
	t.Parallel()
	c := newPeer(t, func(p *peer) {
		for _, payload := range []string{"\x81\xa1a", "\xdf\xff\xff\xff\xff", "\xdd\xff\xff\xff\xff", "\xc1"} {
			q, _ := p.read()
			p.write(answer(q.Seq, 0, []byte(payload)))
		}
		echoScript(p)
	})
	for range 4 {
		_, err := c.Call(t.Context(), "m", nil)
		require.Equal(t, fpnn.CodeCoreDecoding, fpnn.Code(err))
		require.False(t, fpnn.SafeToRetry(err))
	}
	_, err := c.Call(t.Context(), "m", num(1))
	require.NoError(t, err)
}

func TestAnswerThatIsNotAMapReadsAsAValue(t *testing.T) {
	t.Parallel()
	c := newPeer(t, func(p *peer) {
		q, _ := p.read()
		p.write(answer(q.Seq, 0, []byte("\xa2{}")))
		echoScript(p)
	})
	a, err := c.Call(t.Context(), "*infos", nil)
	require.NoError(t, err)
	v, err := a.Value()
	require.NoError(t, err)
	text, err := v.Text()
	require.NoError(t, err)
	require.Equal(t, "{}", text)
	require.False(t, a.Has("x"))

	require.NoError(t, c.CallInto(t.Context(), "m", num(3), &a))
	n, err := a.Int64("n")
	require.NoError(t, err)
	require.EqualValues(t, 3, n, "nothing of the earlier answer is left")
}

func TestHostileBytesEndTheConnectionWithAProtocolError(t *testing.T) {
	t.Parallel()
	for name, raw := range map[string]string{
		"garbage":                "hello world, this is not FPNN",
		"oversized":              "FPNN\x01\x80\x02\x00\xff\xff\xff\xff\x01\x00\x00\x00",
		"kind":                   "FPNN\x01\x80\x07\x00\x01\x00\x00\x00\x01\x00\x00\x00\x80",
		"answer without payload": "FPNN\x01\x80\x02\x00\x00\x00\x00\x00\x01\x00\x00\x00",
		"quest that is no map":   "FPNN\x01\x80\x01\x01\x01\x00\x00\x00\x01\x00\x00\x00m\xc0",
		"malformed quest":        "FPNN\x01\x80\x00\x01\x01\x00\x00\x00m\xc1",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newPeer(t, func(p *peer) {
				p.read()
				p.writeRaw([]byte(raw))
				p.drain()
			})
			_, err := c.Call(t.Context(), "m", nil)
			require.ErrorIs(t, err, fpnn.ErrDisconnected)
			var protocol *fpnn.ProtocolError
			require.ErrorAs(t, err, &protocol)
		})
	}
}

func TestStartedPackageMustComplete(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newPeer(t, func(p *peer) {
			p.read()
			for range 10 { // a byte a second does not help
				p.writeRaw([]byte("F"))
				<-time.After(time.Second)
				if p.nc == nil {
					return
				}
			}
			p.drain()
		}, fpnn.WithReadTimeout(3*time.Second), fpnn.WithTimeout(time.Hour))
		start := time.Now()
		_, err := c.Call(t.Context(), "m", nil)
		var protocol *fpnn.ProtocolError
		require.ErrorAs(t, err, &protocol)
		require.Equal(t, 3*time.Second, time.Since(start))
	})
}

func TestInFlightCallsAreBounded(t *testing.T) {
	t.Parallel()
	const most = 3
	c := newPeer(t, (*peer).drain, fpnn.WithMaxInFlight(most))
	for range most {
		go func() { _, _ = c.Call(t.Context(), "never", nil) }()
	}
	require.Eventually(t, func() bool { return c.Conn() != nil && c.Conn().Stats().InFlight == most }, 10*time.Second, time.Millisecond)
	_, err := c.Call(t.Context(), "never", nil)
	require.ErrorIs(t, err, fpnn.ErrQueueFull)
	require.Equal(t, fpnn.CodeCoreWorkQueueFull, fpnn.Code(err))
	require.True(t, fpnn.SafeToRetry(err))
}

func TestUnsendableQuestsAreRefusedBeforeTheWire(t *testing.T) {
	t.Parallel()
	c := newPeer(t, echoScript, fpnn.WithMaxPackage(4096))
	for name, tt := range map[string]struct {
		method string
		args   any
		want   error
	}{
		"too large":     {"m", map[string]any{"b": make([]byte, 5000)}, fpnn.ErrTooLarge},
		"empty method":  {"", nil, frame.ErrMethod},
		"long method":   {string(make([]byte, 256)), nil, frame.ErrMethod},
		"not a map":     {"m", 7, nil},
		"not encodable": {"m", map[string]any{"f": func() {}}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			for _, call := range []func() error{
				func() error { _, err := c.Call(t.Context(), tt.method, tt.args); return err },
				func() error { return c.Notify(t.Context(), tt.method, tt.args) },
			} {
				err := call()
				require.Error(t, err)
				if tt.want != nil {
					require.ErrorIs(t, err, tt.want)
				}
				require.True(t, fpnn.SafeToRetry(err))
			}
		})
	}
	_, err := c.Call(t.Context(), "m", nil)
	require.NoError(t, err)
}

func TestNotifyKeepsItsPlaceAmongCalls(t *testing.T) {
	t.Parallel()
	c := newPeer(t, func(p *peer) {
		n := byte(0)
		for q, ok := p.read(); ok; q, ok = p.read() {
			if q.Kind == frame.Oneway {
				n++
			} else {
				p.write(answer(q.Seq, 0, []byte{0x81, 0xa1, 'n', n}))
			}
		}
	})
	for range 5 {
		require.NoError(t, c.Notify(t.Context(), "count", nil))
	}
	a, err := c.Call(t.Context(), "counted", nil)
	require.NoError(t, err)
	n, err := a.Int64("n")
	require.NoError(t, err)
	require.EqualValues(t, 5, n)
}

// A transport without deadlines, as an SSH channel is.
func TestTransportWithoutDeadlines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var far net.Conn
		dial := transport.DialerFunc(func(context.Context, string, string) (net.Conn, error) {
			var near net.Conn
			near, far = mem.Pipe()
			return noDeadlines{near}, nil
		})
		c, err := fpnn.NewClient([]string{"peer"}, fpnn.WithDialer(dial), fpnn.WithTimeout(time.Hour), fpnn.WithWriteTimeout(5*time.Second))
		require.NoError(t, err)
		defer c.Close()
		start := time.Now()
		_, err = c.Call(t.Context(), "big", map[string]any{"blob": make([]byte, 1<<20)})
		require.ErrorIs(t, err, fpnn.ErrDisconnected)
		require.Equal(t, 5*time.Second, time.Since(start), "a write that hangs ends the connection")
		_ = far.Close()
	})
}

type noDeadlines struct{ net.Conn }

var errNoDeadlines = errors.New("deadlines not supported")

func (noDeadlines) SetDeadline(time.Time) error      { return errNoDeadlines }
func (noDeadlines) SetReadDeadline(time.Time) error  { return errNoDeadlines }
func (noDeadlines) SetWriteDeadline(time.Time) error { return errNoDeadlines }
