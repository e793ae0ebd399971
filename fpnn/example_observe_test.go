package fpnn_test

import (
	"context"
	"errors"
	"expvar"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/gofpnn/gofpnn/fpnn"
)

// printer is a tracer that prints what a client does.
type printer struct{}

func (printer) Start(ctx context.Context, op fpnn.Operation) context.Context {
	fmt.Printf("%v %s...\n", op.Kind, op.Method)
	return ctx
}

func (printer) End(_ context.Context, op fpnn.Operation, err error) {
	fmt.Printf("%v %s: code %d, %d bytes out, %d in, %t\n", op.Kind, op.Method, op.Code, op.BytesOut, op.BytesIn, err == nil)
}

// A tracer sees each operation begin and end. Package otelfpnn has one that makes
// spans and metrics of OpenTelemetry.
func ExampleWithTracer() {
	mux := fpnn.NewMux()
	mux.Handle("echo", fpnn.HandlerFunc(func(_ context.Context, q *fpnn.Quest) (any, error) { return q.Payload, nil }))
	srv, err := fpnn.NewServer(mux)
	if err != nil {
		log.Fatal(err)
	}
	defer srv.Close()
	network, address := listenInMemory(srv)

	client, err := fpnn.NewClient([]string{address}, fpnn.WithDialer(network), fpnn.WithTracer(printer{}))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()
	ctx := context.Background()
	_, _ = client.Call(ctx, "echo", map[string]any{"n": 7})
	_, _ = client.Call(ctx, "ecko", nil)
	_ = client.Notify(ctx, "echo", nil)
	// Output:
	// call echo...
	// dial ...
	// dial : code 0, 0 bytes out, 0 in, true
	// call echo: code 0, 4 bytes out, 4 in, true
	// call ecko...
	// call ecko: code 20004, 1 bytes out, 33 in, false
	// notify echo...
	// notify echo: code 0, 1 bytes out, 0 in, true
}

// Hooks tell of connections: here one that logs in, and is lost.
func ExampleWithOnConnect() {
	srv, err := fpnn.NewServer(fpnn.HandlerFunc(func(_ context.Context, q *fpnn.Quest) (any, error) {
		if q.Method() == "hang up" {
			return nil, q.Conn().Close()
		}
		return nil, nil
	}))
	if err != nil {
		log.Fatal(err)
	}
	defer srv.Close()
	network, address := listenInMemory(srv)

	lost := make(chan struct{})
	client, err := fpnn.NewClient([]string{address}, fpnn.WithDialer(network),
		fpnn.WithOnConnect(func(ctx context.Context, c *fpnn.Conn) error {
			_, err := c.Call(ctx, "log in", nil)
			fmt.Println("logged in:", err == nil)
			return err
		}),
		fpnn.WithOnDisconnect(func(_ *fpnn.Conn, reason error) {
			fmt.Println("disconnected:", errors.Is(reason, fpnn.ErrDisconnected))
			close(lost)
		}))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()
	_, err = client.Call(context.Background(), "hang up", nil)
	<-lost
	fmt.Println(fpnn.Code(err), client.Conn())
	// Output:
	// logged in: true
	// disconnected: true
	// 20002 <nil>
}

// States tell of all the client does to have a connection.
func ExampleWithOnState() {
	srv, err := fpnn.NewServer(fpnn.NewMux())
	if err != nil {
		log.Fatal(err)
	}
	defer srv.Close()
	network, address := listenInMemory(srv)

	client, err := fpnn.NewClient([]string{address}, fpnn.WithDialer(network),
		fpnn.WithOnState(func(s fpnn.State, reason error) { fmt.Println(s, reason) }))
	if err != nil {
		fmt.Println(err)
		return
	}
	_ = client.Connect(context.Background())
	_ = client.Close()
	// Output:
	// connecting <nil>
	// ready <nil>
	// closed <nil>
}

// Counters can be published with expvar, as JSON.
func ExampleClient_Stats() {
	srv, err := fpnn.NewServer(fpnn.NewMux())
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
	expvar.Publish("fpnn client", expvar.Func(func() any { return client.Stats() }))

	_, _ = client.Call(context.Background(), "*ping", nil)
	_, _ = client.Call(context.Background(), "nosuch", nil)
	stats := client.Stats()
	fmt.Println(stats.Dials, stats.Calls, stats.Answered, stats.ErrorsIn, stats.InFlight)
	fmt.Println(strings.Contains(expvar.Get("fpnn client").String(), `"Calls":2,"Answered":2`))
	// Output:
	// 1 2 2 1 0
	// true
}

// A page for Prometheus, without a library of its.
func ExampleAppendMetrics() {
	srv, err := fpnn.NewServer(fpnn.NewMux())
	if err != nil {
		log.Fatal(err)
	}
	defer srv.Close()
	page := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", fpnn.MetricsType)
		_, _ = w.Write(fpnn.AppendMetrics(nil, "fpnn_", srv.Stats().Metrics("server", "a")))
	})

	answer := httptest.NewRecorder()
	page.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	text, _ := io.ReadAll(answer.Body)
	fmt.Println(strings.Join(strings.SplitAfter(string(text), "\n")[:6], ""))
	// Output:
	// # HELP fpnn_connections Connections that are open.
	// # TYPE fpnn_connections gauge
	// fpnn_connections{server="a"} 0
	// # HELP fpnn_connections_accepted_total Connections accepted and served.
	// # TYPE fpnn_connections_accepted_total counter
	// fpnn_connections_accepted_total{server="a"} 0
}
