// League measures this project and its peers side by side.
//
//	league [flags]        all peers in one go; see -help
//	league open           at fixed rates, to find the highest that a peer can follow
//	league scale          with more and more connections, callers, bytes and so on
//	league serve          a server for programs outside of this module
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/gofpnn/gofpnn/benchmarks/peer"
)

func main() {
	peer.Main()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// errUsage says that arguments were wrong, which has been said.
var errUsage = errors.New("usage")

// commands are what can be told besides flags.
var commands = map[string]func(ctx context.Context, args []string, stdout, stderr io.Writer) error{
	"open":  open,
	"scale": grow,
	"serve": serve,
}

// run does what args say and returns the exit code: 1 for a failure, also of one
// peer, 2 for wrong usage.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	command := league
	if len(args) > 0 && commands[args[0]] != nil {
		command, args = commands[args[0]], args[1:]
	}
	switch err := command(ctx, args, stdout, stderr); {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return 0
	case errors.Is(err, errUsage):
		return 2
	default:
		_, _ = fmt.Fprintln(stderr, "league:", err)
		return 1
	}
}

// parse parses flags, which are all there may be.
func parse(flags *flag.FlagSet, args []string) error {
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return err
		}
		return errUsage
	}
	if flags.NArg() > 0 {
		return wrong(flags, "unknown argument %q", flags.Arg(0))
	}
	return nil
}

// wrong says what is wrong with the arguments.
func wrong(flags *flag.FlagSet, format string, args ...any) error {
	_, _ = fmt.Fprintf(flags.Output(), format+"\n", args...)
	flags.Usage()
	return errUsage
}

func serve(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("league serve", flag.ContinueOnError)
	flags.SetOutput(stderr)
	listen := flags.String("listen", "127.0.0.1:0", "TCP `address`: an FPNN server that echoes \"two way demo\" and has the RTM methods")
	if err := parse(flags, args); err != nil {
		return err
	}
	s, err := peer.ServeOutside(ctx, *listen)
	if err != nil {
		return err
	}
	defer s.Stop()
	_, _ = fmt.Fprintf(stdout, "listening on %s\nraw echo peer on %s\n", s.Addr, s.Raw)
	<-ctx.Done()
	return nil
}
