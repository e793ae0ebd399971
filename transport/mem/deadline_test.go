package mem_test

import (
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/transport/internal/bubble"
	"github.com/gofpnn/gofpnn/transport/mem"
)

// direction is what tests of deadlines do to reads and to writes alike.
type direction struct {
	op    string
	set   func(*mem.Conn, time.Time) error
	start func(*mem.Conn) *bubble.Call[int] // a call that blocks, once prepared
	wake  func(tb testing.TB, peer *mem.Conn)
}

var reads = direction{
	op:    "read",
	set:   (*mem.Conn).SetReadDeadline,
	start: func(c *mem.Conn) *bubble.Call[int] { return startRead(c) },
	wake:  func(tb testing.TB, peer *mem.Conn) { requireWrite(tb, peer, "x") },
}

var writes = direction{
	op:    "write",
	set:   (*mem.Conn).SetWriteDeadline,
	start: func(c *mem.Conn) *bubble.Call[int] { return startWrite(c, 1) },
	wake:  func(tb testing.TB, peer *mem.Conn) { requireRead(tb, peer, "\x00") },
}

func (d direction) both() direction {
	d.set = (*mem.Conn).SetDeadline
	return d
}

// eachDirection runs f in a bubble for reads and for writes, with the deadline
// of its own and with the one for both. A call of d on a blocks.
func eachDirection(t *testing.T, f func(t *testing.T, d direction, a, b *mem.Conn)) {
	t.Helper()
	t.Parallel()
	for _, test := range []struct {
		name      string
		direction direction
	}{
		{name: "SetReadDeadline", direction: reads},
		{name: "SetWriteDeadline", direction: writes},
		{name: "SetDeadline of a read", direction: reads.both()},
		{name: "SetDeadline of a write", direction: writes.both()},
	} {
		t.Run(test.name, func(t *testing.T) {
			bubble.Run(t, func(t *testing.T) {
				a, b := pipe(t)
				fill(t, a)
				f(t, test.direction, a, b)
			})
		})
	}
}

// in is the time after d.
func in(d time.Duration) time.Time { return time.Now().Add(d) }

func TestPastDeadlineFailsAtOnce(t *testing.T) {
	eachDirection(t, func(t *testing.T, d direction, a, b *mem.Conn) {
		requireWrite(t, b, "to read") // a passed deadline comes first
		for _, past := range []time.Time{time.Now(), in(-time.Nanosecond), in(-time.Hour), time.Unix(1, 0)} {
			require.NoError(t, d.set(a, time.Time{}))
			require.NoError(t, d.set(a, past))
			for range 2 {
				n, err := d.start(a).Returned(t)
				require.Zero(t, n)
				requireTimeout(t, err, d.op, a, os.ErrDeadlineExceeded)
			}
		}
	})
}

func TestDeadlineAppliesToEmptyCalls(t *testing.T) {
	t.Parallel()
	a, _ := pipe(t)
	require.NoError(t, a.SetDeadline(time.Unix(1, 0)))
	_, err := a.Read(nil)
	requireTimeout(t, err, "read", a, os.ErrDeadlineExceeded)
	_, err = a.Write(nil)
	requireTimeout(t, err, "write", a, os.ErrDeadlineExceeded)
}

func TestDeadlineWakesBlockedCallsExactlyThen(t *testing.T) {
	eachDirection(t, func(t *testing.T, d direction, a, _ *mem.Conn) {
		for _, wait := range []time.Duration{time.Nanosecond, 3 * time.Second, 90 * 24 * time.Hour} {
			begin := time.Now()
			require.NoError(t, d.set(a, in(wait)))
			calls := []*bubble.Call[int]{d.start(a), d.start(a)}
			for _, c := range calls {
				c.Blocked(t)
			}
			for _, c := range calls {
				n, err := c.Wait()
				require.Zero(t, n)
				requireTimeout(t, err, d.op, a, os.ErrDeadlineExceeded)
			}
			require.Equal(t, wait, time.Since(begin))
		}
	})
}

func TestCallBeforeTheDeadlineSucceeds(t *testing.T) {
	eachDirection(t, func(t *testing.T, d direction, a, b *mem.Conn) {
		require.NoError(t, d.set(a, in(time.Second)))
		blocked := d.start(a)
		bubble.Advance(t, time.Second-time.Nanosecond)
		blocked.Blocked(t)
		d.wake(t, b)
		n, err := blocked.Returned(t)
		require.NoError(t, err)
		require.Equal(t, 1, n)
	})
}

func TestDeadlinePassesWithoutACall(t *testing.T) {
	eachDirection(t, func(t *testing.T, d direction, a, b *mem.Conn) {
		require.NoError(t, d.set(a, in(time.Second)))
		bubble.Advance(t, time.Second)
		_, err := d.start(a).Returned(t)
		requireTimeout(t, err, d.op, a, os.ErrDeadlineExceeded)

		require.NoError(t, d.set(a, time.Time{}))
		again := d.start(a)
		again.Blocked(t)
		d.wake(t, b)
		_, err = again.Returned(t)
		require.NoError(t, err, "usable again")
	})
}

func TestDeadlineReplacedWhileBlocked(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		next time.Duration // after one second of ten
		want time.Duration // after the beginning
	}{
		{name: "by a later one", next: time.Minute, want: time.Minute + time.Second},
		{name: "by an earlier one", next: time.Second, want: 2 * time.Second},
		{name: "by a past one", next: -time.Second, want: time.Second},
		{name: "by now", next: 0, want: time.Second},
		{name: "by the same", next: 9 * time.Second, want: 10 * time.Second},
	} {
		t.Run(test.name, func(t *testing.T) {
			eachDirection(t, func(t *testing.T, d direction, a, _ *mem.Conn) {
				begin := time.Now()
				require.NoError(t, d.set(a, in(10*time.Second)))
				blocked := d.start(a)
				bubble.Advance(t, time.Second)
				blocked.Blocked(t)
				require.NoError(t, d.set(a, in(test.next)))
				_, err := blocked.Wait()
				requireTimeout(t, err, d.op, a, os.ErrDeadlineExceeded)
				require.Equal(t, test.want, time.Since(begin))
			})
		})
	}
}

func TestDeadlineRemovedWhileBlocked(t *testing.T) {
	eachDirection(t, func(t *testing.T, d direction, a, b *mem.Conn) {
		require.NoError(t, d.set(a, in(time.Second)))
		blocked := d.start(a)
		blocked.Blocked(t)
		require.NoError(t, d.set(a, time.Time{}))
		bubble.Advance(t, time.Hour)
		blocked.Blocked(t)
		d.wake(t, b)
		_, err := blocked.Returned(t)
		require.NoError(t, err)
	})
}

func TestReplacedTimerNeverEndsTheNewDeadline(t *testing.T) {
	eachDirection(t, func(t *testing.T, d direction, a, b *mem.Conn) {
		// At the very moment the old one fires, it may be too late to stop it.
		for i := range 200 {
			require.NoError(t, d.set(a, in(time.Second)))
			bubble.Advance(t, time.Second-time.Duration(i%2))
			require.NoError(t, d.set(a, in(time.Hour)))
			blocked := d.start(a)
			bubble.Advance(t, 2*time.Second)
			blocked.Blocked(t)
			d.wake(t, b)
			_, err := blocked.Returned(t)
			require.NoError(t, err)
		}
	})
}

func TestConcurrentDeadlinesLeaveOneOfThem(t *testing.T) {
	eachDirection(t, func(t *testing.T, d direction, a, _ *mem.Conn) {
		for range 100 {
			begin := time.Now()
			blocked := d.start(a)
			var calls []*bubble.Call[int]
			for i := range 4 {
				deadline := in(time.Duration(i+1) * time.Minute)
				calls = append(calls, bubble.Start(func() (int, error) { return 0, d.set(a, deadline) }))
			}
			for _, c := range calls {
				_, err := c.Returned(t)
				require.NoError(t, err)
			}
			_, err := blocked.Wait()
			requireTimeout(t, err, d.op, a, os.ErrDeadlineExceeded)
			require.Zero(t, time.Since(begin)%time.Minute)
			require.NotZero(t, time.Since(begin))
			require.NoError(t, d.set(a, time.Time{}))
		}
	})
}

func TestReadDeadlineLeavesWritesAlone(t *testing.T) {
	bubble.Run(t, func(t *testing.T) {
		a, b := pipe(t)
		require.NoError(t, a.SetReadDeadline(in(time.Second)))
		fill(t, a)
		write := startWrite(a, 1)
		bubble.Advance(t, time.Hour)
		write.Blocked(t)
		requireRead(t, b, "\x00")
		_, err := write.Returned(t)
		require.NoError(t, err)
		requireWrite(t, b, "the other end has deadlines of its own")
	})
}

func TestWriteDeadlineLeavesReadsAlone(t *testing.T) {
	bubble.Run(t, func(t *testing.T) {
		a, b := pipe(t)
		require.NoError(t, a.SetWriteDeadline(in(time.Second)))
		read, peerRead := startRead(a), startRead(b)
		bubble.Advance(t, time.Hour)
		read.Blocked(t)
		peerRead.Blocked(t)
		requireWrite(t, b, "x")
		_, err := read.Returned(t)
		require.NoError(t, err)
	})
}
