package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/fpnn/frame"
	"github.com/gofpnn/gofpnn/fpnn/httpgate"
	"github.com/gofpnn/gofpnn/transport/secure"
)

// server is a server to call.
type server struct {
	*fpnn.Server
	addr string

	mu     sync.Mutex
	oneway []string // payloads of oneway quests
	got    chan struct{}
}

// ServeQuest answers with the payload, but for a few methods.
func (s *server) ServeQuest(ctx context.Context, q *fpnn.Quest) (any, error) {
	switch q.Method() {
	case "fail":
		return nil, &fpnn.Error{Code: 100001, Message: "no \x1b[2Jaccount", Raiser: "bank"}
	case "want":
		_, err := q.Int64("n")
		return nil, err
	case "hang":
		<-ctx.Done()
		return nil, ctx.Err()
	case "leave":
		return nil, q.Conn().Close()
	case "encoding":
		return map[string]any{"encoding": q.Encoding().String()}, nil
	}
	if q.Oneway() {
		s.mu.Lock()
		s.oneway = append(s.oneway, q.Method()+" "+q.String())
		s.mu.Unlock()
		s.got <- struct{}{}
	}
	return q.Payload, nil
}

// serveOn serves on l until the test ends.
func serveOn(t *testing.T, l net.Listener) *server {
	t.Helper()
	s := &server{addr: l.Addr().String(), got: make(chan struct{}, 100)}
	var err error
	s.Server, err = fpnn.NewServer(s)
	require.NoError(t, err)
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }()
	t.Cleanup(func() {
		_ = s.Close()
		require.ErrorIs(t, <-served, fpnn.ErrClosed)
	})
	return s
}

func listenOn(t *testing.T, network, address string) net.Listener {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), network, address)
	require.NoError(t, err)
	return l
}

func echoServer(t *testing.T) *server {
	t.Helper()
	return serveOn(t, listenOn(t, "tcp", "127.0.0.1:0"))
}

// certificate makes a certificate for 127.0.0.1 alone, and returns a file that
// holds it and its key.
func certificate(t *testing.T) (file string, cert tls.Certificate) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	scalar, err := x509.MarshalECPrivateKey(key)
	require.NoError(t, err)
	text := pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: scalar})
	text = append(text, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})...)
	return write(t, text), tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// write writes a file of the test's.
func write(t *testing.T, text []byte) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, text, 0o600))
	return file
}

// keys makes a pair of keys, as files and as the server's one.
func keys(t *testing.T) (private, public string, key *secure.PrivateKey) {
	t.Helper()
	pair, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	scalar, err := x509.MarshalECPrivateKey(pair)
	require.NoError(t, err)
	point, err := x509.MarshalPKIXPublicKey(pair.Public())
	require.NoError(t, err)
	text := pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: scalar})
	key, err = secure.ParsePrivateKeyPEM(text)
	require.NoError(t, err)
	return write(t, text), write(t, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: point})), key
}

// way is one to a server: an address, and flags.
type way struct {
	addr  string
	flags []string
	*server
}

// line is a command line.
func (w way) line(command string, rest ...string) []string {
	line := append([]string{command}, w.flags...)
	return append(append(line, w.addr), rest...)
}

// ways starts a server for each transport.
func ways(t *testing.T) map[string]way {
	t.Helper()
	file, cert := certificate(t)
	config := &tls.Config{Certificates: []tls.Certificate{cert}}
	_, public, key := keys(t)
	tcp := func() net.Listener { return listenOn(t, "tcp", "127.0.0.1:0") }

	all := make(map[string]way)
	add := func(name, prefix string, l net.Listener, flags ...string) {
		s := serveOn(t, l)
		all[name] = way{prefix + s.addr, flags, s}
	}
	add("TCP", "", tcp())
	add("Unix", "unix:", listenOn(t, "unix", filepath.Join(t.TempDir(), "s")))
	add("TLS", "tls://", tls.NewListener(tcp(), config), "-cacert", file)
	add("TLS, insecure", "tls://", tls.NewListener(tcp(), config), "-insecure")
	add("TLS over Unix", "tls://unix:", tls.NewListener(listenOn(t, "unix", filepath.Join(t.TempDir(), "s")), config), "-insecure")
	add("ws", "ws://", httpgate.NewListener(tcp(), httpgate.Config{}))
	add("wss", "wss://", httpgate.NewListener(tls.NewListener(tcp(), config), httpgate.Config{}), "-cacert", file)
	encrypted, err := secure.NewListener(tcp(), secure.ServerConfig{Key: key})
	require.NoError(t, err)
	add("encrypted", "", encrypted, "-key", public)
	encrypted, err = secure.NewListener(listenOn(t, "unix", filepath.Join(t.TempDir(), "s")), secure.ServerConfig{Key: key})
	require.NoError(t, err)
	add("encrypted over Unix", "unix:", encrypted, "-key", public)
	return all
}

// strange is a server that does something with each connection, which is then
// closed.
func strange(t *testing.T, do func(nc net.Conn)) (addr string) {
	t.Helper()
	l := listenOn(t, "tcp", "127.0.0.1:0")
	var tasks sync.WaitGroup
	tasks.Go(func() {
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			tasks.Go(func() {
				defer nc.Close()
				do(nc)
			})
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		tasks.Wait()
	})
	return l.Addr().String()
}

// answers is a server that sends text when it has read a package, and then closes
// the connection, or waits for the client to.
func answers(t *testing.T, wait bool, text string) (addr string) {
	t.Helper()
	return strange(t, func(nc net.Conn) {
		r := frame.NewReader(nc, frame.DefaultMaxPackage)
		if r.Read(new(frame.Package)) != nil {
			return
		}
		_, _ = io.WriteString(nc, text)
		if wait {
			_, _ = io.Copy(io.Discard, nc)
		}
	})
}

// mirror is a server that sends back what it gets, whatever it is.
func mirror(t *testing.T) (addr string) {
	t.Helper()
	return strange(t, func(nc net.Conn) { _, _ = io.Copy(nc, nc) })
}
