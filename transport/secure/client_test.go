package secure_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"math/big"
	"net"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/transport/internal/bubble"
	"github.com/gofpnn/gofpnn/transport/mem"
	"github.com/gofpnn/gofpnn/transport/secure"
)

// dialerFunc is a function as a Dialer.
type dialerFunc func(ctx context.Context) (net.Conn, error)

func (f dialerFunc) DialContext(ctx context.Context, _, _ string) (net.Conn, error) { return f(ctx) }

func TestDialWaitsForNoAnswer(t *testing.T) {
	bubble.Run(t, func(t *testing.T) {
		near, far := pipe(t)
		d, err := secure.NewDialer(dialerFunc(func(context.Context) (net.Conn, error) { return near, nil }),
			secure.ClientConfig{Key: keyPair().Public()})
		require.NoError(t, err)
		client, err := bubble.Start(func() (net.Conn, error) { return d.DialContext(t.Context(), "", "") }).Returned(t)
		require.NoError(t, err)
		requireWrite(t, client, quest(t, "work"))

		server := newServer(t, far)
		requireRead(t, server, quest(t, "work"))
		requireWrite(t, server, quest(t, "push"))
		requireRead(t, client, quest(t, "push"))
	})
}

func TestDialFailsAsTheDialerUnderneathDoes(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	d, err := secure.NewDialer(dialerFunc(func(context.Context) (net.Conn, error) { return nil, broken }),
		secure.ClientConfig{Key: keyPair().Public()})
	require.NoError(t, err)
	nc, err := d.DialContext(t.Context(), "", "")
	require.Equal(t, broken, err)
	require.Nil(t, nc)
}

// A transport may take nothing, even of a new connection.
func TestDialHeedsItsContext(t *testing.T) {
	bubble.Run(t, func(t *testing.T) {
		near, far := net.Pipe() // without a buffer
		defer far.Close()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		begin := time.Now()
		_, err := secure.Client(ctx, near, secure.ClientConfig{Key: keyPair().Public()})
		require.Equal(t, context.DeadlineExceeded, err)
		require.Equal(t, time.Minute, time.Since(begin))
		_, err = far.Read(make([]byte, 1))
		require.Error(t, err, "the connection is closed")
	})
}

func TestDialFailsIfTheConnectionDoes(t *testing.T) {
	t.Parallel()
	near, far := pipe(t)
	require.NoError(t, far.Close())
	_, err := secure.Client(t.Context(), near, secure.ClientConfig{Key: keyPair().Public()})
	require.Error(t, err)
	require.ErrorIs(t, near.SetDeadline(time.Time{}), net.ErrClosed, "the connection is closed")
}

func TestClientWaitsForTheAnswerOnlySoLong(t *testing.T) {
	for name, wrap := range map[string]func(nc net.Conn) net.Conn{
		"deadlines":    func(nc net.Conn) net.Conn { return nc },
		"no deadlines": func(nc net.Conn) net.Conn { return noDeadlines{nc} },
	} {
		t.Run(name, func(t *testing.T) {
			bubble.Run(t, func(t *testing.T) {
				near, _ := pipe(t)
				client := newClient(t, wrap(near))
				begin := time.Now()
				_, err := client.Read(make([]byte, 1))
				requireFailed(t, err, secure.ErrTimeout)
				require.Equal(t, secure.DefaultHandshakeTimeout, time.Since(begin))
				_, again := client.Read(make([]byte, 1))
				require.Equal(t, err, again)
			})
		})
	}
}

func TestReadDeadlineInterruptsTheWaitForTheAnswer(t *testing.T) {
	bubble.Run(t, func(t *testing.T) {
		near, far := pipe(t)
		client := newClient(t, near)
		require.NoError(t, client.SetReadDeadline(in(time.Second)))
		_, err := client.Read(make([]byte, 1))
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		require.NoError(t, client.SetReadDeadline(time.Time{}))

		server := newServer(t, far)
		requireWrite(t, client, quest(t, "work"))
		requireRead(t, server, quest(t, "work"))
		requireWrite(t, server, quest(t, "push"))
		requireRead(t, client, quest(t, "push"))
	})
}

func TestAnotherServersKeyIsNoticed(t *testing.T) {
	for name, packages := range map[string]bool{"stream": false, "package": true} {
		t.Run(name, func(t *testing.T) {
			bubble.Run(t, func(t *testing.T) {
				near, far := pipe(t)
				other := newKey(t, secure.Secp256r1).Public()
				client, err := secure.Client(t.Context(), near, secure.ClientConfig{Key: other, PackageMode: packages})
				require.NoError(t, err)
				reading := startRead(newServer(t, far))
				_, err = client.Read(make([]byte, 1))
				var final *secure.Error
				require.ErrorAs(t, err, &final)
				require.NoError(t, client.Close())
				_, err = reading.Wait()
				require.Error(t, err)
			})
		})
	}
}

// TestNothingIsEncryptedTwice has TLS underneath, and a Conn.
func TestNothingIsEncryptedTwice(t *testing.T) {
	t.Parallel()
	near, far := pipe(t)
	cert, pool := certificate(t)
	client := tls.Client(near, &tls.Config{RootCAs: pool, ServerName: "gate"})
	server := newServer(t, tls.Server(far, &tls.Config{Certificates: []tls.Certificate{cert}}))
	require.True(t, server.Encrypted(), "by TLS")
	reading := startRead(server)
	requireWrite(t, client, quest(t, "*key"))
	_, err := reading.Wait()
	requireFailed(t, err, secure.ErrTwice)

	_, err = secure.Client(t.Context(), client, secure.ClientConfig{Key: keyPair().Public()})
	requireFailed(t, err, secure.ErrTwice)

	near, _ = pipe(t)
	_, err = secure.Client(t.Context(), newClient(t, near), secure.ClientConfig{Key: keyPair().Public()})
	requireFailed(t, err, secure.ErrTwice)
}

func TestPlainQuestsPassInsideTLS(t *testing.T) {
	t.Parallel()
	near, far := pipe(t)
	cert, pool := certificate(t)
	client := tls.Client(near, &tls.Config{RootCAs: pool, ServerName: "gate"})
	server := newServer(t, tls.Server(far, &tls.Config{Certificates: []tls.Certificate{cert}}))
	reading := startRead(server)
	requireWrite(t, client, quest(t, "work"))
	got, err := reading.Wait()
	require.NoError(t, err)
	require.Equal(t, quest(t, "work"), got)
	require.True(t, server.Encrypted())
}

// certificate is a self-signed one of "gate".
func certificate(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		DNSNames:     []string{"gate"},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	leaf, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, pool
}

func TestConfigurationsOutOfRangeAreRefused(t *testing.T) {
	t.Parallel()
	public := keyPair().Public()
	for name, cfg := range map[string]secure.ClientConfig{
		"no key":            {},
		"bits":              {Key: public, Bits: 192},
		"handshake timeout": {Key: public, HandshakeTimeout: -1},
		"package size":      {Key: public, MaxPackage: -1},
	} {
		_, err := secure.NewDialer(new(mem.Network), cfg)
		require.Error(t, err, name)
		near, _ := pipe(t)
		_, err = secure.Client(t.Context(), near, cfg)
		require.Error(t, err, name)
		require.ErrorIs(t, near.SetDeadline(time.Time{}), net.ErrClosed, name)
	}
	for name, cfg := range map[string]secure.ServerConfig{
		"no key":            {},
		"handshake timeout": {Key: keyPair(), HandshakeTimeout: -1},
		"package size":      {Key: keyPair(), MaxPackage: -1},
	} {
		near, _ := pipe(t)
		_, err := secure.Server(near, cfg)
		require.Error(t, err, name)
		_, err = secure.NewListener(nil, cfg)
		require.Error(t, err, name)
	}
}

func TestWhatIsUnderneathCanBeAskedFor(t *testing.T) {
	t.Parallel()
	near, far := pipe(t)
	client, server := newClient(t, near), newServer(t, far)
	require.Equal(t, near, client.NetConn())
	require.Equal(t, near.LocalAddr(), client.LocalAddr())
	require.Equal(t, near.RemoteAddr(), client.RemoteAddr())
	require.True(t, client.Encrypted())
	require.NoError(t, client.CloseWrite())
	_, err := server.Read(make([]byte, 1))
	require.ErrorContains(t, err, "EOF")
	require.True(t, server.Encrypted())
	require.ErrorIs(t, newServer(t, noDeadlines{near}).CloseWrite(), errors.ErrUnsupported)
}
