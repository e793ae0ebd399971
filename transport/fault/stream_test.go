package fault_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/transport/fault"
	"github.com/gofpnn/gofpnn/transport/internal/bubble"
)

// exchange sends a stream of random size in pieces of random size, reads it so,
// and tells the first thing that was not as it should be.
func exchange(t *testing.T, p *pair, seed uint64, pause time.Duration) *bubble.Call[int] {
	return bubble.Start(func() (int, error) {
		r := rand.New(rand.NewPCG(seed, 1))
		what := stream(r.IntN(3 << 20))
		writing := bubble.Start(func() (int, error) {
			r := rand.New(rand.NewPCG(seed, 2))
			for b := what; len(b) > 0; {
				n, err := p.from.Write(b[:min(1+r.IntN(1<<r.IntN(20)), len(b))])
				if err != nil {
					return 0, err
				}
				b = b[n:]
				if pause > 0 && r.IntN(4) == 0 {
					bubble.Advance(t, time.Duration(r.Int64N(int64(pause))))
				}
			}
			return 0, p.from.(closeWriter).CloseWrite()
		})
		got := make([]byte, 0, len(what))
		buf := make([]byte, 1<<20)
		for {
			n, err := p.to.Read(buf[:1+r.IntN(1<<r.IntN(20))])
			got = append(got, buf[:n]...)
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return len(got), err
			}
		}
		if _, err := writing.Wait(); err != nil {
			return len(got), err
		}
		if !bytes.Equal(what, got) {
			return len(got), fmt.Errorf("%d bytes came as %d others", len(what), len(got))
		}
		return len(got), nil
	})
}

// bothWays exchanges over a connection in both directions at once.
func bothWays(t *testing.T, seed uint64, base, jitter time.Duration) {
	t.Helper()
	f := fault.New(seed)
	f.Latency(fault.Both, base, jitter)
	p := newPair(t, f, fault.Out)
	calls := []*bubble.Call[int]{exchange(t, p, seed, jitter), exchange(t, p.back(), seed+1, jitter)}
	for _, c := range calls {
		_, err := c.Wait()
		require.NoError(t, err)
	}
	require.NoError(t, p.wrapped.Close())
	require.Equal(t, fault.Stats{Connections: 1}, f.Stats())
}

func TestStreamIsUnchanged(t *testing.T) {
	t.Parallel()
	for name, latency := range map[string][2]time.Duration{
		"no faults": {}, "latency": {time.Second, 0}, "jitter": {0, time.Second}, "both": {time.Millisecond, time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			bubble.Run(t, func(t *testing.T) {
				for seed := range uint64(5) {
					bothWays(t, seed*2, latency[0], latency[1])
				}
			})
		})
	}
}

// Faults that come and go without losing anything leave the stream as it is.
func TestStreamIsUnchangedByStallsAndChangingLatency(t *testing.T) {
	bubble.Run(t, func(t *testing.T) {
		f := fault.New(3)
		p := newPair(t, f, fault.Out)
		calls := []*bubble.Call[int]{exchange(t, p, 3, time.Second), exchange(t, p.back(), 4, time.Second)}
		r := rand.New(rand.NewPCG(3, 3))
		random := func() time.Duration { return time.Duration(r.Int64N(int64(time.Second))) }
		for range 100 {
			dir := fault.Direction(r.IntN(4))
			f.Stall(dir)
			f.Latency(dir, random(), random())
			f.CutAfter(dir, 1<<40)
			bubble.Advance(t, random())
			f.Resume(fault.Direction(r.IntN(4)))
			bubble.Advance(t, random())
		}
		f.Resume(fault.Both)
		for _, c := range calls {
			_, err := c.Wait()
			require.NoError(t, err)
		}
	})
}

func FuzzStreamIsUnchanged(f *testing.F) {
	f.Add(uint64(1), int64(0), int64(0))
	f.Add(uint64(2), int64(time.Second), int64(0))
	f.Add(uint64(3), int64(0), int64(time.Second))
	f.Fuzz(func(t *testing.T, seed uint64, base, jitter int64) {
		synctest.Test(t, func(t *testing.T) {
			bothWays(t, seed, time.Duration(base%int64(time.Hour)), max(0, time.Duration(jitter%int64(time.Hour))))
		})
	})
}
