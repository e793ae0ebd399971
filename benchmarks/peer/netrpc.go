package peer

import (
	"context"
	"net"
	"net/rpc"

	"github.com/gofpnn/gofpnn/benchmarks/measure"
)

var netRPC = Peer{
	Name: "net/rpc",
	What: "the standard library's net/rpc, with gob",
	Serve: func(ctx context.Context) (*Served, error) {
		srv := rpc.NewServer()
		if err := srv.RegisterName("Echo", echoService{}); err != nil {
			return nil, err
		}
		return serveConns(ctx, func(nc net.Conn) { srv.ServeConn(nc) })
	},
	Dial: func(ctx context.Context, at Address) (Conn, error) {
		nc, err := new(net.Dialer).DialContext(ctx, "tcp", at.Addr)
		if err != nil {
			return nil, err
		}
		return rpcConn{rpc.NewClient(nc)}, nil
	},
}

// EchoArgs is what net/rpc carries, both ways.
type EchoArgs struct {
	Text string
	N    int64
}

type echoService struct{}

// Call is the method called.
func (echoService) Call(args *EchoArgs, reply *EchoArgs) error {
	*reply = *args
	return nil
}

type rpcConn struct{ *rpc.Client }

func (c rpcConn) Caller() measure.Caller {
	args := &EchoArgs{Text: Text}
	reply := new(EchoArgs)
	return func() error {
		if err := c.Call("Echo.Call", args, reply); err != nil {
			return err
		}
		if len(reply.Text) != len(Text) {
			return errAnswer
		}
		return nil
	}
}
