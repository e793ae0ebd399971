package ws_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"time"

	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/transport/ws"
)

// A server whose clients come over WebSocket, and one of them.
func Example() {
	srv, err := fpnn.NewServer(fpnn.HandlerFunc(func(_ context.Context, q *fpnn.Quest) (any, error) {
		name, err := q.Text("name")
		return map[string]any{"text": "hello " + name}, err
	}))
	if err != nil {
		log.Fatal(err)
	}
	web, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	listener := ws.NewListener(web.Addr(), nil)
	mux := http.NewServeMux()
	mux.Handle("/service/fpnn", listener)
	httpServer := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = httpServer.Serve(web) }()
	served := make(chan error)
	go func() { served <- srv.Serve(listener) }()

	ctx := context.Background()
	client, err := fpnn.Dial(ctx, "ws://"+web.Addr().String(), fpnn.WithDialer(new(ws.Dialer)))
	if err != nil {
		log.Fatal(err)
	}
	answer, err := client.Call(ctx, "greet", map[string]any{"name": "gopher"})
	fmt.Println(answer.Payload, err)

	fmt.Println(client.Close(), srv.Close(), errors.Is(<-served, fpnn.ErrClosed), httpServer.Close())
	// Output:
	// {"text":"hello gopher"} <nil>
	// <nil> <nil> true <nil>
}
