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
	"sync/atomic"
	"time"

	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/transport/ws"
)

// Listener is a [net.Listener] of FPNN connections, whatever they come over.
type Listener struct {
	inner    net.Listener
	config   Config
	upgrader *ws.Upgrader
	web      *http.Server
	requests chan *webConn // to the HTTP server
	arrivals chan arrival
	closed   chan struct{}
	tasks    sync.WaitGroup // all goroutines, the HTTP server's connections included
	bodies   bodies
	refused  atomic.Int64 // requests without memory for their bodies

	mu      sync.Mutex
	down    bool      // closed is closed, or about to be
	sniffed list.List // of *sniffed, the oldest first
	webs    map[*webConn]struct{}
	waiting list.List // of those *webConn without a quest, the oldest first
	tooMany int64
}

// Stats counts what a [Listener] has, and has done since it was made.
type Stats struct {
	Sniffed int   // connections whose protocol is not known yet
	HTTP    int   // HTTP connections
	Bodies  int64 // bytes held for request bodies
	TooMany int64 // HTTP connections closed because of Config.MaxHTTP
	Refused int64 // requests answered with 503 because of Config.MaxBodies
}

// Metrics returns the counters as metrics, for [fpnn.AppendMetrics]. labels are pairs
// of name and value that all get, to tell one listener from others; it panics if one
// has no value.
func (s Stats) Metrics(labels ...string) []fpnn.Metric {
	if len(labels)%2 != 0 {
		panic("httpgate: Metrics with a label that has no value")
	}
	return []fpnn.Metric{
		{Name: "gate_connections_unknown", Help: "Connections whose protocol is not known yet.", Gauge: true, Labels: labels, Value: int64(s.Sniffed)},
		{Name: "gate_http_connections", Help: "HTTP connections that are open.", Gauge: true, Labels: labels, Value: int64(s.HTTP)},
		{Name: "gate_http_connections_too_many", Help: "HTTP connections closed since there were too many.", Labels: labels, Value: s.TooMany},
		{Name: "gate_http_buffered_bytes", Help: "Bytes held for request bodies.", Gauge: true, Labels: labels, Value: s.Bodies},
		{Name: "gate_http_requests_refused", Help: "Requests answered with 503 since their bodies had no room.", Labels: labels, Value: s.Refused},
	}
}

// arrival is what Accept returns.
type arrival struct {
	nc  net.Conn
	err error
}

// NewListener returns a listener that accepts FPNN from l as it is, and from l's
// HTTP connections WebSockets and quests, each HTTP connection as one connection
// of its own. It owns l.
func NewListener(l net.Listener, c Config) *Listener {
	g := &Listener{
		inner:    l,
		config:   c.withDefaults(),
		requests: make(chan *webConn),
		arrivals: make(chan arrival),
		closed:   make(chan struct{}),
		webs:     make(map[*webConn]struct{}),
	}
	g.bodies.most = g.config.MaxBodies
	g.upgrader = g.config.upgrader()
	g.web = &http.Server{
		Handler:                      http.HandlerFunc(g.serveRequest),
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
func (l *Listener) run() {
	for {
		nc, err := l.inner.Accept()
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
func (l *Listener) hand(nc net.Conn) {
	select {
	case l.arrivals <- arrival{nc, nil}:
	case <-l.closed:
		_ = nc.Close()
	}
}

// Accept returns the next connection that speaks FPNN. After Close it waits for the
// last goroutine and returns [net.ErrClosed].
func (l *Listener) Accept() (net.Conn, error) {
	select {
	case a := <-l.arrivals:
		return a.nc, a.err
	case <-l.closed:
		l.tasks.Wait()
		return nil, &net.OpError{Op: "accept", Net: l.Addr().Network(), Addr: l.Addr(), Err: net.ErrClosed}
	}
}

// Addr returns the address of the listener underneath.
func (l *Listener) Addr() net.Addr { return l.inner.Addr() }

// Stats returns the listener's counters.
func (l *Listener) Stats() Stats {
	l.mu.Lock()
	defer l.mu.Unlock()
	return Stats{
		Sniffed: l.sniffed.Len(),
		HTTP:    len(l.webs),
		Bodies:  l.bodies.held.Load(),
		TooMany: l.tooMany,
		Refused: l.refused.Load(),
	}
}

func (l *Listener) isClosed() bool {
	select {
	case <-l.closed:
		return true
	default:
		return false
	}
}

// Close ends Accept, and HTTP connections except for those with a quest under way:
// they end with its answer. It does not wait for them, but Accept does, so a server
// that has been closed leaves no goroutine behind.
func (l *Listener) Close() error {
	l.mu.Lock()
	again := l.down
	l.down = true
	var idle, busy []net.Conn
	for e := l.sniffed.Front(); e != nil; e = e.Next() {
		idle = append(idle, e.Value.(*sniffed))
	}
	for c := range l.webs {
		if c.place == nil {
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
	return l.inner.Close()
}

// webListener gives the HTTP server its connections.
type webListener struct{ *Listener }

func (l webListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.requests:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l webListener) Close() error { return nil }
