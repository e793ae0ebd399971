package mem

import (
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

const (
	// bufferSize is how many bytes wait in one direction before Write blocks.
	bufferSize = 64 << 10
	// idleBuffer is how many bytes at a time justify no larger buffer than that.
	idleBuffer = 4 << 10
)

// pipe is one direction: a bounded buffer between a writer and a reader. Both
// wait on a Cond, which a synctest bubble takes for blocked.
type pipe struct {
	mu      sync.Mutex
	changed sync.Cond // anything below has

	buf         []byte // buf[start:] is unread
	start       int
	writing     bool // a Write is between its first and last byte: another waits
	writeClosed bool // the writer sends no more: end of file after the rest
	readClosed  bool // the reader takes no more
	read, write deadline
}

func newPipe() *pipe {
	p := new(pipe)
	p.changed.L = &p.mu
	return p
}

func (p *pipe) readInto(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for {
		switch {
		case p.readClosed:
			return 0, net.ErrClosed
		case p.read.passed:
			return 0, os.ErrDeadlineExceeded
		case len(b) == 0:
			return 0, nil
		case p.start < len(p.buf):
			n := copy(b, p.buf[p.start:])
			p.start += n
			if p.start == len(p.buf) {
				p.empty()
			}
			p.changed.Broadcast()
			return n, nil
		case p.writeClosed:
			return 0, io.EOF
		}
		p.changed.Wait()
	}
}

// empty resets the buffer. A large one is given back when little of it was used.
func (p *pipe) empty() {
	if cap(p.buf) > idleBuffer && len(p.buf) <= idleBuffer {
		p.buf = nil
	}
	p.buf, p.start = p.buf[:0], 0
}

func (p *pipe) writeFrom(b []byte) (n int, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	mine := false
	defer func() {
		if mine {
			p.writing = false
			p.changed.Broadcast()
		}
	}()
	for {
		switch {
		case p.writeClosed:
			return n, net.ErrClosed
		case p.readClosed:
			return n, syscall.EPIPE
		case p.write.passed:
			return n, os.ErrDeadlineExceeded
		case n == len(b):
			return n, nil
		}
		if mine = mine || !p.writing; mine {
			p.writing = true
			if n += p.fill(b[n:]); n == len(b) {
				return n, nil
			}
		}
		p.changed.Wait()
	}
}

// fill buffers as much of b as there is room for.
func (p *pipe) fill(b []byte) int {
	unread := len(p.buf) - p.start
	n := min(len(b), bufferSize-unread)
	if n == 0 {
		return 0
	}
	if p.start > 0 && len(p.buf)+n > cap(p.buf) {
		p.buf = p.buf[:copy(p.buf, p.buf[p.start:])]
		p.start = 0
	}
	p.buf = append(p.buf, b[:n]...)
	p.changed.Broadcast()
	return n
}

// closeWrite ends the stream after what is buffered.
func (p *pipe) closeWrite() {
	p.mu.Lock()
	p.writeClosed = true
	timer := p.write.drop()
	p.mu.Unlock()
	stop(timer)
	p.changed.Broadcast()
}

// closeRead drops what is buffered; the writer is told.
func (p *pipe) closeRead() {
	p.mu.Lock()
	p.readClosed = true
	p.buf, p.start = nil, 0
	timer := p.read.drop()
	p.mu.Unlock()
	stop(timer)
	p.changed.Broadcast()
}

// deadline is one side's deadline. Its timer is made and stopped outside the
// lock; generation tells a timer that has been replaced.
type deadline struct {
	passed     bool
	timer      *time.Timer
	generation int
}

func (d *deadline) drop() *time.Timer {
	timer := d.timer
	d.timer = nil
	d.generation++
	return timer
}

func stop(t *time.Timer) {
	if t != nil {
		t.Stop()
	}
}

// setDeadline sets d, one of p's two, to t; zero is none.
func (p *pipe) setDeadline(d *deadline, t time.Time) error {
	wait := time.Until(t)
	p.mu.Lock()
	if d == &p.read && p.readClosed || d == &p.write && p.writeClosed {
		p.mu.Unlock()
		return net.ErrClosed
	}
	old := d.drop()
	generation := d.generation
	d.passed = !t.IsZero() && wait <= 0
	p.mu.Unlock()
	stop(old)
	p.changed.Broadcast()
	if t.IsZero() || wait <= 0 {
		return nil
	}
	timer := time.AfterFunc(wait, func() {
		p.mu.Lock()
		if d.generation == generation {
			d.passed = true
		}
		p.mu.Unlock()
		p.changed.Broadcast()
	})
	p.mu.Lock()
	current := d.generation == generation
	if current {
		d.timer = timer
	}
	p.mu.Unlock()
	if !current { // closed or set again meanwhile
		timer.Stop()
	}
	return nil
}
