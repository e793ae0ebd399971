// Command rtmfake is an RTM gate for programs in any language to be tested
// against. It keeps everything in memory and serves until it is interrupted.
//
//	rtmfake -listen 127.0.0.1:13325 -pid 80000071 -secret KEY
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"os/signal"
	"syscall"

	"github.com/gofpnn/gofpnn/fakeserver"
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
	opts, err := parse(args, stderr)
	if err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return 0
		}
		return 2
	}
	srv, err := fakeserver.Start(opts...)
	if err != nil {
		_, _ = fmt.Fprintln(stderr, "rtmfake:", err)
		return 1
	}
	if _, err := fmt.Fprintln(stdout, "listening on", srv.Addr()); err == nil {
		<-ctx.Done()
	}
	if err := srv.Close(); err != nil {
		_, _ = fmt.Fprintln(stderr, "rtmfake:", err)
		return 1
	}
	return 0
}

// parse turns the command line into the server's options.
func parse(args []string, stderr io.Writer) ([]fakeserver.Option, error) {
	flags := flag.NewFlagSet("rtmfake", flag.ContinueOnError)
	flags.SetOutput(stderr)
	listen := flags.String("listen", "127.0.0.1:13325", "TCP `address` to serve on; port 0 takes a free one")
	pid := flags.Int64("pid", fakeserver.DefaultProject, "the project's `id`")
	secret := flags.String("secret", fakeserver.DefaultSecret, "the `key` quests are signed with")
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	fail := func(format string, args ...any) ([]fakeserver.Option, error) {
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
	return []fakeserver.Option{
		fakeserver.WithTCP(*listen),
		fakeserver.WithProject(wire.Project{ID: int32(*pid), Secret: wire.Secret(*secret)}),
	}, nil
}
