package peer

import (
	"context"
	"errors"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"github.com/gofpnn/gofpnn/benchmarks/measure"
)

const (
	subject  = "echo"
	natsTime = 30 * time.Second
)

var natsRequest = Peer{
	Name: "nats",
	What: "a NATS request; server and responder are in one process, with a connection between them",
	Serve: func(context.Context) (*Served, error) {
		srv, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, NoLog: true, NoSigs: true})
		if err != nil {
			return nil, err
		}
		srv.Start()
		if !srv.ReadyForConnections(natsTime) {
			return nil, errors.New("the embedded NATS server does not start")
		}
		responder, err := nats.Connect(srv.ClientURL())
		if err != nil {
			return nil, err
		}
		if _, err := responder.Subscribe(subject, func(m *nats.Msg) { _ = m.Respond(m.Data) }); err != nil {
			return nil, err
		}
		if err := responder.Flush(); err != nil {
			return nil, err
		}
		return &Served{Address: Address{Addr: srv.ClientURL()}, Stop: func() {
			responder.Close()
			srv.Shutdown()
			srv.WaitForShutdown()
		}}, nil
	},
	Dial: func(_ context.Context, at Address) (Conn, error) {
		c, err := nats.Connect(at.Addr)
		if err != nil {
			return nil, err
		}
		return natsConn{c}, nil
	},
}

type natsConn struct{ *nats.Conn }

func (c natsConn) Caller() measure.Caller {
	data := []byte(Text)
	return func() error {
		m, err := c.Request(subject, data, natsTime)
		if err != nil {
			return err
		}
		if len(m.Data) != len(data) {
			return errAnswer
		}
		return nil
	}
}

func (c natsConn) Close() error {
	c.Conn.Close()
	return nil
}
