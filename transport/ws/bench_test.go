package ws_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/transport/internal/bubble"
	"github.com/gofpnn/gofpnn/transport/ws"
)

// benchListen listens on TCP, and returns a listener and a dialer to it, over
// WebSocket or plain.
func benchListen(b *testing.B, overWS bool) (net.Listener, func() (net.Conn, error), []fpnn.ClientOption) {
	b.Helper()
	inner, err := new(net.ListenConfig).Listen(b.Context(), "tcp", "127.0.0.1:0")
	require.NoError(b, err)
	if !overWS {
		dial := func() (net.Conn, error) {
			return new(net.Dialer).DialContext(b.Context(), "tcp", inner.Addr().String())
		}
		return inner, dial, nil
	}
	l := ws.NewListener(inner.Addr(), nil)
	serve(b, inner, l)
	d := new(ws.Dialer)
	dial := func() (net.Conn, error) { return d.DialContext(b.Context(), "tcp", inner.Addr().String()) }
	return l, dial, []fpnn.ClientOption{fpnn.WithDialer(d)}
}

// eachTransport runs f over WebSocket and, to compare, over plain TCP.
func eachTransport(b *testing.B, f func(b *testing.B, overWS bool)) {
	b.Helper()
	for name, overWS := range map[string]bool{"ws": true, "tcp": false} {
		b.Run(name, func(b *testing.B) { f(b, overWS) })
	}
}

func BenchmarkCall(b *testing.B) {
	eachTransport(b, func(b *testing.B, overWS bool) {
		for _, callers := range []int{1, 64} {
			b.Run(fmt.Sprint(callers), func(b *testing.B) {
				l, _, opts := benchListen(b, overWS)
				serveFPNN(b, l, adder)
				c, err := fpnn.Dial(b.Context(), l.Addr().String(), opts...)
				require.NoError(b, err)
				defer c.Close()
				b.ReportAllocs()
				b.ResetTimer()
				var wg sync.WaitGroup
				for i := range callers {
					wg.Go(func() {
						var answer fpnn.Answer
						for range (b.N + callers - 1 - i) / callers {
							if err := c.CallInto(context.Background(), "add", num(7), &answer); err != nil {
								b.Error(err)
							}
						}
					})
				}
				wg.Wait()
			})
		}
	})
}

// BenchmarkThroughput measures one direction: packages of that size, from client
// to server, in batches of 64 KiB.
func BenchmarkThroughput(b *testing.B) {
	eachTransport(b, func(b *testing.B, overWS bool) {
		for _, size := range []int{100, 1 << 10, 64 << 10, 1 << 20} {
			b.Run(fmt.Sprint(size), func(b *testing.B) {
				l, dial, _ := benchListen(b, overWS)
				accepting := bubble.Start(l.Accept)
				client, err := dial()
				require.NoError(b, err)
				server, err := accepting.Wait()
				require.NoError(b, err)
				batch := make([]byte, 0, max(size, 64<<10))
				for p := pkg(b, size); len(batch)+size <= cap(batch); {
					batch = append(batch, p...)
				}
				reading := bubble.Start(func() (int64, error) {
					return io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{server}, make([]byte, 64<<10))
				})
				b.SetBytes(int64(len(batch)))
				b.ReportAllocs()
				for b.Loop() {
					if _, err := client.Write(batch); err != nil {
						b.Fatal(err)
					}
				}
				_ = client.Close()
				_, _ = reading.Wait()
				_ = server.Close()
				_ = l.Close()
			})
		}
	})
}
