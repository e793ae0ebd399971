// Command rtmfake is an RTM gate for programs in any language to be tested
// against. It keeps everything in memory and serves until it is interrupted.
//
//	rtmfake -listen 127.0.0.1:13325 -pid 80000071 -secret KEY
//
// # Ways in
//
// Clients come the ways they come to a C++ server; all of them meet the same gate.
//
//	-listen ADDR                   FPNN over TCP
//	-tls ADDR                      the same over TLS, on another port
//	-ws                            WebSocket and HTTP on the same ports: see package httpgate
//	-key FILE                      FPNN's own encryption, for those who want it: see package secure
//
// With -ws any page in a browser on this machine can speak to the gate, as to a C++
// server: of whatever origin, and with the default secret also as any user.
//
// Without -tls-cert and -tls-key there is a certificate for this run only, for
// localhost and the host of -tls. It is printed, and what is printed serves as the
// file of certificates that a client trusts:
//
//	rtmfake -tls 127.0.0.1:13321 >gate.pem
//
// A key for -key, and its public part for the clients, are made by
//
//	openssl ecparam -name prime256v1 -genkey -noout -out key.pem
//	openssl ec -in key.pem -pubout -out public.pem
//
// # What it leaves
//
// With -state it begins with what the last run left in a file, and writes it there
// when it ends; a crash leaves the file as it was. It is written at once, too, so
// that what stands in the way shows in the beginning. With -journal it writes every
// package that passes to a file, one line of JSON each, from which a test can replay
// them ([fakeserver.ReadJournal]); users' tokens are left out, unless -journal-tokens
// has them written, after which the file is not to be shared. Both files have mode
// 0600. With -strict it has the limits of RTM's documentation.
//
// # What it shows
//
// With -http it shows, to read only, what it does: /metrics are counters for
// Prometheus, and / is a page with the connections, the conversations with their
// latest messages, and the journal as it grows. Everybody who can connect to that
// address can read them, so it is of the loopback unless it says otherwise:
// -http :8080 is 127.0.0.1:8080. Browsers and others must ask for it by the host
// it says, or as localhost. Users' tokens and the secret are shown nowhere.
//
// # Scripts
//
// When it can be connected to it prints a line "listening on ADDR", with the port that
// -listen HOST:0 has taken; then, as the flags say, "TLS on ADDR", "web page on URL" and
// the certificate; and nothing more to the standard output. The exit code is 0 after an
// interruption (SIGINT, SIGTERM), 1 for a failure, 2 for wrong usage. Without flags it
// serves on 127.0.0.1:13325, project 80000071, secret fakeserver-secret.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"syscall"

	"github.com/gofpnn/gofpnn/fakeserver"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run serves until ctx ends and returns the exit code: 0 after an interruption,
// 1 for a failure, 2 for wrong usage.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	cfg, err := parse(args, stdout)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		_, _ = fmt.Fprintf(stderr, "rtmfake: %v\nhint: see rtmfake -help\n", err)
		return 2
	}
	if err := serve(ctx, cfg, stdout); err != nil {
		_, _ = fmt.Fprintln(stderr, "rtmfake:", err)
		if errors.Is(err, syscall.EADDRINUSE) {
			_, _ = fmt.Fprintln(stderr, "hint: something listens there: end it, or take another address; port 0 takes a free one")
		}
		return 1
	}
	return 0
}

// serve is the gate's life.
func serve(ctx context.Context, cfg *config, stdout io.Writer) error {
	opts := cfg.options
	st, err := cfg.loadState()
	if err != nil {
		return err
	}
	if st != nil {
		opts = append(opts, fakeserver.WithState(st))
	}
	in, err := cfg.ways.open()
	if err != nil {
		return err
	}
	srv, err := fakeserver.Start(append(opts, fakeserver.WithListener(in.listener, new(net.Dialer)))...)
	if err != nil {
		discard(in.listener)
		return err
	}
	if err = cfg.saveState(srv); err == nil {
		err = cfg.web.start(srv, in.gate)
	}
	if err != nil {
		return errors.Join(err, srv.Close())
	}
	if err = greet(stdout, in, cfg.web); err == nil {
		<-ctx.Done()
	}
	return errors.Join(err, cfg.web.close(), srv.Close(), cfg.saveState(srv))
}

// greet says where the gate and its page are.
func greet(stdout io.Writer, in *entrance, w *web) error {
	text := fmt.Sprintln("listening on", in.listener.Addr())
	if in.tls != nil {
		text += fmt.Sprintln("TLS on", in.tls)
	}
	if w != nil {
		text += fmt.Sprintf("web page on http://%s\n", w.addr())
	}
	_, err := io.WriteString(stdout, text+string(in.certificate))
	return err
}
