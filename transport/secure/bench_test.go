package secure_test

import (
	"io"
	"net"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/fpnn/frame"
	"github.com/gofpnn/gofpnn/transport/internal/bubble"
	"github.com/gofpnn/gofpnn/transport/secure"
)

// BenchmarkThroughput writes packages of 100 bytes, in batches as a busy
// connection does, and large ones, over memory: both ends are in this process.
// "plain" is what passes through a server's connection.
func BenchmarkThroughput(b *testing.B) {
	for _, size := range []int{100, 64 << 10} {
		p := frame.Package{
			Header:  frame.Header{Version: 1, Flags: frame.MsgPack, Kind: frame.Oneway},
			Method:  []byte("method"),
			Payload: make([]byte, size-18),
		}
		var batch []byte
		for len(batch) < 32<<10 {
			var err error
			batch, err = frame.Append(batch, &p, frame.DefaultMaxPackage)
			require.NoError(b, err)
		}
		for _, mode := range []struct {
			name  string
			dials func(nc net.Conn) (net.Conn, error)
		}{
			{"plain", func(nc net.Conn) (net.Conn, error) { return nc, nil }},
			{"stream", func(nc net.Conn) (net.Conn, error) {
				return secure.Client(b.Context(), nc, secure.ClientConfig{Key: keyPair().Public()})
			}},
			{"package", func(nc net.Conn) (net.Conn, error) {
				return secure.Client(b.Context(), nc, secure.ClientConfig{Key: keyPair().Public(), PackageMode: true})
			}},
		} {
			b.Run(mode.name+"/"+map[bool]string{true: "large", false: "small"}[size > 1000], func(b *testing.B) {
				near, far := pipe(b)
				client, err := mode.dials(near)
				require.NoError(b, err)
				server := newServer(b, far)
				reading := bubble.Start(func() (int64, error) { return io.Copy(struct{ io.Writer }{io.Discard}, server) })
				b.SetBytes(int64(len(batch)))
				b.ReportAllocs()
				for b.Loop() {
					if _, err := client.Write(batch); err != nil {
						b.Fatal(err)
					}
				}
				require.NoError(b, client.Close())
				_, err = reading.Wait()
				require.NoError(b, err)
			})
		}
	}
}

// BenchmarkHandshake makes the keys of both sides, as each new connection does.
func BenchmarkHandshake(b *testing.B) {
	for _, curve := range curves {
		b.Run(curve.String(), func(b *testing.B) {
			key := newKey(b, curve.Curve)
			b.ReportAllocs()
			for b.Loop() {
				near, far := pipe(b)
				client, err := secure.Client(b.Context(), near, secure.ClientConfig{Key: key.Public()})
				require.NoError(b, err)
				server, err := secure.Server(far, secure.ServerConfig{Key: key})
				require.NoError(b, err)
				requireWrite(b, client, quest(b, "work"))
				requireRead(b, server, quest(b, "work"))
				require.NoError(b, client.Close())
			}
		})
	}
}
