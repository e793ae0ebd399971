package fpnn_test

import (
	"context"
	"net"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/codec"
	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/fpnn/frame"
)

// rawPeer answers every quest with the same payload, in its read loop and
// without allocating, so that whatever is counted is the client's.
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
			out = frame.AppendAnswer(out, frame.Version, frame.MsgPack, 0, pkg.Seq)
			out = append(out, payload...)
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
