package fpnn

import (
	"context"
	"errors"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

const noticed = 2*standByTick + time.Microsecond

func TestLoneCallerReadsByItselfAndTheReaderGoesOnAfterIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newLonePeer(t, nil)
		p.runLone(t)
		advance(t, noticed)
		require.Equal(t, readersTurn, p.turn(), "no call has followed")
		p.runLone(t)
	})
}

// Calls over a network, or now and then, are read for as ever.
func TestReaderDoesNotStandByForCallsThatAreFarApart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newLonePeer(t, nil)
		for range 10 * loneRun {
			_, err := p.Call(t.Context(), "m", nil)
			require.NoError(t, err)
			advance(t, loneTime/(loneRun-1)+1)
		}
		require.Equal(t, readersTurn, p.turn())
		require.Zero(t, p.turns)
	})
}

// Over other transports nobody writes by himself, and so nobody reads.
func TestReaderDoesNotStandByForTransportsThatMayBlock(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newLonePeer(t, nil)
		p.buffered = false
		for range 3 * loneRun {
			_, err := p.Call(t.Context(), "m", nil)
			require.NoError(t, err)
		}
		require.Equal(t, readersTurn, p.turn())
	})
}

func TestQuestsThatComeWhileNobodyReadsAreServedSoon(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newLonePeer(t, nil)
		p.runLone(t)
		p.say("push")
		require.Equal(t, "push", ends(t, p.served, noticed))
	})
}

func TestQuestsThatComeWhileTheCallerReadsAreServedAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newLonePeer(t, nil)
		p.runLone(t)
		q, ended := p.call(t.Context(), nil)
		require.Equal(t, callersTurn, p.turn())
		p.say("push")
		require.Equal(t, "push", ends(t, p.served, time.Nanosecond))
		p.answer(q.Seq)
		require.NoError(t, ends(t, ended, time.Nanosecond))
	})
}

func TestCallerWhoReadsIsEndedByItsCtx(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for _, after := range []time.Duration{0, standByTick / 2, standByTick, 10 * standByTick} {
			p := newLonePeer(t, nil)
			p.runLone(t)
			ctx, cancel := context.WithCancel(t.Context())
			q, ended := p.call(ctx, nil)
			require.Equal(t, callersTurn, p.turn())
			advance(t, after)
			cancel()
			require.ErrorIs(t, ends(t, ended, noticed), context.Canceled)
			p.answer(q.Seq)
			q, ended = p.call(t.Context(), nil)
			p.answer(q.Seq)
			require.NoError(t, ends(t, ended, time.Nanosecond), "the next call")
			require.EqualValues(t, 1, p.Stats().Unclaimed, "the late answer")
		}
	})
}

func TestCallerWhoReadsIsEndedByTheDefaultTimeout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for _, timeout := range []time.Duration{standByTick, time.Second} {
			p := newLonePeer(t, func(c *connConfig) { c.timeout = timeout })
			p.runLone(t)
			_, ended := p.call(t.Context(), nil)
			require.ErrorIs(t, ends(t, ended, timeout+maxSweep+noticed), context.DeadlineExceeded)
			require.NoError(t, p.Err(), "the connection stays")
		}
	})
}

// The first to have its answer leaves the rest to the reader.
func TestCallsMadeWhileACallerReadsGetTheirAnswers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newLonePeer(t, nil)
		p.runLone(t)
		first, firstEnded := p.call(t.Context(), nil)
		second, secondEnded := p.call(t.Context(), nil)
		third, thirdEnded := p.call(t.Context(), nil)
		require.Equal(t, callersTurn, p.turn())
		p.answer(second.Seq)
		require.NoError(t, ends(t, secondEnded, time.Nanosecond), "read by the first")
		p.answer(first.Seq)
		require.NoError(t, ends(t, firstEnded, time.Nanosecond))
		p.answer(third.Seq)
		require.NoError(t, ends(t, thirdEnded, time.Nanosecond), "read by the reader")
		require.Equal(t, readersTurn, p.turn())
	})
}

// Packages that no lone caller writes by itself have the reader go on at once.
func TestLargeCallHasTheReaderGoOn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newLonePeer(t, nil)
		p.runLone(t)
		q, ended := p.call(t.Context(), map[string]any{"b": make([]byte, maxOwn)})
		require.Equal(t, readersTurn, p.turn())
		p.answer(q.Seq)
		require.NoError(t, ends(t, ended, time.Nanosecond))
	})
}

// What has come of a package stays when its reader changes, and the time it may
// take is not begun anew.
func TestPackageInPartsOutlastsAChangeOfReaders(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newLonePeer(t, func(c *connConfig) { c.readTimeout = time.Second })
		p.runLone(t)
		q, ended := p.call(t.Context(), nil)
		b := answerTo(q.Seq)
		_, _ = p.far.Write(b[:5])
		advance(t, 500*time.Millisecond)
		require.Equal(t, readersTurn, p.turn(), "the answer is long in coming")
		_, _ = p.far.Write(b[5:])
		require.NoError(t, ends(t, ended, time.Nanosecond))

		p.silent = false
		p.runLone(t)
		q, ended = p.call(t.Context(), nil)
		advance(t, 2*time.Second)
		p.answer(q.Seq)
		require.NoError(t, ends(t, ended, time.Nanosecond), "no package was begun")

		p.silent = false
		p.runLone(t)
		q, ended = p.call(t.Context(), nil)
		_, _ = p.far.Write(answerTo(q.Seq)[:5])
		var malformed *ProtocolError
		require.ErrorAs(t, ends(t, ended, time.Second+time.Microsecond), &malformed)
	})
}

func TestIdleTimeoutOutlastsAChangeOfReaders(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const idle = time.Minute
		p := newLonePeer(t, func(c *connConfig) { c.idleTimeout, c.timeout = idle, 0 })
		p.runLone(t)
		_, ended := p.call(t.Context(), nil)
		require.ErrorContains(t, ends(t, ended, idle+idle/idleSlack+noticed), "idle time-out")
	})
}

func TestConnectionEndsWhoeverReads(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(p *lonePeer){
		"closed here":       func(p *lonePeer) { _ = p.Close() },
		"closed by peer":    func(p *lonePeer) { _ = p.far.Close() },
		"garbage":           func(p *lonePeer) { _, _ = p.far.Write(make([]byte, 100)) },
		"closed gracefully": func(p *lonePeer) { _ = p.Shutdown(context.Background()) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				p := newLonePeer(t, nil)
				p.runLone(t)
				go end(p)
				ends(t, p.Done(), maxLinger+noticed)
				if name == "closed gracefully" {
					return // it would wait for the call
				}
				p = newLonePeer(t, nil)
				p.runLone(t)
				_, ended := p.call(t.Context(), nil)
				require.Equal(t, callersTurn, p.turn())
				end(p)
				require.Error(t, ends(t, ended, noticed))
				ends(t, p.Done(), noticed)
			})
		})
	}
}

// user's code that panics between the call and its reading must not keep the turn
func TestPanicOfACallerKeepsNobodyFromReading(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newLonePeer(t, nil)
		p.runLone(t)
		func() {
			defer func() { require.Equal(t, "mine", recover()) }()
			_, _ = p.Call(OnQueued(t.Context(), func() { panic("mine") }), "m", nil)
		}()
		p.say("push")
		require.Equal(t, "push", ends(t, p.served, noticed))
		require.Zero(t, p.Stats().InFlight, "its answer has come, though nobody waits for it")
	})
}

// Over TCP, callers come and go, give up, and are pushed to: each answer gets to
// its own call.
func TestLoneAndOtherCallersOverTCP(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	pushes := make(chan struct{}, 1<<16)
	srv, err := NewServer(HandlerFunc(func(ctx context.Context, q *Quest) (any, error) {
		n, err := q.Int64("n")
		if n%50 == 0 {
			_ = q.Conn().Notify(ctx, "push", nil)
		}
		return map[string]any{"n": n}, err
	}))
	require.NoError(t, err)
	go func() { _ = srv.Serve(l) }()
	defer srv.Close()
	client, err := Dial(t.Context(), l.Addr().String(), WithHandler(HandlerFunc(func(context.Context, *Quest) (any, error) {
		pushes <- struct{}{}
		return nil, nil
	})))
	require.NoError(t, err)
	defer client.Close()
	call := func(ctx context.Context, n int64) error {
		answer, err := client.Call(ctx, "echo", map[string]any{"n": n})
		if err != nil {
			return err
		}
		got, err := answer.Int64("n")
		if err == nil && got != n {
			return errors.New("answer of another call")
		}
		return err
	}
	n, want := int64(0), 0
	next := func() int64 {
		if n++; n%50 == 0 {
			want++
		}
		return n
	}
	for range 20 {
		for range 5 * loneRun {
			require.NoError(t, call(t.Context(), next()))
		}
		var others sync.WaitGroup
		failed := make(chan error, 4)
		for range 4 {
			mine := next()
			others.Go(func() { failed <- call(t.Context(), mine) })
		}
		ctx, cancel := context.WithCancel(t.Context())
		go cancel()
		if err := call(ctx, next()); err != nil {
			require.ErrorIs(t, err, context.Canceled)
		}
		others.Wait()
		for range 4 {
			require.NoError(t, <-failed)
		}
	}
	conn := client.Conn()
	conn.mu.Lock()
	turns := conn.turns
	conn.mu.Unlock()
	require.NotZero(t, turns, "callers have read by themselves")
	for range want - 20 { // those of calls given up may not have been sent
		<-pushes
	}
}

// Who has just had company leaves its package to the writer, where it meets the
// others'; who is alone again writes by itself.
func TestCallerWhoHadCompanyDoesNotWriteByItself(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newLonePeer(t, nil)
		own := func() bool { // whether a call's caller is the one whom the transport keeps
			p.slow.Store(true)
			ctx, cancel := context.WithCancel(t.Context())
			ended := make(chan error, 1)
			go func() {
				_, err := p.Call(ctx, "m", nil)
				ended <- err
			}()
			synctest.Wait()
			cancel()
			synctest.Wait()
			p.slow.Store(false)
			kept := len(ended) == 0
			p.release <- struct{}{}
			<-ended
			synctest.Wait()
			return kept
		}
		for range 3 {
			_, err := p.Call(t.Context(), "m", nil)
			require.NoError(t, err)
		}
		require.True(t, own(), "alone")
		a, aEnded := p.call(t.Context(), nil)
		b, bEnded := p.call(t.Context(), nil)
		p.answer(a.Seq)
		p.answer(b.Seq)
		require.NoError(t, errors.Join(<-aEnded, <-bEnded))
		synctest.Wait() // the writer has left
		p.silent = false
		require.False(t, own(), "after company")
		require.True(t, own(), "alone again")
	})
}
