package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/transport"
	"github.com/gofpnn/gofpnn/transport/secure"
	"github.com/gofpnn/gofpnn/transport/ws"
)

const addressHelp = `ADDR is one of
  HOST:PORT               TCP
  unix:PATH               a Unix socket
  tls://HOST:PORT         TLS
  ws://HOST:PORT[/PATH]   WebSocket; wss:// over TLS
`

// forever is the time-out of those who want none.
const forever = 10 * 365 * 24 * time.Hour

// dialFlags are the flags of all commands that connect to a server.
type dialFlags struct {
	timeout  time.Duration
	caCert   string
	insecure bool
	key      string
}

func (f *dialFlags) register(fs *flag.FlagSet) {
	fs.DurationVar(&f.timeout, "timeout", 5*time.Second, "how long a connection may take to be made, and then an answer to come; 0 for ever")
	fs.StringVar(&f.caCert, "cacert", "", "PEM `file` of the certificates to trust, instead of the system's")
	fs.BoolVar(&f.insecure, "insecure", false, "take any certificate for the server's")
	fs.StringVar(&f.key, "key", "", "encrypt as FPNN does: PEM `file` of the server's public key")
}

// within returns ctx with the time-out, if there is one.
func (f *dialFlags) within(ctx context.Context) (context.Context, context.CancelFunc) {
	if f.timeout == 0 {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, f.timeout)
}

// peer is a server to connect to.
type peer struct {
	endpoint         string // as the user writes it
	network, address string
	dialer           transport.Dialer
	timeout          time.Duration
}

// peer makes what connects to endpoint, over the connections that base makes. It
// fails if endpoint or the flags make no sense, or a file cannot be read.
func (f *dialFlags) peer(base transport.Dialer, endpoint string) (*peer, error) {
	p := &peer{endpoint: endpoint, network: "tcp", dialer: base, timeout: forever}
	switch {
	case f.timeout < 0:
		return nil, usagef("-timeout is not negative")
	case f.timeout > 0:
		p.timeout = f.timeout
	}
	scheme, rest, ok := strings.Cut(endpoint, "://")
	if !ok {
		scheme, rest = "", endpoint
	}
	config, err := f.tls(scheme)
	if err != nil {
		return nil, err
	}
	switch scheme {
	case "", "tls":
		if p.network, p.address, err = splitAddress(rest); err != nil {
			return nil, err
		}
		if scheme == "tls" {
			p.dialer = tlsDialer{base, config}
		}
	case "ws", "wss":
		u, err := url.Parse(endpoint)
		if err != nil || u.Hostname() == "" {
			return nil, usagef("%q is no URL with a host", endpoint)
		}
		if err := checkPort(u.Port()); err != nil {
			return nil, err
		}
		p.address = endpoint
		p.dialer = &ws.Dialer{Dialer: base, TLS: config}
	default:
		return nil, usagef("%q begins with neither tls://, ws:// nor wss://", endpoint)
	}
	return p, f.encrypt(p, scheme)
}

// tls returns how TLS is spoken, and fails if the flags are about TLS where there
// is none.
func (f *dialFlags) tls(scheme string) (*tls.Config, error) {
	if scheme != "tls" && scheme != "wss" && (f.caCert != "" || f.insecure) {
		return nil, usagef("-cacert and -insecure are about TLS: write tls:// or wss:// before the address")
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: f.insecure}
	if f.caCert == "" {
		return config, nil
	}
	certs, err := readFile("-cacert", f.caCert)
	if err != nil {
		return nil, err
	}
	config.RootCAs = x509.NewCertPool()
	if !config.RootCAs.AppendCertsFromPEM(certs) {
		return nil, fmt.Errorf("-cacert %s: no certificate in PEM in it", f.caCert)
	}
	return config, nil
}

// encrypt adds FPNN's own encryption, if wanted.
func (f *dialFlags) encrypt(p *peer, scheme string) error {
	if f.key == "" {
		return nil
	}
	if scheme != "" {
		return usagef("-key and %s:// exclude each other", scheme)
	}
	text, err := readFile("-key", f.key)
	if err != nil {
		return err
	}
	key, err := secure.ParsePublicKeyPEM(text)
	if err != nil {
		return fmt.Errorf("-key %s: %w; the server's public key is wanted, as openssl ec -pubout writes it", f.key, err)
	}
	encrypted, err := secure.NewDialer(p.dialer, secure.ClientConfig{Key: key, HandshakeTimeout: forever})
	p.dialer = handshaken{encrypted} // within the time-out of the dial
	return err
}

// readFile reads the file that a flag names.
func readFile(flag, name string) ([]byte, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, hintedError{fmt.Errorf("%s: %w", flag, err), "is the path after " + flag + " right?"}
	}
	return text, nil
}

// dial connects, within the time-out. Its error is a [*dialError] unless ctx was
// cancelled.
func (p *peer) dial(ctx context.Context) (net.Conn, error) {
	within, cancel := context.WithTimeout(ctx, p.timeout)
	defer cancel()
	nc, err := p.dialer.DialContext(within, p.network, p.address)
	switch {
	case err == nil:
		return nc, nil
	case errors.Is(ctx.Err(), context.Canceled):
		return nil, ctx.Err()
	case within.Err() != nil, errors.Is(err, os.ErrDeadlineExceeded): // which may be noticed first
		err = fmt.Errorf("not within %v: %w", p.timeout, context.DeadlineExceeded)
	}
	return nil, &dialError{p.endpoint, err}
}

// client returns a client of the peer, which connects with the first call.
func (p *peer) client(opts ...fpnn.ClientOption) (*fpnn.Client, error) {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) { return p.dial(ctx) }
	return fpnn.NewClient([]string{"peer://"}, append([]fpnn.ClientOption{
		fpnn.WithDialerFor("peer", transport.DialerFunc(dial)),
		fpnn.WithDialTimeout(p.timeout),
		fpnn.WithTimeout(0), // as each call says
	}, opts...)...)
}

// splitAddress reads HOST:PORT or unix:PATH.
func splitAddress(s string) (network, address string, err error) {
	if path, ok := strings.CutPrefix(s, "unix:"); ok {
		if path == "" {
			return "", "", usagef("unix: without a path")
		}
		return "unix", path, nil
	}
	_, port, err := net.SplitHostPort(s)
	if err != nil || port == "" {
		return "", "", usagef("%q is no HOST:PORT", s)
	}
	return "tcp", s, checkPort(port)
}

// checkPort fails unless port is a number, the name of a service, or empty.
func checkPort(port string) error {
	if _, err := net.DefaultResolver.LookupPort(context.Background(), "tcp", port); err != nil {
		return usagef("%q is no port: they are 0 to 65535, and the names of services", port)
	}
	return nil
}

// tlsDialer speaks TLS on what another dialer connects to.
type tlsDialer struct {
	transport.Dialer
	config *tls.Config
}

func (d tlsDialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	nc, err := d.Dialer.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	config := d.config.Clone()
	if config.ServerName = address; network == "tcp" {
		config.ServerName, _, _ = net.SplitHostPort(address) // it has been split before
	}
	conn := tls.Client(nc, config)
	if err := conn.HandshakeContext(ctx); err != nil {
		_ = nc.Close()
		return nil, fmt.Errorf("TLS: %w", err)
	}
	return conn, nil
}

// handshaken completes the handshakes of another dialer's encrypted connections,
// which else would be left to their first Read.
type handshaken struct{ transport.Dialer }

func (d handshaken) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	nc, err := d.Dialer.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { _ = nc.Close() })
	_, err = nc.Read(nil)
	if !stop() {
		err = ctx.Err()
	}
	if err != nil {
		_ = nc.Close()
		return nil, err
	}
	return nc, nil
}
