package otelfpnn

import (
	"context"
	"strconv"
	"strings"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/semconv/v1.43.0/rpcconv"
	"go.opentelemetry.io/otel/trace"

	"github.com/gofpnn/gofpnn/fpnn"
)

const (
	scope       = "github.com/gofpnn/gofpnn/fpnn/otelfpnn"
	system      = "fpnn"
	dialSpan    = "fpnn.dial"
	otherMethod = "_OTHER"

	seqKey          = attribute.Key("fpnn.seq")
	onewayKey       = attribute.Key("fpnn.oneway")
	requestSizeKey  = attribute.Key("fpnn.request.size")
	responseSizeKey = attribute.Key("fpnn.response.size")
)

// Tracer is a [fpnn.Tracer] that makes spans, and measures durations. One serves any
// number of clients and servers.
type Tracer struct {
	spans  trace.Tracer
	client rpcconv.ClientCallDuration
	server rpcconv.ServerCallDuration
}

// NewTracer returns a Tracer that has its spans and histograms from these providers,
// or from the global ones where they are nil. It fails if a histogram cannot be made.
func NewTracer(spans trace.TracerProvider, metrics metric.MeterProvider) (*Tracer, error) {
	if spans == nil {
		spans = otel.GetTracerProvider()
	}
	t := &Tracer{spans: spans.Tracer(scope, trace.WithSchemaURL(semconv.SchemaURL))}
	m := meter(metrics)
	var err error
	if t.client, err = rpcconv.NewClientCallDuration(m); err != nil {
		return nil, err
	}
	if t.server, err = rpcconv.NewServerCallDuration(m); err != nil {
		return nil, err
	}
	return t, nil
}

func meter(metrics metric.MeterProvider) metric.Meter {
	if metrics == nil {
		metrics = otel.GetMeterProvider()
	}
	return metrics.Meter(scope, metric.WithSchemaURL(semconv.SchemaURL))
}

// spanOf is the key in a ctx of the span that a tracer has begun: the innermost one
// may be another's.
type spanOf struct{ *Tracer }

// Start begins a span.
func (t *Tracer) Start(ctx context.Context, op fpnn.Operation) context.Context {
	name, kind := dialSpan, trace.SpanKindInternal
	var attrs []attribute.KeyValue
	if op.Kind != fpnn.OpDial {
		name, kind = text(op.Method), trace.SpanKindClient
		attrs = append(attrs, semconv.RPCSystemNameKey.String(system), semconv.RPCMethod(name))
	}
	if op.Kind == fpnn.OpHandle {
		kind = trace.SpanKindServer
	} else {
		attrs = appendServer(attrs, op.Endpoint)
	}
	ctx, span := t.spans.Start(ctx, name,
		trace.WithSpanKind(kind), trace.WithTimestamp(op.Began), trace.WithAttributes(attrs...))
	return context.WithValue(ctx, spanOf{t}, span)
}

// End ends the span, and records the duration of what was no dial.
func (t *Tracer) End(ctx context.Context, op fpnn.Operation, _ error) {
	attrs := outcome(op)
	if span := ctx.Value(spanOf{t}).(trace.Span); span.IsRecording() {
		describe(span, op)
		span.SetAttributes(attrs...)
		if op.Code != 0 {
			span.SetStatus(codes.Error, fpnn.CodeText(op.Code))
		}
		span.End(trace.WithTimestamp(op.Began.Add(op.Duration)))
	}
	attrs = append(attrs, semconv.RPCMethod(method(op)))
	switch op.Kind {
	case fpnn.OpCall, fpnn.OpNotify:
		t.client.Record(ctx, op.Duration.Seconds(), system, appendServer(attrs, op.Endpoint)...)
	case fpnn.OpHandle:
		t.server.Record(ctx, op.Duration.Seconds(), system, attrs...)
	case fpnn.OpDial: // counted, see ObserveClient
	}
}

// outcome tells of an error, in a span as in a metric.
func outcome(op fpnn.Operation) []attribute.KeyValue {
	if op.Code == 0 {
		return nil
	}
	code := strconv.Itoa(op.Code)
	attrs := []attribute.KeyValue{semconv.ErrorTypeKey.String(code)}
	if op.Kind != fpnn.OpDial {
		attrs = append(attrs, semconv.RPCResponseStatusCode(code))
	}
	return attrs
}

// describe adds what is known in the end.
func describe(span trace.Span, op fpnn.Operation) {
	var attrs []attribute.KeyValue
	if op.Conn != nil {
		peer := op.Conn.RemoteAddr()
		attrs = appendAddr(attrs, peer, semconv.NetworkPeerAddressKey, semconv.NetworkPeerPortKey)
		attrs = appendAddr(attrs, op.Conn.LocalAddr(), semconv.NetworkLocalAddressKey, semconv.NetworkLocalPortKey)
		attrs = appendTransport(attrs, peer)
	}
	if op.Kind == fpnn.OpDial {
		span.SetAttributes(attrs...)
		return
	}
	request, response := op.BytesOut, op.BytesIn
	oneway := op.Kind == fpnn.OpNotify
	if op.Kind == fpnn.OpHandle {
		request, response = op.BytesIn, op.BytesOut
		oneway = op.Seq == 0
		if m := method(op); m == otherMethod {
			span.SetName(system)
			attrs = append(attrs, semconv.RPCMethod(m), semconv.RPCMethodOriginal(text(op.Method)))
		}
	} else {
		attrs = appendServer(attrs, op.Endpoint) // it may be another than the first one tried
	}
	attrs = append(attrs, requestSizeKey.Int(request))
	if oneway {
		attrs = append(attrs, onewayKey.Bool(true))
	} else {
		attrs = append(attrs, responseSizeKey.Int(response))
	}
	if op.Seq != 0 {
		attrs = append(attrs, seqKey.Int64(int64(op.Seq)))
	}
	span.SetAttributes(attrs...)
}

// method is what an operation is counted as. Peers could make up any number of names
// that a server does not know.
func method(op fpnn.Operation) string {
	if op.Kind == fpnn.OpHandle && op.Code == fpnn.CodeCoreUnknownMethod {
		return otherMethod
	}
	return text(op.Method)
}

// text makes a method's name UTF-8.
func text(method string) string { return strings.ToValidUTF8(method, "\uFFFD") }
