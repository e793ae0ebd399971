package fpnn

import (
	"net"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// sink is a transport that takes everything.
type sink struct{ net.Conn }

func (sink) Write(b []byte) (int, error)      { return len(b), nil }
func (sink) SetDeadline(time.Time) error      { return nil }
func (sink) SetWriteDeadline(time.Time) error { return nil }

// A buffer that was large enough for the last batch is there for the next.
func TestLargeBatchesUseTheirBuffersAgain(t *testing.T) {
	cfg := defaultConfig()
	c := newConn(sink{}, &cfg)
	pkg := make([]byte, 100)
	batch := func() {
		c.mu.Lock()
		for range 2000 {
			c.append(pkg)
		}
		c.writing = true
		c.writeBatch()
	}
	batch()
	const batches = 100
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range batches {
		batch()
	}
	runtime.ReadMemStats(&after)
	require.Less(t, (after.TotalAlloc-before.TotalAlloc)/batches, uint64(len(pkg)), "bytes allocated for a batch")
	require.LessOrEqual(t, cap(c.out)+cap(c.spare[0])+cap(c.spare[1]), 3*ownBuffer, "what the connection itself keeps")
}

// What only a large package needs is not kept by its connection.
func TestBuffersOfLargePackagesAreLetGo(t *testing.T) {
	t.Parallel()
	cfg := defaultConfig()
	c := newConn(sink{}, &cfg)
	for _, size := range []int{100, 1 << 20, 100} {
		c.mu.Lock()
		c.append(make([]byte, size))
		c.writing = true
		require.True(t, c.writeBatch())
	}
	require.LessOrEqual(t, cap(c.out)+cap(c.spare[0])+cap(c.spare[1]), 3*ownBuffer)
}

// A peer that reads nothing has a connection hold what may wait, in a buffer of less
// than twice as much.
func TestBuffersKeepToTheWriteBuffersLimit(t *testing.T) {
	cfg := defaultConfig()
	cfg.writeBuffer = 100 << 10
	c := newConn(sink{}, &cfg)
	pkg := make([]byte, 100)
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.room(pkg) {
		c.append(pkg)
	}
	require.Greater(t, len(c.out), cfg.writeBuffer-len(pkg))
	require.LessOrEqual(t, len(c.out), cfg.writeBuffer)
	require.Less(t, cap(c.out), 2*cfg.writeBuffer)
}
