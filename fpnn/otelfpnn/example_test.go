package otelfpnn_test

import (
	"context"
	"fmt"
	"log"
	"net"

	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/fpnn/otelfpnn"
)

// A program's own providers, here with exporters in memory.
func Example() {
	spans := tracetest.NewInMemoryExporter()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans))
	metrics := sdkmetric.NewMeterProvider(sdkmetric.WithReader(sdkmetric.NewManualReader()))
	tracer, err := otelfpnn.NewTracer(provider, metrics)
	if err != nil {
		log.Fatal(err)
	}

	srv, err := fpnn.NewServer(fpnn.NewMux())
	if err != nil {
		log.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	served := make(chan error)
	go func() { served <- srv.Serve(l) }()

	client, err := fpnn.Dial(context.Background(), l.Addr().String(), fpnn.WithTracer(tracer))
	if err != nil {
		log.Fatal(err)
	}
	registration, err := otelfpnn.ObserveClient(metrics, client)
	if err != nil {
		log.Fatal(err)
	}
	_, _ = client.Call(context.Background(), "*ping", nil)
	_, _ = client.Call(context.Background(), "add", nil)

	fmt.Println(registration.Unregister(), client.Close(), srv.Close())
	<-served
	for _, s := range spans.GetSpans() {
		fmt.Printf("%v %s: %v %q\n", s.SpanKind, s.Name, s.Status.Code, s.Status.Description)
	}
	// Output:
	// <nil> <nil> <nil>
	// internal fpnn.dial: Unset ""
	// client *ping: Unset ""
	// client add: Error "unknown method"
}
