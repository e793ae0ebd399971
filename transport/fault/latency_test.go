package fault_test

import (
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/transport/fault"
	"github.com/gofpnn/gofpnn/transport/internal/bubble"
)

func TestWithoutFaultsBytesPassAtOnce(t *testing.T) {
	eachWay(t, func(t *testing.T, p *pair) {
		requirePasses(t, p)
		requirePasses(t, p.back())
		require.Equal(t, fault.Stats{Connections: 1}, p.Stats())
	})
}

func TestLatencyDelaysBytesButNotTheWriter(t *testing.T) {
	eachWay(t, func(t *testing.T, p *pair) {
		p.Latency(p.dir, 100*time.Millisecond, 0)
		begin := time.Now()
		requireWrite(t, p.from, "a")
		bubble.Advance(t, 30*time.Millisecond)
		requireWrite(t, p.from, "b")
		require.Equal(t, 30*time.Millisecond, time.Since(begin))
		requireRead(t, p.to, "a")
		require.Equal(t, 100*time.Millisecond, time.Since(begin))
		requireRead(t, p.to, "b")
		require.Equal(t, 130*time.Millisecond, time.Since(begin))
		requirePasses(t, p.back())
	})
}

func TestLatencyThatFallsKeepsTheOrder(t *testing.T) {
	eachWay(t, func(t *testing.T, p *pair) {
		begin := time.Now()
		p.Latency(p.dir, time.Second, 0)
		requireWrite(t, p.from, "slow ")
		reading := startRead(p.to)
		reading.Blocked(t)
		p.Latency(p.dir, -1, -1)
		requireWrite(t, p.from, "fast")
		reading.Blocked(t)
		got, err := reading.Wait()
		require.NoError(t, err)
		require.Equal(t, time.Second, time.Since(begin))
		require.Contains(t, []string{"slow ", "slow fast"}, got)
		if got == "slow " {
			requireRead(t, p.to, "fast")
		}
		require.Equal(t, time.Second, time.Since(begin))
		requirePasses(t, p)
	})
}

func TestNegativeLatencyIsNone(t *testing.T) {
	eachWay(t, func(t *testing.T, p *pair) {
		p.Latency(p.dir, -time.Hour, -time.Hour)
		requirePasses(t, p)
		p.Latency(p.dir, -time.Hour, time.Hour)
		begin := time.Now()
		requireWrite(t, p.from, "x")
		requireRead(t, p.to, "x")
		require.NotEqual(t, begin, time.Now())
	})
}

func TestLatencyDelaysTheEnd(t *testing.T) {
	eachWay(t, func(t *testing.T, p *pair) {
		p.Latency(p.dir, time.Second, 0)
		begin := time.Now()
		require.NoError(t, p.from.(closeWriter).CloseWrite())
		require.Equal(t, begin, time.Now())
		requireEOF(t, p.to)
		require.Equal(t, time.Second, time.Since(begin))
		requirePasses(t, p.back())
	})
}

func TestLatencyHasRoomForAMebibyte(t *testing.T) {
	eachWay(t, func(t *testing.T, p *pair) {
		p.Latency(p.dir, time.Second, 0)
		accepted := bufferSize
		if p.dir == fault.In {
			accepted += memBuffer // of the connection underneath
		}
		what := stream(accepted + 1)
		synctest.Wait()
		writing := bubble.Start(func() (int, error) { return p.from.Write(what) })
		writing.Blocked(t)
		reading := bubble.Start(func() (string, error) {
			b := make([]byte, len(what))
			_, err := io.ReadFull(p.to, b)
			return string(b), err
		})
		begin := time.Now()
		n, err := writing.Wait()
		require.NoError(t, err)
		require.Equal(t, len(what), n)
		require.Equal(t, time.Second, time.Since(begin), "room comes with the first delivery")
		got, err := reading.Wait()
		require.NoError(t, err)
		require.True(t, got == string(what))
		require.Equal(t, 2*time.Second, time.Since(begin), "the rest entered late")
	})
}

// arrivals are the times at which the bytes of a stream arrive.
func arrivals(t *testing.T, p *pair, size, writeSize int) (at []time.Duration) {
	t.Helper()
	begin := time.Now()
	what := stream(size)
	for len(what) > 0 {
		n, err := p.from.Write(what[:min(writeSize, len(what))])
		require.NoError(t, err)
		what = what[n:]
	}
	require.Equal(t, begin, time.Now())
	b := make([]byte, 1)
	for range size {
		_, err := io.ReadFull(p.to, b)
		require.NoError(t, err)
		at = append(at, time.Since(begin))
	}
	return at
}

func TestJitterIsBetweenBaseAndBasePlusJitterAndKeepsTheOrder(t *testing.T) {
	eachWay(t, func(t *testing.T, p *pair) {
		p.Latency(p.dir, time.Second, time.Second)
		at := arrivals(t, p, 5000, 5000)
		different := map[time.Duration]bool{}
		for i, d := range at {
			require.GreaterOrEqual(t, d, time.Second)
			require.Less(t, d, 2*time.Second)
			if i > 0 {
				require.GreaterOrEqual(t, d, at[i-1])
			}
			different[d] = true
		}
		require.Greater(t, len(different), 2)
	})
}

func TestJitterDependsOnSeedConnectionDirectionAndPositionOnly(t *testing.T) {
	bubble.Run(t, func(t *testing.T) {
		with := func(seed uint64, number int, dir fault.Direction, writeSize int) []time.Duration {
			f := fault.New(seed)
			f.Latency(fault.Both, time.Millisecond, time.Hour)
			for range number {
				newPair(t, f, dir)
			}
			return arrivals(t, newPair(t, f, dir), 3000, writeSize)
		}
		want := with(7, 0, fault.Out, 3000)
		for _, writeSize := range []int{1, 7, 256, 1000} {
			require.Equal(t, want, with(7, 0, fault.Out, writeSize), "writes of %d", writeSize)
		}
		require.NotEqual(t, want, with(8, 0, fault.Out, 3000))
		require.NotEqual(t, want, with(7, 1, fault.Out, 3000))
		require.NotEqual(t, want, with(7, 0, fault.In, 3000))
		require.Equal(t, with(7, 3, fault.In, 3000), with(7, 3, fault.In, 11))
	})
}

func TestJitterIsDrawnAnewForEachSegment(t *testing.T) {
	eachWay(t, func(t *testing.T, p *pair) {
		p.Latency(p.dir, 0, time.Hour)
		different := map[time.Duration]bool{}
		var sum time.Duration
		const segments = 200
		for range segments {
			begin := time.Now()
			requireWrite(t, p.from, text(256))
			requireRead(t, p.to, text(256))
			different[time.Since(begin)] = true
			sum += time.Since(begin)
		}
		require.Len(t, different, segments)
		require.InDelta(t, 0.5, float64(sum/segments)/float64(time.Hour), 0.1)
	})
}
