package fakeserver_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/fakeserver"
	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/fpnn/frame"
	"github.com/gofpnn/gofpnn/rtm"
	"github.com/gofpnn/gofpnn/rtm/wire"
)

// raw returns a connection to say anything on.
func raw(t *testing.T, srv *fakeserver.Server) net.Conn {
	t.Helper()
	nc, err := srv.Dialer().DialContext(t.Context(), "tcp", srv.Addr())
	require.NoError(t, err)
	t.Cleanup(func() { _ = nc.Close() })
	return nc
}

// header is that of a sendmsg quest that claims a payload of so many bytes.
func header(payload int) []byte {
	b := []byte{'F', 'P', 'N', 'N', frame.Version, byte(frame.MsgPack), byte(frame.Twoway), byte(len("sendmsg"))}
	b = binary.LittleEndian.AppendUint32(b, uint32(payload))
	return append(binary.LittleEndian.AppendUint32(b, 1), "sendmsg"...)
}

// heap returns the bytes in use.
func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapInuse + m.StackInuse)
}

func FuzzHostileClientHarmsOnlyItself(f *testing.F) {
	f.Add(header(5))
	f.Add(header(frame.DefaultMaxPackage))
	f.Add([]byte("GET / HTTP/1.1\r\n\r\n"))
	good, err := (&wire.Signable{
		Signed: wire.Signed{Project: wire.Project{ID: fakeserver.DefaultProject, Secret: fakeserver.DefaultSecret}, Salt: 1},
		Quest:  &wire.GetGroupMembers{GID: 7},
	}).AppendPayload(nil)
	require.NoError(f, err)
	f.Add(append(header(len(good)), good...))
	f.Fuzz(func(t *testing.T, b []byte) {
		synctest.Test(t, func(t *testing.T) {
			srv := fakeserver.New(t)
			nc := raw(t, srv)
			_, _ = nc.Write(b)
			_ = nc.(interface{ CloseWrite() error }).CloseWrite()
			_, _ = io.Copy(io.Discard, nc)
			for r := range srv.Journal().All() {
				_ = r.String()
			}
			require.NoError(t, say(t, client(t, srv), "served"))
		})
	})
}

// Half a package keeps nobody waiting, and is not waited for longer than the read
// time-out.
func TestHalfAndSlowPackagesHoldUpNobody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := fakeserver.New(t)
		var ended, slow sync.WaitGroup
		start := time.Now()
		for i := range 200 {
			nc := raw(t, srv)
			ended.Go(func() { _, _ = io.Copy(io.Discard, nc) })
			whole := header(1000)
			if i%2 == 0 {
				_, err := nc.Write(whole[:1+i%len(whole)])
				require.NoError(t, err)
				continue
			}
			slow.Go(func() {
				for _, b := range whole {
					if _, err := nc.Write([]byte{b}); err != nil {
						return
					}
					<-time.After(5 * time.Second)
				}
			})
		}
		c := client(t, srv)
		for range 10 {
			require.NoError(t, say(t, c, "served"))
		}
		require.Zero(t, time.Since(start))
		ended.Wait()
		require.InDelta(t, fpnn.DefaultReadTimeout.Seconds(), time.Since(start).Seconds(), 1)
		slow.Wait()
		require.NoError(t, say(t, c, "served"))
	})
}

// As many as this process may have descriptors for, two each.
func TestThousandsOfIdleConnectionsCostLittle(t *testing.T) {
	limit := syscall.Rlimit{Cur: 1024}
	_ = syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit)
	n := int(min(5000, (limit.Cur-min(limit.Cur, 500))/2))
	if raceEnabled {
		n = min(n, 500)
	}
	srv := fakeserver.New(t, fakeserver.WithTCP("127.0.0.1:0"))
	before := heap()
	for range n {
		raw(t, srv)
	}
	srv.Expect(t).Within(time.Minute).Connections(n)
	each := (heap() - before) / int64(n)
	t.Logf("%d connections, of the %d descriptors there may be: %d bytes each", n, limit.Cur, each)
	if !raceEnabled {
		require.Less(t, each, int64(24<<10))
	}
	require.NoError(t, say(t, client(t, srv), "served"))
}

// What is refused leaves nothing behind: with the journal full, more of it costs
// no more memory.
func TestFloodOfBadSignatures(t *testing.T) {
	each := 5000
	if raceEnabled {
		each = 1000
	}
	srv := fakeserver.New(t, fakeserver.WithTCP("127.0.0.1:0"), fakeserver.WithJournal(each, 1<<20))
	clients := []*fpnn.Client{dial(t, srv), dial(t, srv), dial(t, srv), dial(t, srv)}
	honest := client(t, srv)
	salt := new(atomic.Int64)
	flood := func() {
		var callers sync.WaitGroup
		for n := range 16 * len(clients) {
			callers.Go(func() {
				for range each / 16 {
					q := signed(srv)
					q.Project.Secret = "guessed"
					q.Salt = salt.Add(1)
					q.From, q.Target, q.Message.ID = q.Salt, rtm.User(-q.Salt), q.Salt
					_, err := clients[n%len(clients)].Call(context.Background(), "sendmsg", q)
					if fpnn.Code(err) != wire.CodeBadSign {
						t.Errorf("%v", err)
					}
				}
			})
		}
		for n := range 100 {
			require.NoError(t, say(t, honest, fmt.Sprint(n)))
		}
		callers.Wait()
	}
	flood()
	require.Equal(t, srv.Stats().Records, 2*(salt.Load()+100), "all of it is counted")
	require.Len(t, srv.Journal().Records(), each, "the journal is full")
	before := allocated()
	flood()
	flood()
	growth := allocated() - before
	t.Logf("%d more bad quests: %d bytes more", salt.Load()*2/3, growth)
	require.Less(t, growth, salt.Load()*2/3*memoryOfNothing)
	require.Empty(t, srv.State().Conversations[1:], "but for what the honest one has said")
	require.Len(t, srv.Messages(rtm.Group(7)), 300)
}

// memoryOfNothing is less than could be kept of each quest, in bytes.
const memoryOfNothing = 16

// allocated returns the bytes of what is still used.
func allocated() int64 {
	runtime.GC()
	runtime.GC() // pools keep what was used before the first
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// Memory goes by what was received, not by what was claimed.
func TestClientsThatClaimLargePackages(t *testing.T) {
	clients := 10_000
	if raceEnabled {
		clients = 1000
	}
	srv := fakeserver.New(t)
	before := heap()
	claim := header(frame.DefaultMaxPackage - 100)
	for range clients {
		_, err := raw(t, srv).Write(append(claim, 0x81))
		require.NoError(t, err)
	}
	require.NoError(t, say(t, client(t, srv), "served"))
	srv.Expect(t).Within(time.Minute).Connections(clients + 1)
	each := (heap() - before) / int64(clients)
	t.Logf("%d clients claim 8 MiB: %d bytes each", clients, each)
	require.Less(t, each, int64(64<<10))

	// One that goes on to send what it has claimed finds its limit, with the others.
	megabyte := make([]byte, 1<<20)
	sent := 0
	for nc := raw(t, srv); sent < 8; sent++ {
		if sent == 0 {
			_, err := nc.Write(claim)
			require.NoError(t, err)
		}
		if _, err := nc.Write(megabyte); err != nil {
			break
		}
	}
	require.NoError(t, say(t, client(t, srv), "served"))
}

// Two hundred tests at once share nothing.
func TestServersInParallelShareNothing(t *testing.T) {
	t.Parallel()
	for i := range 200 {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			var opts []fakeserver.Option
			if i%10 == 0 {
				opts = append(opts, fakeserver.WithTCP("127.0.0.1:0"))
			}
			srv := fakeserver.New(t, opts...)
			rule := srv.On("sendroommsg", fakeserver.Fail(i+1, "mine"), fakeserver.Required())
			c := client(t, srv, rtm.WithHandler(func(context.Context, rtm.Push) {}))
			require.NoError(t, c.AddListen(t.Context(), rtm.ListenSet{Groups: []int64{7}}))
			for n := range 5 {
				require.NoError(t, say(t, c, fmt.Sprint(i, n)))
			}
			_, err := c.Send(t.Context(), 1, rtm.Room(7), rtm.Message{Type: 66})
			require.Equal(t, i+1, fpnn.Code(err))
			require.Equal(t, 1, rule.Calls())
			expect := srv.Expect(t)
			expect.Stored(rtm.Group(7), fmt.Sprint(i, 0), fmt.Sprint(i, 1), fmt.Sprint(i, 2), fmt.Sprint(i, 3), fmt.Sprint(i, 4))
			expect.Quests("sendgroupmsg", 5)
			expect.Connections(1)
			expect.Listening(1, rtm.Group(7), 1)
		})
	}
}
