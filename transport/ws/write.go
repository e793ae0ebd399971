package ws

import (
	"context"
	"net"
	"os"

	"github.com/coder/websocket"

	"github.com/gofpnn/gofpnn/fpnn/frame"
)

// maxKept is the largest buffer in bytes that a connection keeps for the parts of
// packages.
const maxKept = 4 << 10

// Write sends the packages in b, each as a message of its own, all of them in as
// few writes as possible. Of the last one b may hold a part: it is sent when a
// later Write completes it. What cannot be a package, or exceeds the limit, is an
// error of package frame, after which nothing more can be written.
//
// After an error it tells how many bytes of b were taken, though perhaps not
// sent.
func (c *Conn) Write(b []byte) (int, error) {
	c.writer <- struct{}{}
	defer func() { <-c.writer }()
	c.writing.Store(true)
	defer c.writing.Store(false)
	switch {
	case c.writeErr != nil:
		return 0, c.writeErr
	case c.closed.Load():
		return 0, c.opError("write", net.ErrClosed)
	case c.overdue():
		return 0, c.opError("write", os.ErrDeadlineExceeded)
	}
	c.wire.cork()
	n, err := c.cut(b)
	if flushErr := c.wire.uncork(); err == nil {
		err = flushErr
	}
	if err == nil {
		return n, nil
	}
	switch {
	case c.closed.Load():
		err = net.ErrClosed
	case c.overdue():
		err = os.ErrDeadlineExceeded
	}
	c.writeErr = c.opError("write", err)
	return n, c.writeErr
}

// cut sends the packages in b and keeps what is left.
func (c *Conn) cut(b []byte) (n int, err error) {
	for n < len(b) {
		rest := b[n:]
		if len(c.part) == 0 {
			size, err := c.need(rest)
			if err != nil {
				return n, err
			}
			if size <= len(rest) {
				if err := c.send(rest[:size]); err != nil {
					return n, err
				}
				n += size
				continue
			}
		}
		taken, err := c.complete(rest)
		n += taken
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

// complete adds to the part what it lacks, of its header or else of the whole,
// and sends it when it is a package.
func (c *Conn) complete(rest []byte) (n int, err error) {
	size, err := c.need(c.part)
	if err != nil {
		return 0, err
	}
	n = min(len(rest), size-len(c.part))
	c.part = append(c.part, rest[:n]...)
	if len(c.part) < size || size == frame.HeaderSize {
		return n, nil
	}
	err = c.send(c.part)
	if c.part = c.part[:0]; cap(c.part) > maxKept {
		c.part = nil
	}
	return n, err
}

// need returns the length of the package at the start of b, or that of a header,
// which is less, while b does not hold one.
func (c *Conn) need(b []byte) (int, error) {
	if len(b) < frame.HeaderSize {
		return frame.HeaderSize, nil
	}
	h, err := frame.ParseHeader(b)
	if err != nil {
		return 0, err
	}
	if h.Size() > int64(c.limit) {
		return 0, frame.ErrTooLarge
	}
	return int(h.Size()), nil
}

func (c *Conn) send(pkg []byte) error {
	return c.ws.Write(context.Background(), websocket.MessageBinary, pkg)
}
