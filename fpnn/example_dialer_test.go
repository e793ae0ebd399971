package fpnn_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/transport"
)

// A transport needs no more than a stream: here a pair of pipes, without
// deadlines, as an SSH channel is one.
func ExampleWithDialer() {
	srv, err := fpnn.NewServer(fpnn.HandlerFunc(func(_ context.Context, q *fpnn.Quest) (any, error) { return q.Payload, nil }))
	if err != nil {
		panic(err)
	}
	defer srv.Close()
	channels := transport.DialerFunc(func(context.Context, string, string) (net.Conn, error) {
		nearIn, farOut := io.Pipe()
		farIn, nearOut := io.Pipe()
		return channel{nearIn, nearOut}, srv.ServeConn(channel{farIn, farOut})
	})
	client, err := fpnn.Dial(context.Background(), "anywhere", fpnn.WithDialer(channels))
	if err != nil {
		panic(err)
	}
	defer client.Close()
	answer, err := client.Call(context.Background(), "echo", map[string]any{"n": 7})
	fmt.Println(answer.Payload, err)
	// Output: {"n":7} <nil>
}

// channel is what is needed to be a net.Conn.
type channel struct {
	*io.PipeReader
	out *io.PipeWriter
}

func (c channel) Write(b []byte) (int, error)        { return c.out.Write(b) }
func (c channel) Close() error                       { _ = c.out.Close(); return c.PipeReader.Close() }
func (channel) LocalAddr() net.Addr                  { return nil }
func (channel) RemoteAddr() net.Addr                 { return nil }
func (channel) SetDeadline(time.Time) error          { return io.ErrNoProgress }
func (c channel) SetReadDeadline(t time.Time) error  { return c.SetDeadline(t) }
func (c channel) SetWriteDeadline(t time.Time) error { return c.SetDeadline(t) }
