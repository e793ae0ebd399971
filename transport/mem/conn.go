package mem

import (
	"errors"
	"io"
	"net"
	"time"
)

// Addr is an address on a [Network].
type Addr string

// Network returns "mem".
func (Addr) Network() string { return "mem" }

// String returns the address.
func (a Addr) String() string { return string(a) }

// Conn is one end of an in-process connection, a [net.Conn].
//
// Each direction buffers 64 KiB; a Write blocks while its buffer is full. After
// Close of one end its own calls return [net.ErrClosed]; the other end reads
// what is buffered and then [io.EOF], and its Write returns [syscall.EPIPE].
// All methods may be called concurrently; concurrent Writes do not mix.
type Conn struct {
	in, out       *pipe
	local, remote Addr
}

// Pipe returns the two ends of a connection.
func Pipe() (*Conn, *Conn) { return newPair("pipe-a", "pipe-b") }

func newPair(a, b Addr) (*Conn, *Conn) {
	ab, ba := newPipe(), newPipe()
	return &Conn{in: ba, out: ab, local: a, remote: b}, &Conn{in: ab, out: ba, local: b, remote: a}
}

// Read reads what has arrived, and waits if nothing has.
func (c *Conn) Read(b []byte) (int, error) {
	n, err := c.in.readInto(b)
	return n, c.wrap("read", err)
}

// Write returns when all of b is buffered. After an error it tells how much was.
func (c *Conn) Write(b []byte) (int, error) {
	n, err := c.out.writeFrom(b)
	return n, c.wrap("write", err)
}

// wrap makes the errors look like those of a socket.
func (c *Conn) wrap(op string, err error) error {
	if err == nil || errors.Is(err, io.EOF) {
		return err
	}
	return &net.OpError{Op: op, Net: "mem", Source: c.local, Addr: c.remote, Err: err}
}

// Close closes both directions. Blocked calls return.
func (c *Conn) Close() error {
	c.out.closeWrite()
	c.in.closeRead()
	return nil
}

// CloseWrite ends the outgoing direction: the other end reads what is buffered
// and then [io.EOF].
func (c *Conn) CloseWrite() error {
	c.out.closeWrite()
	return nil
}

// LocalAddr returns this end's address.
func (c *Conn) LocalAddr() net.Addr { return c.local }

// RemoteAddr returns the other end's address.
func (c *Conn) RemoteAddr() net.Addr { return c.remote }

// SetDeadline sets both deadlines. Past it, calls fail with
// [os.ErrDeadlineExceeded] until another is set; the zero time is none. What is
// closed takes no deadline: the error is [net.ErrClosed].
func (c *Conn) SetDeadline(t time.Time) error {
	err := c.SetReadDeadline(t)
	if werr := c.SetWriteDeadline(t); err == nil {
		err = werr
	}
	return err
}

// SetReadDeadline sets the deadline of reads, see [Conn.SetDeadline].
func (c *Conn) SetReadDeadline(t time.Time) error {
	return c.wrap("set", c.in.setDeadline(&c.in.read, t))
}

// SetWriteDeadline sets the deadline of writes, see [Conn.SetDeadline].
func (c *Conn) SetWriteDeadline(t time.Time) error {
	return c.wrap("set", c.out.setDeadline(&c.out.write, t))
}
