package secure

import (
	"context"
	"crypto/fips140"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/gofpnn/gofpnn/fpnn/frame"
	"github.com/gofpnn/gofpnn/transport"
)

const (
	// DefaultHandshakeTimeout bounds a handshake.
	DefaultHandshakeTimeout = 5 * time.Second
	// DefaultBits is the length of the AES key, as C++ servers assume it.
	DefaultBits = 128
)

// ClientConfig says how a client encrypts. It needs a Key.
type ClientConfig struct {
	// Key is the server's public key.
	Key *PublicKey
	// Bits is the length of the AES key: 128 or 256. Default [DefaultBits].
	Bits int
	// PackageMode encrypts each package by itself. Default: one stream each way,
	// which shows less and costs less.
	PackageMode bool
	// HandshakeTimeout bounds the time from the sending of `*key` to its answer.
	// Default [DefaultHandshakeTimeout].
	HandshakeTimeout time.Duration
	// MaxPackage is the largest package in bytes, header included, that package
	// mode takes or sends: at least that of fpnn.WithMaxPackage. Default
	// [frame.DefaultMaxPackage].
	MaxPackage int
}

// ServerConfig says how a server decrypts. It needs a Key. The clients choose
// mode and bits.
type ServerConfig struct {
	// Key is the server's private key; its curve is the only one served.
	Key *PrivateKey
	// PaddedKeys also takes the public keys that the vendor's Go SDK sends on
	// Secp192r1 and Secp224r1, which C++ servers refuse: filled up with zeros to
	// 64 bytes, and with the shared secret filled up to 32.
	PaddedKeys bool
	// HandshakeTimeout bounds the time from a connection's first byte until its
	// first package is known to be plain, or the answer to `*key` is written. A
	// peer that is silent is not waited for here, but by who reads. Default
	// [DefaultHandshakeTimeout].
	HandshakeTimeout time.Duration
	// MaxPackage is the largest package in bytes, header included, that package
	// mode takes or sends: at least that of fpnn.WithMaxPackage. Default
	// [frame.DefaultMaxPackage].
	MaxPackage int
}

func (c *ClientConfig) complete() error {
	if c.Key == nil {
		return errors.New("secure: ClientConfig without a Key")
	}
	if c.Bits == 0 {
		c.Bits = DefaultBits
	}
	if c.Bits != 128 && c.Bits != 256 {
		return fmt.Errorf("secure: Bits %d: %w", c.Bits, ErrBits)
	}
	return completeLimits(&c.HandshakeTimeout, &c.MaxPackage)
}

func (c *ServerConfig) complete() error {
	if c.Key == nil {
		return errors.New("secure: ServerConfig without a Key")
	}
	return completeLimits(&c.HandshakeTimeout, &c.MaxPackage)
}

func completeLimits(timeout *time.Duration, maxPackage *int) error {
	if fips140.Enforced() {
		return errors.New("secure: GODEBUG has fips140=only, which forbids CFB")
	}
	if *timeout == 0 {
		*timeout = DefaultHandshakeTimeout
	}
	if *maxPackage == 0 {
		*maxPackage = frame.DefaultMaxPackage
	}
	if *timeout < 0 || *maxPackage < 0 || int64(*maxPackage) > 1<<32-1 {
		return fmt.Errorf("secure: HandshakeTimeout %v, MaxPackage %d: out of range", *timeout, *maxPackage)
	}
	return nil
}

// NewDialer returns a dialer that encrypts the connections d makes, see [Client].
// It fails if cfg has no key or a field out of range.
func NewDialer(d transport.Dialer, cfg ClientConfig) (transport.Dialer, error) {
	if err := cfg.complete(); err != nil {
		return nil, err
	}
	return dialer{d, cfg}, nil
}

type dialer struct {
	dialer transport.Dialer
	cfg    ClientConfig
}

func (d dialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	nc, err := d.dialer.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	c, err := Client(ctx, nc, d.cfg)
	if err != nil {
		return nil, err
	}
	return c, nil
}

// NewListener returns a listener whose connections serve encrypted and plain
// clients alike, see [Server]. Accept waits for no peer's bytes: the first Read
// of a connection does. It fails if cfg has no key or a field out of range.
func NewListener(l net.Listener, cfg ServerConfig) (net.Listener, error) {
	if err := cfg.complete(); err != nil {
		return nil, err
	}
	return listener{l, &cfg}, nil
}

type listener struct {
	net.Listener
	cfg *ServerConfig
}

func (l listener) Accept() (net.Conn, error) {
	nc, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return newServer(nc, l.cfg), nil
}
