// Package mem is an in-process network: connections that are buffers, for
// hermetic tests and for embedding client and server in one program.
//
// It works inside testing/synctest: whatever blocks here is durably blocked, and
// time-outs are the bubble's. A Network or connection made inside a bubble
// belongs to it; the package itself holds no state, so any number of bubbles may
// use it.
//
// A connection has no goroutine, and a timer for each deadline that is set. Each
// direction buffers 64 KiB, into which Write copies and from which Read does. Errors
// are those of sockets: [net.ErrClosed], [io.EOF], [os.ErrDeadlineExceeded],
// [syscall.ECONNREFUSED] and so on.
package mem

import (
	"context"
	"fmt"
	"net"
	"sync"
	"syscall"
)

// backlog is how many dialled connections wait for Accept.
const backlog = 128

// Network is a set of addresses with listeners behind them. The zero value is
// ready to use. It is a transport.Dialer. All methods may be called
// concurrently.
type Network struct {
	mu        sync.Mutex
	listeners map[Addr]*listener
	last      int // number of the last address made up
}

// Listen announces address, any string; for "" it makes one up. An address in
// use is an error that wraps [syscall.EADDRINUSE].
func (n *Network) Listen(address string) (net.Listener, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	addr := Addr(address)
	for addr == "" || address == "" && n.listeners[addr] != nil {
		addr = n.madeUp()
	}
	if n.listeners[addr] != nil {
		return nil, &net.OpError{Op: "listen", Net: "mem", Addr: addr, Err: syscall.EADDRINUSE}
	}
	l := &listener{network: n, addr: addr, queue: make(chan *Conn, backlog), closed: make(chan struct{})}
	if n.listeners == nil {
		n.listeners = make(map[Addr]*listener)
	}
	n.listeners[addr] = l
	return l, nil
}

func (n *Network) madeUp() Addr {
	n.last++
	return Addr(fmt.Sprintf("mem-%d", n.last))
}

// DialContext connects to the listener at address; the network's name is
// ignored. Without a listener the error wraps [syscall.ECONNREFUSED]. While the
// listener's queue of 128 is full it waits for room, or ctx.
func (n *Network) DialContext(ctx context.Context, _, address string) (net.Conn, error) {
	fail := func(err error) (net.Conn, error) {
		return nil, &net.OpError{Op: "dial", Net: "mem", Addr: Addr(address), Err: err}
	}
	if err := ctx.Err(); err != nil {
		return fail(err)
	}
	n.mu.Lock()
	l := n.listeners[Addr(address)]
	local := n.madeUp()
	n.mu.Unlock()
	if l == nil {
		return fail(syscall.ECONNREFUSED)
	}
	near, far := newPair(local, l.addr)
	select {
	case l.queue <- far:
	case <-l.closed:
		return fail(syscall.ECONNREFUSED)
	case <-ctx.Done():
		return fail(ctx.Err())
	}
	select {
	case <-l.closed: // perhaps too late for Close to have seen far
		l.reset()
	default:
	}
	return near, nil
}

type listener struct {
	network *Network
	addr    Addr
	queue   chan *Conn
	once    sync.Once
	closed  chan struct{}
}

func (l *listener) Accept() (net.Conn, error) {
	select {
	case <-l.closed:
		return nil, &net.OpError{Op: "accept", Net: "mem", Addr: l.addr, Err: net.ErrClosed}
	default:
	}
	select {
	case c := <-l.queue:
		return c, nil
	case <-l.closed:
		return nil, &net.OpError{Op: "accept", Net: "mem", Addr: l.addr, Err: net.ErrClosed}
	}
}

// Close frees the address and closes the connections nobody has accepted.
func (l *listener) Close() error {
	l.once.Do(func() {
		l.network.mu.Lock()
		delete(l.network.listeners, l.addr)
		l.network.mu.Unlock()
		close(l.closed)
		l.reset()
	})
	return nil
}

func (l *listener) reset() {
	for {
		select {
		case c := <-l.queue:
			_ = c.Close()
		default:
			return
		}
	}
}

func (l *listener) Addr() net.Addr { return l.addr }
