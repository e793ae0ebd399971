package fault_test

import (
	"io"
	"math/bits"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/transport/fault"
	"github.com/gofpnn/gofpnn/transport/internal/bubble"
)

// through is what becomes of a stream that is written, and read, in pieces.
func through(t *testing.T, p *pair, what []byte, writeSize, readSize int) []byte {
	t.Helper()
	writing := bubble.Start(func() (int, error) {
		for b := what; len(b) > 0; {
			n, err := p.from.Write(b[:min(writeSize, len(b))])
			if err != nil {
				return 0, err
			}
			b = b[n:]
		}
		return 0, nil
	})
	got := make([]byte, len(what))
	for b := got; len(b) > 0; b = b[min(readSize, len(b)):] {
		_, err := io.ReadFull(p.to, b[:min(readSize, len(b))])
		require.NoError(t, err)
	}
	_, err := writing.Wait()
	require.NoError(t, err)
	return got
}

// flips are the positions at which two streams differ, each by one bit.
func flips(t *testing.T, a, b []byte) (at []int) {
	t.Helper()
	for i := range a {
		if a[i] != b[i] {
			require.Equal(t, 1, bits.OnesCount8(a[i]^b[i]))
			at = append(at, i)
		}
	}
	return at
}

func TestCorruptFlipsABitInEachRun(t *testing.T) {
	eachWay(t, func(t *testing.T, p *pair) {
		const every = 100
		p.Corrupt(p.dir, every)
		what := stream(200 * every)
		got := through(t, p, what, 999, 777)
		at := flips(t, what, got)
		require.Len(t, at, 200)
		inRun, bit := map[int]bool{}, map[byte]bool{}
		for i, position := range at {
			require.Equal(t, i, position/every)
			inRun[position%every] = true
			bit[got[position]^what[position]] = true
		}
		require.Greater(t, len(inRun), 50)
		require.Len(t, bit, 8)
		require.Equal(t, fault.Stats{Connections: 1, Corrupted: 200}, p.Stats())
		requirePasses(t, p.back())
	})
}

func TestCorruptEveryByteUntilZero(t *testing.T) {
	eachWay(t, func(t *testing.T, p *pair) {
		p.Corrupt(fault.Both, 1)
		what := stream(500)
		require.Len(t, flips(t, what, through(t, p, what, 3, 500)), 500)
		for _, off := range []int64{0, -5} {
			p.Corrupt(p.dir, off)
			require.Equal(t, what, through(t, p, what, 500, 3))
		}
		require.Len(t, flips(t, what, through(t, p.back(), what, 500, 3)), 500)
	})
}

func TestCorruptionDependsOnSeedConnectionDirectionAndPositionOnly(t *testing.T) {
	bubble.Run(t, func(t *testing.T) {
		what := stream(50000)
		with := func(seed uint64, number int, dir fault.Direction, writeSize, readSize int) []byte {
			f := fault.New(seed)
			f.Corrupt(fault.Both, 50)
			for range number {
				newPair(t, f, dir)
			}
			return through(t, newPair(t, f, dir), what, writeSize, readSize)
		}
		want := with(7, 0, fault.Out, len(what), len(what))
		require.NotEqual(t, what, want)
		for _, sizes := range [][2]int{{1, 10}, {10, 1}, {333, 49}, {50, 51}, {len(what), 4096}} {
			require.Equal(t, want, with(7, 0, fault.Out, sizes[0], sizes[1]), "%v", sizes)
		}
		require.NotEqual(t, want, with(8, 0, fault.Out, len(what), len(what)))
		require.NotEqual(t, want, with(7, 1, fault.Out, len(what), len(what)))
		require.NotEqual(t, want, with(7, 0, fault.In, len(what), len(what)))
		require.Equal(t, with(7, 2, fault.In, 17, 1000), with(7, 2, fault.In, 1000, 17))
	})
}

// Turning it off in between does not change where it strikes afterwards.
func TestCorruptionHasNoMemory(t *testing.T) {
	eachWay(t, func(t *testing.T, p *pair) {
		what := stream(3000)
		p.Corrupt(p.dir, 10)
		whole := through(t, p, what, 100, 100)

		again := newPair(t, fault.New(1), p.dir)
		require.Equal(t, what[:1000], through(t, again, what[:1000], 100, 100))
		again.Corrupt(p.dir, 10)
		require.Equal(t, whole[1000:], through(t, again, what[1000:], 30, 3))
	})
}

func TestWriterKeepsItsBytes(t *testing.T) {
	bubble.Run(t, func(t *testing.T) {
		p := newPair(t, fault.New(1), fault.Out)
		p.Corrupt(fault.Both, 1)
		what := stream(100)
		through(t, p, what, 100, 100)
		require.Equal(t, stream(100), what)
	})
}
