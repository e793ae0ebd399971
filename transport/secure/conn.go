package secure

import (
	"bufio"
	"errors"
	"io"
	"net"
	"sync"
	"time"

	"github.com/gofpnn/gofpnn/transport"
)

// Conn is a connection that is encrypted, or on a server may turn out to be
// plain; [Client] and [Server] make them.
//
// One goroutine at a time may read and one write; all else may be called at any
// time. The first Read completes the handshake. It may be interrupted by a
// deadline and tried again; an [*Error] is final, and leaves nothing to do but
// Close. Deadlines are those of the connection underneath.
type Conn struct {
	nc      net.Conn
	timeout time.Duration // of the handshake

	// The reader's.
	r         *bufio.Reader // nil once it is of no more use
	in        *opener       // nil if the peer is plain
	handshake func() error  // nil when it is over
	due       time.Time     // when it has to be; zero before the peer's first byte
	err       error         // why it failed

	// The writer's; a server's reader sets out before it closes settled.
	out *sealer // nil if the peer is plain

	// Of servers, whose Write has to wait for the first package.
	settled chan struct{} // closed when the handshake is over, err telling how
	writeBy deadline

	once   sync.Once
	closed chan struct{}
}

// readBuffer is the size in bytes of the buffer of a connection that is being
// shaken hands on, or encrypted.
const readBuffer = 4 << 10

func newConn(nc net.Conn, timeout time.Duration) *Conn {
	return &Conn{
		nc:      nc,
		timeout: timeout,
		r:       bufio.NewReaderSize(nc, readBuffer),
		closed:  make(chan struct{}),
	}
}

// Encrypted reports whether what is written now is encrypted: by this
// connection or the one underneath. On a server it is so from the first package
// on, or not.
func (c *Conn) Encrypted() bool {
	if c.settled != nil {
		select {
		case <-c.settled:
		default:
			return transport.Encrypted(c.nc)
		}
	}
	return c.out != nil || transport.Encrypted(c.nc)
}

// NetConn returns the connection underneath. Do not read from it or write to it.
func (c *Conn) NetConn() net.Conn { return c.nc }

// Read reads what the peer has encrypted, or what a plain client has sent.
func (c *Conn) Read(b []byte) (int, error) {
	if c.err != nil {
		return 0, c.err
	}
	if c.handshake != nil {
		if err := c.shake(); err != nil {
			return 0, err
		}
	}
	switch {
	case c.in != nil:
		return c.in.read(c.r, b)
	case c.r == nil:
		return c.nc.Read(b)
	case c.r.Buffered() > 0:
		return c.r.Read(b)
	}
	c.r = nil
	return c.nc.Read(b)
}

// shake goes on with the handshake.
func (c *Conn) shake() error {
	if c.due.IsZero() {
		if _, err := c.r.Peek(1); err != nil {
			return err
		}
		c.due = time.Now().Add(c.timeout)
	}
	alarm := startAlarm(c.nc, c.due)
	err := c.handshake()
	switch {
	case alarm.stop():
		err = &Error{"handshake", ErrTimeout}
	case errors.Is(err, io.EOF):
		err = &Error{"handshake", io.ErrUnexpectedEOF}
	}
	var final *Error
	if err != nil && !errors.As(err, &final) {
		return err // of the connection underneath
	}
	c.handshake, c.err = nil, err
	if c.settled != nil {
		close(c.settled)
	}
	return err
}

// Write encrypts b and writes it. On a server that has not yet read its client's
// first package it waits until the reader has, since it cannot know whether to
// encrypt: what waits there heeds Close and the write deadline.
func (c *Conn) Write(b []byte) (int, error) {
	if c.settled != nil {
		if err := c.awaitFirst(); err != nil {
			return 0, err
		}
	}
	if c.out == nil {
		return c.nc.Write(b)
	}
	return c.out.write(c.nc, b)
}

// Close closes the connection underneath. Blocked calls return.
func (c *Conn) Close() error {
	c.once.Do(func() { close(c.closed) })
	return c.nc.Close()
}

// CloseWrite ends the outgoing direction. It fails with [errors.ErrUnsupported]
// if the connection underneath cannot do that.
func (c *Conn) CloseWrite() error {
	if half, ok := c.nc.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return errors.ErrUnsupported
}

// LocalAddr returns the local address of the connection underneath.
func (c *Conn) LocalAddr() net.Addr { return c.nc.LocalAddr() }

// RemoteAddr returns the remote address of the connection underneath.
func (c *Conn) RemoteAddr() net.Addr { return c.nc.RemoteAddr() }
