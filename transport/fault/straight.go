package fault

import (
	"errors"
	"net"
	"os"
	"time"
)

// A connection of the system has buffers of its own, so that it needs no lines as
// long as there has been no fault: the wrapper's calls go straight to it, and there
// are no goroutines. The first fault in a direction, or what else only a line can
// do, ends that for good. A call that is under way then has the line take what it
// has read, or has yet to write.

// buffers reports whether nc takes what is written without waiting for its peer.
func buffers(nc net.Conn) bool {
	switch nc.(type) {
	case *net.TCPConn, *net.UnixConn:
		return true
	}
	return false
}

// takeOver ends straight calls. Under the controller's mutex, as launch.
func (l *line) takeOver() {
	l.straight = false
	if !l.calling {
		l.launch()
	}
}

// launch starts the goroutine of a line that takes over. Its calls have no deadline.
func (l *line) launch() {
	if !l.launched {
		l.launched = true
		_ = l.setDeadline(time.Time{})
		go l.run()
	}
}

// begin begins a straight call, if it may be one. It waits for one under way, which
// has the same deadline.
func (l *line) begin() (straight bool) {
	l.conn.faults.mu.Lock()
	defer l.conn.faults.mu.Unlock()
	for l.calling {
		l.wait()
	}
	l.calling = l.straight
	return l.straight
}

// passed reports whether n bytes have gone past the line: it has not taken over.
func (l *line) passed(n int) bool {
	l.conn.faults.mu.Lock()
	defer l.conn.faults.mu.Unlock()
	if l.straight {
		l.skip(n)
	}
	return l.straight
}

// skip counts bytes of the stream that are not to enter the line.
func (l *line) skip(n int) {
	l.entered += uint64(n)
	l.due, l.left = l.entered, l.entered
}

// done ends a straight call. If the line has taken over it starts now.
func (l *line) done() {
	l.conn.faults.mu.Lock()
	defer l.conn.faults.mu.Unlock()
	l.calling = false
	if !l.straight {
		l.launch()
	}
	l.wake()
}

// readStraight reads from the connection underneath. If the line has taken over
// meanwhile, what was read is in it.
func (c *conn) readStraight(b []byte) (n int, straight bool, err error) {
	defer c.in.done()
	n, err = c.nc.Read(b[:min(len(b), bufferSize)])
	if c.in.passed(n) {
		return n, true, err
	}
	_, _ = c.in.put(b[:n])
	if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		c.faults.mu.Lock()
		c.in.finish(err)
		c.faults.mu.Unlock()
	}
	return 0, false, nil
}

// writeStraight writes to the connection underneath, as much at a time as a line
// does. If the line takes over meanwhile, the rest enters it.
func (c *conn) writeStraight(b []byte) (n int, err error) {
	defer c.out.done()
	for n < len(b) {
		written, err := c.nc.Write(b[n:min(len(b), n+chunk)])
		n += written
		if !c.out.passed(written) {
			c.faults.mu.Lock()
			c.out.skip(written)
			c.out.launch() // there may be no room for the rest
			c.faults.mu.Unlock()
			written, err = c.out.put(b[n:])
			return n + written, err
		}
		if err != nil {
			return n, err
		}
	}
	return n, nil
}
