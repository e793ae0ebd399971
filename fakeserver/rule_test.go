package fakeserver_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/codec"
	"github.com/gofpnn/gofpnn/fakeserver"
	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/rtm"
)

// client returns an rtm client that attempts everything once.
func client(t *testing.T, srv *fakeserver.Server, opts ...rtm.Option) *rtm.Client {
	t.Helper()
	opts = append([]rtm.Option{rtm.WithDialer(srv.Dialer()), rtm.WithResend(1, time.Minute)}, opts...)
	c, err := rtm.Dial(t.Context(), srv.Addr(), srv.Project(), opts...)
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func say(t *testing.T, c *rtm.Client, text string) error {
	t.Helper()
	_, err := c.Send(t.Context(), 1, rtm.Group(7), rtm.Message{Type: 66, Text: text})
	return err
}

// said returns what group 7 holds.
func said(t *testing.T, c *rtm.Client) (texts []string) {
	t.Helper()
	for m, err := range c.Messages(t.Context(), 1, rtm.Group(7), rtm.HistoryQuery{}) {
		require.NoError(t, err)
		texts = append(texts, m.Text)
	}
	return texts
}

func TestActions(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		action fakeserver.Action
		code   int           // of the send
		after  time.Duration // it ends
		stored bool
		closed bool
	}{
		"fail":  {action: fakeserver.Fail(200054, "sensitive words"), code: 200054},
		"drop":  {action: fakeserver.Drop(), code: fpnn.CodeCoreTimeout, after: 5 * time.Second},
		"lose":  {action: fakeserver.Lose(), code: fpnn.CodeCoreTimeout, after: 5 * time.Second, stored: true},
		"close": {action: fakeserver.CloseConn(), code: fpnn.CodeCoreConnectionClosed, closed: true},
		"delay": {action: fakeserver.Delay(3 * time.Second), after: 3 * time.Second, stored: true},
		"pass":  {action: fakeserver.Pass(), stored: true},
		"corrupt": {
			action: fakeserver.Corrupt(), code: fpnn.CodeCoreDecoding, stored: true,
		},
		"reply":          {action: fakeserver.Reply(map[string]any{"mtime": 7})},
		"do nothing":     {action: fakeserver.Do(func(*fakeserver.Ctx) {}), stored: true},
		"do fail":        {action: fakeserver.Do(func(c *fakeserver.Ctx) { c.Fail(200020, "no") }), code: 200020},
		"last counts":    {action: func(c *fakeserver.Ctx) { c.Fail(200020, "no"); c.Reply(map[string]any{"mtime": 1}) }},
		"next, then not": {action: func(c *fakeserver.Ctx) { _, _ = c.Next(); c.Fail(200020, "no") }, code: 200020, stored: true},
		"next twice":     {action: func(c *fakeserver.Ctx) { _, _ = c.Next(); _, _ = c.Next() }, stored: true},
		"drop, later, drop": {
			action: func(c *fakeserver.Ctx) { c.Drop(); c.Later().Drop(); c.Drop() }, code: fpnn.CodeCoreTimeout, after: 5 * time.Second,
		},
		"drop, then not":  {action: func(c *fakeserver.Ctx) { c.Drop(); c.Fail(200020, "no") }, code: 200020},
		"answer, then no": {action: func(c *fakeserver.Ctx) { c.Fail(200020, "no"); c.Drop() }, code: fpnn.CodeCoreTimeout, after: 5 * time.Second},
		"panic":           {action: func(*fakeserver.Ctx) { panic("as tests do") }, code: fpnn.CodeCoreUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := fakeserver.New(t)
				c, reader := client(t, srv, rtm.WithTimeout(5*time.Second)), client(t, srv)
				require.NoError(t, say(t, c, "before"))
				conn := c.FPNN().Conn()
				rule := srv.On("sendgroupmsg", test.action, fakeserver.Times(1))
				start := time.Now()
				err := say(t, c, "it")
				require.Equal(t, test.code, fpnn.Code(err), err)
				require.Equal(t, test.after, time.Since(start))
				require.Equal(t, 1, rule.Calls())
				synctest.Wait()
				require.Equal(t, test.closed, conn.Err() != nil, "the connection's fate")
				want := []string{"before"}
				if test.stored {
					want = append(want, "it")
				}
				require.Equal(t, want, said(t, reader))
				require.NoError(t, say(t, c, "after"), "once means once")
				require.Equal(t, append(want, "after"), said(t, reader))
			})
		})
	}
}

func TestRulesAreTriedInOrder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := fakeserver.New(t)
		c := client(t, srv)
		about := func(text string) fakeserver.Condition {
			return fakeserver.Where(func(q *fpnn.Quest) bool {
				got, err := q.Text("msg")
				return err == nil && strings.Contains(got, text)
			})
		}
		delay := srv.On(fakeserver.AnyMethod, fakeserver.Delay(time.Second))
		exempt := srv.On("sendgroupmsg", fakeserver.Pass(), about("important"))
		twice := srv.On("sendgroupmsg", fakeserver.Fail(200010, "slowly"), fakeserver.Times(2))
		both := srv.On("sendgroupmsg", fakeserver.Fail(200054, "words"), about("words"), about("bad"))

		start := time.Now()
		for _, step := range []struct {
			text string
			code int
		}{{"one", 200010}, {"important", 0}, {"two", 200010}, {"three", 0}, {"bad words", 200054}, {"words", 0}, {"important bad words", 0}} {
			require.Equal(t, step.code, fpnn.Code(say(t, c, step.text)), step.text)
		}
		require.Equal(t, 7*time.Second, time.Since(start), "Delay passes on")
		require.Equal(t, []int{7, 2, 2, 1}, []int{delay.Calls(), exempt.Calls(), twice.Calls(), both.Calls()})
		both.Remove()
		delay.Remove()
		both.Remove()
		require.NoError(t, say(t, c, "bad words"))
		require.Equal(t, 7*time.Second, time.Since(start))
		require.Equal(t, 7, delay.Calls())
	})
}

// Answers in JSON are spoiled too, those that are errors as well, and only those.
func TestCorruptAnswersInJSON(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, srv *fakeserver.Server) {
		c, err := fpnn.Dial(t.Context(), srv.Addr(), fpnn.WithDialer(srv.Dialer()), fpnn.WithEncoding(codec.JSON))
		require.NoError(t, err)
		defer c.Close()
		srv.On("ask", fakeserver.Do(func(ctx *fakeserver.Ctx) { // which thinks better of some
			if ctx.Corrupt(); ctx.Has("whole") {
				ctx.Reply(map[string]any{"garbage": ""})
			}
		}))
		srv.On("ask", fakeserver.Reply(map[string]any{"n": 1}), fakeserver.Where(func(q *fpnn.Quest) bool { return !q.Has("fail") }))
		var callers sync.WaitGroup
		for n := range 300 {
			callers.Go(func() {
				args, want := map[string]any{}, fpnn.CodeCoreDecoding
				switch n % 3 {
				case 1:
					args["fail"] = true
				case 2:
					args["whole"], want = true, 0
				}
				a, err := c.Call(t.Context(), "ask", args)
				if fpnn.Code(err) != want {
					t.Errorf("%v: %v, %v", args, a, err)
				}
			})
		}
		callers.Wait()
		unreadable := 0
		for r := range srv.Journal().All() {
			if _, err := r.Payload(); err != nil {
				unreadable++
			}
		}
		require.Equal(t, 200, unreadable, "in the journal")
		require.NoError(t, c.Conn().Err(), "the connection goes on")
		require.NoError(t, c.Notify(t.Context(), "ask", nil))
		_, err = c.Call(t.Context(), "*ping", nil)
		require.NoError(t, err)
	})
}

// A rule decides about what those behind it have decided.
func TestRuleDecidesAboutADrop(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for name, test := range map[string]struct {
			outer fakeserver.Action
			code  int
		}{
			"corrupt": {fakeserver.Corrupt(), fpnn.CodeCoreTimeout},
			"next":    {func(c *fakeserver.Ctx) { _, _ = c.Next() }, fpnn.CodeCoreTimeout},
			"fail": {func(c *fakeserver.Ctx) {
				if _, err := c.Next(); errors.Is(err, fakeserver.ErrDropped) {
					c.Fail(200020, "dropped")
				}
			}, 200020},
		} {
			srv := fakeserver.New(t)
			srv.On("sendgroupmsg", test.outer)
			inner := srv.On("sendgroupmsg", fakeserver.Drop())
			err := say(t, client(t, srv, rtm.WithTimeout(time.Second)), "x")
			require.Equal(t, test.code, fpnn.Code(err), name)
			require.Equal(t, 1, inner.Calls())
			srv.Expect(t).Stored(rtm.Group(7))
		}
	})
}

func TestRulesHoldForAnyFPNNMethod(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, srv *fakeserver.Server) {
		c := dial(t, srv)
		_, err := c.Call(t.Context(), "transfer", nil)
		require.Equal(t, fpnn.CodeCoreUnknownMethod, fpnn.Code(err))
		srv.On("transfer", fakeserver.Do(func(ctx *fakeserver.Ctx) {
			n, err := ctx.Int64("amount")
			if err != nil {
				ctx.Fail(1, err.Error())
				return
			}
			ctx.Reply(map[string]any{"left": 100 - n})
		}))
		a, err := c.Call(t.Context(), "transfer", map[string]any{"amount": 30})
		require.NoError(t, err)
		left, err := a.Int64("left")
		require.NoError(t, err)
		require.EqualValues(t, 70, left)
		_, err = c.Call(t.Context(), "transfer", nil)
		require.Equal(t, 1, fpnn.Code(err))

		srv.On("*ping", fakeserver.Fail(20013, "not now"))
		_, err = c.Call(t.Context(), "*ping", nil)
		require.Equal(t, 20013, fpnn.Code(err), "a built-in method")
	})
}

func TestRuleAnswersLaterAndPushes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := fakeserver.New(t)
		var pushed atomic.Int64
		c, err := fpnn.Dial(t.Context(), srv.Addr(), fpnn.WithDialer(srv.Dialer()), fpnn.WithHandler(fpnn.HandlerFunc(
			func(_ context.Context, q *fpnn.Quest) (any, error) {
				n, err := q.Int64("n")
				pushed.Store(n)
				return nil, err
			})))
		require.NoError(t, err)
		defer c.Close()
		later := make(chan *fpnn.Responder, 1)
		srv.On("ask", fakeserver.Do(func(ctx *fakeserver.Ctx) {
			require.Same(t, srv, ctx.Server())
			require.EqualValues(t, 1, ctx.Link().Number())
			later <- ctx.Later()
			_, err := ctx.Conn().Call(ctx.Context(), "news", map[string]any{"n": 5})
			require.NoError(t, err)
		}))
		done := make(chan error, 1)
		go func() {
			_, err := c.Call(t.Context(), "ask", nil)
			done <- err
		}()
		synctest.Wait()
		require.EqualValues(t, 5, pushed.Load())
		require.Empty(t, done)
		require.NoError(t, (<-later).Reply(nil, nil))
		require.NoError(t, <-done)
	})
}

// Whoever took the quest with Later answers it, whatever the action decides then.
func TestNothingIsDecidedAfterLater(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for name, then := range map[string]fakeserver.Action{
			"drop": fakeserver.Drop(), "fail": fakeserver.Fail(1, "no"), "reply": fakeserver.Reply(nil), "corrupt": fakeserver.Corrupt(),
			"next": func(c *fakeserver.Ctx) {
				_, err := c.Next() // the rule behind, which drops it
				require.ErrorIs(t, err, fakeserver.ErrDropped)
			},
		} {
			srv := fakeserver.New(t)
			later := make(chan *fpnn.Responder, 1)
			srv.On("ask", fakeserver.Do(func(c *fakeserver.Ctx) {
				later <- c.Later()
				then(c)
			}))
			srv.On("ask", fakeserver.Drop())
			go func() {
				r := <-later
				synctest.Wait() // the action has ended
				_ = r.Reply(map[string]any{"n": 5}, nil)
			}()
			a, err := dial(t, srv).Call(t.Context(), "ask", nil)
			require.NoError(t, err, name)
			n, err := a.Int64("n")
			require.NoError(t, err, name)
			require.EqualValues(t, 5, n, name)
		}
	})
}

func TestWaitForARule(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := fakeserver.New(t)
		c := client(t, srv)
		rule := srv.On("sendgroupmsg", fakeserver.Pass())
		waited := make(chan error, 2)
		go func() { waited <- rule.Wait(t.Context(), 2) }()
		go func() { waited <- rule.Wait(t.Context(), 2) }()
		require.NoError(t, say(t, c, "one"))
		synctest.Wait()
		require.Empty(t, waited)
		require.NoError(t, say(t, c, "two"))
		require.NoError(t, <-waited)
		require.NoError(t, <-waited)
		require.NoError(t, rule.Wait(t.Context(), 2), "what has been is counted")
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.ErrorIs(t, rule.Wait(ctx, 3), context.DeadlineExceeded)
	})
}

// recorder is a test that notes what it is told.
type recorder struct {
	cleanups []func()
	failed   bool
	lines    []string
}

func (*recorder) Helper()            {}
func (r *recorder) Cleanup(f func()) { r.cleanups = append(r.cleanups, f) }
func (r *recorder) Failed() bool     { return r.failed }
func (r *recorder) Logf(format string, a ...any) {
	r.lines = append(r.lines, fmt.Sprintf(format, a...))
}

func (r *recorder) Errorf(format string, a ...any) {
	r.failed = true
	r.Logf(format, a...)
}
func (r *recorder) Fatalf(format string, a ...any) { r.Errorf(format, a...) }

func (r *recorder) end() {
	for i := len(r.cleanups) - 1; i >= 0; i-- {
		r.cleanups[i]()
	}
}

func TestUnmetRequirementFailsTheTest(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		conditions []fakeserver.Condition
		sends      int
		remove     bool
		fails      string
	}{
		"never applied":  {[]fakeserver.Condition{fakeserver.Required()}, 0, false, "applied 0 times, required 1"},
		"applied":        {[]fakeserver.Condition{fakeserver.Required()}, 1, false, ""},
		"too few":        {[]fakeserver.Condition{fakeserver.Required(), fakeserver.Times(3)}, 2, false, "applied 2 times, required 3"},
		"enough":         {[]fakeserver.Condition{fakeserver.Required(), fakeserver.Times(3)}, 5, false, ""},
		"removed":        {[]fakeserver.Condition{fakeserver.Required()}, 0, true, ""},
		"never required": {nil, 0, false, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var r recorder
			srv := fakeserver.New(&r)
			rule := srv.On("sendgroupmsg", fakeserver.Pass(), test.conditions...)
			c := client(t, srv)
			for range test.sends {
				require.NoError(t, say(t, c, "x"))
			}
			if test.remove {
				rule.Remove()
			}
			r.end()
			require.Equal(t, test.fails != "", r.failed)
			if test.fails != "" {
				require.Contains(t, r.lines[0], "rule on sendgroupmsg: "+test.fails)
			} else {
				require.Empty(t, r.lines, "a test that passes is quiet")
			}
		})
	}
}
