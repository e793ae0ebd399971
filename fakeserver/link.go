package fakeserver

import (
	"errors"
	"net"

	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/transport/fault"
)

// Link is one client's connection, as the network sees it. Its methods are those
// of [Network], for this connection only.
type Link struct {
	network *Network
	number  int64
	faults  *fault.Faults
	conn    *linkConn
}

// linkConn is what the server has of a link.
type linkConn struct {
	net.Conn // with faults
	link     *Link
	in, out  *tap // nil without a journal
	spoilage spoilage
}

// Number is the connection's number, from 1, in the order they were accepted, as
// in the journal.
func (l *Link) Number() int64 { return l.number }

// RemoteAddr is the client's address.
func (l *Link) RemoteAddr() net.Addr { return l.conn.RemoteAddr() }

// Conn returns the connection as the protocol sees it, to call the client; nil
// when it has ended, or if it has only just been accepted. Who dials with
// [Server.Dialer] finds it there.
func (l *Link) Conn() *fpnn.Conn {
	for _, c := range l.network.server.Conns() {
		if c.NetConn() == net.Conn(l.conn) {
			return c
		}
	}
	return nil
}

// linkOf returns the link of a connection.
func linkOf(c *fpnn.Conn) *Link {
	if conn, ok := c.NetConn().(*linkConn); ok {
		return conn.link
	}
	return nil
}

// numberOf returns the number of a connection's link, 0 if it has none.
func numberOf(c *fpnn.Conn) int64 {
	if l := linkOf(c); l != nil {
		return l.number
	}
	return 0
}

func (c *linkConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if noted := c.in.pass(b[:n]); noted != nil {
		return 0, noted
	}
	return n, err
}

func (c *linkConn) Write(b []byte) (int, error) {
	b = c.spoilage.apply(b)
	if err := c.out.pass(b); err != nil {
		return 0, err
	}
	return c.Conn.Write(b)
}

func (c *linkConn) Close() error {
	c.link.network.forget(c.link)
	c.in.end()
	c.out.end()
	return c.Conn.Close()
}

func (c *linkConn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return errors.ErrUnsupported
}
