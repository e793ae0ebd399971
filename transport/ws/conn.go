package ws

import (
	"cmp"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"

	"github.com/gofpnn/gofpnn/fpnn/frame"
	"github.com/gofpnn/gofpnn/transport"
)

// linger is how long Close waits for the peer's close frame.
const linger = time.Second

// Conn is one end of a WebSocket connection, a [net.Conn] that carries packages
// and nothing else. All methods may be called concurrently.
type Conn struct {
	ws    *websocket.Conn
	wire  *wire
	limit int
	born  time.Time

	reading  chan struct{} // the turn of whoever reads
	message  io.Reader     // nil between two
	head     [frame.HeaderSize]byte
	size     int // of the message's package
	handedOn int // of it
	readErr  error
	fault    atomic.Pointer[ProtocolError] // what the close frame is to say

	writer   chan struct{} // the turn of whoever writes
	part     []byte        // of a package, the rest of which is to come
	writeErr error
	writing  atomic.Bool
	writeBy  atomic.Int64 // the write deadline, nanoseconds since born; 0: none
	alarm    *time.Timer

	farewell sync.Once
	parted   chan struct{} // closed when the closing handshake is over
	leaving  atomic.Bool   // since CloseWrite
	closed   atomic.Bool   // since Close
}

func newConn(ws *websocket.Conn, w *wire, limit int) *Conn {
	ws.SetReadLimit(-1) // the package's header has it
	c := &Conn{
		ws:      ws,
		wire:    w,
		limit:   cmp.Or(limit, frame.DefaultMaxPackage),
		born:    time.Now(),
		reading: make(chan struct{}, 1),
		writer:  make(chan struct{}, 1),
		parted:  make(chan struct{}),
	}
	c.alarm = time.AfterFunc(time.Hour, c.ring)
	c.alarm.Stop()
	return c
}

// opError makes the errors look like those of a socket.
func (c *Conn) opError(op string, err error) error {
	var already *net.OpError
	if errors.As(err, &already) {
		return err
	}
	return &net.OpError{Op: op, Net: "ws", Source: c.LocalAddr(), Addr: c.RemoteAddr(), Err: err}
}

// Close ends the connection as the package's documentation tells. Blocked calls
// return, within a second at the latest.
func (c *Conn) Close() error {
	c.closed.Store(true)
	_ = c.CloseWrite()
	timer := time.NewTimer(linger)
	defer timer.Stop()
	select {
	case <-c.parted:
	case <-timer.C:
	}
	_ = c.wire.Close()
	<-c.parted
	c.alarm.Stop()
	return nil
}

// CloseWrite says goodbye to the peer, which has five seconds to close the
// connection. It does not wait.
func (c *Conn) CloseWrite() error {
	c.farewell.Do(func() {
		c.leaving.Store(true)
		go func() {
			defer close(c.parted)
			status, reason := websocket.StatusNormalClosure, ""
			if f := c.fault.Load(); f != nil {
				status, reason = websocket.StatusCode(f.Status), f.Reason
			}
			_ = c.ws.Close(status, reason)
		}()
	})
	return nil
}

// NetConn returns the connection underneath, to ask it for what it knows. Do not
// read from it, write to it or set its deadlines.
func (c *Conn) NetConn() net.Conn { return c.wire.Conn }

// Encrypted reports whether the connection underneath encrypts.
func (c *Conn) Encrypted() bool { return transport.Encrypted(c.wire.Conn) }

// LocalAddr returns the local address of the connection underneath.
func (c *Conn) LocalAddr() net.Addr { return c.wire.LocalAddr() }

// RemoteAddr returns the remote address of the connection underneath.
func (c *Conn) RemoteAddr() net.Addr { return c.wire.RemoteAddr() }

// SetDeadline sets both deadlines. The error is that of the connection
// underneath, if it has none.
func (c *Conn) SetDeadline(t time.Time) error {
	err := c.SetReadDeadline(t)
	if werr := c.SetWriteDeadline(t); err == nil {
		err = werr
	}
	return err
}

// SetReadDeadline sets the deadline of Read. When it passes, Read returns
// [os.ErrDeadlineExceeded] from then on.
func (c *Conn) SetReadDeadline(t time.Time) error { return c.wire.SetReadDeadline(t) }

// SetWriteDeadline sets the deadline of Write. A Write under way when it passes
// is cut short, which closes the connection underneath.
func (c *Conn) SetWriteDeadline(t time.Time) error {
	if t.IsZero() {
		c.writeBy.Store(0)
		c.alarm.Stop()
		return nil
	}
	c.writeBy.Store(cmp.Or(int64(t.Sub(c.born)), -1))
	c.alarm.Reset(time.Until(t))
	return nil
}

// overdue reports whether the write deadline has passed.
func (c *Conn) overdue() bool {
	by := c.writeBy.Load()
	return by != 0 && int64(time.Since(c.born)) >= by
}

// ring is called when a write deadline has passed, perhaps one that has been
// replaced meanwhile.
func (c *Conn) ring() {
	if c.writing.Load() && c.overdue() {
		_ = c.wire.Close()
	}
}
