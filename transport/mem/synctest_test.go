package mem_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/transport/internal/bubble"
	"github.com/gofpnn/gofpnn/transport/mem"
)

// echo serves lines until the listener closes, each after a delay.
func echo(t *testing.T, l net.Listener, delay time.Duration) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer func() { _ = c.Close() }()
			lines := bufio.NewScanner(c)
			for lines.Scan() {
				bubble.Advance(t, delay)
				if _, err := fmt.Fprintln(c, lines.Text()); err != nil {
					return
				}
			}
		}()
	}
}

// anHour is an hour of clients and a server, in a bubble: a line each minute,
// and its answer thirty seconds later.
func anHour(t *testing.T, clients int) {
	t.Helper()
	begin := time.Now()
	var network mem.Network
	l := listen(t, &network, "a")
	go echo(t, l, 30*time.Second)
	var calls []*bubble.Call[int]
	for i := range clients {
		calls = append(calls, bubble.Start(func() (int, error) { return client(t, &network, i) }))
	}
	for _, c := range calls {
		lines, err := c.Wait()
		require.NoError(t, err)
		require.Equal(t, 60, lines)
	}
	require.Equal(t, time.Hour, time.Since(begin))
}

func client(t *testing.T, network *mem.Network, id int) (lines int, err error) {
	c, err := network.DialContext(t.Context(), "mem", "a")
	if err != nil {
		return 0, err
	}
	defer func() { _ = c.Close() }()
	answers := bufio.NewReader(c)
	for range 60 {
		if err := c.SetDeadline(in(31 * time.Second)); err != nil {
			return lines, err
		}
		line := fmt.Sprintf("line %d of %d\n", lines, id)
		if _, err := c.Write([]byte(line)); err != nil {
			return lines, err
		}
		answer, err := answers.ReadString('\n')
		if err != nil {
			return lines, err
		}
		if answer != line {
			return lines, fmt.Errorf("got %q for %q", answer, line)
		}
		lines++
		bubble.Advance(t, 30*time.Second)
	}
	return lines, nil
}

func TestVirtualHourEndsInMilliseconds(t *testing.T) {
	t.Parallel()
	begin := time.Now()
	synctest.Test(t, func(t *testing.T) { anHour(t, 3) })
	// Milliseconds on an idle machine; the bound is for one that is not.
	require.Less(t, time.Since(begin), time.Minute)
}

func TestBubblesOneAfterTheOther(t *testing.T) {
	t.Parallel()
	for range 3 {
		synctest.Test(t, func(t *testing.T) { anHour(t, 2) })
	}
}

func TestBubblesAtTheSameTime(t *testing.T) {
	t.Parallel()
	for i := range 4 {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			bubble.Run(t, func(t *testing.T) {
				for range 5 {
					anHour(t, i+1)
				}
			})
		})
	}
}

func TestEverythingBlockedLetsTheClockAdvance(t *testing.T) {
	bubble.Run(t, func(t *testing.T) {
		var network mem.Network
		l, other := listen(t, &network, "a"), listen(t, &network, "b")
		for range backlog {
			dial(t, &network, "a")
		}
		a, b := pipe(t)
		fill(t, a)
		ctx, cancel := context.WithCancel(t.Context())
		dialing := bubble.Start(func() (net.Conn, error) { return network.DialContext(ctx, "mem", "a") })
		accepting := bubble.Start(other.Accept)
		reading, writing, waiting := startRead(a), startWrite(a, 1), startWrite(a, 1)

		begin := time.Now()
		bubble.Advance(t, time.Hour)
		require.Equal(t, time.Hour, time.Since(begin))
		cancel()
		for _, closer := range []interface{ Close() error }{l, other, a, b} {
			require.NoError(t, closer.Close())
		}
		for _, c := range []*bubble.Call[net.Conn]{dialing, accepting} {
			_, err := c.Returned(t)
			require.Error(t, err)
		}
		for _, c := range []*bubble.Call[int]{reading, writing, waiting} {
			_, err := c.Returned(t)
			require.ErrorIs(t, err, net.ErrClosed)
		}
	})
}
