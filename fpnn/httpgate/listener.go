package httpgate

import (
	"container/list"
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/gofpnn/gofpnn/transport/ws"
)

// listener is a listener of FPNN connections, whatever they come over.
type listener struct {
	net.Listener
	Config
	upgrader *ws.Upgrader
	web      *http.Server
	requests chan *webConn // to the HTTP server
	arrivals chan arrival
	closed   chan struct{}
	tasks    sync.WaitGroup // all goroutines, the HTTP server's connections included

	mu      sync.Mutex
	down    bool      // closed is closed, or about to be
	sniffed list.List // of *sniffed, the oldest first
	webs    map[*webConn]struct{}
}

// arrival is what Accept returns.
type arrival struct {
	nc  net.Conn
	err error
}

// NewListener returns a listener that accepts FPNN from l as it is, and from l's
// HTTP connections WebSockets and quests, each HTTP connection as one connection
// of its own. It owns l.
//
// Close ends HTTP connections, except for those with a quest under way: they end
// with its answer. Accept then waits for the last goroutine, so a server that has
// been closed has none left.
func NewListener(l net.Listener, c Config) net.Listener {
	g := &listener{
		Listener: l,
		Config:   c.withDefaults(),
		requests: make(chan *webConn),
		arrivals: make(chan arrival),
		closed:   make(chan struct{}),
		webs:     make(map[*webConn]struct{}),
	}
	g.upgrader = g.Config.upgrader()
	g.web = &http.Server{
		Handler:                      g,
		ReadHeaderTimeout:            headerTimeout,
		ReadTimeout:                  readTimeout,
		WriteTimeout:                 writeTimeout,
		IdleTimeout:                  idleTimeout,
		MaxHeaderBytes:               maxHeader,
		ErrorLog:                     log.New(io.Discard, "", 0),
		DisableGeneralOptionsHandler: true,
		ConnContext: func(ctx context.Context, nc net.Conn) context.Context {
			return context.WithValue(ctx, connKey{}, nc)
		},
		ConnState: func(nc net.Conn, s http.ConnState) { nc.(*webConn).become(s) },
	}
	g.tasks.Go(func() { _ = g.web.Serve(webListener{g}) })
	g.tasks.Go(g.run)
	return g
}

// run accepts from the listener underneath.
func (l *listener) run() {
	for {
		nc, err := l.Listener.Accept()
		if err != nil {
			var temporary interface{ Temporary() bool }
			more := errors.As(err, &temporary) && temporary.Temporary()
			select {
			case l.arrivals <- arrival{nil, err}:
			case <-l.closed:
				return
			}
			if !more {
				return
			}
			continue
		}
		l.admit(nc)
	}
}

// hand gives a connection to Accept, or closes it if there will be none.
func (l *listener) hand(nc net.Conn) {
	select {
	case l.arrivals <- arrival{nc, nil}:
	case <-l.closed:
		_ = nc.Close()
	}
}

// Accept returns the next connection that speaks FPNN.
func (l *listener) Accept() (net.Conn, error) {
	select {
	case a := <-l.arrivals:
		return a.nc, a.err
	case <-l.closed:
		l.tasks.Wait()
		return nil, &net.OpError{Op: "accept", Net: l.Addr().Network(), Addr: l.Addr(), Err: net.ErrClosed}
	}
}

func (l *listener) isClosed() bool {
	select {
	case <-l.closed:
		return true
	default:
		return false
	}
}

// Close is described at [NewListener]. It does not wait.
func (l *listener) Close() error {
	l.mu.Lock()
	again := l.down
	l.down = true
	var idle, busy []net.Conn
	for e := l.sniffed.Front(); e != nil; e = e.Next() {
		idle = append(idle, e.Value.(*sniffed))
	}
	for c := range l.webs {
		if c.busy {
			busy = append(busy, c)
		} else {
			idle = append(idle, c)
		}
	}
	l.mu.Unlock()
	if again {
		return net.ErrClosed
	}
	close(l.closed)
	l.web.SetKeepAlivesEnabled(false)
	for _, nc := range idle {
		_ = nc.Close()
	}
	for _, nc := range busy {
		_ = nc.SetWriteDeadline(time.Now().Add(linger)) // in case the answer is being written
	}
	return l.Listener.Close()
}

// webListener gives the HTTP server its connections.
type webListener struct{ *listener }

func (l webListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.requests:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l webListener) Close() error { return nil }
