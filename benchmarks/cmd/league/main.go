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
	defer stop()
	switch err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); {
	case errors.Is(err, flag.ErrHelp), errors.Is(err, errUsage):
		os.Exit(2)
	case err != nil:
		fmt.Fprintln(os.Stderr, "league:", err)
		os.Exit(1)
	}
}

// errUsage says that arguments were wrong, which has been said.
var errUsage = errors.New("usage")

// commands are what can be told besides flags.
var commands = map[string]func(ctx context.Context, args []string, stdout, stderr io.Writer) error{
	"open":  open,
	"scale": grow,
	"serve": serve,
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	if len(args) > 0 {
		if command, ok := commands[args[0]]; ok {
			return command(ctx, args[1:], stdout, stderr)
		}
	}
	return league(ctx, args, stdout, stderr)
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
	fmt.Fprintf(flags.Output(), format+"\n", args...)
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
	fmt.Fprintf(stdout, "listening on %s\nraw echo peer on %s\n", s.Addr, s.Raw)
	<-ctx.Done()
	return nil
}
