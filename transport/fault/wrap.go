package fault

import (
	"context"
	"net"
	"time"
)

// Dialer makes connections; [net.Dialer] and the module's transport.Dialer are
// ones.
type Dialer interface {
	DialContext(ctx context.Context, network, address string) (net.Conn, error)
}

// Conn wraps one connection, which is the wrapper's from now on: a deadline it
// may have is taken off. Close it to end its goroutines.
//
// Close makes blocked calls return with [net.ErrClosed]. What has been written is
// still delivered, and Close waits for that: as long as latency takes and a
// second for the peer to make room. What is stalled or partitioned is lost. The
// end of the stream follows the last byte, without a latency of its own.
//
// The connection has CloseWrite when nc has: it returns at once, and the end
// arrives after the bytes before it.
func (f *Faults) Conn(nc net.Conn) net.Conn {
	_ = nc.SetDeadline(time.Time{})
	c := newConn(f, nc, buffers(nc))
	if _, ok := nc.(closeWriter); ok {
		return halfConn{c}
	}
	return c
}

// Dialer wraps the connections that d makes.
func (f *Faults) Dialer(d Dialer) Dialer { return dialer{f, d} }

type dialer struct {
	faults *Faults
	dialer Dialer
}

func (d dialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	nc, err := d.dialer.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return d.faults.Conn(nc), nil
}

// Listener wraps the connections that l accepts.
func (f *Faults) Listener(l net.Listener) net.Listener { return listener{l, f} }

type listener struct {
	net.Listener
	faults *Faults
}

func (l listener) Accept() (net.Conn, error) {
	nc, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return l.faults.Conn(nc), nil
}
