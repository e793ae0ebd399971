package fpnn

import (
	"context"
	"runtime"
	"slices"
	"time"

	"github.com/pkg/errors"
)

const (
	// maxPooled is the largest buffer in bytes that is kept with a call or a quest
	// for the next one, until the garbage collector empties the pool.
	maxPooled = 2 << 20
	// refusalQuota is the room in bytes, when the write buffer is full, for the
	// answers the reader gives itself, since it must not wait.
	refusalQuota = 16 << 10
)

// The way out. Packages are appended to c.out under c.mu. One goroutine at a
// time writes (c.writing): what is appended meanwhile leaves together in its
// next Write. It is started when there is something to write and ends when
// there is nothing left, so an idle connection has none.
//
// Packages that find no room stand in c.line, and go into the buffer in that
// order when it has been taken. As long as there is a line there is something in
// the buffer.

// standing is a package in the line.
type standing struct {
	pkg   []byte // nil if who brought it has left, or it has been put into the buffer
	call  *call  // whose quest it is; else
	moved notice // sent when it has been put into the buffer
}

// room reports whether pkg may be appended now. A package larger than the whole
// buffer is taken when the buffer is empty.
func (c *Conn) room(pkg []byte) bool {
	return len(c.line) == 0 && c.fits(pkg)
}

func (c *Conn) fits(pkg []byte) bool {
	return len(c.out) == 0 || len(c.out)+len(pkg) <= c.writeBuffer
}

// appendCall puts k's package into the buffer, or into the line.
func (c *Conn) appendCall(k *call) {
	if !c.room(k.pkg) {
		k.standing = &standing{pkg: k.pkg, call: k}
		c.line = append(c.line, k.standing)
		return
	}
	k.batch = c.append(k.pkg)
	c.tail = k.seq
}

// advance moves packages from the line into the buffer. It returns the notices
// to send.
func (c *Conn) advance() (moved []notice) {
	for len(c.line) > 0 {
		s := c.line[0]
		if s.pkg != nil && !c.fits(s.pkg) {
			return moved
		}
		c.line[0] = nil
		c.line = c.line[1:]
		if s.pkg == nil {
			c.gaps--
			continue
		}
		batch := c.append(s.pkg)
		s.pkg = nil
		if s.call != nil {
			s.call.batch, s.call.standing = batch, nil
		} else {
			moved = append(moved, s.moved)
		}
	}
	return moved
}

// leave takes s out of the line. Its place is kept until half of the line are
// such gaps.
func (c *Conn) leave(s *standing) {
	s.pkg = nil
	if c.gaps++; 2*c.gaps > len(c.line) {
		c.line = slices.DeleteFunc(c.line, func(s *standing) bool { return s.pkg == nil })
		c.gaps = 0
	}
}

// append puts pkg into the buffer and returns the number of the Write that will
// take it.
func (c *Conn) append(pkg []byte) uint64 {
	if n := len(c.out) + len(pkg); n > cap(c.out) {
		c.enlarge(n)
	}
	c.out = append(c.out, pkg...)
	c.quiet, c.tail = false, 0
	return c.begun + 1
}

// flushAndUnlock unlocks c.mu and sees to it that the buffer is written.
func (c *Conn) flushAndUnlock() {
	if !c.writing && len(c.out) > 0 && c.err == nil {
		c.writing = true
		c.spawn(c.goFlush)
	}
	c.mu.Unlock()
}

// put appends a package that no pending call stands for. It waits for room
// until ctx ends, the connection goes down or, if timeout is not 0, that long.
func (c *Conn) put(ctx context.Context, pkg []byte, timeout time.Duration) error {
	c.mu.Lock()
	err := c.appendOrStand(ctx, pkg, timeout)
	c.flushAndUnlock()
	return err
}

// appendOrStand appends pkg, in its turn. It is called and returns with c.mu
// held, but not while it waits.
func (c *Conn) appendOrStand(ctx context.Context, pkg []byte, timeout time.Duration) error {
	if c.err != nil {
		return c.err
	}
	if c.room(pkg) {
		c.append(pkg)
		return nil
	}
	s := &standing{pkg: pkg, moved: make(notice)}
	c.line = append(c.line, s)
	c.mu.Unlock()
	var expired <-chan time.Time
	if timeout > 0 {
		timer := time.NewTimer(timeout)
		defer timer.Stop()
		expired = timer.C
	}
	var err error
	select {
	case <-s.moved:
	case <-c.down:
	case <-expired:
		err = context.DeadlineExceeded
	case <-ctx.Done():
		err = ctx.Err()
	}
	c.mu.Lock()
	if s.pkg == nil {
		return nil // it leaves, though its notice may be still to come
	}
	if c.err != nil {
		return c.err
	}
	c.leave(s)
	return err
}

// flush writes until the buffer is empty.
//
// With more than one quest under way it steps back once before each Write:
// whoever can run now gets to append, and one Write carries many packages. A
// lone caller is not made to wait.
func (c *Conn) flush() {
	defer c.exit()
	for {
		c.mu.Lock()
		if c.pending.count+c.serving > 1 || c.lone.calls <= 1 {
			c.mu.Unlock()
			runtime.Gosched()
			c.mu.Lock()
		}
		if c.err != nil || len(c.out) == 0 {
			c.writing = false
			drained := c.drained()
			c.mu.Unlock()
			drained.send()
			return
		}
		if !c.writeBatch() {
			return
		}
	}
}

// writeBatch writes what the buffer holds. It is called with c.mu held and
// c.writing set, and unlocks.
func (c *Conn) writeBatch() bool {
	buf, gone := c.out, c.withdrawn
	c.out, c.spare = c.spare[0], [2][]byte{c.spare[1]}
	c.withdrawn, c.refusals = nil, 0
	c.begun++
	moved := c.advance()
	c.mu.Unlock()
	for _, n := range moved {
		n.send()
	}
	if buf = without(buf, gone); len(buf) > 0 && !c.write(buf) {
		return false
	}
	c.mu.Lock()
	c.recycle(buf)
	c.mu.Unlock()
	return true
}

// write hands b to the transport under the write deadline. Anything short of a
// complete write leaves the stream in an unknown state and ends the connection.
func (c *Conn) write(b []byte) bool {
	err := c.nc.SetWriteDeadline(time.Now().Add(c.writeTimeout))
	if err == nil {
		var n int
		n, err = c.nc.Write(b)
		c.stats.bytesOut.Add(int64(n))
		c.stats.writes.Add(1)
	}
	if err != nil {
		c.fail(lost(errors.WithMessage(err, "write")))
		return false
	}
	return true
}
