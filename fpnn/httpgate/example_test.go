package httpgate_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"strings"

	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/fpnn/httpgate"
	"github.com/gofpnn/gofpnn/transport/ws"
)

// One port, three protocols, one handler.
func Example() {
	srv, err := fpnn.NewServer(fpnn.HandlerFunc(func(_ context.Context, q *fpnn.Quest) (any, error) {
		name, err := q.Text("name")
		return map[string]any{"text": "hello " + name}, err
	}))
	if err != nil {
		log.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	served := make(chan error)
	go func() { served <- srv.Serve(httpgate.NewListener(l, httpgate.Config{})) }()
	addr := l.Addr().String()
	ctx := context.Background()

	for _, opts := range [][]fpnn.ClientOption{{}, {fpnn.WithDialer(new(ws.Dialer))}} {
		client, err := fpnn.Dial(ctx, addr, opts...)
		if err != nil {
			log.Fatal(err)
		}
		answer, err := client.Call(ctx, "greet", map[string]any{"name": "gopher"})
		fmt.Println(answer.Payload, err)
		_ = client.Close()
	}

	answer, err := http.Post("http://"+addr+"/service/greet", "application/json", strings.NewReader(`{"name":"gopher"}`))
	if err != nil {
		log.Fatal(err)
	}
	body, err := io.ReadAll(answer.Body)
	fmt.Println(answer.Status, string(body), err)
	_ = answer.Body.Close()

	fmt.Println(srv.Close(), errors.Is(<-served, fpnn.ErrClosed))
	http.DefaultClient.CloseIdleConnections()
	// Output:
	// {"text":"hello gopher"} <nil>
	// {"text":"hello gopher"} <nil>
	// 200 OK {"text":"hello gopher"} <nil>
	// <nil> true
}
