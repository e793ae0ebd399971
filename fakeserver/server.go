package fakeserver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/rtm/wire"
	"github.com/gofpnn/gofpnn/transport"
	"github.com/gofpnn/gofpnn/transport/mem"
)

// TB is what the package needs of a test; [testing.TB] has it.
type TB interface {
	Helper()
	Cleanup(f func())
	Failed() bool
	Logf(format string, args ...any)
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// Server is a running fake gate. All methods may be called concurrently.
type Server struct {
	project     wire.Project
	tolerance   time.Duration
	listen      string       // of TCP; "" for memory
	given       net.Listener // instead of both
	givenDialer transport.Dialer
	fpnnOpts    []fpnn.ServerOption

	limits       Limits
	storedTypes  typeSet
	checkMembers bool

	server   *fpnn.Server
	listener net.Listener
	dialer   transport.Dialer
	served   chan error
	ended    sync.Once

	now     func() time.Time
	turns   turns
	journal Journal
	network Network
	rules   rules

	store         store
	groups, rooms members
	tokens        tokens
	listeners     listeners
	rate          rate
	ids           wire.IDGenerator // of messages that no client sends
}

// New starts a Server that ends with the test t. If t fails, the journal's last
// records are logged; a rule that is [Required] and was not applied fails it.
func New(t TB, opts ...Option) *Server {
	t.Helper()
	s, err := Start(opts...)
	if err != nil {
		t.Fatalf("fakeserver: %v", err)
		return nil
	}
	t.Cleanup(func() {
		_ = s.Close()
		for _, r := range s.rules.unmet() {
			t.Errorf("fakeserver: %v", r)
		}
		if t.Failed() {
			s.journal.log(t)
		}
	})
	return s
}

// Start starts a Server. It fails if an option is out of range or the address
// cannot be listened on.
func Start(opts ...Option) (*Server, error) {
	s := &Server{
		project:     wire.Project{ID: DefaultProject, Secret: DefaultSecret},
		tolerance:   DefaultTimeTolerance,
		storedTypes: setOf(nil),
		served:      make(chan error, 1),
		now:         time.Now,
		journal:     Journal{maxRecords: DefaultJournalRecords, maxBytes: DefaultJournalBytes},
		network:     Network{seed: 1},
	}
	s.network.journal = &s.journal
	for _, o := range opts {
		if err := o(s); err != nil {
			return nil, err
		}
	}
	var err error
	s.fpnnOpts = append(s.fpnnOpts, fpnn.WithMiddleware(s.ruled)) // the outermost
	if s.server, err = fpnn.NewServer(s.methods(), s.fpnnOpts...); err != nil {
		return nil, err
	}
	s.network.server, s.network.left, s.network.closed = s.server, s.listeners.leave, make(chan struct{})
	if err := s.bind(); err != nil {
		return nil, err
	}
	if err := s.journal.open(); err != nil {
		_ = s.listener.Close()
		return nil, err
	}
	go func() { s.served <- s.server.Serve(s.listener) }()
	return s, nil
}

func (s *Server) bind() (err error) {
	var l net.Listener
	d := dialer{network: &s.network}
	switch {
	case s.given != nil:
		d.dialer, l = s.givenDialer, s.given
	case s.listen != "":
		d.dialer = new(net.Dialer)
		l, err = new(net.ListenConfig).Listen(context.Background(), "tcp", s.listen)
	default:
		memory := new(mem.Network)
		d.dialer = memory
		l, err = memory.Listen("")
	}
	if err != nil {
		return err
	}
	d.address = l.Addr().String()
	s.dialer, s.listener = d, &controlled{Listener: l, network: &s.network}
	return nil
}

// Addr returns the address to dial.
func (s *Server) Addr() string { return s.listener.Addr().String() }

// Dialer returns what dials it: the server's own network in memory, or TCP.
func (s *Server) Dialer() transport.Dialer { return s.dialer }

// Format writes the server's address for every verb: none shows the secret.
func (s *Server) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "fakeserver at "+s.Addr()) }

// Project returns the project the server accepts, with its secret.
func (s *Server) Project() wire.Project { return s.project }

// Close ends the server and all its connections. It returns when all goroutines
// have ended.
func (s *Server) Close() error {
	err := s.server.Close()
	s.listeners.close()
	s.ended.Do(func() { close(s.network.closed) })
	if served := <-s.served; !errors.Is(served, fpnn.ErrClosed) {
		err = served
	}
	s.served <- fpnn.ErrClosed // for another Close
	if journal := s.journal.close(); err == nil {
		err = journal
	}
	return err
}
