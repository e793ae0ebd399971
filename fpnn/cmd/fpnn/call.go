package main

import (
	"context"
	"errors"
	"flag"
	"io"

	"github.com/gofpnn/gofpnn/codec"
	"github.com/gofpnn/gofpnn/fpnn"
)

var callCommand = command{
	name: "call", args: "ADDR METHOD [JSON]", brief: "call a method and print the answer",
	more: "JSON are the arguments, an object; {} if there are none, - reads them from the\nstandard input.\n\n" +
		addressHelp + "\n" + notationHelp,
	begin: newCall,
}

type call struct {
	dialFlags
	json, oneway bool
}

func newCall(fs *flag.FlagSet) action {
	c := new(call)
	c.register(fs)
	fs.BoolVar(&c.json, "json", false, "send JSON, not msgpack")
	fs.BoolVar(&c.oneway, "oneway", false, "do not ask for an answer; that of a *ping sent behind it tells that the server has read it")
	return c.run
}

func (c *call) run(ctx context.Context, p *program, args []string) error {
	if err := takes(args, 2, 3, "ADDR METHOD [JSON]"); err != nil {
		return err
	}
	if n := len(args[1]); n == 0 || n > 255 {
		return usagef("METHOD has 1 to 255 bytes, not %d", n)
	}
	payload, err := c.arguments(p, args[2:])
	if err != nil {
		return err
	}
	to, err := c.peer(p.dialer, args[0])
	if err != nil {
		return err
	}
	encoding := codec.MsgPack
	if c.json {
		encoding = codec.JSON
	}
	client, err := to.client(fpnn.WithEncoding(encoding))
	if err != nil {
		return err
	}
	defer client.Close()
	if err := client.Connect(ctx); err != nil {
		return err
	}
	conn := client.Conn()
	if conn == nil {
		return fpnn.ErrDisconnected // since then
	}
	ctx, cancel := c.within(ctx)
	defer cancel()
	if c.oneway {
		return notify(ctx, conn, args[1], payload)
	}
	answer, err := conn.Call(ctx, args[1], payload)
	if err != nil {
		return err
	}
	value, err := answer.Value()
	if err != nil {
		return err
	}
	_, err = p.stdout.Write(append(appendNotation(nil, value), '\n'))
	return err
}

// notify sends a oneway quest and waits until the server has taken it, which the
// answer to a *ping behind it tells, whatever that says.
func notify(ctx context.Context, conn *fpnn.Conn, method string, payload codec.Payload) error {
	if err := conn.Notify(ctx, method, payload); err != nil {
		return err
	}
	_, err := conn.Call(ctx, "*ping", nil)
	var answered *fpnn.RemoteError
	if errors.As(err, &answered) {
		return nil
	}
	return err
}

// arguments reads the arguments of the call.
func (c *call) arguments(p *program, args []string) (codec.Payload, error) {
	if len(args) == 0 {
		return codec.Payload{}, nil
	}
	text := []byte(args[0])
	if args[0] == "-" {
		p.uncaught()
		var err error
		if text, err = io.ReadAll(p.stdin); err != nil {
			return codec.Payload{}, err
		}
	}
	payload, err := readNotation(text)
	switch {
	case err != nil && len(args[0]) > 1 && args[0][0] == '-':
		return payload, usagef("flags such as %s come before ADDR", args[0])
	case err != nil:
		return payload, usagef("JSON: %w", err)
	}
	return payload, nil
}
