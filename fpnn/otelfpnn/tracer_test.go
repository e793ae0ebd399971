package otelfpnn_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/goleak"

	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/fpnn/otelfpnn"
	"github.com/gofpnn/gofpnn/transport"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// backend holds what one side's tracer has made.
type backend struct {
	t        *testing.T
	spans    *tracetest.InMemoryExporter
	reader   *sdkmetric.ManualReader
	provider *sdktrace.TracerProvider
	metrics  *sdkmetric.MeterProvider
	tracer   *otelfpnn.Tracer
}

func newBackend(t *testing.T) *backend {
	t.Helper()
	b := &backend{t: t, spans: tracetest.NewInMemoryExporter(), reader: sdkmetric.NewManualReader()}
	b.provider = sdktrace.NewTracerProvider(sdktrace.WithSyncer(b.spans))
	b.metrics = sdkmetric.NewMeterProvider(sdkmetric.WithReader(b.reader))
	var err error
	b.tracer, err = otelfpnn.NewTracer(b.provider, b.metrics)
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, b.provider.Shutdown(context.Background()))
		require.NoError(t, b.metrics.Shutdown(context.Background()))
	})
	return b
}

// span waits for the only span with that name and forgets all others.
func (b *backend) span(name string) tracetest.SpanStub {
	b.t.Helper()
	var found tracetest.SpanStub
	require.Eventually(b.t, func() bool {
		all := b.spans.GetSpans()
		i := slices.IndexFunc(all, func(s tracetest.SpanStub) bool { return s.Name == name })
		if i >= 0 {
			found = all[i]
		}
		return i >= 0
	}, 10*time.Second, time.Millisecond, name)
	b.spans.Reset()
	return found
}

// points returns the numbers of a metric, by their attributes.
func (b *backend) points(name string) (m metricdata.Metrics, points map[string]float64) {
	b.t.Helper()
	var all metricdata.ResourceMetrics
	require.NoError(b.t, b.reader.Collect(context.Background(), &all))
	points = make(map[string]float64)
	for _, s := range all.ScopeMetrics {
		require.Equal(b.t, semconv.SchemaURL, s.Scope.SchemaURL)
		for _, one := range s.Metrics {
			if one.Name != name {
				continue
			}
			m = one
			switch data := one.Data.(type) {
			case metricdata.Histogram[float64]:
				for _, p := range data.DataPoints {
					points[attrs(p.Attributes.ToSlice())] = float64(p.Count)
				}
			case metricdata.Sum[int64]:
				for _, p := range data.DataPoints {
					points[attrs(p.Attributes.ToSlice())] = float64(p.Value)
				}
			}
		}
	}
	return m, points
}

// attrs lists attributes in the order of their names.
func attrs(all []attribute.KeyValue) string {
	set := attribute.NewSet(all...)
	return set.Encoded(attribute.DefaultEncoder())
}

// traced is a client of a server over TCP, each with a backend of its own.
func traced(t *testing.T, h fpnn.Handler, opts ...fpnn.ClientOption) (c *fpnn.Client, s *fpnn.Server, client, server *backend) {
	t.Helper()
	client, server = newBackend(t), newBackend(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s, err = fpnn.NewServer(h, fpnn.WithTracer(server.tracer))
	require.NoError(t, err)
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }()
	c, err = fpnn.NewClient([]string{l.Addr().String()}, append(opts, fpnn.WithTracer(client.tracer))...)
	require.NoError(t, err)
	t.Cleanup(func() {
		_ = c.Close()
		_ = s.Close()
		require.ErrorIs(t, <-served, fpnn.ErrClosed)
	})
	return c, s, client, server
}

func mux(methods map[string]fpnn.HandlerFunc) *fpnn.Mux {
	m := fpnn.NewMux()
	for name, h := range methods {
		m.Handle(name, h)
	}
	return m
}

func echo(_ context.Context, q *fpnn.Quest) (any, error) { return q.Payload, nil }

func TestCallsAndQuestsAreSpans(t *testing.T) {
	t.Parallel()
	c, _, client, server := traced(t, mux(map[string]fpnn.HandlerFunc{"echo": echo}))
	_, err := c.Call(t.Context(), "echo", map[string]any{"n": 7})
	require.NoError(t, err)
	local, peer := c.Conn().LocalAddr().(*net.TCPAddr).Port, c.Conn().RemoteAddr().(*net.TCPAddr).Port

	span := client.span("echo")
	require.Equal(t, trace.SpanKindClient, span.SpanKind)
	require.Equal(t, sdktrace.Status{}, span.Status)
	require.Equal(t, semconv.SchemaURL, span.InstrumentationScope.SchemaURL)
	require.Equal(t, attrs([]attribute.KeyValue{
		attribute.String("rpc.system.name", "fpnn"), attribute.String("rpc.method", "echo"),
		attribute.String("server.address", "127.0.0.1"), attribute.Int("server.port", peer),
		attribute.String("network.peer.address", "127.0.0.1"), attribute.Int("network.peer.port", peer),
		attribute.String("network.transport", "tcp"),
		attribute.String("network.local.address", "127.0.0.1"), attribute.Int("network.local.port", local),
		attribute.Int("fpnn.seq", 1), attribute.Int("fpnn.request.size", 4), attribute.Int("fpnn.response.size", 4),
	}), attrs(span.Attributes))

	span = server.span("echo")
	require.Equal(t, trace.SpanKindServer, span.SpanKind)
	require.Equal(t, sdktrace.Status{}, span.Status)
	require.Equal(t, attrs([]attribute.KeyValue{
		attribute.String("rpc.system.name", "fpnn"), attribute.String("rpc.method", "echo"),
		attribute.String("network.peer.address", "127.0.0.1"), attribute.Int("network.peer.port", local),
		attribute.String("network.transport", "tcp"),
		attribute.String("network.local.address", "127.0.0.1"), attribute.Int("network.local.port", peer),
		attribute.Int("fpnn.seq", 1), attribute.Int("fpnn.request.size", 4), attribute.Int("fpnn.response.size", 4),
	}), attrs(span.Attributes))

	require.NoError(t, c.Notify(t.Context(), "echo", nil))
	for _, span := range []tracetest.SpanStub{client.span("echo"), server.span("echo")} {
		require.Contains(t, span.Attributes, attribute.Bool("fpnn.oneway", true))
		require.Contains(t, span.Attributes, attribute.Int("fpnn.request.size", 1))
		for _, a := range span.Attributes {
			require.NotContains(t, []attribute.Key{"fpnn.seq", "fpnn.response.size"}, a.Key)
		}
	}
}

// What samplers may want to know is there from the beginning.
func TestSpansBeginWithWhatTheyAreOf(t *testing.T) {
	t.Parallel()
	for kind, want := range map[fpnn.OpKind]string{
		fpnn.OpCall:   "client rpc.method=m,rpc.system.name=fpnn,server.address=gate,server.port=5",
		fpnn.OpNotify: "client rpc.method=m,rpc.system.name=fpnn,server.address=gate,server.port=5",
		fpnn.OpHandle: "server rpc.method=m,rpc.system.name=fpnn",
		fpnn.OpDial:   "internal server.address=gate,server.port=5",
	} {
		var got string
		tracer, err := otelfpnn.NewTracer(sdktrace.NewTracerProvider(sdktrace.WithSampler(sampler(func(p sdktrace.SamplingParameters) {
			got = p.Kind.String() + " " + attrs(p.Attributes)
		}))), nil)
		require.NoError(t, err)
		op := fpnn.Operation{Kind: kind, Method: "m", Endpoint: "gate:5"}
		tracer.End(tracer.Start(t.Context(), op), op, nil)
		require.Equal(t, want, got)
	}
}

// sampler drops all that it is shown.
type sampler func(p sdktrace.SamplingParameters)

func (f sampler) ShouldSample(p sdktrace.SamplingParameters) sdktrace.SamplingResult {
	f(p)
	return sdktrace.SamplingResult{Decision: sdktrace.Drop}
}
func (sampler) Description() string { return "shown" }

func TestErrorsAreCodes(t *testing.T) {
	t.Parallel()
	reached := make(chan struct{})
	c, _, client, server := traced(t, mux(map[string]fpnn.HandlerFunc{
		"own":    func(context.Context, *fpnn.Quest) (any, error) { return nil, fpnn.Errorf(100001, "of alice") },
		"failed": func(context.Context, *fpnn.Quest) (any, error) { return nil, errors.New("of bob") },
		"panic":  func(context.Context, *fpnn.Quest) (any, error) { panic("of carol") },
		"silent": func(_ context.Context, q *fpnn.Quest) (any, error) {
			q.Later().Drop()
			close(reached)
			return nil, nil
		},
	}))
	for method, want := range map[string]struct{ client, server, text string }{
		"own":    {"100001", "100001", ""},
		"failed": {"20001", "20001", "unknown error"},
		"panic":  {"20001", "20001", "unknown error"},
		"silent": {"20015", "20001", "cancelled"},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		if method == "silent" {
			go func() {
				<-reached
				cancel()
			}()
		}
		_, err := c.Call(ctx, method, map[string]any{"password": "hunter2"})
		cancel()
		require.Error(t, err)
		span := client.span(method)
		require.Equal(t, sdktrace.Status{Code: codes.Error, Description: want.text}, span.Status)
		require.Contains(t, span.Attributes, attribute.String("error.type", want.client))
		require.Contains(t, span.Attributes, attribute.String("rpc.response.status_code", want.client))
		require.Empty(t, span.Events)
		secretless(t, span)

		span = server.span(method)
		require.Equal(t, codes.Error, span.Status.Code)
		require.Contains(t, span.Attributes, attribute.String("error.type", want.server))
		require.Contains(t, span.Attributes, attribute.String("rpc.response.status_code", want.server))
		secretless(t, span)
	}
}

// secretless checks that a span tells nothing of payloads and texts of errors.
func secretless(t *testing.T, span tracetest.SpanStub) {
	t.Helper()
	text := fmt.Sprint(span)
	for _, secret := range []string{"hunter2", "password", "alice", "bob", "carol"} {
		require.NotContains(t, text, secret)
	}
}

// Names that peers make up are not counted one by one.
func TestUnknownMethodsAreOneToAServer(t *testing.T) {
	t.Parallel()
	c, s, client, server := traced(t, mux(nil))
	for n := range 3 {
		_, err := c.Call(t.Context(), fmt.Sprint("made up ", n, "\xff"), nil)
		require.Error(t, err)
		method := fmt.Sprint("made up ", n, "\uFFFD")
		require.Equal(t, trace.SpanKindClient, client.span(method).SpanKind)
		span := server.span("fpnn")
		require.Equal(t, trace.SpanKindServer, span.SpanKind)
		require.Contains(t, span.Attributes, attribute.String("rpc.method", "_OTHER"))
		require.Contains(t, span.Attributes, attribute.String("rpc.method_original", method))
	}
	require.NoError(t, c.Notify(t.Context(), "made up too", nil))
	server.span("fpnn")
	require.NoError(t, s.Close())
	_, points := server.points("rpc.server.call.duration")
	require.Equal(t, map[string]float64{"error.type=20004,rpc.method=_OTHER,rpc.response.status_code=20004,rpc.system.name=fpnn": 4}, points)
	_, points = client.points("rpc.client.call.duration")
	require.Len(t, points, 4, "a program knows what it calls")
}

// A handler that takes any name leaves its peers to invent methods.
func TestMethodsThatAHandlerTakesKeepTheirNames(t *testing.T) {
	t.Parallel()
	c, s, _, server := traced(t, fpnn.HandlerFunc(echo))
	for _, method := range []string{"made up", "too"} {
		_, err := c.Call(t.Context(), method, nil)
		require.NoError(t, err)
		server.span(method)
	}
	require.NoError(t, s.Close())
	_, points := server.points("rpc.server.call.duration")
	require.Equal(t, map[string]float64{"rpc.method=made up,rpc.system.name=fpnn": 1, "rpc.method=too,rpc.system.name=fpnn": 1}, points)
}

func TestDurationsAreMeasured(t *testing.T) {
	t.Parallel()
	c, s, client, server := traced(t, mux(map[string]fpnn.HandlerFunc{
		"echo": echo,
		"fail": func(context.Context, *fpnn.Quest) (any, error) { return nil, fpnn.Errorf(100001, "no") },
	}))
	for range 3 {
		_, err := c.Call(t.Context(), "echo", nil)
		require.NoError(t, err)
	}
	_, err := c.Call(t.Context(), "fail", nil)
	require.Error(t, err)
	require.NoError(t, c.Notify(t.Context(), "echo", nil))
	require.Eventually(t, func() bool { return s.Stats().Quests == 5 && s.Stats().Serving == 0 }, 10*time.Second, time.Millisecond)
	port := c.Conn().RemoteAddr().(*net.TCPAddr).Port
	at := fmt.Sprint(",server.address=127.0.0.1,server.port=", port)
	require.NoError(t, c.Close())
	require.NoError(t, s.Close())

	metric, points := client.points("rpc.client.call.duration")
	require.Equal(t, map[string]float64{
		"rpc.method=echo,rpc.system.name=fpnn" + at:                                                   4,
		"error.type=100001,rpc.method=fail,rpc.response.status_code=100001,rpc.system.name=fpnn" + at: 1,
	}, points)
	requireBuckets(t, metric)
	metric, points = server.points("rpc.server.call.duration")
	require.Equal(t, map[string]float64{
		"rpc.method=echo,rpc.system.name=fpnn":                                                   4,
		"error.type=100001,rpc.method=fail,rpc.response.status_code=100001,rpc.system.name=fpnn": 1,
	}, points)
	requireBuckets(t, metric)
}

func requireBuckets(t *testing.T, m metricdata.Metrics) {
	t.Helper()
	require.Equal(t, "s", m.Unit)
	p := m.Data.(metricdata.Histogram[float64]).DataPoints[0]
	require.Equal(t, []float64{0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10}, p.Bounds)
	require.Positive(t, p.Sum)
	require.Less(t, p.Sum, 10.0, "in seconds")
}

// A histogram's duration is the span's.
func TestSpanLastsAsLongAsTheOperation(t *testing.T) {
	t.Parallel()
	b := newBackend(t)
	op := fpnn.Operation{Kind: fpnn.OpCall, Method: "m", Began: time.Unix(1000, 0)}
	ctx := b.tracer.Start(t.Context(), op)
	op.Duration = 1500 * time.Millisecond
	b.tracer.End(ctx, op, nil)
	span := b.span("m")
	require.True(t, span.StartTime.Equal(op.Began))
	require.Equal(t, op.Duration, span.EndTime.Sub(span.StartTime))
	m, _ := b.points("rpc.client.call.duration")
	require.Equal(t, 1.5, m.Data.(metricdata.Histogram[float64]).DataPoints[0].Sum)
}

func TestDialsAreSpans(t *testing.T) {
	t.Parallel()
	c, _, client, _ := traced(t, mux(nil))
	ctx, parent := client.provider.Tracer("test").Start(t.Context(), "parent")
	require.NoError(t, c.Connect(ctx))
	parent.End()
	span := client.span("fpnn.dial")
	require.Equal(t, trace.SpanKindInternal, span.SpanKind)
	require.False(t, span.Parent.IsValid(), "it is made for all callers")
	port := c.Conn().RemoteAddr().(*net.TCPAddr).Port
	require.Contains(t, span.Attributes, attribute.Int("server.port", port))
	require.Contains(t, span.Attributes, attribute.Int("network.peer.port", port))
	_, points := client.points("rpc.client.call.duration")
	require.Empty(t, points)

	refused := transport.DialerFunc(func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("hunter2") })
	failing, err := fpnn.NewClient([]string{"gate:5"}, fpnn.WithTracer(client.tracer), fpnn.WithDialer(refused))
	require.NoError(t, err)
	defer failing.Close()
	require.Error(t, failing.Connect(t.Context()))
	span = client.span("fpnn.dial")
	require.Equal(t, sdktrace.Status{Code: codes.Error, Description: "invalid connection"}, span.Status)
	require.Equal(t, "error.type=20012,server.address=gate,server.port=5", attrs(span.Attributes))
	secretless(t, span)
}

// A trace goes on on this side: from a caller's span to the call, from a quest to
// what its handler calls. It does not cross the connection.
func TestSpansAreChildrenOnTheirOwnSideOnly(t *testing.T) {
	t.Parallel()
	c, _, client, server := traced(t, mux(map[string]fpnn.HandlerFunc{
		"ask": func(ctx context.Context, q *fpnn.Quest) (any, error) {
			_, err := q.Conn().Call(ctx, "back", nil)
			return nil, err
		},
	}), fpnn.WithHandler(fpnn.HandlerFunc(echo)))
	ctx, parent := client.provider.Tracer("test").Start(t.Context(), "parent")
	defer parent.End()
	_, err := c.Call(ctx, "ask", nil)
	require.NoError(t, err)
	require.Equal(t, parent.SpanContext().SpanID(), client.span("ask").Parent.SpanID())
	back := spanNamed(t, server, "back")
	ask := server.span("ask")
	require.Equal(t, ask.SpanContext.SpanID(), back.Parent.SpanID())
	require.False(t, ask.Parent.IsValid())
	require.NotEqual(t, parent.SpanContext().TraceID(), ask.SpanContext.TraceID())
}

// spanNamed is a span among others.
func spanNamed(t *testing.T, b *backend, name string) tracetest.SpanStub {
	t.Helper()
	for _, s := range b.spans.GetSpans() {
		if s.Name == name {
			return s
		}
	}
	require.Fail(t, "no span", name)
	return tracetest.SpanStub{}
}

// A call that waits for a connection may get it elsewhere.
func TestSpanNamesTheServerThatWasUsed(t *testing.T) {
	t.Parallel()
	b := newBackend(t)
	op := fpnn.Operation{Kind: fpnn.OpCall, Method: "m", Endpoint: "first:1"}
	ctx := b.tracer.Start(t.Context(), op)
	op.Endpoint = "second:2"
	b.tracer.End(ctx, op, nil)
	require.Contains(t, attrs(b.span("m").Attributes), ",server.address=second,server.port=2")
	_, points := b.points("rpc.client.call.duration")
	require.Contains(t, points, "rpc.method=m,rpc.system.name=fpnn,server.address=second,server.port=2")
}

// Two tracers each end their own spans.
func TestTracersDoNotMindEachOther(t *testing.T) {
	t.Parallel()
	other := newBackend(t)
	c, _, client, _ := traced(t, mux(map[string]fpnn.HandlerFunc{"echo": echo}), fpnn.WithTracer(other.tracer))
	_, err := c.Call(t.Context(), "echo", nil)
	require.NoError(t, err)
	client.span("echo")
	other.span("echo")
}

func TestGlobalProvidersAreTheDefault(t *testing.T) {
	t.Parallel()
	tracer, err := otelfpnn.NewTracer(nil, nil)
	require.NoError(t, err)
	op := fpnn.Operation{Kind: fpnn.OpCall, Method: strings.Repeat("m", 255)}
	tracer.End(tracer.Start(t.Context(), op), op, errors.New("nobody cares"))
}
