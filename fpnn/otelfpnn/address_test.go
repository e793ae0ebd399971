package otelfpnn_test

import (
	"context"
	"net"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"

	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/transport"
	"github.com/gofpnn/gofpnn/transport/mem"
)

func TestEndpointsTellHostAndPortOnly(t *testing.T) {
	t.Parallel()
	b := newBackend(t)
	for endpoint, want := range map[string]string{
		"gate.example:99":                     "server.address=gate.example,server.port=99",
		"tls://10.0.0.1:99":                   "server.address=10.0.0.1,server.port=99",
		"[::1]:99":                            "server.address=::1,server.port=99",
		"unix:/run/gate.sock":                 "server.address=/run/gate.sock",
		"tls://unix:/run/gate.sock":           "server.address=/run/gate.sock",
		"wss://alice:hunter2@gate/p?password": "server.address=gate",
		"ws://gate:99/alice":                  "server.address=gate,server.port=99",
		"alice:hunter2@gate":                  "",
		"alice@gate:99":                       "",
		"hunter2":                             "",
		"ws://%zz":                            "",
		"":                                    "",
	} {
		op := fpnn.Operation{Kind: fpnn.OpDial, Endpoint: endpoint}
		b.tracer.End(b.tracer.Start(t.Context(), op), op, nil)
		span := b.span("fpnn.dial")
		require.Equal(t, want, attrs(span.Attributes), endpoint)
		secretless(t, span)
	}
}

// elsewhere has another network's name in its peer's address.
type elsewhere struct {
	net.Conn
	network string
}

func (c elsewhere) RemoteAddr() net.Addr { return c }
func (c elsewhere) Network() string      { return c.network }
func (c elsewhere) String() string       { return "peer" }

func TestTransportIsToldWhereItHasAName(t *testing.T) {
	t.Parallel()
	srv, err := fpnn.NewServer(fpnn.HandlerFunc(echo))
	require.NoError(t, err)
	defer srv.Close()
	var network mem.Network
	l, err := network.Listen("")
	require.NoError(t, err)
	served := make(chan error, 1)
	go func() { served <- srv.Serve(l) }()
	b := newBackend(t)
	for name, want := range map[string]string{
		"tcp": "tcp", "tcp4": "tcp", "tcp6": "tcp", "unix": "unix", "unixgram": "", "udp": "", "mem": "", "": "",
	} {
		dialer := transport.DialerFunc(func(ctx context.Context, _, _ string) (net.Conn, error) {
			nc, err := network.DialContext(ctx, "", l.Addr().String())
			return elsewhere{nc, name}, err
		})
		c, err := fpnn.Dial(t.Context(), "gate:5", fpnn.WithTracer(b.tracer), fpnn.WithDialer(dialer))
		require.NoError(t, err)
		_, err = c.Call(t.Context(), "echo", nil)
		require.NoError(t, err)
		require.NoError(t, c.Close())
		for _, span := range b.spans.GetSpans() {
			if want == "" {
				require.NotContains(t, attrs(span.Attributes), "network.transport", "%s over %s", span.Name, name)
			} else {
				require.Contains(t, span.Attributes, attribute.String("network.transport", want), "%s over %s", span.Name, name)
			}
		}
		require.Len(t, b.spans.GetSpans(), 2, "a dial and a call")
		b.spans.Reset()
	}
	require.NoError(t, srv.Close())
	require.ErrorIs(t, <-served, fpnn.ErrClosed)
}
