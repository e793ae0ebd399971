// Command rtmfake is an RTM gate for programs in any language to be tested
// against. It keeps everything in memory and serves until it is interrupted.
//
//	rtmfake -listen 127.0.0.1:13325 -pid 80000071 -secret KEY
//
// With -state it begins with what the last run left in a file, and writes it there
// when it ends; a crash leaves the file as it was. With -journal it writes every
// package that passes to a file, one line of JSON each, from which a test can
// replay them ([fakeserver.ReadJournal]); users' tokens are left out. Both files
// have mode 0600. With -strict it has the limits of RTM's documentation.
//
// With -http it shows, to read only, what it does: /metrics are counters for
// Prometheus, and / is a page with the connections, the conversations with their
// latest messages, and the journal as it grows. Everybody who can connect to that
// address can read them, so it is of the loopback unless it says otherwise:
// -http :8080 is 127.0.0.1:8080. Browsers and others must ask for it by the host
// it says, or as localhost. Users' tokens and the secret are shown nowhere.
package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"os/signal"
	"syscall"

	"github.com/gofpnn/gofpnn/fakeserver"
	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/rtm/wire"
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
	cfg, err := parse(args, stderr)
	if err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return 0
		}
		return 2
	}
	if err := serve(ctx, cfg, stdout); err != nil {
		_, _ = fmt.Fprintln(stderr, "rtmfake:", err)
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
	srv, err := fakeserver.Start(opts...)
	if err != nil {
		return err
	}
	if err := cfg.web.start(srv); err != nil {
		return errors.Join(err, srv.Close())
	}
	if err := greet(stdout, srv, cfg.web); err == nil {
		<-ctx.Done()
	}
	err = errors.Join(cfg.web.close(), srv.Close())
	if cfg.state != "" {
		err = errors.Join(err, srv.State().Save(cfg.state))
	}
	return err
}

// greet says where the gate and its page are.
func greet(stdout io.Writer, srv *fakeserver.Server, w *web) error {
	text := fmt.Sprintln("listening on", srv.Addr())
	if w != nil {
		text += fmt.Sprintf("web page on http://%s\n", w.addr())
	}
	_, err := io.WriteString(stdout, text)
	return err
}

// config is what the command line says.
type config struct {
	options []fakeserver.Option
	state   string // a file; "" for none
	web     *web   // nil for none
}

// loadState returns what the last run has left; nil if there was none.
func (c *config) loadState() (*fakeserver.State, error) {
	if c.state == "" {
		return nil, nil
	}
	file, err := os.Open(c.state)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, err
	}
	st, err := fakeserver.ReadState(bufio.NewReader(file))
	return st, errors.Join(err, file.Close())
}

// parse reads the command line.
func parse(args []string, stderr io.Writer) (*config, error) {
	flags := flag.NewFlagSet("rtmfake", flag.ContinueOnError)
	flags.SetOutput(stderr)
	listen := flags.String("listen", "127.0.0.1:13325", "TCP `address` to serve on; port 0 takes a free one")
	pid := flags.Int64("pid", fakeserver.DefaultProject, "the project's `id`")
	secret := flags.String("secret", fakeserver.DefaultSecret, "the `key` quests are signed with")
	journal := flags.String("journal", "", "`file` to write all packages to, made anew")
	state := flags.String("state", "", "`file` to begin from and to save to in the end")
	strict := flags.Bool("strict", false, "have the limits of RTM's documentation")
	lenient := flags.Bool("lenient", false, "have no limits (the default)")
	page := flags.String("http", "", "TCP `address` to show a page and metrics on, 127.0.0.1 if it has no host")
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	fail := func(format string, args ...any) (*config, error) {
		err := fmt.Errorf(format, args...)
		_, _ = fmt.Fprintln(stderr, "rtmfake:", err)
		flags.Usage()
		return nil, err
	}
	if flags.NArg() > 0 {
		return fail("unexpected argument %q", flags.Arg(0))
	}
	if *pid < math.MinInt32 || *pid > math.MaxInt32 {
		return fail("-pid %d does not fit 32 bits", *pid)
	}
	if *strict && *lenient {
		return fail("-strict and -lenient exclude each other")
	}
	cfg := &config{state: *state, options: []fakeserver.Option{
		fakeserver.WithTCP(*listen),
		fakeserver.WithProject(wire.Project{ID: int32(*pid), Secret: wire.Secret(*secret)}),
	}}
	if *journal != "" {
		cfg.options = append(cfg.options, fakeserver.WithJournalFile(*journal))
	}
	if *strict {
		cfg.options = append(cfg.options, fakeserver.WithLimits(fakeserver.DocumentedLimits))
	}
	if *page != "" {
		var err error
		if cfg.web, err = newWeb(*page); err != nil {
			return fail("-http: %v", err)
		}
		cfg.options = append(cfg.options, fakeserver.WithFPNN(fpnn.WithMiddleware(cfg.web.quests.count)))
	}
	return cfg, nil
}
