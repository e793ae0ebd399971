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

func TestPartitionIsOneWay(t *testing.T) {
	eachWay(t, func(t *testing.T, p *pair) {
		p.Partition(p.dir)
		requireWrite(t, p.from, "lost")
		reading := startRead(p.to)
		bubble.Advance(t, time.Hour)
		reading.Blocked(t)
		requirePasses(t, p.back())
		require.Zero(t, p.Stats().Lost, "who knows yet")
	})
}

func TestHealResetsConnectionsThatLostBytes(t *testing.T) {
	eachWay(t, func(t *testing.T, p *pair) {
		lucky := newPair(t, p.Faults, p.dir)
		p.Partition(fault.Both)
		requireWrite(t, p.from, "lost")
		reading := startRead(p.peer)
		reading.Blocked(t)
		p.Heal()
		requireReset(t, p.wrapped)
		_, err := reading.Returned(t)
		require.Equal(t, io.EOF, err)
		requirePasses(t, lucky)
		requirePasses(t, lucky.back())
		require.Equal(t, fault.Stats{Connections: 2, Resets: 1, Lost: 4}, p.Stats())
		p.Heal()
		require.EqualValues(t, 1, p.Stats().Resets)
	})
}

func TestHealSparesWhatIsOnlyStalled(t *testing.T) {
	eachWay(t, func(t *testing.T, p *pair) {
		p.Stall(p.dir)
		p.Partition(p.otherDir)
		requireWrite(t, p.from, "late")
		synctest.Wait()
		p.Heal()
		reading := startRead(p.to)
		reading.Blocked(t)
		p.Resume(p.dir)
		requireReads(t, reading, "late")
	})
}

func TestResumeDoesNotEndAPartition(t *testing.T) {
	eachWay(t, func(t *testing.T, p *pair) {
		p.Partition(p.dir)
		p.Resume(p.dir)
		requireWrite(t, p.from, "lost")
		startRead(p.to).Blocked(t)
	})
}

func TestPartitionLosesWhatIsUnderWay(t *testing.T) {
	eachWay(t, func(t *testing.T, p *pair) {
		p.Latency(p.dir, time.Second, 0)
		requireWrite(t, p.from, "lost")
		bubble.Advance(t, time.Second/2)
		p.Partition(p.dir)
		bubble.Advance(t, time.Hour)
		startRead(p.to).Blocked(t)
		p.Heal()
		requireReset(t, p.wrapped)
		require.EqualValues(t, 4, p.Stats().Lost)
	})
}

func TestPartitionAcceptsWhatFitsTheLine(t *testing.T) {
	bubble.Run(t, func(t *testing.T) {
		p := newPair(t, fault.New(1), fault.Out)
		p.Partition(fault.Out)
		require.NoError(t, p.wrapped.SetWriteDeadline(in(time.Second)))
		n, err := p.wrapped.Write(make([]byte, 2*bufferSize))
		requireTimeout(t, err, "write", p.wrapped)
		require.Equal(t, bufferSize, n)
	})
}

func TestPartitionHoldsTheEndOfAnIdleConnection(t *testing.T) {
	eachWay(t, func(t *testing.T, p *pair) {
		p.Partition(p.dir)
		require.NoError(t, p.from.(closeWriter).CloseWrite())
		reading := startRead(p.to)
		reading.Blocked(t)
		p.Heal()
		_, err := reading.Returned(t)
		require.Equal(t, io.EOF, err)
		requirePasses(t, p.back())
	})
}
