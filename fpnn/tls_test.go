package fpnn_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"log/slog"
	"net"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/transport"
	"github.com/gofpnn/gofpnn/transport/mem"
)

// tlsServer serves echoes over TLS on l, as "gate", and returns what trusts it.
func tlsServer(t *testing.T, l net.Listener, opts ...fpnn.ServerOption) *x509.CertPool {
	t.Helper()
	cert, roots := selfSigned("gate")
	srv, err := fpnn.NewServer(echoHandler, opts...)
	require.NoError(t, err)
	served := make(chan error, 1)
	go func() { served <- srv.ServeTLS(l, &tls.Config{Certificates: []tls.Certificate{cert}}) }()
	t.Cleanup(func() {
		require.NoError(t, srv.Close())
		require.ErrorIs(t, <-served, fpnn.ErrClosed)
	})
	return roots
}

func tcpListener(t *testing.T) net.Listener {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	return l
}

func TestEndpointsThatSpeakTLS(t *testing.T) {
	t.Parallel()
	tcp := tcpListener(t)
	tcpRoots := tlsServer(t, tcp)
	path := filepath.Join(t.TempDir(), "socket")
	unix, err := new(net.ListenConfig).Listen(t.Context(), "unix", path)
	require.NoError(t, err)
	unixRoots := tlsServer(t, unix)
	for endpoint, roots := range map[string]*x509.CertPool{
		tcp.Addr().String(): tcpRoots, "tls://" + tcp.Addr().String(): tcpRoots,
		"unix:" + path: unixRoots, "tls://unix:" + path: unixRoots,
	} {
		c := clientOf(t, []string{endpoint}, fpnn.WithTLS(&tls.Config{RootCAs: roots, ServerName: "gate"}))
		require.NoError(t, echoed(t.Context(), c, 1), endpoint)
		state := c.Conn().NetConn().(*tls.Conn).ConnectionState()
		require.Equal(t, uint16(tls.VersionTLS13), state.Version)
	}
}

func TestTLSInABubble(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var network mem.Network
		l, err := network.Listen("gate")
		require.NoError(t, err)
		roots := tlsServer(t, l)
		c := clientOf(t, []string{"tls://gate"}, fpnn.WithDialer(&network), fpnn.WithTLS(&tls.Config{RootCAs: roots, ServerName: "gate"}))
		allAnswered(t, calls(t.Context(), c, 100))
	})
}

// The certificate is verified, for the host of the endpoint.
func TestCertificateIsVerified(t *testing.T) {
	t.Parallel()
	l := tcpListener(t)
	roots := tlsServer(t, l)
	for name, cfg := range map[string]*tls.Config{
		"the system's roots":   nil,
		"another name":         {RootCAs: roots, ServerName: "another"},
		"the endpoint's":       {RootCAs: roots, MinVersion: tls.VersionTLS12},
		"another root":         {RootCAs: x509.NewCertPool(), ServerName: "gate"},
		"nothing is checked":   {InsecureSkipVerify: true},
		"the right one":        {RootCAs: roots, ServerName: "gate"},
		"the right one, older": {RootCAs: roots, ServerName: "gate", MaxVersion: tls.VersionTLS12},
	} {
		var opts []fpnn.ClientOption
		if cfg != nil {
			opts = append(opts, fpnn.WithTLS(cfg))
		}
		c := clientOf(t, []string{"tls://" + l.Addr().String()}, opts...)
		err := c.Connect(t.Context())
		switch name {
		case "nothing is checked", "the right one", "the right one, older":
			require.NoError(t, err, name)
			continue
		case "the endpoint's":
			var host x509.HostnameError
			require.ErrorAs(t, err, &host, name)
			require.Equal(t, "127.0.0.1", host.Host)
			require.Empty(t, cfg.ServerName, "the caller's own is left alone")
		}
		var unverified *tls.CertificateVerificationError
		require.ErrorAs(t, err, &unverified, name)
		var op *fpnn.OpError
		require.ErrorAs(t, err, &op)
		require.Equal(t, "dial", op.Op)
	}
}

// Nothing older than TLS 1.2 is spoken, whatever a configuration says.
func TestOldTLSIsRefused(t *testing.T) {
	t.Parallel()
	cert, roots := selfSigned("gate")
	old := func() *tls.Config {
		return &tls.Config{
			Certificates: []tls.Certificate{cert}, RootCAs: roots, ServerName: "gate",
			MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11,
		}
	}
	lax := func() *tls.Config {
		cfg := old()
		cfg.MaxVersion = 0
		return cfg
	}
	handshake := func(side func(net.Conn, *tls.Config) *tls.Conn, nc net.Conn, cfg *tls.Config) error {
		defer nc.Close()
		return side(nc, cfg).HandshakeContext(t.Context())
	}

	// A server refuses clients that speak no better.
	choosing := lax()
	choosing.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) { return lax(), nil }
	undecided := lax()
	undecided.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) { return nil, nil }
	for name, cfg := range map[string]*tls.Config{"": lax(), "chosen for the client": choosing, "not chosen": undecided} {
		srv := newServer(t)
		l := tcpListener(t)
		go srv.ServeTLS(l, cfg)
		nc, err := net.Dial("tcp", l.Addr().String())
		require.NoError(t, err)
		require.ErrorContains(t, handshake(tls.Client, nc, old()), "protocol version", name)
		require.EqualValues(t, tls.VersionTLS10, cfg.MinVersion, "the caller's own is left alone")
		require.NoError(t, echoed(t.Context(),
			clientOf(t, []string{"tls://" + l.Addr().String()}, fpnn.WithTLS(lax())), 1), name)
	}

	// A client refuses such servers, and closes what it has.
	near, far := mem.Pipe()
	served := make(chan error, 1)
	go func() { served <- handshake(tls.Server, far, old()) }()
	cfg := lax()
	cfg.ServerName = ""
	c := clientOf(t, []string{"gate:1"}, fpnn.WithTLS(cfg), fpnn.WithDialer(transport.DialerFunc(
		func(context.Context, string, string) (net.Conn, error) { return near, nil })))
	require.ErrorContains(t, c.Connect(t.Context()), "protocol version")
	require.Error(t, <-served)
	require.ErrorIs(t, near.SetDeadline(time.Time{}), net.ErrClosed)
	require.EqualValues(t, tls.VersionTLS10, cfg.MinVersion, "the caller's own is left alone")
	require.Empty(t, cfg.ServerName)
}

func TestPlainAndTLSTellEachOtherApart(t *testing.T) {
	t.Parallel()
	secret := tcpListener(t)
	log := make(lines, 10)
	tlsServer(t, secret, fpnn.WithLogger(slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))))
	c := clientOf(t, []string{secret.Addr().String()})
	_, err := c.Call(t.Context(), "echo", num(1))
	require.ErrorIs(t, err, fpnn.ErrDisconnected)
	require.ErrorContains(t, err, "does it want TLS", "plain to the TLS port")
	require.Contains(t, <-log, "does not look like a TLS handshake")

	plain := tcpListener(t)
	srv, err := fpnn.NewServer(echoHandler, fpnn.WithLogger(slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))))
	require.NoError(t, err)
	go srv.Serve(plain)
	defer srv.Close()
	c = clientOf(t, []string{"tls://" + plain.Addr().String()}, fpnn.WithTLS(&tls.Config{InsecureSkipVerify: true}))
	require.ErrorContains(t, c.Connect(t.Context()), "TLS handshake", "TLS to the plain port")
	require.Contains(t, <-log, "peer speaks TLS")

	// What answers with something else than TLS is named.
	other := tcpListener(t)
	go func() {
		nc, err := other.Accept()
		if err == nil {
			_, _ = nc.Write([]byte("HTTP/1.1 400 Bad Request\r\n\r\n"))
			_ = nc.Close()
		}
	}()
	defer other.Close()
	c = clientOf(t, []string{"tls://" + other.Addr().String()})
	require.ErrorContains(t, c.Connect(t.Context()), "peer does not speak TLS")
}

// lines are what is logged.
type lines chan string

func (l lines) Write(b []byte) (int, error) {
	l <- string(b)
	return len(b), nil
}

// Who begins a handshake and stops is not waited for longer than an idle client.
func TestHandshakeThatStopsIsEnded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var network mem.Network
		l, err := network.Listen("gate")
		require.NoError(t, err)
		tlsServer(t, l)
		nc, err := network.DialContext(t.Context(), "tcp", "gate")
		require.NoError(t, err)
		defer nc.Close()
		_, err = nc.Write([]byte{0x16, 3, 1, 2, 0})
		require.NoError(t, err)
		start := time.Now()
		_, err = nc.Read(make([]byte, 1))
		require.Error(t, err)
		require.InDelta(t, fpnn.DefaultIdleTimeout.Seconds(), time.Since(start).Seconds(), fpnn.DefaultIdleTimeout.Seconds()/8+1)

		// A server that stops is given up by the client when its dial time-out ends.
		mute, err := network.Listen("mute")
		require.NoError(t, err)
		defer mute.Close()
		c := clientOf(t, []string{"tls://mute"}, fpnn.WithDialer(&network), fpnn.WithDialTimeout(3*time.Second))
		start = time.Now()
		require.ErrorIs(t, c.Connect(t.Context()), context.DeadlineExceeded)
		require.Equal(t, 3*time.Second, time.Since(start))
	})
}

func TestServeTLSNeedsACertificate(t *testing.T) {
	t.Parallel()
	srv, err := fpnn.NewServer(echoHandler)
	require.NoError(t, err)
	defer srv.Close()
	l := tcpListener(t)
	defer l.Close()
	require.ErrorContains(t, srv.ServeTLS(l, nil), "certificate")
	require.ErrorContains(t, srv.ServeTLS(l, new(tls.Config)), "certificate")
	_, err = fpnn.NewClient([]string{"x"}, fpnn.WithTLS(nil))
	require.Error(t, err)
}

// A scheme has its own dialer, which gets the whole endpoint; others do not.
func TestSchemesHaveTheirDialers(t *testing.T) {
	t.Parallel()
	asked := make(chan [2]string, 1)
	errAsked := errors.New("asked")
	ask := transport.DialerFunc(func(_ context.Context, network, address string) (net.Conn, error) {
		asked <- [2]string{network, address}
		return nil, errAsked
	})
	c := clientOf(t, []string{"pigeon://loft/7"}, fpnn.WithDialerFor("pigeon", ask), fpnn.WithTLS(new(tls.Config)))
	require.ErrorIs(t, c.Connect(t.Context()), errAsked)
	require.Equal(t, [2]string{"tcp", "pigeon://loft/7"}, <-asked)
	for _, bad := range []fpnn.ClientOption{fpnn.WithDialerFor("", ask), fpnn.WithDialerFor("x", nil)} {
		_, err := fpnn.NewClient([]string{"x"}, bad)
		require.ErrorContains(t, err, "WithDialerFor")
	}
	_, err := fpnn.NewClient([]string{"owl://x"}, fpnn.WithDialerFor("pigeon", ask))
	require.ErrorContains(t, err, "no dialer for its scheme")
}
