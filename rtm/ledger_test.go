package rtm_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
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
	again bool // the id is that of the message before
	err   error
}

// outcome counts entries by what their senders were told.
type outcome struct{ delivered, refused, unsent, unknown int }

func (o *outcome) add(p outcome) {
	o.delivered += p.delivered
	o.refused += p.refused
	o.unsent += p.unsent
	o.unknown += p.unknown
}

// Many senders send through a network that resets, stalls, cuts streams short and
// loses answers. Afterwards the gate's store and what the senders were told are
// compared, message by message.
func TestLedgerOfSends(t *testing.T) {
	const senders = 100
	total := 1_000_000
	if raceEnabled {
		total = 100_000
	}
	if *ledgerSends > 0 {
		total = *ledgerSends
	}
	synctest.Test(t, func(t *testing.T) {
		srv := fakeserver.New(t)
		f := fault.New(1)
		c := dial(t, srv, rtm.WithDialer(f.Dialer(srv.Dialer())), rtm.WithTimeout(5*time.Second))
		start := time.Now()

		ledger := make([][]entry, senders)
		var sending sync.WaitGroup
		for s := range senders {
			sending.Go(func() {
				for n := range total / senders {
					m := rtm.Message{Type: 66, Text: fmt.Sprint(n)}
					again := n%100 == 99 && ledger[s][n-1].err == nil
					if again {
						m.ID = ledger[s][n-1].id
					}
					receipt, err := c.Send(t.Context(), int64(s), rtm.Group(int64(s)), m)
					ledger[s] = append(ledger[s], entry{receipt.ID, again, err})
				}
			})
		}
		ctx, stop := context.WithCancel(t.Context())
		faults := make(chan int, 1)
		go func() { faults <- disturb(ctx, f, 8*time.Second) }()
		sending.Wait()
		stop()
		injected := <-faults
		calm(f)

		var sum outcome
		reader := dial(t, srv)
		for s := range senders {
			sum.add(settle(t, reader, int64(s), ledger[s]))
		}
		t.Logf("%d sends in %v of virtual time, %d faults (%+v): %+v", total, time.Since(start).Round(time.Second), injected, f.Stats(), sum)
		require.Equal(t, total, sum.delivered+sum.refused+sum.unsent+sum.unknown)
		require.LessOrEqual(t, sum.unknown, injected*senders, "a fault leaves no more in doubt than was under way")
		require.Greater(t, injected, 50)
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
	synctest.Test(t, func(t *testing.T) {
		srv := fakeserver.New(t, fakeserver.WithPushRedelivery())
		f := fault.New(2)
		var heard collector
		listener := dial(t, srv, rtm.WithDialer(f.Dialer(srv.Dialer())), rtm.WithHandler(heard.handle), rtm.WithPushInbox(100))
		set := rtm.ListenSet{}
		for g := range int64(groups - 1) {
			set.Groups = append(set.Groups, g)
		}
		require.NoError(t, listener.Listen(t.Context(), set))
		require.NoError(t, listener.ListenAll(t.Context(), rtm.ListenAll{Rooms: true}))

		sender := dial(t, srv)
		ctx, stop := context.WithCancel(t.Context())
		faults := make(chan int, 1)
		go func() { faults <- disturb(ctx, f, time.Second) }()
		var sending sync.WaitGroup
		for g := range groups {
			sending.Go(func() {
				to := rtm.Group(int64(g))
				if g == groups-1 {
					to = rtm.Room(9)
				}
				for n := range total / groups {
					_, err := sender.Send(t.Context(), alice, to, rtm.Message{Type: 66, Text: fmt.Sprint(n)})
					require.NoError(t, err)
					advance(t, 100*time.Millisecond)
				}
			})
		}
		sending.Wait()
		stop()
		injected := <-faults
		calm(f)
		advance(t, 10*time.Minute) // for pauses, pings and what is still on its way
		synctest.Wait()
		t.Logf("%d pushes, %d faults (%+v): %+v", total, injected, f.Stats(), listener.PushStats())
		require.Equal(t, total, len(heard.all()))
		next := make(map[rtm.Target]int)
		for _, p := range heard.all() {
			require.Equal(t, fmt.Sprint(next[p.Target]), p.Text, p.Target)
			next[p.Target]++
		}
		require.Len(t, next, groups)
		require.Greater(t, injected, 20)
	})
}

// disturb injects faults until ctx ends and returns how many. Each lasts for no
// longer than the time given, but for some after which no call is left that began
// before.
func disturb(ctx context.Context, f *fault.Faults, longest time.Duration) (injected int) {
	random := rand.New(rand.NewPCG(7, 7))
	wait := func(d time.Duration) bool {
		select {
		case <-time.After(d):
			return true
		case <-ctx.Done():
			return false
		}
	}
	f.Latency(fault.Both, 10*time.Millisecond, 20*time.Millisecond)
	for wait(time.Duration(random.Int64N(int64(time.Second)))) {
		injected++
		direction := fault.In
		if random.IntN(2) == 0 {
			direction = fault.Out
		}
		switch random.IntN(10) {
		case 0, 1, 2: // a gate that restarts
			f.Reset()
		case 3, 4, 5: // answers lost after the gate has acted, or quests cut short
			f.CutAfter(direction, random.Int64N(20_000))
		case 6, 7:
			f.Stall(direction)
			wait(time.Duration(random.Int64N(int64(longest))))
			f.Resume(direction)
		case 8:
			f.Partition(direction)
			wait(time.Duration(random.Int64N(int64(longest))))
			f.Heal()
		case 9:
			f.Stall(fault.Both)
			wait(5 * longest)
			f.Resume(fault.Both)
		}
	}
	return injected
}

func calm(f *fault.Faults) {
	f.Resume(fault.Both)
	f.Heal()
	f.Latency(fault.Both, 0, 0)
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
		require.False(t, ledger[n].again, "message %d of %d: refused", n, sender)
		stored[m.ID]++
		if ledger[n].err == nil { // one of unknown outcome may come long after its sender has gone on
			require.Greater(t, n, last, "out of order, or twice")
			last = n
		}
	}
	for n, e := range ledger {
		var unknown *rtm.UnknownOutcomeError
		switch count := stored[e.id]; {
		case e.err == nil:
			sum.delivered++
			require.Equal(t, 1, count, "message %d of %d: delivered", n, sender)
		case errors.As(e.err, &unknown):
			sum.unknown++
			if e.again {
				count--
			}
			require.LessOrEqual(t, count, 1, "message %d of %d: unknown", n, sender)
		case errors.Is(e.err, rtm.ErrDuplicateMessageID):
			sum.refused++
			require.True(t, e.again, "message %d of %d: refused for its id", n, sender)
		default:
			sum.unsent++
			require.True(t, fpnn.SafeToRetry(e.err), "%v", e.err)
			require.Zero(t, count, "message %d of %d: never sent", n, sender)
		}
	}
	return sum
}
