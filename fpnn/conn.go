package fpnn

import (
	"context"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pkg/errors"

	"github.com/gofpnn/gofpnn/fpnn/frame"
)

// Conn is one connection, the same on both sides: FPNN is duplex, so a server
// calls its clients as they call it. Clients and servers make their own; a
// handler gets at it through [Quest.Conn].
//
// All methods may be called concurrently. doc.go draws the goroutines.
type Conn struct {
	*connConfig
	nc       net.Conn
	buffered bool   // nc takes small writes without waiting for its peer
	endpoint string // that was dialled; "" on a server
	born     time.Time
	calls    sync.Pool // of *call; they hold channels, so no pool is shared
	ctx      context.Context
	cancel   context.CancelCauseFunc
	down     chan struct{} // closed by fail
	done     chan struct{} // closed when the last goroutine has ended
	stats    connStats
	heard    atomic.Int64 // when something last came in, nanoseconds since born; if it is kept alive

	goFlush, goWork, goSweep func() // made once: a method value allocates

	in     input         // of whoever reads
	resume chan struct{} // one token each time the reader is given its turn back; capacity 1

	mu          sync.Mutex // held for memory only: never across I/O, channels or user code
	err         error      // why the connection is down
	running     int        // goroutines
	pending     pending
	sweeping    bool
	counts      connCounts
	lone        run // of calls each made while no other was under way
	reads       turn
	turns       uint64 // how many callers have taken
	interrupted bool   // reads end early, until the reader goes on

	out       []byte              // the buffer being filled
	spare     [2][]byte           // written before; see buffers.go
	begun     uint64              // Writes begun; out goes with number begun+1
	writing   bool                // somebody is in Write, or about to be
	line      []*standing         // packages for which out has no room yet
	gaps      int                 // in line, left by those who are gone
	refusals  int                 // bytes in out beyond the write buffer's limit
	withdrawn map[uint32]struct{} // quests in out that are not to be written
	quiet     bool                // the peer has read everything written so far
	tail      uint32              // number of the last package written, if a twoway quest

	inbox      fifo[*Quest]
	inboxBytes int
	overfull   bool // a quest was refused since the inbox was last empty
	allowance  allowance
	late       int // quests that wait for their Responder
	lateBytes  int
	workers    int
	beginning  bool // one of them has not looked into the inbox yet
	serving    int  // quests accepted and not yet finished with
	draining   bool
	idle       notice // while draining: closed when nothing is left to do
	closing    bool   // nothing is left to do, and nothing more will be
}

func newConn(nc net.Conn, cfg *connConfig) *Conn {
	c := &Conn{
		connConfig: cfg,
		nc:         withDeadlines(nc),
		born:       time.Now(),
		down:       make(chan struct{}),
		done:       make(chan struct{}),
		resume:     make(chan struct{}, 1),
		quiet:      true,
	}
	switch nc.(type) {
	case *net.TCPConn, *net.UnixConn:
		c.buffered = true
	}
	c.ctx, c.cancel = context.WithCancelCause(context.Background())
	c.in = newInput(c)
	c.goFlush, c.goWork, c.goSweep = c.flush, c.work, c.sweep
	c.running = 1
	return c
}

// start begins to read. Until then the connection can be closed but not used.
func (c *Conn) start() {
	go c.read()
	if c.keepAlive.Interval > 0 {
		c.mu.Lock()
		if c.err == nil {
			c.spawn(c.keep)
		}
		c.mu.Unlock()
	}
}

// RemoteAddr returns the peer's address.
func (c *Conn) RemoteAddr() net.Addr { return c.nc.RemoteAddr() }

// LocalAddr returns this side's address.
func (c *Conn) LocalAddr() net.Addr { return c.nc.LocalAddr() }

// NetConn returns the transport's connection, to ask it for what it knows: TLS
// state, credentials, socket options. Do not read from it, write to it or set
// its deadlines.
func (c *Conn) NetConn() net.Conn {
	if w, ok := c.nc.(*closeOnDeadline); ok {
		return w.Conn
	}
	return c.nc
}

// Done returns a channel that is closed when the connection is down and all its
// goroutines, handlers included, have ended.
func (c *Conn) Done() <-chan struct{} { return c.done }

// Err returns why the connection is down, or nil while it is up. Printed with
// %+v it shows where that was noticed.
func (c *Conn) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// Close ends the connection at once. Calls in flight end with [ErrClosed]. It
// does not wait, so a handler may call it; [Conn.Done] tells the end.
func (c *Conn) Close() error {
	c.fail(ErrClosed)
	return nil
}

// refusal says why no new quest may leave, if so.
func (c *Conn) refusal() error {
	if c.err == nil && c.draining {
		return ErrClosed
	}
	return c.err
}

func (c *Conn) isDown() bool {
	select {
	case <-c.down:
		return true
	default:
		return false
	}
}

// fail takes the connection down. Every call in flight ends with err. Quests that
// came before are still served, unless it is this side that closes. No user code is
// run by who calls it, who may be a caller in the middle of its call.
func (c *Conn) fail(err error) {
	c.mu.Lock()
	if errors.Is(err, ErrClosed) {
		c.serving -= c.inbox.len()
		c.inbox, c.inboxBytes = fifo[*Quest]{}, 0
	}
	if c.err != nil {
		c.mu.Unlock()
		return
	}
	if c.closing {
		err = ErrClosed
	}
	c.err = err
	calls := c.pending.takeAll()
	c.counts.lost += int64(len(calls))
	for _, k := range calls {
		k.sent = k.batch != 0 && k.batch <= c.begun
		k.err = err
	}
	c.out, c.spare, c.withdrawn, c.line, c.gaps = nil, [2][]byte{}, nil, nil, 0
	c.spawn(c.closeTransport)
	c.running++ // the telling
	c.mu.Unlock()

	tell := func() {}
	if c.failed != nil {
		tell = c.failed(c, err) // before anybody finds it down
	}
	close(c.down)
	c.cancel(err)
	for _, k := range calls {
		k.done <- struct{}{}
	}
	go c.tellEnd(tell, err)
}

// tellEnd tells hooks and the log why the connection is down.
func (c *Conn) tellEnd(tell func(), err error) {
	defer c.exit()
	tell()
	if !errors.Is(err, ErrClosed) {
		c.logger.Debug("connection down", "peer", c.nc.RemoteAddr(), "err", err)
	}
}

// closeTransport is a goroutine of its own, since some transports wait for their
// peer: TLS for five seconds, to say goodbye.
func (c *Conn) closeTransport() {
	defer c.exit()
	_ = c.nc.Close()
}

// spawn starts a goroutine, which ends with exit. c.mu is held, and another goroutine
// of the connection has not ended.
func (c *Conn) spawn(f func()) {
	c.running++
	go f()
}

// exit ends a goroutine of the connection. The last one to leave after fail
// tells those who wait for all.
func (c *Conn) exit() {
	c.mu.Lock()
	c.running--
	last := c.running == 0 && c.err != nil
	c.mu.Unlock()
	if last {
		close(c.done)
		c.ended(c)
	}
}

// lost wraps what ended a connection from outside, with a stack.
func lost(err error) error { return errors.WithStack(&lostError{err}) }

// lostError is ErrDisconnected with its cause.
type lostError struct{ err error }

func (e *lostError) Error() string   { return ErrDisconnected.Error() + ": " + e.err.Error() }
func (e *lostError) Unwrap() []error { return []error{ErrDisconnected, e.err} }

// malformed is the end of a connection whose peer breaks the protocol.
func malformed(reason string, err error) error {
	if errors.Is(err, frame.ErrTooLarge) {
		reason = "package exceeds the size limit"
	}
	return lost(&ProtocolError{Reason: reason, Err: err})
}
