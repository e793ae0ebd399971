// Command rtm sends and reads messages through an RTM gate.
//
//	rtm demo    runs a gate in this process, over TCP, and tries everything on it
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

const usage = `usage: rtm COMMAND

  demo    run a gate in this process, send to it over TCP, read everything back and compare
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run returns the exit code: 0 for success, 1 for a failure, 2 for wrong usage.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	if len(args) != 1 || args[0] != "demo" {
		_, _ = io.WriteString(stderr, usage)
		return 2
	}
	if err := demo(ctx, stdout); err != nil {
		_, _ = fmt.Fprintln(stderr, "rtm demo:", err)
		return 1
	}
	return 0
}
