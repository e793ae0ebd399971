package fpnn_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net"

	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/transport/mem"
)

// A server and a client in one program, over TCP.
func Example() {
	mux := fpnn.NewMux()
	mux.Handle("add", fpnn.HandlerFunc(func(_ context.Context, q *fpnn.Quest) (any, error) {
		a, err := q.Int64("a")
		if err != nil {
			return nil, err
		}
		b, err := q.Int64("b")
		if err != nil {
			return nil, err
		}
		return map[string]any{"sum": a + b}, nil
	}))
	srv, err := fpnn.NewServer(mux)
	if err != nil {
		log.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	served := make(chan error)
	go func() { served <- srv.Serve(l) }()

	ctx := context.Background()
	client, err := fpnn.Dial(ctx, l.Addr().String())
	if err != nil {
		log.Fatal(err)
	}
	answer, err := client.Call(ctx, "add", map[string]any{"a": 2, "b": 40})
	if err != nil {
		log.Fatal(err)
	}
	sum, err := answer.Int64("sum")
	fmt.Println(sum, err)

	_, err = client.Call(ctx, "add", map[string]any{"a": 2})
	fmt.Println(fpnn.Code(err), fpnn.CodeText(fpnn.Code(err)))

	fmt.Println(client.Close(), srv.Close(), errors.Is(<-served, fpnn.ErrClosed))
	// Output:
	// 42 <nil>
	// 10009 key not found
	// <nil> <nil> true
}

// FPNN is duplex: a server calls its client on the client's connection.
func ExampleQuest_Conn() {
	srv, err := fpnn.NewServer(fpnn.HandlerFunc(func(ctx context.Context, q *fpnn.Quest) (any, error) {
		answer, err := q.Conn().Call(ctx, "your name", nil)
		if err != nil {
			return nil, err
		}
		name, err := answer.Text("name")
		return map[string]any{"text": "hello " + name}, err
	}))
	if err != nil {
		log.Fatal(err)
	}
	defer srv.Close()
	network, address := listenInMemory(srv)

	client, err := fpnn.NewClient([]string{address}, fpnn.WithDialer(network),
		fpnn.WithHandler(fpnn.HandlerFunc(func(context.Context, *fpnn.Quest) (any, error) {
			return map[string]any{"name": "gopher"}, nil
		})))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()
	answer, err := client.Call(context.Background(), "greet me", nil)
	fmt.Println(answer.Payload, err)
	// Output: {"text":"hello gopher"} <nil>
}

// A handler may answer later, from any goroutine.
func ExampleQuest_Later() {
	srv, err := fpnn.NewServer(fpnn.HandlerFunc(func(_ context.Context, q *fpnn.Quest) (any, error) {
		later := q.Later()
		go func() { _ = later.Reply(map[string]any{"done": true}, nil) }()
		return nil, nil
	}))
	if err != nil {
		log.Fatal(err)
	}
	defer srv.Close()
	network, address := listenInMemory(srv)

	client, err := fpnn.NewClient([]string{address}, fpnn.WithDialer(network))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()
	answer, err := client.Call(context.Background(), "work", nil)
	fmt.Println(answer.Payload, err)
	// Output: {"done":true} <nil>
}

// The usual errors of a call, and what they say about trying again.
func ExampleSafeToRetry() {
	srv, err := fpnn.NewServer(fpnn.HandlerFunc(func(context.Context, *fpnn.Quest) (any, error) {
		return nil, &fpnn.Error{Code: 100001, Message: "no such account"}
	}))
	if err != nil {
		log.Fatal(err)
	}
	network, address := listenInMemory(srv)
	client, err := fpnn.NewClient([]string{address}, fpnn.WithDialer(network))
	if err != nil {
		log.Fatal(err)
	}
	_, err = client.Call(context.Background(), "withdraw", nil)
	var remote *fpnn.RemoteError
	fmt.Println(errors.As(err, &remote), fpnn.Code(err), fpnn.SafeToRetry(err))

	_ = client.Close()
	_ = srv.Close()
	_, err = client.Call(context.Background(), "withdraw", nil)
	fmt.Println(errors.Is(err, fpnn.ErrClosed), fpnn.Code(err), fpnn.SafeToRetry(err))
	// Output:
	// true 100001 false
	// true 20002 true
}

// listenInMemory has srv serve on a network of its own until it is closed.
func listenInMemory(srv *fpnn.Server) (network *mem.Network, address string) {
	network = new(mem.Network)
	l, err := network.Listen("")
	if err != nil {
		log.Fatal(err)
	}
	go func() { _ = srv.Serve(l) }()
	return network, l.Addr().String()
}
