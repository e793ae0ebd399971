package fpnn_test

import (
	"context"
	"fmt"
	"net"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/codec"
	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/fpnn/frame"
)

// rawPeer answers every quest with the same payload, in the quest's encoding, in its
// read loop and without allocating, so that whatever is counted is the client's.
func rawPeer(t testing.TB) string {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			go serveRaw(nc)
		}
	}()
	return l.Addr().String()
}

func serveRaw(nc net.Conn) {
	defer nc.Close()
	payload, _ := num(7).AppendPayload(nil)
	text := []byte(`{"n":7, "text":"longer than what the compiler keeps on the stack"}`)
	r := frame.NewReader(nc, frame.DefaultMaxPackage)
	var (
		out []byte
		pkg frame.Package
	)
	for {
		out = out[:0]
		for {
			ok, err := r.Next(&pkg)
			if err != nil {
				return
			}
			if !ok {
				break
			}
			start := len(out)
			out = frame.AppendAnswer(out, frame.Version, pkg.Flags, 0, pkg.Seq)
			if pkg.Flags&frame.JSON != 0 {
				out = append(out, text...)
			} else {
				out = append(out, payload...)
			}
			if frame.Finish(out[start:], frame.DefaultMaxPackage) != nil {
				return
			}
		}
		if len(out) > 0 {
			if _, err := nc.Write(out); err != nil {
				return
			}
		}
		if err := r.Fill(); err != nil {
			return
		}
	}
}

// hundred is a payload of about 100 bytes.
type hundred struct{ n int64 }

func (h *hundred) AppendPayload(b []byte) ([]byte, error) {
	const text = "the quick brown fox jumps over the lazy dog and the lazy dog does not mind"
	b = codec.AppendString(codec.AppendString(codec.AppendMapHeader(b, 2), "text"), text)
	return codec.AppendInt(codec.AppendString(b, "n"), h.n), nil
}

func TestCallPathAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	client, err := fpnn.Dial(t.Context(), rawPeer(t))
	require.NoError(t, err)
	defer client.Close()

	ctx := context.Background()
	args := &hundred{1}
	var answer fpnn.Answer
	into := testing.AllocsPerRun(1000, func() {
		if err := client.CallInto(ctx, "echo", args, &answer); err != nil {
			panic(err)
		}
	})
	require.Zero(t, into, "CallInto")
	call := testing.AllocsPerRun(1000, func() {
		answer, err := client.Call(ctx, "echo", args)
		if err != nil || answer.Len() != 1 {
			panic(err)
		}
	})
	require.LessOrEqual(t, call, 1.0, "Call")
	withDeadline, cancel := context.WithCancel(ctx)
	defer cancel()
	cancellable := testing.AllocsPerRun(1000, func() {
		if err := client.CallInto(withDeadline, "echo", args, &answer); err != nil {
			panic(err)
		}
	})
	require.Zero(t, cancellable, "CallInto with a ctx that can end")
}

// An answer in JSON is read as msgpack, which is made for it.
func TestCallInJSONAllocatesNothingButItsAnswer(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	client, err := fpnn.Dial(t.Context(), rawPeer(t), fpnn.WithEncoding(codec.JSON))
	require.NoError(t, err)
	defer client.Close()
	args := &hundred{1}
	var answer fpnn.Answer
	require.InDelta(t, 1, testing.AllocsPerRun(1000, func() {
		if err := client.CallInto(context.Background(), "echo", args, &answer); err != nil || answer.Len() != 2 {
			panic(err)
		}
	}), 0)
}

// Large packages travel in buffers that were made for others: a call allocates far less
// than it carries, on both sides together.
func TestLargePackagesMakeNoBuffers(t *testing.T) {
	if raceEnabled {
		t.Skip("under the race detector pools lose some of what they are given")
	}
	addr := benchServer(t, fpnn.HandlerFunc(func(_ context.Context, q *fpnn.Quest) (any, error) { return (*copied)(q), nil }))
	for _, writeBuffer := range []int{64 << 10, fpnn.DefaultWriteBuffer, 2 << 20} {
		for _, size := range []int{60 << 10, 100 << 10, 300 << 10, 512 << 10, 1 << 20} {
			t.Run(fmt.Sprintf("%d of %d", size, writeBuffer), func(t *testing.T) {
				client, err := fpnn.Dial(t.Context(), addr, fpnn.WithWriteBuffer(writeBuffer))
				require.NoError(t, err)
				defer client.Close()
				payload, err := zeros(size).AppendPayload(nil)
				require.NoError(t, err)
				args := encoded(payload)
				var answer fpnn.Answer
				calls := func(n int) {
					for range n {
						require.NoError(t, client.CallInto(t.Context(), "echo", &args, &answer))
					}
				}
				calls(20)
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				calls(100)
				runtime.ReadMemStats(&after)
				require.Less(t, (after.TotalAlloc-before.TotalAlloc)/100, uint64(size/4), "bytes a call")
			})
		}
	}
}

// encoded is a payload as it travels.
type encoded []byte

func (e *encoded) AppendPayload(b []byte) ([]byte, error) { return append(b, *e...), nil }

// copied is an answer that says what the quest does.
type copied fpnn.Quest

func (q *copied) AppendPayload(b []byte) ([]byte, error) {
	return append(b, (*fpnn.Quest)(q).Raw()...), nil
}
