package peer

import (
	"context"
	"io"
	"net"

	"github.com/gofpnn/gofpnn/benchmarks/measure"
)

// pingSize is about what a quest of an FPNN call has.
const pingSize = 100

var pingPong = Peer{
	Name:  "pingpong",
	What:  "100 bytes written and read by one goroutine on each side: the limit of a lone caller",
	Lone:  true,
	Serve: func(ctx context.Context) (*Served, error) { return serveConns(ctx, pong) },
	Dial: func(ctx context.Context, at Address) (Conn, error) {
		nc, err := new(net.Dialer).DialContext(ctx, "tcp", at.Addr)
		if err != nil {
			return nil, err
		}
		return pingConn{nc}, nil
	},
}

func pong(nc net.Conn) {
	buf := make([]byte, pingSize)
	for {
		if _, err := io.ReadFull(nc, buf); err != nil {
			return
		}
		if _, err := nc.Write(buf); err != nil {
			return
		}
	}
}

type pingConn struct{ net.Conn }

func (c pingConn) Caller() measure.Caller {
	out, in := make([]byte, pingSize), make([]byte, pingSize)
	return func() error {
		out[0]++
		if _, err := c.Write(out); err != nil {
			return err
		}
		if _, err := io.ReadFull(c.Conn, in); err != nil {
			return err
		}
		if in[0] != out[0] {
			return errAnswer
		}
		return nil
	}
}
