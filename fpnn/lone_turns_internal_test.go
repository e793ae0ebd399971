package fpnn

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// interruptedLate leaves p as a reader does who interrupts a caller that has just
// ended.
func (p *lonePeer) interruptedLate(t *testing.T) {
	t.Helper()
	p.runLone(t)
	p.mu.Lock()
	p.interrupted = true
	p.mu.Unlock()
	require.NoError(t, p.nc.SetReadDeadline(time.Unix(1, 0)))
}

func TestInterruptionThatComesTooLateIsUndone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newLonePeer(t, nil)
		p.interruptedLate(t)
		p.say("push")
		require.Equal(t, "push", ends(t, p.served, noticed), "the reader went on by itself")

		p.interruptedLate(t)
		_, err := p.Call(t.Context(), "m", nil)
		require.NoError(t, err, "the next caller was interrupted")

		p.interruptedLate(t)
		_, err = p.Call(OnQueued(t.Context(), func() { advance(t, standByTick+1) }), "m", nil)
		require.NoError(t, err, "so it was, when the reader had looked again")
	})
}

func TestReaderStandsByAsLongAsCallsFollow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newLonePeer(t, nil)
		p.runLone(t)
		before := p.turns
		const calls = 100
		for range calls {
			advance(t, standByTick/4)
			_, err := p.Call(t.Context(), "m", nil)
			require.NoError(t, err)
		}
		require.EqualValues(t, calls, p.turns-before)
	})
}

// Between its write and its read the caller may be kept for long.
func TestCallerDoesNotReadWhenTheReaderHasGoneOn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newLonePeer(t, nil)
		p.runLone(t)
		before := p.turns
		q, ended := p.call(OnQueued(t.Context(), func() { advance(t, noticed) }), nil)
		advance(t, noticed+time.Microsecond)
		require.Equal(t, readersTurn, p.turn())
		require.Equal(t, before, p.turns)
		p.answer(q.Seq)
		require.NoError(t, ends(t, ended, time.Nanosecond))
	})
}

// A call may be made, or the connection end, between a read and the reader's question.
func TestReaderDoesNotStandByForMoreThanALoneCaller(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(c *Conn){
		"a call":       func(c *Conn) { c.pending.add(&call{}) },
		"the end":      func(c *Conn) { c.err = ErrClosed },
		"being served": func(c *Conn) { c.serving++ },
		"a quest":      func(c *Conn) { c.lone.asked = true },
	} {
		cfg := defaultConfig()
		c := newConn(sink{}, &cfg)
		ready := func() {
			c.in.lone = true
			c.lone = run{calls: loneRun, checked: time.Since(c.born)}
		}
		ready()
		require.True(t, c.mayStandBy())
		ready()
		change(c)
		require.False(t, c.mayStandBy(), name)
	}
}

func TestCallerDoesNotWriteWhileAnotherWriteEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newLonePeer(t, nil)
		p.runLone(t)
		ended := make(chan error, 2)
		call := func() {
			_, err := p.Call(t.Context(), "m", nil)
			ended <- err
		}
		p.slow.Store(true)
		go call()
		advance(t, noticed) // the reader reads the answer
		require.Zero(t, p.Stats().InFlight)
		writes := p.Stats().BytesOut
		go call()
		synctest.Wait()
		require.Positive(t, p.Stats().Unwritten)
		require.Equal(t, writes, p.Stats().BytesOut)
		p.slow.Store(false)
		p.release <- struct{}{}
		require.NoError(t, <-ended)
		require.NoError(t, <-ended)
	})
}

// The transport may be full of what the peer has not read.
func TestCallerDoesNotWriteWhatThePeerMayNotTake(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newLonePeer(t, nil)
		p.runLone(t)
		ctx, cancel := context.WithCancel(t.Context())
		_, ended := p.call(ctx, nil)
		cancel()
		require.ErrorIs(t, <-ended, context.Canceled)
		ctx, cancel = context.WithCancel(t.Context())
		p.slow.Store(true)
		_, ended = p.call(ctx, nil)
		cancel()
		require.ErrorIs(t, ends(t, ended, time.Nanosecond), context.Canceled)
		p.slow.Store(false)
		p.release <- struct{}{}
	})
}
