package fpnn_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"sync"
	"time"

	"github.com/gofpnn/gofpnn/codec"
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

// addArgs are arguments that append themselves: with them, and an Answer that is used
// again, a call allocates nothing.
type addArgs struct{ a, b int64 }

func (q *addArgs) AppendPayload(b []byte) ([]byte, error) {
	b = codec.AppendMapHeader(b, 2)
	b = codec.AppendInt(codec.AppendString(b, "a"), q.a)
	return codec.AppendInt(codec.AppendString(b, "b"), q.b), nil
}

func ExampleClient_CallInto() {
	srv, err := fpnn.NewServer(fpnn.HandlerFunc(func(_ context.Context, q *fpnn.Quest) (any, error) {
		a, errA := q.Int64("a")
		b, errB := q.Int64("b")
		return map[string]any{"sum": a + b}, errors.Join(errA, errB)
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

	args, answer := new(addArgs), new(fpnn.Answer)
	for args.a = range 3 {
		args.b = 40
		if err := client.CallInto(context.Background(), "add", args, answer); err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(answer.Int64("sum"))
	}
	// Output:
	// 40 <nil>
	// 41 <nil>
	// 42 <nil>
}

// A call goes on through an outage: its connection is gone, and another is made.
func ExampleWithReconnect() {
	hello := fpnn.HandlerFunc(func(context.Context, *fpnn.Quest) (any, error) { return map[string]any{"hello": true}, nil })
	srv, err := fpnn.NewServer(hello)
	if err != nil {
		log.Fatal(err)
	}
	defer srv.Close()
	network, address := listenInMemory(srv)
	states := make(chan fpnn.State, 16)
	client, err := fpnn.Dial(context.Background(), address, fpnn.WithDialer(network),
		fpnn.WithReconnect(fpnn.Reconnect{Min: 10 * time.Millisecond, Max: time.Second}),
		fpnn.WithOnState(func(s fpnn.State, _ error) { states <- s }))
	if err != nil {
		fmt.Println(err)
		return
	}
	answer, err := client.Call(context.Background(), "greet me", nil)
	fmt.Println(answer.Payload, err)
	for _, c := range srv.Conns() {
		_ = c.Close()
	}
	fmt.Println(<-states, <-states, <-states)

	answer, err = client.Call(context.Background(), "greet me", nil)
	fmt.Println(answer.Payload, err)
	_ = client.Close()
	fmt.Println(<-states, <-states, <-states)
	// Output:
	// {"hello":true} <nil>
	// connecting ready idle
	// {"hello":true} <nil>
	// connecting ready closed
}

// A server that is shut down lets out the answers it owes, and then closes.
func ExampleServer_Shutdown() {
	begun, finish := make(chan struct{}), make(chan struct{})
	srv, err := fpnn.NewServer(fpnn.HandlerFunc(func(context.Context, *fpnn.Quest) (any, error) {
		close(begun)
		<-finish
		return map[string]any{"done": true}, nil
	}))
	if err != nil {
		log.Fatal(err)
	}
	network, address := listenInMemory(srv)
	client, err := fpnn.NewClient([]string{address}, fpnn.WithDialer(network))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()
	answered := make(chan string)
	go func() {
		answer, err := client.Call(context.Background(), "work", nil)
		answered <- fmt.Sprint(answer.Payload, " ", err)
	}()
	<-begun
	down := make(chan error)
	go func() { down <- srv.Shutdown(context.Background()) }()
	close(finish)
	fmt.Println(<-answered)
	fmt.Println(<-down)
	// Output:
	// {"done":true} <nil>
	// <nil>
}

// Middleware sees all quests, here to count them by method.
func ExampleWithMiddleware() {
	var mu sync.Mutex
	calls := make(map[string]int)
	count := func(next fpnn.Handler) fpnn.Handler {
		return fpnn.HandlerFunc(func(ctx context.Context, q *fpnn.Quest) (any, error) {
			mu.Lock()
			calls[q.Method()]++
			mu.Unlock()
			return next.ServeQuest(ctx, q)
		})
	}
	srv, err := fpnn.NewServer(fpnn.NewMux(), fpnn.WithMiddleware(count))
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
	for _, method := range []string{"*ping", "*ping", "nobody has this"} {
		_, err := client.Call(context.Background(), method, nil)
		fmt.Println(fpnn.Code(err))
	}
	mu.Lock()
	defer mu.Unlock()
	fmt.Println(calls)
	// Output:
	// 0
	// 0
	// 20004
	// map[*ping:2 nobody has this:1]
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
