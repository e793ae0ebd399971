package fault

import (
	"errors"
	"io"
	"net"
	"sync"
	"syscall"
	"time"
)

const (
	// firstChunk is how much is read from and written to a connection at a time, at
	// first; chunk is how much it becomes where there is as much.
	firstChunk = 1 << 10
	chunk      = 32 << 10
	// linger is how long Close waits for the peer to take what is due.
	linger = time.Second
)

type closeWriter interface{ CloseWrite() error }

// conn is a connection with faults.
type conn struct {
	faults  *Faults
	nc      net.Conn
	out, in line
	closed  bool // Close has been called; under the controller's mutex

	sent, received chan struct{} // closed when the goroutines have ended
	once           sync.Once
	closeErr       error // what Close of nc said
}

// newConn gives nc the next number, and begins: straight if it may.
func newConn(f *Faults, nc net.Conn, straight bool) *conn {
	c := &conn{faults: f, nc: nc, sent: make(chan struct{}), received: make(chan struct{})}
	f.mu.Lock()
	defer f.mu.Unlock()
	number := uint64(f.stats.Connections)
	f.stats.Connections++
	c.out = line{conn: c, dir: Out, settings: &f.out, source: newSource(f.seed, number, Out)}
	c.in = line{conn: c, dir: In, settings: &f.in, source: newSource(f.seed, number, In)}
	c.out.run, c.out.setDeadline = c.send, nc.SetWriteDeadline
	c.in.run, c.in.setDeadline = c.receive, nc.SetReadDeadline
	for _, l := range []*line{&c.out, &c.in} {
		if l.straight = straight && !l.settings.any(); !l.straight {
			l.launched = true
			go l.run()
		}
	}
	f.open = append(f.open, c)
	return c
}

// send delivers what is written.
func (c *conn) send() {
	defer close(c.sent)
	buf := make([]byte, firstChunk)
	for {
		n, cut, err := c.out.take(buf)
		if err != nil {
			if errors.Is(err, io.EOF) {
				c.endWrite()
			}
			return
		}
		if n > 0 {
			_, err = c.nc.Write(buf[:n])
		}
		if cut {
			c.disconnect(false)
			return
		}
		if err != nil {
			c.faults.mu.Lock()
			c.out.drop()
			c.out.fail(err)
			c.faults.mu.Unlock()
			return
		}
		buf = grown(buf, n)
	}
}

// grown returns a larger buffer than one that n bytes have filled.
func grown(buf []byte, n int) []byte {
	if n < len(buf) || n == chunk {
		return buf
	}
	return make([]byte, min(4*n, chunk))
}

// endWrite tells the peer that nothing more comes; Close does so by itself.
func (c *conn) endWrite() {
	c.faults.mu.Lock()
	closing := c.closed
	c.faults.mu.Unlock()
	if half, ok := c.nc.(closeWriter); ok && !closing {
		_ = half.CloseWrite()
	}
}

// receive reads as long as there is room.
func (c *conn) receive() {
	defer close(c.received)
	buf := make([]byte, firstChunk)
	for {
		room, err := c.in.room()
		if err != nil {
			return
		}
		n, err := c.nc.Read(buf[:min(room, len(buf))])
		if _, refused := c.in.put(buf[:n]); refused != nil {
			return
		}
		if err != nil {
			c.faults.mu.Lock()
			c.in.finish(err)
			c.faults.mu.Unlock()
			return
		}
		buf = grown(buf, n)
	}
}

// reset ends both lines, with the lock. The caller disconnects without it.
func (c *conn) reset() {
	c.out.takeOver()
	c.in.takeOver()
	c.faults.stats.Lost += c.out.drop() + c.in.drop()
	c.out.fail(syscall.ECONNRESET)
	c.in.fail(syscall.ECONNRESET)
	c.faults.forget(c)
}

// disconnect closes the connection underneath.
func (c *conn) disconnect(hard bool) {
	c.once.Do(func() {
		if l, ok := c.nc.(interface{ SetLinger(sec int) error }); ok && hard {
			_ = l.SetLinger(0)
		}
		c.closeErr = c.nc.Close()
	})
}

// Read reads what has been delivered, and waits if nothing has.
func (c *conn) Read(b []byte) (int, error) {
	if c.in.begin() {
		if n, straight, err := c.readStraight(b); straight {
			return n, c.wrap("read", err)
		}
	}
	n, cut, err := c.in.take(b)
	if cut {
		c.disconnect(true)
		if n == 0 {
			err = syscall.ECONNRESET
		}
	}
	return n, c.wrap("read", err)
}

// Write returns when all of b is in the line, or written to the connection
// underneath. After an error it tells how much was.
func (c *conn) Write(b []byte) (n int, err error) {
	if c.out.begin() {
		n, err = c.writeStraight(b)
	} else {
		n, err = c.out.put(b)
	}
	return n, c.wrap("write", err)
}

// wrap makes the errors look like those of a socket.
func (c *conn) wrap(op string, err error) error {
	if err == nil || errors.Is(err, io.EOF) {
		return err
	}
	var already *net.OpError
	if errors.As(err, &already) {
		return err
	}
	wrapped := &net.OpError{Op: op, Source: c.LocalAddr(), Addr: c.RemoteAddr(), Err: err}
	if addr := c.LocalAddr(); addr != nil {
		wrapped.Net = addr.Network()
	}
	return wrapped
}

// Close is described at [Faults.Conn].
func (c *conn) Close() error {
	timer := time.NewTimer(c.shut() + linger)
	defer timer.Stop()
	select {
	case <-c.sent:
	case <-timer.C:
	}
	c.disconnect(false)
	<-c.sent
	<-c.received
	c.faults.mu.Lock()
	c.faults.forget(c)
	c.faults.mu.Unlock()
	return c.closeErr
}

// shut makes all calls fail and tells how long the last byte is under way.
func (c *conn) shut() time.Duration {
	c.faults.mu.Lock()
	defer c.faults.mu.Unlock()
	if !c.closed {
		c.closed = true
		c.out.takeOver()
		c.in.takeOver()
		if lost := c.in.drop(); c.in.held() {
			c.faults.stats.Lost += lost
		}
		c.in.refused, c.in.broken = net.ErrClosed, net.ErrClosed
		c.out.refused, c.out.closing = net.ErrClosed, true
		c.out.end, c.out.endDue = io.EOF, time.Time{}
		c.in.wake()
		c.out.wake()
	}
	return max(time.Until(c.out.last), 0)
}

// LocalAddr returns the local address of the connection underneath.
func (c *conn) LocalAddr() net.Addr { return c.nc.LocalAddr() }

// RemoteAddr returns the remote address of the connection underneath.
func (c *conn) RemoteAddr() net.Addr { return c.nc.RemoteAddr() }

// SetDeadline sets both deadlines. Past it, calls fail with
// [os.ErrDeadlineExceeded] until another is set; the zero time is none. After
// Close the error is [net.ErrClosed].
func (c *conn) SetDeadline(t time.Time) error { return c.setDeadline(t, &c.in, &c.out) }

// SetReadDeadline sets the deadline of reads, see SetDeadline.
func (c *conn) SetReadDeadline(t time.Time) error { return c.setDeadline(t, &c.in) }

// SetWriteDeadline sets the deadline of writes, which is the one for bytes to
// enter the line, see SetDeadline.
func (c *conn) SetWriteDeadline(t time.Time) error { return c.setDeadline(t, &c.out) }

func (c *conn) setDeadline(t time.Time, lines ...*line) error {
	c.faults.mu.Lock()
	defer c.faults.mu.Unlock()
	if c.closed {
		return c.wrap("set", net.ErrClosed)
	}
	for _, l := range lines {
		l.deadline = t
		if !l.launched {
			_ = l.setDeadline(t)
		}
		l.wake()
	}
	return nil
}

// halfConn is a conn over one whose directions end one by one.
type halfConn struct{ *conn }

// CloseWrite ends the outgoing direction after what has been written.
func (c halfConn) CloseWrite() error {
	c.faults.mu.Lock()
	defer c.faults.mu.Unlock()
	if c.out.refused != nil && (c.closed || c.out.end == nil) {
		return c.wrap("close", c.out.refused)
	}
	c.out.takeOver()
	c.out.refused = net.ErrClosed
	c.out.finish(io.EOF)
	return nil
}
