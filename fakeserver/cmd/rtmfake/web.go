package main

import (
	"context"
	"embed"
	"errors"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/gofpnn/gofpnn/fakeserver"
	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/fpnn/httpgate"
)

// What a reader of the page, or one who only seems to be, can take.
const (
	maxSubscribers  = 16               // to the live journal; one more is answered 503
	maxHeaderBytes  = 16 << 10         // of a request
	readTimeout     = 10 * time.Second // of a request
	writeTimeout    = 30 * time.Second // of an answer, or of one record of the journal
	httpIdleTimeout = 60 * time.Second
	closeTimeout    = time.Second // for answers under way, when the gate ends
)

//go:embed page.html app.js style.css
var files embed.FS

// web shows a gate over HTTP, to read only: as a page, and as metrics. A nil one
// does nothing.
type web struct {
	address string // as it was asked for, with a host
	srv     *fakeserver.Server
	gate    *httpgate.Listener // nil without -ws
	quests  questCounts
	run     string // tells this run's records from those of others

	hosts       map[string]bool // that may be asked for
	subscribers chan struct{}   // holds one for each
	listener    net.Listener
	server      http.Server
	served      chan error
}

// newWeb returns what will serve on a TCP address: without a host it is that of
// the loopback.
func newWeb(address string) (*web, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	if host == "" {
		host = "127.0.0.1"
	}
	return &web{
		address:     net.JoinHostPort(host, port),
		subscribers: make(chan struct{}, maxSubscribers),
		served:      make(chan error, 1),
	}, nil
}

// start begins to show a gate, and what it listens with unless that is nil.
func (w *web) start(srv *fakeserver.Server, gate *httpgate.Listener) error {
	if w == nil {
		return nil
	}
	l, err := new(net.ListenConfig).Listen(context.Background(), "tcp", w.address)
	if err != nil {
		return err
	}
	w.gate = gate
	w.serve(srv, l)
	return nil
}

func (w *web) serve(srv *fakeserver.Server, l net.Listener) {
	w.srv, w.listener = srv, l
	w.run = strconv.FormatInt(time.Now().UnixNano(), 36)
	w.hosts = hostsOf(w.address, l.Addr().String())
	ctx, cancel := context.WithCancel(context.Background())
	w.server = http.Server{
		Handler:           w.guard(w.routes()),
		ReadHeaderTimeout: readTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       httpIdleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		BaseContext:       func(net.Listener) context.Context { return ctx },

		DisableGeneralOptionsHandler: true,
	}
	w.server.RegisterOnShutdown(cancel) // which ends the subscribers
	go func() { w.served <- w.server.Serve(l) }()
}

// addr returns the address it is served on.
func (w *web) addr() string { return w.listener.Addr().String() }

// close ends it: answers under way have a moment to get out.
func (w *web) close() error {
	if w == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	err := w.server.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		err = w.server.Close()
	}
	if served := <-w.served; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	w.served <- http.ErrServerClosed // for another close
	return err
}

func (w *web) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/{$}", file("page.html", "text/html; charset=utf-8"))
	mux.HandleFunc("/app.js", file("app.js", "text/javascript; charset=utf-8"))
	mux.HandleFunc("/style.css", file("style.css", "text/css; charset=utf-8"))
	mux.Handle("/api/state", newShared("application/json", w.state))
	mux.HandleFunc("/api/journal", w.showJournal)
	mux.Handle("/metrics", newShared(fpnn.MetricsType, w.metrics))
	return mux
}

func file(name, contentType string) http.HandlerFunc {
	content, err := files.ReadFile(name)
	if err != nil {
		panic(err) // it is embedded
	}
	return func(rw http.ResponseWriter, _ *http.Request) { write(rw, contentType, content) }
}

func write(rw http.ResponseWriter, contentType string, content []byte) {
	rw.Header().Set("Content-Type", contentType)
	_, _ = rw.Write(content)
}
