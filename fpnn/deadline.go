package fpnn

import (
	"net"
	"os"
	"sync"
	"time"
)

// withDeadlines returns nc, or a wrapper that gives a transport without
// deadlines (an SSH channel, say) the only ones it can have: when one passes,
// the connection is closed.
func withDeadlines(nc net.Conn) net.Conn {
	if nc.SetDeadline(time.Time{}) == nil {
		return nc
	}
	return &closeOnDeadline{Conn: nc}
}

type closeOnDeadline struct {
	net.Conn
	read, write alarm
}

func (c *closeOnDeadline) SetReadDeadline(t time.Time) error  { return c.read.set(c.Conn, t) }
func (c *closeOnDeadline) SetWriteDeadline(t time.Time) error { return c.write.set(c.Conn, t) }

func (c *closeOnDeadline) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	return n, c.read.explain(err)
}

// Write disarms the deadline when it is done: unlike a real one it would close
// the connection even when nobody is writing.
func (c *closeOnDeadline) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	err = c.write.explain(err)
	_ = c.write.set(c.Conn, time.Time{})
	return n, err
}

func (c *closeOnDeadline) Close() error {
	_ = c.read.set(c.Conn, time.Time{})
	_ = c.write.set(c.Conn, time.Time{})
	return c.Conn.Close()
}

// alarm closes a connection at a time.
type alarm struct {
	mu    sync.Mutex
	timer *time.Timer
	rung  bool
}

func (a *alarm) set(nc net.Conn, t time.Time) error {
	a.mu.Lock()
	old := a.timer
	a.timer = nil
	a.mu.Unlock()
	if old != nil {
		old.Stop()
	}
	if t.IsZero() {
		return nil
	}
	timer := time.AfterFunc(time.Until(t), func() {
		a.mu.Lock()
		a.rung = true
		a.mu.Unlock()
		_ = nc.Close()
	})
	a.mu.Lock()
	a.timer = timer
	a.mu.Unlock()
	return nil
}

func (a *alarm) explain(err error) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err != nil && a.rung {
		return os.ErrDeadlineExceeded
	}
	return err
}
