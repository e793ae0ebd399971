package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"sync"
)

var proxyCommand = command{
	name: "proxy", args: "LISTEN ADDR", brief: "stand between clients and a server and print what passes",
	more: `LISTEN is HOST:PORT or unix:PATH. Each connection to it is one to ADDR, numbered,
with -> before what goes to the server and <- before what comes back. What cannot
be read is passed on unchanged, which is said once for each direction; to ws://
only packages can pass. The output is waited for: if it stops, so does the
traffic. An interruption is success.

` + addressHelp + "\n" + notationHelp,
	begin: newProxy,
}

type proxy struct{ dialFlags }

func newProxy(fs *flag.FlagSet) action {
	c := new(proxy)
	c.register(fs)
	fs.Lookup("timeout").Usage = "how long a connection to ADDR may take to be made; 0 for ever"
	return c.run
}

func (c *proxy) run(ctx context.Context, p *program, args []string) error {
	if err := takes(args, 2, 2, "LISTEN ADDR"); err != nil {
		return err
	}
	to, err := c.peer(p.dialer, args[1])
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	out := newPrinter(ctx, p.stdout)
	err = accept(ctx, cancel, args[0], to, out)
	return errors.Join(err, out.close())
}

// accept serves until ctx ends, which it ends itself if printing fails.
func accept(ctx context.Context, cancel context.CancelFunc, endpoint string, to *peer, out *printer) error {
	l, err := listen(ctx, endpoint)
	if err != nil {
		return err
	}
	out.print(fmt.Appendf(nil, "listening on %s for %s\n", shown(l), to.endpoint))
	var tasks sync.WaitGroup
	defer tasks.Wait()
	defer cancel()
	tasks.Go(func() {
		select {
		case <-out.failed:
			cancel()
		case <-ctx.Done():
		}
		_ = l.Close()
	})
	for n := 1; ; n++ {
		nc, err := l.Accept()
		switch {
		case err != nil && ctx.Err() != nil:
			return nil
		case err != nil:
			return err
		}
		x := &exchange{number: n, out: out}
		tasks.Go(func() { x.run(ctx, nc, to) })
	}
}
