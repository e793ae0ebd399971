package peer

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/gofpnn/gofpnn/benchmarks/measure"
)

var grpcUnary = Peer{
	Name: "grpc",
	What: "gRPC-go, a unary call with a protobuf string",
	Serve: func(ctx context.Context) (*Served, error) {
		l, err := listenTCP(ctx)
		if err != nil {
			return nil, err
		}
		srv := grpc.NewServer()
		srv.RegisterService(&grpcService, struct{}{})
		return &Served{
			Address: Address{Addr: l.Addr().String()},
			Stop:    serving(func() { _ = srv.Serve(l) }, srv.Stop),
		}, nil
	},
	Dial: func(_ context.Context, at Address) (Conn, error) {
		c, err := grpc.NewClient("passthrough:///"+at.Addr, grpc.WithTransportCredentials(insecure.NewCredentials()))
		if err != nil {
			return nil, err
		}
		return grpcConn{c}, nil
	},
}

// grpcService is what protoc-gen-go-grpc makes of a service with one method.
var grpcService = grpc.ServiceDesc{
	ServiceName: "Echo",
	HandlerType: (*any)(nil),
	Methods: []grpc.MethodDesc{{
		MethodName: "Call",
		Handler: func(_ any, _ context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
			in := new(wrapperspb.StringValue)
			if err := decode(in); err != nil {
				return nil, err
			}
			return in, nil
		},
	}},
}

type grpcConn struct{ *grpc.ClientConn }

func (c grpcConn) Caller() measure.Caller {
	in := &wrapperspb.StringValue{Value: Text}
	ctx := context.Background()
	return func() error {
		out := new(wrapperspb.StringValue)
		if err := c.Invoke(ctx, "/Echo/Call", in, out); err != nil {
			return err
		}
		if len(out.Value) != len(Text) {
			return errAnswer
		}
		return nil
	}
}
