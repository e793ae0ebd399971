package main

import (
	"context"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"net"
	"time"

	"github.com/gofpnn/gofpnn/codec"
	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/fpnn/httpgate"
	"github.com/gofpnn/gofpnn/transport/secure"
)

var serveCommand = command{
	name: "serve", brief: "serve every method by answering with its own arguments",
	more: `FPNN, HTTP (POST /service/METHOD, GET /service/METHOD?fpnn=JSON) and WebSocket
share the port. With -cert all of them speak TLS. With -key clients of FPNN may
encrypt, others are served as well. A pair of keys is made with
  openssl ecparam -name prime256v1 -genkey -noout -out key.pem
  openssl ec -in key.pem -pubout -out public.pem
of which serve wants the first, and call -key the second. An interruption is
success.
`,
	begin: newServe,
}

type serve struct {
	listen, cert, certKey, key string
	verbose                    bool
}

func newServe(fs *flag.FlagSet) action {
	c := new(serve)
	fs.StringVar(&c.listen, "listen", "127.0.0.1:9876", "`address` to listen on: HOST:PORT or unix:PATH; port 0 takes a free one")
	fs.StringVar(&c.cert, "cert", "", "speak TLS: PEM `file` of the certificate, and those it depends on")
	fs.StringVar(&c.certKey, "certkey", "", "PEM `file` of the certificate's private key, if it is not in that of -cert")
	fs.StringVar(&c.key, "key", "", "encrypt as FPNN does: PEM `file` of the private key")
	fs.BoolVar(&c.verbose, "v", false, "print a line for each quest")
	return c.run
}

func (c *serve) run(ctx context.Context, p *program, args []string) error {
	if len(args) > 0 {
		if _, _, err := splitAddress(args[0]); err == nil {
			return usagef("takes no arguments: write -listen %s", args[0])
		}
	}
	if err := takes(args, 0, 0, "no arguments"); err != nil {
		return err
	}
	wrap, err := c.wrapper()
	if err != nil {
		return err
	}
	out := newPrinter(ctx, p.stdout)
	err = c.serve(ctx, wrap, out)
	return errors.Join(err, out.close())
}

// serve serves until ctx ends, or printing or accepting has failed.
func (c *serve) serve(ctx context.Context, wrap wrapper, out *printer) error {
	opts := []fpnn.ServerOption{}
	if c.verbose {
		opts = append(opts, fpnn.WithMiddleware(printing(out)))
	}
	srv, err := fpnn.NewServer(fpnn.HandlerFunc(echo), opts...)
	if err != nil {
		return err
	}
	l, err := listen(ctx, c.listen)
	if err != nil {
		return err
	}
	wrapped, err := wrap(l)
	if err != nil {
		return errors.Join(err, l.Close())
	}
	scheme := ""
	if c.cert != "" {
		scheme = "tls://"
	}
	out.print(fmt.Appendf(nil, "listening on %s%s\n", scheme, shown(l)))
	served := make(chan error, 1)
	go func() { served <- srv.Serve(httpgate.NewListener(wrapped, httpgate.Config{})) }()
	select {
	case <-ctx.Done():
	case <-out.failed:
	case err := <-served:
		return errors.Join(err, srv.Close())
	}
	err = srv.Close()
	if e := <-served; !errors.Is(e, fpnn.ErrClosed) {
		err = errors.Join(err, e)
	}
	return err
}

// wrapper makes a listener of another one.
type wrapper func(l net.Listener) (net.Listener, error)

// wrapper returns what speaks TLS or encrypts, as the flags have it.
func (c *serve) wrapper() (wrapper, error) {
	switch {
	case c.cert != "" && c.key != "":
		return nil, usagef("-cert and -key exclude each other: TLS does what -key is for, and better")
	case c.cert == "" && c.certKey != "":
		return nil, usagef("-certkey without -cert")
	case c.cert != "":
		cert, err := c.certificate()
		if err != nil {
			return nil, err
		}
		config := &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{cert}}
		return func(l net.Listener) (net.Listener, error) { return tls.NewListener(l, config), nil }, nil
	case c.key != "":
		text, err := readFile("-key", c.key)
		if err != nil {
			return nil, err
		}
		key, err := secure.ParsePrivateKeyPEM(text)
		if err != nil {
			return nil, fmt.Errorf("-key %s: %w; the private key is wanted, as openssl ecparam -genkey writes it", c.key, err)
		}
		return func(l net.Listener) (net.Listener, error) {
			return secure.NewListener(l, secure.ServerConfig{Key: key})
		}, nil
	}
	return func(l net.Listener) (net.Listener, error) { return l, nil }, nil
}

// certificate reads that of -cert and its key.
func (c *serve) certificate() (cert tls.Certificate, err error) {
	text, err := readFile("-cert", c.cert)
	if err != nil {
		return cert, err
	}
	key := text
	if c.certKey != "" {
		if key, err = readFile("-certkey", c.certKey); err != nil {
			return cert, err
		}
	}
	if cert, err = tls.X509KeyPair(text, key); err != nil {
		err = hintedError{fmt.Errorf("-cert: %w", err), "name the file of the certificate's private key with -certkey, unless it is in that of -cert"}
	}
	return cert, err
}

// printing returns a middleware that prints each quest.
func printing(out *printer) func(next fpnn.Handler) fpnn.Handler {
	return func(next fpnn.Handler) fpnn.Handler {
		return fpnn.HandlerFunc(func(ctx context.Context, q *fpnn.Quest) (any, error) {
			out.print(questLine(q))
			return next.ServeQuest(ctx, q)
		})
	}
}

// echo answers a quest with its own payload.
func echo(_ context.Context, q *fpnn.Quest) (any, error) { return q.Payload, nil }

func questLine(q *fpnn.Quest) []byte {
	kind := "twoway"
	if q.Oneway() {
		kind = "oneway"
	}
	line := time.Now().AppendFormat(nil, clock)
	line = fmt.Appendf(line, "  %v  %s  %q", q.Conn().RemoteAddr(), kind, q.Method())
	if !q.Oneway() {
		line = fmt.Appendf(line, "  seq %d", q.Seq())
	}
	line = fmt.Appendf(line, "  %v  ", q.Encoding())
	v, _ := codec.ParseValue(q.Raw()) // has been scanned
	return append(appendNotation(line, v), '\n')
}

// clock is the time of day in lines.
const clock = "15:04:05.000000"
