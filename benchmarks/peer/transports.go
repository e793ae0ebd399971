package peer

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/fpnn/httpgate"
	"github.com/gofpnn/gofpnn/transport/secure"
	"github.com/gofpnn/gofpnn/transport/ws"
)

// transportOf is a way to reach an fpnn.Server.
type transportOf struct {
	name, what string
	// listen returns what the server accepts from, and what the client has to
	// trust.
	listen func(ctx context.Context) (net.Listener, []byte, error)
	// dial returns the endpoint and what else its client needs.
	dial func(at Address) (endpoint string, opts []fpnn.ClientOption, err error)
}

// transports are the peers that differ from fpnn-server in what carries them.
var transports = func() (peers []Peer) {
	for _, t := range []transportOf{overTLS, streamMode, packageMode, webSocket, unixSocket} {
		peers = append(peers, Peer{
			Name:  t.name,
			What:  t.what,
			Serve: func(ctx context.Context) (*Served, error) { return serveFPNN(ctx, t) },
			Dial: func(ctx context.Context, at Address) (Conn, error) {
				endpoint, opts, err := t.dial(at)
				if err != nil {
					return nil, err
				}
				return DialFPNN(ctx, endpoint, opts...)
			},
		})
	}
	return peers
}()

var tcp = transportOf{listen: func(ctx context.Context) (net.Listener, []byte, error) {
	l, err := listenTCP(ctx)
	return l, nil, err
}}

const serverName = "league"

var overTLS = transportOf{
	name: "fpnn-tls",
	what: "fpnn-server over TLS 1.3",
	listen: func(ctx context.Context) (net.Listener, []byte, error) {
		cert, err := certificate()
		if err != nil {
			return nil, nil, err
		}
		l, err := listenTCP(ctx)
		if err != nil {
			return nil, nil, err
		}
		return tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS13}), cert.Certificate[0], nil
	},
	dial: func(at Address) (string, []fpnn.ClientOption, error) {
		leaf, err := x509.ParseCertificate(at.Trust)
		if err != nil {
			return "", nil, err
		}
		roots := x509.NewCertPool()
		roots.AddCert(leaf)
		return at.Addr, []fpnn.ClientOption{fpnn.WithTLS(&tls.Config{RootCAs: roots, ServerName: serverName})}, nil
	},
}

func certificate() (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{serverName},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, err
}

var (
	streamMode  = encrypted("fpnn-secure", "fpnn-server with FPNN's own encryption, stream mode, AES-256", false)
	packageMode = encrypted("fpnn-secure-package", "the same in package mode", true)
)

func encrypted(name, what string, packages bool) transportOf {
	return transportOf{
		name: name,
		what: what,
		listen: func(ctx context.Context) (net.Listener, []byte, error) {
			key, err := secure.GenerateKey(secure.Secp256r1)
			if err != nil {
				return nil, nil, err
			}
			l, err := listenTCP(ctx)
			if err != nil {
				return nil, nil, err
			}
			l, err = secure.NewListener(l, secure.ServerConfig{Key: key})
			return l, key.Public().Bytes(), err
		},
		dial: func(at Address) (string, []fpnn.ClientOption, error) {
			key, err := secure.NewPublicKey(secure.Secp256r1, at.Trust)
			if err != nil {
				return "", nil, err
			}
			d, err := secure.NewDialer(new(net.Dialer), secure.ClientConfig{Key: key, Bits: 256, PackageMode: packages})
			return at.Addr, []fpnn.ClientOption{fpnn.WithDialer(d)}, err
		},
	}
}

var webSocket = transportOf{
	name: "fpnn-ws",
	what: "fpnn-server behind httpgate, over a WebSocket",
	listen: func(ctx context.Context) (net.Listener, []byte, error) {
		l, err := listenTCP(ctx)
		if err != nil {
			return nil, nil, err
		}
		return httpgate.NewListener(l, httpgate.Config{}), nil, nil
	},
	dial: func(at Address) (string, []fpnn.ClientOption, error) {
		return "ws://" + at.Addr, []fpnn.ClientOption{fpnn.WithDialerFor("ws", new(ws.Dialer))}, nil
	},
}

var unixSocket = transportOf{
	name: "fpnn-unix",
	what: "fpnn-server over a Unix socket",
	listen: func(ctx context.Context) (net.Listener, []byte, error) {
		dir, err := os.MkdirTemp("", "league")
		if err != nil {
			return nil, nil, err
		}
		l, err := new(net.ListenConfig).Listen(ctx, "unix", filepath.Join(dir, "socket"))
		return removing{l, dir}, nil, err
	},
	dial: func(at Address) (string, []fpnn.ClientOption, error) { return "unix:" + at.Addr, nil, nil },
}

// removing is a listener that takes its socket's directory with it.
type removing struct {
	net.Listener
	dir string
}

func (l removing) Close() error {
	err := l.Listener.Close()
	_ = os.RemoveAll(l.dir)
	return err
}
