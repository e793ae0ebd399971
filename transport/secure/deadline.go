package secure

import (
	"net"
	"os"
	"sync"
	"time"
)

// SetDeadline sets both deadlines of the connection underneath.
func (c *Conn) SetDeadline(t time.Time) error {
	err := c.nc.SetDeadline(t)
	if err == nil {
		c.writeBy.set(t)
	}
	return err
}

// SetReadDeadline sets the read deadline of the connection underneath.
func (c *Conn) SetReadDeadline(t time.Time) error { return c.nc.SetReadDeadline(t) }

// SetWriteDeadline sets the write deadline of the connection underneath, and
// that of a Write that waits for the first package.
func (c *Conn) SetWriteDeadline(t time.Time) error {
	err := c.nc.SetWriteDeadline(t)
	if err == nil {
		c.writeBy.set(t)
	}
	return err
}

// awaitFirst waits until a server's handshake is over, and returns how it ended.
func (c *Conn) awaitFirst() error {
	for {
		select {
		case <-c.settled:
			return c.err
		default:
		}
		if err := c.awaitChange(); err != nil {
			return err
		}
	}
}

// awaitChange waits until the handshake is over or the write deadline has been
// moved.
func (c *Conn) awaitChange() error {
	at, moved := c.writeBy.get()
	var passed <-chan time.Time
	if !at.IsZero() {
		timer := time.NewTimer(time.Until(at))
		defer timer.Stop()
		passed = timer.C
	}
	select {
	case <-c.settled:
	case <-moved:
	case <-c.closed:
		return net.ErrClosed
	case <-passed:
		return os.ErrDeadlineExceeded
	}
	return nil
}

// deadline is a time that may be moved while somebody waits for it.
type deadline struct {
	mu    sync.Mutex
	at    time.Time
	moved chan struct{} // closed when at changes; nil if nobody has asked
}

func (d *deadline) set(t time.Time) {
	d.mu.Lock()
	moved := d.moved
	d.at, d.moved = t, nil
	d.mu.Unlock()
	if moved != nil {
		close(moved)
	}
}

func (d *deadline) get() (at time.Time, moved <-chan struct{}) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.moved == nil {
		d.moved = make(chan struct{})
	}
	return d.at, d.moved
}

// alarm closes a connection whose handshake takes too long. It needs no
// deadlines of the connection, and leaves those alone that others have set.
type alarm struct {
	timer *time.Timer
	rung  chan struct{}
}

func startAlarm(nc net.Conn, at time.Time) *alarm {
	a := &alarm{rung: make(chan struct{})}
	a.timer = time.AfterFunc(time.Until(at), func() {
		defer close(a.rung)
		_ = nc.Close()
	})
	return a
}

// stop ends the alarm and reports whether it has rung.
func (a *alarm) stop() bool {
	if a.timer.Stop() {
		return false
	}
	<-a.rung
	return true
}
