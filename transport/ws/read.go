package ws

import (
	"context"
	"errors"
	"io"
	"net"

	"github.com/coder/websocket"

	"github.com/gofpnn/gofpnn/fpnn/frame"
)

// Read reads the next bytes of the packages that come in.
func (c *Conn) Read(b []byte) (int, error) {
	c.reading <- struct{}{}
	defer func() { <-c.reading }()
	if c.readErr != nil {
		return 0, c.readErr
	}
	if len(b) == 0 {
		return 0, nil
	}
	n, err := c.read(b)
	if err != nil {
		c.readErr = c.explain(err)
		return 0, c.readErr
	}
	return n, nil
}

// read hands on a piece of one package; the last one when its message has ended.
func (c *Conn) read(b []byte) (n int, err error) {
	if c.message == nil {
		if err := c.begin(); err != nil {
			return 0, err
		}
	}
	b = b[:min(len(b), c.size-c.handedOn)]
	if c.handedOn < len(c.head) {
		n = copy(b, c.head[c.handedOn:])
	}
	if n < len(b) {
		m, err := c.message.Read(b[n:])
		if err != nil {
			return 0, c.ended(err, "part of a package")
		}
		n += m
	}
	if c.handedOn += n; c.handedOn == c.size {
		return n, c.end()
	}
	return n, nil
}

// begin waits for a message and reads the header of its package.
func (c *Conn) begin() error {
	_, message, err := c.ws.Reader(context.Background())
	if err != nil {
		return err
	}
	c.message, c.handedOn = message, 0
	if _, err := io.ReadFull(message, c.head[:]); err != nil {
		return c.ended(err, "message without a package")
	}
	h, err := frame.ParseHeader(c.head[:])
	if err != nil {
		return noPackage("message without a package", err)
	}
	if h.Size() > int64(c.limit) {
		return errTooLarge
	}
	c.size = int(h.Size())
	return nil
}

// end makes sure that the message ends with its package.
func (c *Conn) end() error {
	n, err := c.message.Read(c.head[:1])
	if n > 0 {
		return noPackage("message goes on after its package", nil)
	}
	if !errors.Is(err, io.EOF) || c.wire.readErr.get() != nil {
		return err
	}
	c.message = nil
	return nil
}

// ended tells the end of a message, which is an error with that reason, from that
// of the stream: the library's error is [io.EOF] for both.
func (c *Conn) ended(err error, reason string) error {
	if c.wire.readErr.get() == nil && (errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)) {
		return noPackage(reason, nil)
	}
	return err
}

// explain turns what ended the reading into what Read returns from now on.
func (c *Conn) explain(err error) error {
	var protocol *ProtocolError
	var peer websocket.CloseError
	broken := c.wire.readErr.get()
	if broken == nil {
		broken = c.wire.writeErr.get() // of the answer to a ping
	}
	switch {
	case c.closed.Load():
		return c.opError("read", net.ErrClosed)
	case errors.As(err, &protocol):
	case errors.As(err, &peer):
		return c.farewellOf(peer)
	case errors.Is(err, context.DeadlineExceeded):
		protocol = errControl
	case errors.Is(broken, io.EOF), errors.Is(err, net.ErrClosed) && c.leaving.Load():
		return c.endOfStream()
	case broken != nil:
		return c.opError("read", broken)
	case errors.Is(err, net.ErrClosed):
		return c.opError("read", net.ErrClosed)
	default:
		protocol = &ProtocolError{Status: int(websocket.StatusProtocolError), Reason: "broken WebSocket", Err: err}
	}
	c.fault.Store(protocol)
	return protocol
}

func (c *Conn) farewellOf(e websocket.CloseError) error {
	switch e.Code {
	case websocket.StatusNormalClosure, websocket.StatusGoingAway, websocket.StatusNoStatusRcvd:
		return c.endOfStream()
	default:
		return &CloseError{Status: int(e.Code), Reason: e.Reason}
	}
}

func (c *Conn) endOfStream() error {
	if c.message != nil {
		return io.ErrUnexpectedEOF
	}
	return io.EOF
}
