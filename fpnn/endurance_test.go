package fpnn_test

import (
	"context"
	"flag"
	"net"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/codec"
	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/fpnn/frame"
	"github.com/gofpnn/gofpnn/transport"
	"github.com/gofpnn/gofpnn/transport/fault"
	"github.com/gofpnn/gofpnn/transport/mem"
)

var memoryCalls = flag.Int("calls", 0, "how many calls TestMemoryStaysFlat makes; 0 for the usual number")

// A client and a server that live long take no more memory than young ones.
func TestMemoryStaysFlat(t *testing.T) { // alone in the process: the heap is everybody's
	const callers, connections = 20, 1000
	total := 1_000_000
	if raceEnabled {
		total = 100_000
	}
	if *memoryCalls > 0 {
		total = *memoryCalls
	}
	oneProcessor(t)
	synctest.Test(t, func(t *testing.T) {
		var network mem.Network
		listener, err := network.Listen("")
		listenOn(t, listener, err)
		faults := fault.New(1)
		c := clientOf(t, []string{listener.Addr().String()}, fpnn.WithDialer(faults.Dialer(&network)))
		round := func() {
			var calling sync.WaitGroup
			for caller := range callers {
				calling.Go(func() {
					for n := range total / connections / callers {
						require.NoError(t, echoed(t.Context(), c, int64(caller*1000+n)))
					}
				})
			}
			calling.Wait()
			faults.Reset()
			<-time.After(time.Minute) // the pause before the next attempt, and all that is swept
		}
		var young uint64
		for n := range connections {
			if n == connections/10 {
				young = liveHeap()
			}
			round()
		}
		old := liveHeap()
		require.EqualValues(t, connections, faults.Stats().Connections)
		t.Logf("%d calls over %d connections: %d bytes live after a tenth, %d in the end", total, connections, young, old)
		require.Less(t, old, young+young/10+64<<10)
	})
}

// A large package is gone with its turn, though nothing comes after it.
func TestIdleConnectionKeepsNoLargePackage(t *testing.T) { // alone in the process: the heap is everybody's
	synctest.Test(t, func(t *testing.T) {
		near, far := mem.Pipe()
		srv, err := fpnn.NewServer(echoHandler)
		require.NoError(t, err)
		defer srv.Close()
		require.NoError(t, srv.ServeConn(near))
		before := liveHeap()
		func() {
			q := quest(0, "large")
			q.Kind = frame.Oneway
			q.Payload, err = zeros(6 << 20).AppendPayload(nil)
			require.NoError(t, err)
			require.NoError(t, frame.NewWriter(far, frame.DefaultMaxPackage).Write(&q))
		}()
		synctest.Wait()
		require.EqualValues(t, 1, srv.Stats().Quests)
		require.Less(t, liveHeap(), before+2<<20, "a few smaller ones are kept for others")
	})
}

// liveHeap is how many bytes are in use.
func liveHeap() uint64 {
	var stats runtime.MemStats
	runtime.GC()
	runtime.GC() // what finalizers and pools held
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}

// Both sides write all they can at once, and answer what they read.
func TestBothSidesWithFullBuffersMakeProgress(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const callers, each, size = 30, 3, 200 << 10 // fewer bytes at a time than an inbox takes
		c, srv := pair(t, echoHandler, nil, fpnn.WithHandler(echoHandler))
		require.NoError(t, c.Connect(t.Context()))
		synctest.Wait()
		var calling sync.WaitGroup
		start := time.Now()
		for _, call := range []func(context.Context, string, any) (fpnn.Answer, error){c.Call, srv.Conns()[0].Call} {
			for range callers {
				calling.Go(func() {
					for range each {
						a, err := call(t.Context(), "echo", zeros(size))
						require.NoError(t, err)
						b, err := a.Bytes("b")
						require.NoError(t, err)
						require.Len(t, b, size)
					}
				})
			}
		}
		calling.Wait()
		require.Zero(t, time.Since(start), "nobody waited for a time-out")
	})
}

// A stream with flipped bits may hold anything. Every call ends, by what it reads
// or with its time, and those behind the last fault are answered.
func TestCorruptedStreamsEndEveryCall(t *testing.T) {
	t.Parallel()
	for name, direction := range map[string]fault.Direction{"quests": fault.Out, "answers": fault.In, "both": fault.Both} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var network mem.Network
				listener, err := network.Listen("")
				listenOn(t, listener, err)
				faults := fault.New(3)
				c := clientOf(t, []string{listener.Addr().String()}, fpnn.WithDialer(faults.Dialer(&network)))
				faults.Corrupt(direction, 5000)
				failed := 0
				for range 20 {
					ends := make(chan error, 100)
					for n := range cap(ends) {
						go func() {
							a, err := c.Call(t.Context(), "echo", num(n))
							_ = codec.Unmarshal(a.Raw(), new(any))
							ends <- err
						}()
					}
					for range cap(ends) {
						if <-ends != nil {
							failed++
						}
					}
				}
				require.Less(t, failed, 2000, "a connection that cannot be read is replaced")
				require.Greater(t, faults.Stats().Connections, int64(1))
				require.Greater(t, faults.Stats().Corrupted, int64(5))
				faults.Corrupt(fault.Both, 0)
				faults.Reset()
				<-time.After(time.Minute)
				allAnswered(t, calls(t.Context(), c, 100))
			})
		})
	}
}

// A connection whose bytes come one by one, and late, is as good as any.
func TestSlowNetworkLosesNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		near, far := mem.Pipe()
		faults := fault.New(4)
		faults.Latency(fault.Both, time.Second, time.Second)
		srv, err := fpnn.NewServer(echoHandler)
		require.NoError(t, err)
		t.Cleanup(func() { _ = srv.Close() })
		require.NoError(t, srv.ServeConn(far))
		c := clientOf(t, []string{"x"}, fpnn.WithDialer(transport.DialerFunc(
			func(context.Context, string, string) (net.Conn, error) { return faults.Conn(near), nil })))
		start := time.Now()
		allAnswered(t, calls(t.Context(), c, 1000))
		require.GreaterOrEqual(t, time.Since(start), 2*time.Second)
		require.LessOrEqual(t, time.Since(start), 4*time.Second)
	})
}
