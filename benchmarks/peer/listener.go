package peer

import (
	"context"
	"net"
	"sync"
)

func listenTCP(ctx context.Context) (net.Listener, error) {
	return new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
}

// serveConns listens on TCP and handles each connection in a goroutine of its own.
func serveConns(ctx context.Context, handle func(nc net.Conn)) (*Served, error) {
	l, err := listenTCP(ctx)
	if err != nil {
		return nil, err
	}
	s := &connServer{listener: l, handle: handle, conns: make(map[net.Conn]struct{})}
	s.running.Go(s.accept)
	return &Served{Address: Address{Addr: l.Addr().String()}, Stop: s.stop}, nil
}

type connServer struct {
	listener net.Listener
	handle   func(nc net.Conn)
	running  sync.WaitGroup

	mu      sync.Mutex
	stopped bool
	conns   map[net.Conn]struct{}
}

func (s *connServer) accept() {
	for {
		nc, err := s.listener.Accept()
		if err != nil {
			return
		}
		s.mu.Lock()
		if s.stopped {
			s.mu.Unlock()
			_ = nc.Close()
			return
		}
		s.conns[nc] = struct{}{}
		s.mu.Unlock()
		s.running.Go(func() {
			s.handle(nc)
			s.mu.Lock()
			delete(s.conns, nc)
			s.mu.Unlock()
			_ = nc.Close()
		})
	}
}

// stop ends all connections and waits for their goroutines.
func (s *connServer) stop() {
	_ = s.listener.Close()
	s.mu.Lock()
	s.stopped = true
	for nc := range s.conns {
		_ = nc.Close()
	}
	s.mu.Unlock()
	s.running.Wait()
}

// serving calls serve in a goroutine. What it returns calls stop and waits for
// the goroutine's end.
func serving(serve, stop func()) func() {
	done := make(chan struct{})
	go func() {
		defer close(done)
		serve()
	}()
	return func() {
		stop()
		<-done
	}
}
