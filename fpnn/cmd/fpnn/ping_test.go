package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/transport/mem"
)

func TestPingOnEveryTransport(t *testing.T) {
	t.Parallel()
	lines := regexp.MustCompile(`^1: \d+\.\d{3} ms\n2: \d+\.\d{3} ms\n3: \d+\.\d{3} ms\n3 sent, 3 answered, 0% lost\n` +
		`min \S+ ms  p50 \S+ ms  p90 \S+ ms  p99 \S+ ms  max \S+ ms  mean \S+ ms\n$`)
	for name, w := range ways(t) {
		w.flags = append(w.flags, "-n", "3", "-interval", "0")
		got := run(t, w.line("ping")...)
		require.Zero(t, got.code, "%s: %s", name, got.stderr)
		require.Regexp(t, lines, got.stdout, name)
		require.Empty(t, got.stderr)
	}
}

// slow serves on address and answers the i-th ping after the i-th of pauses.
func slow(t *testing.T, network *mem.Network, address string, pauses ...time.Duration) *fpnn.Server {
	t.Helper()
	next := make(chan time.Duration, len(pauses))
	for _, d := range pauses {
		next <- d
	}
	l, err := network.Listen(address)
	require.NoError(t, err)
	srv, err := fpnn.NewServer(fpnn.HandlerFunc(echo), fpnn.WithMiddleware(func(h fpnn.Handler) fpnn.Handler {
		return fpnn.HandlerFunc(func(ctx context.Context, q *fpnn.Quest) (any, error) {
			pause(ctx, <-next)
			return h.ServeQuest(ctx, q)
		})
	}))
	require.NoError(t, err)
	served := make(chan error, 1)
	go func() { served <- srv.Serve(l) }()
	t.Cleanup(func() {
		_ = srv.Close()
		require.ErrorIs(t, <-served, fpnn.ErrClosed)
	})
	return srv
}

func TestPingMeasuresAndKeepsItsInterval(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var network mem.Network
		slow(t, &network, "gate:1", 40*time.Millisecond, 10*time.Millisecond, 2*time.Second, 7*time.Second, 20*time.Millisecond)
		began := time.Now()
		got := shell{dialer: &network}.run(t, "ping", "gate:1")
		require.Equal(t, exitTimeout, got.code)
		require.Equal(t, `1: 40.000 ms
2: 10.000 ms
3: 2000.000 ms
4: call "*ping": context deadline exceeded
5: 20.000 ms
5 sent, 4 answered, 20% lost
min 10.000 ms  p50 20.000 ms  p90 2000.000 ms  p99 2000.000 ms  max 2000.000 ms  mean 517.500 ms
`, got.stdout)
		require.Equal(t, "fpnn ping: 1 of 5 not answered, at last: call \"*ping\": context deadline exceeded\n"+
			"hint: -timeout sets how long to wait; a server that never answers may not speak FPNN\n", got.stderr)
		// At 0, 1, 2, 4 (the third took two), and 9.1, a pause after the failure.
		require.Equal(t, 9*time.Second+100*time.Millisecond+20*time.Millisecond, time.Since(began))
	})
}

func TestPingGoesOnWhenTheServerIsBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var network mem.Network
		srv := slow(t, &network, "gate:1", 0, time.Hour)
		ended := make(chan result, 1)
		go func() { ended <- shell{dialer: &network}.run(t, "ping", "-n", "4", "gate:1") }()
		advance(1500 * time.Millisecond)
		require.NoError(t, srv.Close())
		advance(time.Second)
		slow(t, &network, "gate:1", 0, 0)
		got := <-ended
		require.Equal(t, exitNoConnection, got.code)
		require.Equal(t, `1: 0.000 ms
2: call "*ping": fpnn: disconnected: closed by peer
3: cannot connect to gate:1: dial mem gate:1: connection refused
4: 0.000 ms
4 sent, 2 answered, 50% lost
min 0.000 ms  p50 0.000 ms  p90 0.000 ms  p99 0.000 ms  max 0.000 ms  mean 0.000 ms
`, got.stdout)
		require.Contains(t, got.stderr, "2 of 4 not answered")
	})
}

// advance lets the clock of a bubble run.
func advance(d time.Duration) { <-time.After(d) }

func TestInterruptedPingSumsUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var network mem.Network
		slow(t, &network, "gate:1", 0, 0, time.Hour)
		ctx, interrupt := context.WithCancel(t.Context())
		ended := make(chan result, 1)
		go func() { ended <- shell{dialer: &network}.runIn(ctx, "ping", "-n", "0", "-timeout", "0", "gate:1") }()
		advance(time.Minute / 2)
		interrupt()
		got := <-ended
		require.Zero(t, got.code)
		require.Contains(t, got.stdout, "2 sent, 2 answered, 0% lost\n") // the third was under way
	})
}

// A *ping that is refused, as by peers that know none, is a failure.
func TestPingThatIsAnsweredWithAnError(t *testing.T) {
	t.Parallel()
	const refusal = "FPNN\x01\x80\x02\x01\x0d\x00\x00\x00\x01\x00\x00\x00\x82\xa4code\xcd\x4e\x24\xa2ex\xa0"
	addr := answers(t, true, refusal)
	got := run(t, "ping", "-n", "1", addr)
	require.Equal(t, exitAnswer, got.code)
	require.Equal(t, "1: error 20004 (unknown method): \"\"\n1 sent, 0 answered, 100% lost\n", got.stdout)
}

// The percentiles are those of a straightforward definition: the smallest value
// that so many of a hundred do not exceed.
func TestPercentiles(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	for n := 1; n <= 300; n++ {
		values := make([]time.Duration, n)
		for i := range values {
			values[i] = time.Duration(random.IntN(100))
		}
		slices.Sort(values)
		for _, p := range []int{50, 90, 99} {
			i := slices.IndexFunc(values, func(v time.Duration) bool {
				notAbove := 0
				for _, w := range values {
					if w <= v {
						notAbove++
					}
				}
				return 100*notAbove >= p*n
			})
			require.Equal(t, values[i], percentile(values, p), "p%d of %d", p, n)
		}
	}
}

func TestTripsRememberTheLast(t *testing.T) {
	t.Parallel()
	var all trips
	for i := range maxTrips + 10 {
		all.add(time.Duration(i+1)*time.Microsecond, nil)
	}
	all.add(0, errors.New("lost"))
	require.Len(t, all.last, maxTrips)
	require.Equal(t, 11*time.Microsecond, slices.Min(all.last))
	require.Equal(t, time.Duration(maxTrips+10)*time.Microsecond, slices.Max(all.last))
	require.Contains(t, all.String(), fmt.Sprintf("%d sent, %d answered", maxTrips+11, maxTrips+10))
	require.Contains(t, all.String(), "min 0.001 ms")
}
