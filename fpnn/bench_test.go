package fpnn_test

import (
	"context"
	"fmt"
	"net"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/fpnn"
)

// BenchmarkCall measures calls of about 100 bytes on one connection, by so many
// callers at a time: to a peer that does nothing but answer, and to a Server.
// Both ends run in this process.
func BenchmarkCall(b *testing.B) {
	server := fpnn.HandlerFunc(func(_ context.Context, q *fpnn.Quest) (any, error) {
		n, err := q.Int64("n")
		return num(n), err
	})
	for _, peer := range []struct {
		name string
		addr func(b *testing.B) string
	}{
		{"raw", func(b *testing.B) string { return rawPeer(b) }},
		{"server", func(b *testing.B) string { return benchServer(b, server) }},
	} {
		for _, callers := range []int{1, 16, 64, 256, 1024} {
			b.Run(fmt.Sprintf("%s/%d", peer.name, callers), func(b *testing.B) {
				client, err := fpnn.Dial(b.Context(), peer.addr(b))
				require.NoError(b, err)
				defer client.Close()
				args := &hundred{7}
				b.ReportAllocs()
				b.ResetTimer()
				share(b, callers, func(answer *fpnn.Answer) {
					if err := client.CallInto(context.Background(), "echo", args, answer); err != nil {
						b.Error(err)
					}
				})
			})
		}
	}
}

// share has b.N calls done by so many callers.
func share(b *testing.B, callers int, call func(answer *fpnn.Answer)) {
	var wg sync.WaitGroup
	for i := range callers {
		n := b.N / callers
		if i < b.N%callers {
			n++
		}
		wg.Go(func() {
			var answer fpnn.Answer
			for range n {
				call(&answer)
			}
		})
	}
	wg.Wait()
}

func benchServer(tb testing.TB, h fpnn.Handler) string {
	tb.Helper()
	mux := fpnn.NewMux()
	mux.Handle("echo", h)
	srv, err := fpnn.NewServer(mux)
	require.NoError(tb, err)
	l, err := new(net.ListenConfig).Listen(tb.Context(), "tcp", "127.0.0.1:0")
	require.NoError(tb, err)
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = srv.Serve(l)
	}()
	tb.Cleanup(func() {
		_ = srv.Close()
		<-served
	})
	return l.Addr().String()
}
