package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gofpnn/gofpnn/fpnn/frame"
)

// exchange is a connection of the proxy's.
type exchange struct {
	number int
	out    *printer
	keyed  atomic.Bool
}

// The directions.
const (
	toServer = "->"
	toClient = "<-"
)

// say prints a line about the connection.
func (x *exchange) say(format string, args ...any) {
	line := time.Now().AppendFormat(nil, clock)
	line = fmt.Appendf(line, "  #%d  ", x.number)
	x.out.print(append(fmt.Appendf(line, format, args...), '\n'))
}

// run connects to the server and passes on what comes from either side, until
// both have ended or ctx has.
func (x *exchange) run(ctx context.Context, client net.Conn, to *peer) {
	defer client.Close()
	stopClient := context.AfterFunc(ctx, func() { _ = client.Close() })
	defer stopClient()
	x.say("from %v", client.RemoteAddr())
	server, err := to.dial(ctx)
	if err != nil {
		x.say("%s; closed", message(err))
		return
	}
	defer server.Close()
	stopServer := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stopServer()
	var tasks sync.WaitGroup
	var sent, received int64
	tasks.Go(func() { sent = x.pass(toServer, server, client) })
	tasks.Go(func() { received = x.pass(toClient, client, server) })
	tasks.Wait()
	x.say("closed after %d bytes -> and %d bytes <-", sent, received)
}

// pass passes on what comes from src, and returns how many bytes. Packages are
// printed before they are passed on, so that each comes before its answer. At its
// end it ends what dst receives; after an error it closes both.
func (x *exchange) pass(direction string, dst, src net.Conn) (passed int64) {
	s := stream{keyed: &x.keyed, found: func(_ int64, p *frame.Package, whole bool) {
		line, _ := appendPackage(nil, p, whole)
		x.say("%s  %s", direction, line)
	}}
	broken := false
	for buf := make([]byte, 32<<10); ; {
		n, err := src.Read(buf)
		if n > 0 {
			if err := s.write(buf[:n]); err != nil && !broken {
				broken = true
				x.say("%s  %v; passed on unchanged from there", direction, err)
			}
			if _, err := dst.Write(buf[:n]); err != nil {
				x.fail(direction, "write", err, dst, src)
				return passed
			}
			passed += int64(n)
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			x.fail(direction, "read", err, dst, src)
			return passed
		}
	}
	if err := s.end(); err != nil && !broken {
		x.say("%s  %v", direction, err)
	}
	if half, ok := dst.(interface{ CloseWrite() error }); !ok || half.CloseWrite() != nil {
		_ = dst.Close()
	}
	return passed
}

// fail ends both directions. One of them tells why.
func (x *exchange) fail(direction, what string, err error, conns ...net.Conn) {
	if !errors.Is(err, net.ErrClosed) {
		x.say("%s  %s: %v", direction, what, err)
	}
	for _, nc := range conns {
		_ = nc.Close()
	}
}
