package secure

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/gofpnn/gofpnn/fpnn/frame"
	"github.com/gofpnn/gofpnn/transport"
)

// Client sends `*key` on nc, a new connection, and encrypts all that follows. It
// does not wait for the answer: the first Read takes it off what comes in, and
// fails with an [*Error] if it is not there in time or does not accept the key.
// Until then what has been written may have gone to somebody who cannot read it.
//
// When ctx ends first it returns ctx's error. If it fails, nc is closed.
func Client(ctx context.Context, nc net.Conn, cfg ClientConfig) (c *Conn, err error) {
	defer func() {
		if err != nil {
			_ = nc.Close()
		}
	}()
	if err := cfg.complete(); err != nil {
		return nil, err
	}
	own, err := GenerateKey(cfg.Key.curve)
	if err != nil {
		return nil, err
	}
	return newClient(ctx, nc, &cfg, own)
}

// newClient is Client with a key of its own. It leaves nc open if it fails.
func newClient(ctx context.Context, nc net.Conn, cfg *ClientConfig, own *PrivateKey) (*Conn, error) {
	if transport.Encrypted(nc) {
		return nil, &Error{"handshake", ErrTwice}
	}
	secret, err := own.shared(cfg.Key)
	if err != nil {
		return nil, &Error{"handshake", err}
	}
	o := offer{key: own.public, stream: !cfg.PackageMode, bits: cfg.Bits}
	quest, err := appendOffer(nil, &o)
	if err != nil {
		return nil, &Error{"handshake", err}
	}
	if err := send(ctx, nc, quest); err != nil {
		return nil, err
	}
	c := newConn(nc, cfg.HandshakeTimeout)
	c.encrypt(deriveKeys(secret, o.bits), o.stream, cfg.MaxPackage)
	c.handshake, c.due = c.awaitAnswer(), time.Now().Add(cfg.HandshakeTimeout)
	return c, nil
}

// send writes b to nc, until ctx ends.
func send(ctx context.Context, nc net.Conn, b []byte) error {
	gone := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(gone)
		_ = nc.Close()
	})
	_, err := nc.Write(b)
	if !stop() {
		<-gone
		return ctx.Err()
	}
	return err
}

func (c *Conn) encrypt(k keys, stream bool, limit int) {
	c.in, c.out = newOpener(k, stream, limit), newSealer(k, stream, limit)
}

// awaitAnswer returns the rest of a client's handshake: to take the answer to
// `*key` off what comes in, and not a byte more.
func (c *Conn) awaitAnswer() func() error {
	var answer []byte
	return func() error {
		for {
			want, err := checkAnswer(answer)
			if err != nil {
				return &Error{"handshake", err}
			}
			have := len(answer)
			if want == 0 {
				return nil
			}
			answer = append(answer, make([]byte, want-have)...)
			n, err := c.in.read(c.r, answer[have:])
			answer = answer[:have+n]
			if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
				err = &Error{"handshake", fmt.Errorf("%w: %w", ErrRefused, io.ErrUnexpectedEOF)}
			}
			if err != nil {
				return err
			}
		}
	}
}

// Server makes a connection of nc, which a listener has accepted. If its first
// package is `*key`, the rest is encrypted both ways; if not, everything is
// passed on as it is. It fails only because of cfg.
//
// What it takes to tell is read by the first Read, which fails with an [*Error]
// if the key exchange is not as it should be, or the time is up. A `*key` that
// comes later is passed on: FPNN servers close the connection then.
func Server(nc net.Conn, cfg ServerConfig) (*Conn, error) {
	if err := cfg.complete(); err != nil {
		return nil, err
	}
	return newServer(nc, &cfg), nil
}

func newServer(nc net.Conn, cfg *ServerConfig) *Conn {
	c := newConn(nc, cfg.HandshakeTimeout)
	c.settled = make(chan struct{})
	c.handshake = func() error { return c.acceptKey(cfg) }
	return c
}

// acceptKey is a server's handshake. Before the first package is there it takes
// nothing, so that it can begin again.
func (c *Conn) acceptKey(cfg *ServerConfig) error {
	size, err := c.findKey()
	if err != nil || size == 0 {
		return err
	}
	raw, err := c.r.Peek(size)
	if err != nil {
		return err
	}
	answer, err := c.exchange(raw, cfg)
	if err == nil {
		_, _ = c.r.Discard(size) // buffered, so it does not fail
		_, err = c.out.write(c.nc, answer)
	}
	if err != nil {
		return &Error{"handshake", err}
	}
	return nil
}

// exchange makes the keys for the `*key` quest raw, and the answer.
func (c *Conn) exchange(raw []byte, cfg *ServerConfig) (answer []byte, err error) {
	var p frame.Package
	if _, err = p.Parse(raw, maxExchange); err != nil {
		return nil, err
	}
	if transport.Encrypted(c.nc) {
		return nil, ErrTwice
	}
	o, err := parseOffer(&p, cfg.Key.public.curve, cfg.PaddedKeys)
	if err != nil {
		return nil, err
	}
	k, err := o.keys(cfg.Key)
	if err != nil {
		return nil, err
	}
	c.encrypt(k, o.stream, cfg.MaxPackage)
	return appendAccept(nil, &p)
}

// findKey returns the length of the first package if it is a `*key`, and else 0,
// as soon as that can be told.
func (c *Conn) findKey() (int, error) {
	const magic, seqSize = "FPNN", 4
	b, err := c.r.Peek(len(magic))
	if err != nil {
		return 0, err
	}
	if string(b) != magic {
		return 0, nil
	}
	if b, err = c.r.Peek(frame.HeaderSize); err != nil {
		return 0, err
	}
	h, ok := keyHeader(b)
	if !ok {
		return 0, nil
	}
	at := frame.HeaderSize
	if h.Kind == frame.Twoway {
		at += seqSize
	}
	if b, err = c.r.Peek(at + len(methodKey)); err != nil {
		return 0, err
	}
	if string(b[at:]) != methodKey {
		return 0, nil
	}
	if h.Size() > maxExchange {
		return 0, &Error{"handshake", ErrTooLarge}
	}
	return int(h.Size()), nil
}

// keyHeader parses the header at the start of b and reports whether it can be
// that of a `*key`. What is no package at all is for the protocol to refuse.
func keyHeader(b []byte) (frame.Header, bool) {
	h, err := frame.ParseHeader(b)
	return h, err == nil && h.Kind != frame.Answer && int(h.SS) == len(methodKey)
}
