package rtm_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net"
	"net/http"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/fakeserver"
	"github.com/gofpnn/gofpnn/fpnn/httpgate"
	"github.com/gofpnn/gofpnn/rtm"
	"github.com/gofpnn/gofpnn/transport"
	"github.com/gofpnn/gofpnn/transport/mem"
	"github.com/gofpnn/gofpnn/transport/secure"
	"github.com/gofpnn/gofpnn/transport/ws"
)

// way is a way to a gate: where it listens, and what dials there.
type way struct {
	net.Listener
	transport.Dialer
}

// ways are the transports the tests of this package go: one that is added is one
// more row.
var ways = map[string]func(t *testing.T) way{
	"memory":            inMemory,
	"tcp":               overTCP,
	"unix":              overUnix,
	"tls":               func(t *testing.T) way { return withTLS(t, overTCP(t)) },
	"tls, memory":       func(t *testing.T) way { return withTLS(t, inMemory(t)) },
	"stream":            func(t *testing.T) way { return encrypted(t, overTCP(t), secure.Secp256r1, false) },
	"stream, memory":    func(t *testing.T) way { return encrypted(t, inMemory(t), secure.Secp224r1, false) },
	"package":           func(t *testing.T) way { return encrypted(t, overTCP(t), secure.Secp256k1, true) },
	"package, memory":   func(t *testing.T) way { return encrypted(t, inMemory(t), secure.Secp256r1, true) },
	"websocket":         func(t *testing.T) way { return webSocket(t, overTCP(t)) },
	"websocket, memory": func(t *testing.T) way { return webSocket(t, inMemory(t)) },
	"websocket, tls":    func(t *testing.T) way { return webSocket(t, withTLS(t, overTCP(t))) },
	"gate": func(t *testing.T) way {
		w := overTCP(t)
		return way{httpgate.NewListener(w.Listener, httpgate.Config{}), w.Dialer}
	},
}

func inMemory(t *testing.T) way {
	t.Helper()
	network := new(mem.Network)
	l, err := network.Listen("")
	require.NoError(t, err)
	return way{l, network}
}

func overTCP(t *testing.T) way {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	return way{l, new(net.Dialer)}
}

// overUnix dials Unix sockets, whatever the network is said to be.
func overUnix(t *testing.T) way {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "unix", filepath.Join(t.TempDir(), "gate"))
	require.NoError(t, err)
	return way{l, transport.DialerFunc(func(ctx context.Context, _, address string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", address)
	})}
}

// certificate returns one for the name "gate", and who vouches for it.
func certificate(t *testing.T) (cert tls.Certificate, roots *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{"gate"}, // made in a bubble it is from the year 2000
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(1000 * time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	leaf, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	roots = x509.NewCertPool()
	roots.AddCert(leaf)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, roots
}

func withTLS(t *testing.T, w way) way {
	t.Helper()
	cert, roots := certificate(t)
	return way{
		tls.NewListener(w.Listener, &tls.Config{Certificates: []tls.Certificate{cert}}),
		transport.DialerFunc(func(ctx context.Context, network, address string) (net.Conn, error) {
			nc, err := w.DialContext(ctx, network, address)
			if err != nil {
				return nil, err
			}
			return tls.Client(nc, &tls.Config{RootCAs: roots, ServerName: "gate"}), nil
		}),
	}
}

func encrypted(t *testing.T, w way, curve secure.Curve, packages bool) way {
	t.Helper()
	key, err := secure.GenerateKey(curve)
	require.NoError(t, err)
	l, err := secure.NewListener(w.Listener, secure.ServerConfig{Key: key})
	require.NoError(t, err)
	d, err := secure.NewDialer(w.Dialer, secure.ClientConfig{Key: key.Public(), Bits: 256, PackageMode: packages})
	require.NoError(t, err)
	return way{l, d}
}

func webSocket(t *testing.T, w way) way {
	t.Helper()
	l := ws.NewListener(w.Addr(), nil)
	web := &http.Server{Handler: l, ReadHeaderTimeout: time.Minute}
	served := make(chan error, 1)
	go func() { served <- web.Serve(w.Listener) }()
	t.Cleanup(func() {
		_ = web.Close()
		<-served
	})
	return way{l, &ws.Dialer{Dialer: w.Dialer}}
}

// gateBy starts a fake gate at the end of a way.
func gateBy(t *testing.T, name string, opts ...fakeserver.Option) *fakeserver.Server {
	t.Helper()
	w := ways[name](t)
	return fakeserver.New(t, append(opts, fakeserver.WithListener(w.Listener, w.Dialer))...)
}

// The client's own options, instead of a dialer that hides the way.
func TestEndpointSaysTheWay(t *testing.T) {
	t.Parallel()
	cert, roots := certificate(t)
	trust := &tls.Config{RootCAs: roots, ServerName: "gate"}
	overTLS := func(t *testing.T) net.Listener {
		t.Helper()
		return tls.NewListener(overTCP(t).Listener, &tls.Config{Certificates: []tls.Certificate{cert}})
	}
	for name, c := range map[string]struct {
		listener net.Listener
		scheme   string
		option   rtm.Option
	}{
		"tls by endpoint": {overTLS(t), "tls://", rtm.WithTLS(trust)},
		"tls by option":   {overTLS(t), "", rtm.WithTLS(trust)},
		"wss":             {webSocket(t, way{overTLS(t), nil}).Listener, "wss://", rtm.WithDialerFor("wss", &ws.Dialer{TLS: trust})},
		"ws":              {webSocket(t, overTCP(t)).Listener, "ws://", rtm.WithDialerFor("ws", new(ws.Dialer))},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := fakeserver.New(t, fakeserver.WithListener(c.listener, new(net.Dialer)))
			client, err := rtm.Dial(t.Context(), c.scheme+srv.Addr(), srv.Project(), c.option)
			require.NoError(t, err)
			defer client.Close()
			_, err = client.Send(t.Context(), alice, rtm.Group(7), rtm.Message{Type: 66, Text: "hello"})
			require.NoError(t, err)
			srv.Expect(t).Stored(rtm.Group(7), "hello")
		})
	}
}

// In virtual time: an hour without a gate, over each transport that lies on the
// network in memory.
func TestOutageOverEveryTransport(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"memory", "tls, memory", "stream, memory", "package, memory", "websocket, memory"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := gateBy(t, name, fakeserver.WithPushRedelivery())
				var got collector
				c := dial(t, srv, rtm.WithHandler(got.handle),
					rtm.WithListen(rtm.ListenSet{Groups: []int64{7}}, rtm.ListenAll{}))
				send := func(text string) error {
					ctx, cancel := context.WithTimeout(t.Context(), 2*time.Hour)
					defer cancel()
					_, err := c.Send(ctx, alice, rtm.Group(7), rtm.Message{Type: 66, Text: text})
					return err
				}
				require.NoError(t, send("before"))
				srv.Network().RefuseDials(true)
				srv.Network().CloseClients()
				sent := make(chan error, 1)
				go func() { sent <- send("after") }()
				advance(t, time.Hour)
				require.Empty(t, sent)
				srv.Network().RefuseDials(false)
				require.NoError(t, <-sent)
				srv.Network().Cut()
				advance(t, 10*time.Minute)
				srv.Network().Heal()
				require.NoError(t, send("healed"))
				advance(t, time.Minute)
				srv.Expect(t).Stored(rtm.Group(7), "before", "after", "healed")
				require.Equal(t, []string{"before", "after", "healed"}, got.texts())
			})
		})
	}
}
