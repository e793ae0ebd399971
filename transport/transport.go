// Package transport says what a transport of FPNN is: a [net.Conn] and, on the
// server's side, a [net.Listener]. Nothing else is needed to carry packages, so
// TCP, Unix sockets, TLS and anything that looks like them work as they are.
//
// A client makes its connections through a [Dialer]; [net.Dialer] and
// [crypto/tls.Dialer] are ones. A server accepts them from any listener.
//
// What a connection must do: deliver bytes in order and unchanged, let one
// goroutine read while another writes, and make a blocked Read and Write return
// when Close is called. Deadlines are wanted but not needed: without them the
// connection is closed where a deadline would have passed. As of any [io.Writer], the
// bytes given to Write are the caller's: they are neither changed nor kept.
//
// What it may have besides, and is then asked for:
//
//	CloseWrite() error           ends one direction: Shutdown says goodbye with it
//	Encrypted() bool             counts as encryption, see fpnn.RequireEncryption
//	CloseWithError(error) error  instead of Close, where a server turns the connection away
package transport

import (
	"context"
	"crypto/tls"
	"net"
)

// Dialer makes connections. It may be used by several goroutines.
type Dialer interface {
	// DialContext connects to address on the named network. When ctx ends
	// first, it gives up and returns ctx's error.
	DialContext(ctx context.Context, network, address string) (net.Conn, error)
}

// DialerFunc is a function as a [Dialer].
type DialerFunc func(ctx context.Context, network, address string) (net.Conn, error)

// DialContext calls f.
func (f DialerFunc) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	return f(ctx, network, address)
}

// Encrypted reports whether nc encrypts what it carries, as far as can be told: it
// is a [tls.Conn], or has a method Encrypted() bool that says so.
func Encrypted(nc net.Conn) bool {
	switch nc := nc.(type) {
	case *tls.Conn:
		return true
	case interface{ Encrypted() bool }:
		return nc.Encrypted()
	}
	return false
}
