package rtm_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/fakeserver"
	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/rtm"
	"github.com/gofpnn/gofpnn/transport/fault"
)

var ledgerSends = flag.Int("ledger", 0, "how many messages TestLedgerOfSends sends; 0 for the usual number")

// entry is what a sender knows of one message.
type entry struct {
	id    int64
	mtime int64 // 0 if the answer was lost
	again bool  // the id is that of the message before
	hasty bool  // its sender did not wait for long
	err   error
}

// outcome counts entries by what their senders were told.
type outcome struct {
	delivered, refused, unsent int
	unknown                    int // not known to be stored or not
	doubted                    int // of these, those that were refused in the end
	given                      int // up by a hasty sender, sent or not
}

func (o *outcome) add(p outcome) {
	o.delivered += p.delivered
	o.refused += p.refused
	o.unsent += p.unsent
	o.unknown += p.unknown
	o.doubted += p.doubted
	o.given += p.given
}

// senders is how many send at the same time, each to a group of its own.
const senders = 100

// ledger has total messages sent through a network that resets, stalls, cuts
// streams short and loses answers, to a gate that goes away for minutes, is busy,
// fails after it has acted, and refuses some. Afterwards the gate's store and what
// the senders were told are compared, message by message.
func ledger(t *testing.T, total int, d disturbance, opts ...rtm.Option) (sum outcome) {
	t.Helper()
	srv := fakeserver.New(t, fakeserver.WithJournal(0, 0))
	f := fault.New(1)
	c := dial(t, srv, append([]rtm.Option{rtm.WithDialer(f.Dialer(srv.Dialer())), rtm.WithTimeout(5 * time.Second)}, opts...)...)
	start := time.Now()
	rules := misbehave(srv)

	entries := make([][]entry, senders)
	var sending sync.WaitGroup
	for s := range senders {
		sending.Go(func() {
			for n := range total / senders {
				m := rtm.Message{Type: 66, Text: fmt.Sprint(n)}
				again := n%100 == 99 && entries[s][n-1].err == nil
				if again {
					m.ID = entries[s][n-1].id
				}
				ctx, cancel := t.Context(), context.CancelFunc(func() {})
				hasty := n%50 == 25
				if hasty { // about as long as an answer takes
					ctx, cancel = context.WithTimeout(ctx, time.Duration(20+n/50%20*10)*time.Millisecond)
				}
				receipt, err := c.Send(ctx, int64(s), rtm.Group(int64(s)), m)
				cancel()
				entries[s] = append(entries[s], entry{receipt.ID, receipt.ModifiedTime, again, hasty, err})
			}
		})
	}
	ctx, stop := context.WithCancel(t.Context())
	d.gate, d.faults, d.ended = srv.Network(), f, make(chan struct{})
	go d.run(ctx)
	sending.Wait()
	stop()
	<-d.ended
	d.calm()
	for _, r := range rules {
		require.Positive(t, r.Calls(), "%v", r)
		r.Remove()
	}

	reader := dial(t, srv)
	for s := range senders {
		sum.add(settle(t, reader, int64(s), entries[s]))
	}
	t.Logf("%d sends in %v of virtual time, %d faults, %d of them long (%+v): %+v",
		total, time.Since(start).Round(time.Second), d.injected, d.long, f.Stats(), sum)
	require.Equal(t, total, sum.delivered+sum.refused+sum.unsent+sum.unknown+sum.given)
	require.Positive(t, sum.given)
	require.LessOrEqual(t, sum.unknown-sum.doubted, 2*senders*d.long+d.injected,
		"what lasts longer than attempts do leaves a message or two of each sender in doubt, the rest next to nothing")
	require.Greater(t, d.injected, total/2000)
	return sum
}

// isRefused reports whether the gate refuses message n, always.
func isRefused(n int) bool { return n%250 == 77 }

// misbehave has the gate do what gates do that have too much to do.
func misbehave(srv *fakeserver.Server) (rules []*fakeserver.Rule) {
	var mu sync.Mutex
	random := rand.New(rand.NewPCG(5, 5))
	once := func(in int) fakeserver.Condition {
		return fakeserver.Where(func(*fpnn.Quest) bool {
			mu.Lock()
			defer mu.Unlock()
			return random.IntN(in) == 0
		})
	}
	acted := func(code int) fakeserver.Action {
		return func(c *fakeserver.Ctx) {
			_, _ = c.Next()
			c.Fail(code, "after it has acted")
		}
	}
	refusals := fakeserver.Where(func(q *fpnn.Quest) bool {
		text, _ := q.Text("msg")
		n, err := strconv.Atoi(text)
		return err == nil && isRefused(n)
	})
	const method = "sendgroupmsg"
	return []*fakeserver.Rule{
		srv.On(method, fakeserver.Fail(fpnn.CodeCoreWorkQueueFull, "busy"), once(500)),
		srv.On(method, fakeserver.Fail(fpnn.CodeCoreServerStopping, "stopping"), once(500)),
		srv.On(method, fakeserver.Fail(fpnn.CodeCoreTimeout, "before it has acted"), once(1000)),
		srv.On(method, acted(fpnn.CodeCoreUnknown), once(1000)),
		srv.On(method, fakeserver.Lose(), once(1000)),
		srv.On(method, fakeserver.Corrupt(), once(1000)),
		srv.On(method, fakeserver.Fail(rtm.CodeSensitiveWords, "refused"), refusals),
	}
}

func TestLedgerOfSends(t *testing.T) {
	total := 1_000_000
	if raceEnabled {
		total = 100_000
	}
	if *ledgerSends > 0 {
		total = *ledgerSends
	}
	oneProcessor(t)
	synctest.Test(t, func(t *testing.T) {
		sum := ledger(t, total, disturbance{longest: 8 * time.Second, outage: 3 * time.Minute})
		require.Positive(t, sum.unsent, "of the longest outages")
		require.Positive(t, sum.unknown)
		require.Positive(t, sum.refused)
		require.Greater(t, sum.delivered, total/2)
	})
}

// With attempts enough for every fault nothing is left in doubt, but for what was
// refused after an answer was lost.
func TestEnoughAttemptsLeaveNothingInDoubt(t *testing.T) {
	total := 100_000
	if raceEnabled {
		total = 20_000
	}
	oneProcessor(t)
	synctest.Test(t, func(t *testing.T) {
		sum := ledger(t, total, disturbance{longest: time.Second, outage: 3 * time.Minute}, rtm.WithResend(100, 24*time.Hour))
		require.Equal(t, sum.doubted, sum.unknown)
		require.Zero(t, sum.unsent)
	})
}

// Listeners behind the same network hear everything once, in the order of each
// conversation: what they had not acknowledged comes again.
func TestLedgerOfPushes(t *testing.T) {
	const groups = 50
	total := 100_000
	if raceEnabled {
		total = 20_000
	}
	oneProcessor(t)
	synctest.Test(t, func(t *testing.T) {
		srv := fakeserver.New(t, fakeserver.WithPushRedelivery(), fakeserver.WithJournal(0, 0))
		f := fault.New(2)
		var heard collector
		listener := dial(t, srv, rtm.WithDialer(f.Dialer(srv.Dialer())), rtm.WithHandler(heard.handle), rtm.WithPushInbox(100))
		set := rtm.ListenSet{}
		for g := range int64(groups - 1) {
			set.Groups = append(set.Groups, g)
		}
		require.NoError(t, listener.Listen(t.Context(), set))
		require.NoError(t, listener.ListenAll(t.Context(), rtm.ListenAll{Rooms: true}))

		ctx, stop := context.WithCancel(t.Context())
		d := disturbance{longest: time.Second, outage: time.Minute, gate: srv.Network(), faults: f, ended: make(chan struct{})}
		go d.run(ctx)
		var sending sync.WaitGroup
		for g := range groups {
			sending.Go(func() {
				to := rtm.Group(int64(g))
				if g == groups-1 {
					to = rtm.Room(9)
				}
				for n := range total / groups {
					_, err := srv.Send(alice, to, rtm.Message{Type: 66, Text: fmt.Sprint(n)})
					require.NoError(t, err)
					advance(t, 100*time.Millisecond)
				}
			})
		}
		sending.Wait()
		stop()
		<-d.ended
		d.calm()
		advance(t, 10*time.Minute) // for pauses, pings and what is still on its way
		synctest.Wait()
		t.Logf("%d pushes, %d faults (%+v): %+v", total, d.injected, f.Stats(), listener.PushStats())
		require.Equal(t, total, len(heard.all()))
		next := make(map[rtm.Target]int)
		for _, p := range heard.all() {
			require.Equal(t, fmt.Sprint(next[p.Target]), p.Text, p.Target)
			next[p.Target]++
		}
		require.Len(t, next, groups)
		require.GreaterOrEqual(t, d.injected, 10)
	})
}

// disturbance is trouble between a client and its gate.
type disturbance struct {
	longest time.Duration // of a fault but one in ten, which lasts five times as long
	outage  time.Duration // the longest
	gate    *fakeserver.Network
	faults  *fault.Faults

	injected int
	long     int // of these, those during which all attempts of a send may fail
	ended    chan struct{}
}

// attempts is for how long a send is attempted whose outcome is not known, at
// least.
const attempts = 20 * time.Second

// run injects faults until ctx ends.
func (d *disturbance) run(ctx context.Context) {
	defer close(d.ended)
	random := rand.New(rand.NewPCG(7, 7))
	f := d.faults
	wait := func(most time.Duration) bool {
		pause := time.Duration(random.Int64N(int64(most)))
		if pause > attempts {
			d.long++
		}
		select {
		case <-time.After(pause):
			return true
		case <-ctx.Done():
			return false
		}
	}
	f.Latency(fault.Both, 10*time.Millisecond, 20*time.Millisecond)
	for wait(time.Second) {
		d.injected++
		direction := fault.In
		if random.IntN(2) == 0 {
			direction = fault.Out
		}
		switch random.IntN(12) {
		case 0, 1:
			f.Reset()
		case 2, 3, 4: // answers lost after the gate has acted, or quests cut short
			f.CutAfter(direction, random.Int64N(20_000))
		case 5, 6:
			f.Stall(direction)
			wait(d.longest)
			f.Resume(direction)
		case 7:
			f.Partition(direction)
			wait(d.longest)
			f.Heal()
		case 8:
			f.Stall(fault.Both)
			wait(10 * d.longest)
			f.Resume(fault.Both)
		case 9: // a gate that restarts, and what it was told to listen to is forgotten
			d.gate.Restart()
		case 10: // one that is down for a while
			d.gate.RefuseDials(true)
			d.gate.CloseClients()
			wait(d.outage)
			d.gate.RefuseDials(false)
		case 11: // one that cannot be reached
			d.gate.Cut()
			wait(d.outage / 3)
			d.gate.Heal()
		}
	}
}

func (d *disturbance) calm() {
	d.faults.Resume(fault.Both)
	d.faults.Heal()
	d.faults.Latency(fault.Both, 0, 0)
	d.gate.RefuseDials(false)
	d.gate.Heal()
}

// settle compares what one sender was told with what the gate has.
func settle(t *testing.T, c *rtm.Client, sender int64, ledger []entry) (sum outcome) {
	t.Helper()
	stored := make(map[int64]int, len(ledger))
	last := -1
	for m, err := range c.Messages(t.Context(), sender, rtm.Group(sender), rtm.HistoryQuery{Limit: rtm.MaxPage}) {
		require.NoError(t, err)
		var n int
		_, err := fmt.Sscan(m.Text, &n)
		require.NoError(t, err)
		require.Equal(t, ledger[n].id, m.ID, "misrouted")
		if ledger[n].err == nil && ledger[n].mtime != 0 {
			require.Equal(t, m.ModifiedTime, ledger[n].mtime, "message %d of %d: another's answer", n, sender)
		}
		require.False(t, ledger[n].again || isRefused(n), "message %d of %d: refused", n, sender)
		stored[m.ID]++
		if ledger[n].err == nil { // one of unknown outcome may come long after its sender has gone on
			require.Greater(t, n, last, "out of order, or twice")
			last = n
		}
	}
	for n, e := range ledger {
		var unknown *rtm.UnknownOutcomeError
		count := stored[e.id]
		if e.again { // the message before has that id
			count--
		}
		switch {
		case e.err == nil:
			sum.delivered++
			require.Equal(t, 1, count, "message %d of %d: delivered", n, sender)
		case e.hasty && errors.Is(e.err, context.DeadlineExceeded):
			sum.given++
			require.LessOrEqual(t, count, 1, "message %d of %d: given up", n, sender)
			if fpnn.SafeToRetry(e.err) {
				require.Zero(t, count, "message %d of %d: given up unsent", n, sender)
			}
		case errors.As(e.err, &unknown):
			sum.unknown++
			var refusal *fpnn.RemoteError
			if errors.As(e.err, &refusal) && refusal.Code > 200_000 {
				sum.doubted++
			}
			require.LessOrEqual(t, count, 1, "message %d of %d: unknown", n, sender)
		case errors.Is(e.err, rtm.ErrDuplicateMessageID):
			sum.refused++
			require.True(t, e.again, "message %d of %d: refused for its id", n, sender)
			require.Zero(t, count, "message %d of %d: refused", n, sender)
		case errors.Is(e.err, rtm.ErrSensitiveWords):
			sum.refused++
			require.True(t, isRefused(n), "message %d of %d: refused for its words", n, sender)
			require.Zero(t, count, "message %d of %d: refused", n, sender)
		default:
			sum.unsent++
			require.True(t, fpnn.SafeToRetry(e.err), "%v", e.err)
			require.Zero(t, count, "message %d of %d: never sent", n, sender)
		}
	}
	return sum
}
