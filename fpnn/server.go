package fpnn

import (
	"context"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pkg/errors"
	"golang.org/x/sync/errgroup"
)

// Server serves FPNN on any number of listeners. Besides its Handler's methods
// it has those every FPNN server has: `*ping`, `*status`, `*infos` and `*tune`. All
// methods may be called concurrently.
type Server struct {
	config      connConfig
	name        string
	maxBuffered int64
	buffered    atomic.Int64
	allowed     []netip.Prefix // nil: everybody
	maxConns    int            // 0: no bound

	privateBuiltins bool

	started  time.Time
	accepted atomic.Int64

	mu        sync.Mutex
	closed    bool
	down      chan struct{}              // closed with the server
	listeners map[*net.Listener]struct{} // by where they are: not all can be compared
	conns     map[*Conn]struct{}
	ended     ConnStats // sums over the connections that are gone

	notAllowed, tooMany int64        // connections not served
	forbidden           atomic.Int64 // calls of built-in methods

	tasks sync.WaitGroup // Serve calls and connections
}

// NewServer returns a Server that passes quests to h. It fails if an option is
// out of range.
func NewServer(h Handler, opts ...ServerOption) (*Server, error) {
	if h == nil {
		return nil, errors.New("fpnn: NewServer without a handler")
	}
	s := &Server{
		config:      defaultConfig(),
		name:        "gofpnn",
		maxBuffered: DefaultMaxBuffered,
		started:     time.Now(),
		down:        make(chan struct{}),
		listeners:   make(map[*net.Listener]struct{}),
		conns:       make(map[*Conn]struct{}),
	}
	s.config.concurrency = DefaultConcurrency
	s.config.idleTimeout = DefaultIdleTimeout
	s.config.handler = &builtins{server: s, next: h}
	s.config.reserve = s.Reserve
	s.config.ended = s.remove
	for _, o := range opts {
		if err := o.applyToServer(s); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// Serve accepts connections from l until the server is closed or shut down,
// then returns [ErrClosed]; or until l fails for good, then its error. It closes
// l. It may be called for several listeners.
func (s *Server) Serve(l net.Listener) error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		_ = l.Close()
		return ErrClosed
	}
	s.listeners[&l] = struct{}{}
	s.tasks.Add(1)
	s.mu.Unlock()
	defer s.tasks.Done()
	defer s.forget(&l)

	for delay := time.Duration(0); ; {
		nc, err := l.Accept()
		if err == nil {
			delay = 0
			if err := s.ServeConn(nc); errors.Is(err, ErrClosed) {
				return err
			}
			continue
		}
		if s.isClosed() {
			return ErrClosed
		}
		var temporary interface{ Temporary() bool }
		if !errors.As(err, &temporary) || !temporary.Temporary() {
			return errors.WithStack(&OpError{Op: "serve", Err: err})
		}
		// Out of descriptors, most likely: connections ending will help.
		delay = min(max(2*delay, 5*time.Millisecond), time.Second)
		s.config.logger.Warn("accept failed", "err", err, "retry in", delay)
		retry := time.NewTimer(delay)
		select {
		case <-retry.C:
		case <-s.down:
			retry.Stop()
		}
	}
}

// ServeConn serves one connection made elsewhere. It returns at once; the server
// owns nc from then on. It fails with [ErrClosed] if the server is closed, and with
// [ErrNotAllowed] and [ErrTooManyConns] if an option forbids the connection. nc is
// closed then: by its method CloseWithError(error) error, if it has one, which
// gets the reason.
func (s *Server) ServeConn(nc net.Conn) error {
	c := newConn(nc, &s.config)
	s.mu.Lock()
	err, closed := s.admit(nc), s.closed
	if !closed {
		s.tasks.Add(1)
	}
	if err == nil {
		s.conns[c] = struct{}{}
	}
	s.mu.Unlock()
	if err == nil {
		s.accepted.Add(1)
		c.start()
		return nil
	}
	s.config.logger.Debug("connection not served", "peer", nc.RemoteAddr(), "err", err)
	if closed {
		turnAway(nc, err) // nobody would wait for a goroutine
		return err
	}
	go func() {
		defer s.tasks.Done()
		turnAway(nc, err)
	}()
	return err
}

// remove is called when all of a connection has ended.
func (s *Server) remove(c *Conn) {
	stats := c.final()
	s.mu.Lock()
	delete(s.conns, c)
	s.ended.add(stats)
	s.mu.Unlock()
	s.tasks.Done()
}

// Close stops the server at once: calls and quests in flight end with their
// connections. It returns when all handlers have returned, so a handler must not
// call it.
func (s *Server) Close() error {
	for _, c := range s.stop() {
		c.fail(ErrClosed)
	}
	s.tasks.Wait()
	return nil
}

// Shutdown stops accepting connections and quests (new ones are answered with
// 20014), lets those in flight finish, closes each connection when it is idle
// and returns when all are. When ctx ends first, the rest is closed as by Close
// and ctx's error returned. A handler must not call it.
func (s *Server) Shutdown(ctx context.Context) error {
	var g errgroup.Group
	for _, c := range s.stop() {
		g.Go(func() error {
			if err := c.Shutdown(ctx); !errors.Is(err, ErrDisconnected) {
				return err
			}
			return nil // its peer did not wait
		})
	}
	err := g.Wait()
	s.tasks.Wait()
	return err
}

// stop closes the listeners and returns the connections.
func (s *Server) stop() []*Conn {
	s.mu.Lock()
	first := !s.closed
	s.closed = true
	listeners := make([]net.Listener, 0, len(s.listeners))
	for l := range s.listeners {
		listeners = append(listeners, *l)
	}
	conns := s.connsLocked()
	s.mu.Unlock()
	if first {
		close(s.down)
	}
	for _, l := range listeners {
		_ = l.Close()
	}
	return conns
}

// Conns returns the open connections.
func (s *Server) Conns() []*Conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.connsLocked()
}

func (s *Server) connsLocked() []*Conn {
	conns := make([]*Conn, 0, len(s.conns))
	for c := range s.conns {
		conns = append(conns, c)
	}
	return conns
}

func (s *Server) isClosed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed
}

func (s *Server) forget(l *net.Listener) {
	_ = (*l).Close()
	s.mu.Lock()
	delete(s.listeners, l)
	s.mu.Unlock()
}

// Reserve takes n bytes from the budget of [WithMaxBuffered], or gives -n back: for
// a [net.Conn] that keeps incomplete packages too, so that all are counted. It
// reports whether there was so much. Who finds too little has Read fail with
// [frame.ErrNoBuffer], which ends the connection.
func (s *Server) Reserve(n int) bool {
	if s.buffered.Add(int64(n)) <= s.maxBuffered || n < 0 {
		return true
	}
	s.buffered.Add(-int64(n))
	return false
}
