package fakeserver

import (
	"context"
	"math/rand/v2"
	"net"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/transport"
	"github.com/gofpnn/gofpnn/transport/fault"
)

// Network is what lies between a server and its clients. What it is told holds
// for all connections, those to come included; a [Link] is told for one. All
// methods may be called concurrently, and by rules, but for Restart.
//
// Faults are on the server's side of the network: what has left the server by then
// arrives, and what clients send goes on into buffers until these are full. In
// memory and over TCP they do the same, but for three things:
//
//   - The buffers have 1 MiB and 64 KiB in memory, and over TCP what the system
//     gives them too; where there has been no fault, that only.
//   - A connection that is reset ends in memory as one that is closed does, with
//     [io.EOF]; over TCP its client is told of [syscall.ECONNRESET].
//   - [Network.RefuseDials] refuses who dials with [Server.Dialer]; over TCP others
//     connect and find their connection reset.
type Network struct {
	seed    uint64
	journal *Journal
	server  *fpnn.Server
	closed  chan struct{} // with the server

	left func(c *fpnn.Conn) // has what a connection listened to forgotten

	mu           sync.Mutex
	links        []*Link
	accepted     int64
	clients      map[string]struct{} // addresses of those who have links
	gone         [256]string         // of those whose connections were refused or have ended last
	ended        int                 // how many there were
	news         notice              // of one more of either
	refusing     bool
	cut, paused  Direction // 0: neither
	base, jitter time.Duration
}

// Network returns what lies between the server and its clients.
func (s *Server) Network() *Network { return &s.network }

// RefuseDials has new connections refused, until it is called with false. Those that
// were accepted before are open: [Network.CloseClients] ends them, and then there are
// none.
func (n *Network) RefuseDials(refuse bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.refusing = refuse
}

// CloseClients ends all connections as a server does that goes down in order: what
// it has sent arrives. It does not wait for that.
func (n *Network) CloseClients() {
	conns := make(map[net.Conn]*fpnn.Conn)
	for _, c := range n.server.Conns() {
		conns[c.NetConn()] = c
	}
	for _, l := range n.Links() {
		if c := conns[l.conn]; c != nil {
			_ = c.Close()
		} else { // it has yet to begin, or has ended
			l.faults.Reset()
		}
	}
}

// Restart is the end of a server and the beginning of another with the same
// state: all connections are reset, and what they listened to is forgotten, unless
// [WithPushRedelivery] keeps it, as is what was on its way. It returns when they
// have ended, so a rule must not call it.
func (n *Network) Restart() {
	conns := n.server.Conns()
	for _, l := range n.Links() {
		l.faults.Reset()
	}
	for _, c := range conns {
		<-c.Done()
		n.left(c)
	}
}

// Links returns the connections that are open, the oldest first.
func (n *Network) Links() []*Link {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.links)
}

// accept takes a connection, or refuses it: in one step, so that when RefuseDials
// has returned, all that were let in are among the links.
func (n *Network) accept(nc net.Conn) (l *Link, ok bool) {
	n.mu.Lock()
	n.accepted++
	if n.refusing {
		n.mu.Unlock()
		reset(nc)
		n.mu.Lock()
		news := n.settle(nc.RemoteAddr(), false)
		n.mu.Unlock()
		news.send()
		return nil, false
	}
	l = n.link(nc, n.accepted)
	if n.cut > 0 {
		l.Cut(n.cut)
	}
	if n.paused > 0 {
		l.Pause(n.paused)
	}
	if n.base > 0 || n.jitter > 0 {
		l.Latency(n.base, n.jitter)
	}
	n.links = append(n.links, l)
	n.mu.Unlock()
	return l, true
}

// begun takes note that the server has a connection, and lets its client know, unless
// it has ended.
func (n *Network) begun(l *Link) {
	n.mu.Lock()
	var news notice
	if slices.Contains(n.links, l) {
		news = n.settle(l.RemoteAddr(), true)
	}
	n.mu.Unlock()
	news.send()
}

// link makes a link, without faults yet.
func (n *Network) link(nc net.Conn, number int64) *Link {
	l := &Link{network: n, number: number, faults: fault.New(rand.NewPCG(n.seed, uint64(number)).Uint64())}
	l.conn = &linkConn{Conn: l.faults.Conn(nc), link: l}
	if !n.journal.off() {
		w := new(waiting)
		l.conn.in = &tap{journal: n.journal, conn: number, reserve: n.server.Reserve, waiting: w}
		l.conn.out = &tap{journal: n.journal, conn: number, reserve: n.server.Reserve, waiting: w, out: true}
	}
	return l
}

// settle notes that a client's connection is served, or else that it was refused or
// has ended. n.mu is held.
func (n *Network) settle(client net.Addr, served bool) notice {
	if n.clients == nil {
		n.clients = make(map[string]struct{})
	}
	if name := client.String(); served {
		n.clients[name] = struct{}{}
	} else {
		delete(n.clients, name)
		n.gone[n.ended%len(n.gone)] = name
		n.ended++
	}
	news := n.news
	n.news = nil
	return news
}

// await waits until the connection of a client is served: what is done to all
// connections from then on is done to it too, and its link has [Link.Conn].
func (n *Network) await(ctx context.Context, client net.Addr) error {
	for {
		n.mu.Lock()
		if _, ok := n.clients[client.String()]; ok || slices.Contains(n.gone[:], client.String()) {
			n.mu.Unlock()
			return nil
		}
		if n.news == nil {
			n.news = make(notice)
		}
		news := n.news
		n.mu.Unlock()
		select {
		case <-news:
		case <-n.closed:
			return net.ErrClosed
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (n *Network) forget(l *Link) {
	n.mu.Lock()
	before := len(n.links)
	n.links = slices.DeleteFunc(n.links, func(other *Link) bool { return other == l })
	var news notice
	if len(n.links) < before {
		news = n.settle(l.RemoteAddr(), false)
	}
	n.mu.Unlock()
	news.send()
}

// reset closes a connection so that the peer is told of an error.
func reset(nc net.Conn) {
	if tcp, ok := nc.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = nc.Close()
}

// controlled is a listener behind the network. Only its address is compared: the
// listener itself may be of any type.
type controlled struct {
	net.Listener
	network *Network
	last    *Link // that was accepted
}

func (c *controlled) Accept() (net.Conn, error) {
	if c.last != nil { // who accepts the next one has done with this
		c.network.begun(c.last)
		c.last = nil
	}
	for {
		nc, err := c.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if l, ok := c.network.accept(nc); ok {
			c.last = l
			return l.conn, nil
		}
	}
}

// dialer is a server's dialer: it can be refused.
type dialer struct {
	network *Network
	dialer  transport.Dialer
	address string
}

func (d dialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	d.network.mu.Lock()
	refusing := d.network.refusing
	d.network.mu.Unlock()
	if refusing {
		return nil, &net.OpError{Op: "dial", Net: network, Err: syscall.ECONNREFUSED}
	}
	nc, err := d.dialer.DialContext(ctx, network, address)
	if err != nil || address != d.address {
		return nc, err
	}
	if err := d.network.await(ctx, nc.LocalAddr()); err != nil {
		_ = nc.Close()
		return nil, &net.OpError{Op: "dial", Net: network, Err: err}
	}
	return nc, nil
}
