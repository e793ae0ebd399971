// Command rtm sends and reads messages through an RTM gate.
//
//	rtm demo                                          everything, on a gate in this process
//	RTM_SECRET=KEY rtm send -pid 80000071 -from 1001 -group 7 hello
//	RTM_SECRET=KEY rtm history -pid 80000071 -from 1001 -group 7 -desc
//
// rtm without arguments lists the commands, and rtm COMMAND -help its flags. The
// project's secret comes from the environment, so that no list of processes shows it.
//
// # Scripts
//
// With -json each result is one line of JSON; what is printed without it is for people,
// and may change. Results go to the standard output, all else to the standard error. The
// exit code is 0, 1 for a failure, an error answer of the gate among them, or 2 for wrong
// usage. Times are Unix milliseconds.
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
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	p := program{stdout: os.Stdout, stderr: os.Stderr, secret: os.Getenv("RTM_SECRET")}
	code := p.run(ctx, os.Args[1:])
	stop()
	os.Exit(code)
}

// program is what a run of the command has to do with the world.
type program struct {
	stdout, stderr io.Writer
	secret         string // the project's, from the environment
}

// errUsage is an error of the command line that has been reported.
var errUsage = errors.New("wrong usage")

// run returns the exit code: 0 for success, 1 for a failure, 2 for wrong usage.
func (p *program) run(ctx context.Context, args []string) int {
	if len(args) == 0 {
		p.usage()
		return 2
	}
	name := args[0]
	var err error
	switch c, ok := commands[name]; {
	case name == "demo" && len(args) == 1:
		err = demo(ctx, p.stdout)
	case ok:
		err = p.command(ctx, name, c, args[1:])
	case name == "help" || name == "-h" || name == "-help" || name == "--help":
		p.usage()
		return 0
	default:
		p.usage()
		return 2
	}
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return 0
	case errors.Is(err, errUsage):
		return 2
	}
	_, _ = fmt.Fprintf(p.stderr, "rtm %s: %v\n", name, err)
	return 1
}

func (p *program) usage() {
	_, _ = io.WriteString(p.stderr, `usage: rtm COMMAND [flags] [arguments]

  demo      run a gate in this process and try everything on it
  send      TEXT                      send a message
  history                             read a conversation
  get       ID                        read one message
  delete    ID                        delete one message
  edit      ID TEXT                   replace a message's text
  clean                               delete the messages from -begin to -end
  count                               count messages and their senders
  group     add|remove UID...         change who is in the -group
  group     members|count             read who is in it
  group     of UID                    read what groups a user is in
  room      add|remove UID...         the same for the -room
  room      members|count
  listen                              print what is pushed, to a -group, -room, -user or -all

A conversation is -from UID and one of -to UID, -group GID, -room RID, -everyone.
The gate is -endpoint, the project -pid; its secret comes from the environment
variable RTM_SECRET. 'rtm COMMAND -help' lists all flags.
`)
}
