package otelfpnn_test

import (
	"context"
	"fmt"
	"log"

	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/gofpnn/gofpnn/fakeserver"
	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/fpnn/otelfpnn"
	"github.com/gofpnn/gofpnn/rtm"
)

// A client of RTM: its calls and pushes are spans, and its pushes are counted.
func ExampleObserve() {
	spans, reader := tracetest.NewInMemoryExporter(), sdkmetric.NewManualReader()
	metrics := sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader))
	tracer, err := otelfpnn.NewTracer(sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans)), metrics)
	if err != nil {
		log.Fatal(err)
	}
	gate, err := fakeserver.Start()
	if err != nil {
		log.Fatal(err)
	}
	defer gate.Close()
	ctx := context.Background()
	handled := make(chan string)
	client, err := rtm.Dial(ctx, gate.Addr(), gate.Project(), rtm.WithDialer(gate.Dialer()),
		rtm.WithFPNN(fpnn.WithTracer(tracer)),
		rtm.WithListen(rtm.ListenSet{Groups: []int64{7}}, rtm.ListenAll{}),
		rtm.WithHandler(func(_ context.Context, p rtm.Push) { handled <- p.Text }))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()
	pushes := func() []fpnn.Metric { return client.PushStats().Metrics() }
	if _, err := otelfpnn.Observe(metrics, "rtm.client.", pushes); err != nil {
		fmt.Println(err)
		return
	}

	_, err = client.Send(ctx, 1001, rtm.Group(7), rtm.Message{Type: 66, Text: "hello"})
	fmt.Println(err, <-handled)
	for _, s := range spans.GetSpans() {
		if s.Name == "sendgroupmsg" {
			fmt.Println(s.SpanKind, s.Name)
		}
	}
	var all metricdata.ResourceMetrics
	fmt.Println(reader.Collect(ctx, &all))
	for _, m := range all.ScopeMetrics[0].Metrics {
		if m.Name == "rtm.client.pushes_accepted" {
			fmt.Println(m.Name, m.Data.(metricdata.Sum[int64]).DataPoints[0].Value)
		}
	}
	// Output:
	// <nil> hello
	// client sendgroupmsg
	// <nil>
	// rtm.client.pushes_accepted 1
}
