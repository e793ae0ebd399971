// Command rtm sends and reads messages through an RTM gate.
//
//	rtm demo                                          everything, on a gate in this process
//	RTM_SECRET=KEY rtm send -pid 80000071 -from 1001 -group 7 hello
//	RTM_SECRET=KEY rtm history -pid 80000071 -from 1001 -group 7 -desc
//	RTM_SECRET=KEY rtm listen -pid 80000071 -group 7  what is pushed, until it is interrupted
//
// rtm help lists the commands, and rtm COMMAND -help its flags, which come before
// the arguments. The project's secret comes from the environment, so that no list of
// processes shows it.
//
// # Scripts
//
// With -json each result is one line of JSON; what is printed without it is for people,
// and may change. Results, and help that was asked for, go to the standard output, all
// else to the standard error. The exit code is 0, 1 for a failure, an error answer of the
// gate among them, or 2 for wrong usage; it is 0 too when listen is interrupted. Times are
// Unix milliseconds.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"slices"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/rtm"
	"github.com/gofpnn/gofpnn/transport"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second one ends what does not end by itself
	p := program{stdout: os.Stdout, stderr: os.Stderr, secret: os.Getenv("RTM_SECRET"), dialer: new(net.Dialer)}
	code := p.run(ctx, os.Args[1:])
	stop()
	os.Exit(code)
}

// program is what a run of the command has to do with the world.
type program struct {
	stdout, stderr io.Writer
	secret         string // the project's, from the environment
	dialer         transport.Dialer
}

// run returns the exit code.
func (p *program) run(ctx context.Context, args []string) int {
	if len(args) == 0 {
		_, _ = io.WriteString(p.stderr, usage())
		return exitUsage
	}
	if slices.Contains([]string{"help", "-h", "-help", "--help"}, args[0]) {
		if len(args) == 1 {
			_, err := io.WriteString(p.stdout, usage())
			return p.report("rtm", "", err)
		}
		args = []string{args[1], "-help"} // of a command
	}
	name := args[0]
	i := slices.IndexFunc(commands, func(c command) bool { return c.name == name })
	if i < 0 {
		return p.report("rtm", "rtm -help", usageError{fmt.Errorf("unknown command %q", name)})
	}
	name = "rtm " + name
	return p.report(name, name+" -help", p.command(ctx, &commands[i], args[1:]))
}

// report tells of an error, and returns the exit code. help is the command that
// prints how it is done.
func (p *program) report(who, help string, err error) int {
	code := exitCode(err)
	if code == exitOK {
		return code
	}
	_, _ = fmt.Fprintf(p.stderr, "%s: %s\n", who, errorLine(err))
	if text := hint(err, help); text != "" {
		_, _ = fmt.Fprintf(p.stderr, "hint: %s\n", text)
	}
	return code
}

// command parses the flags of a command and runs it.
func (p *program) command(ctx context.Context, c *command, args []string) error {
	o := options{began: time.Now()}
	fs := flag.NewFlagSet("", flag.ContinueOnError)
	fs.SetOutput(io.Discard) // report tells of errors, without the help
	if c.alone == nil {
		gateFlags(fs, &o, c)
		c.flags(fs, &o)
	}
	switch err := fs.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		_, err = io.WriteString(p.stdout, c.help(fs))
		return err
	case err != nil:
		return usageError{err}
	}
	o.args = fs.Args()
	if err := c.takes(o.args); err != nil {
		return usageError{err}
	}
	if c.alone != nil {
		return c.alone(ctx, p.stdout)
	}
	if err := o.check(p.secret); err != nil {
		return usageError{err}
	}
	do, err := c.prepare(&o)
	if err != nil {
		return usageError{err}
	}
	return p.talk(ctx, c, &o, do)
}

// talk connects to the gate and does something with it.
func (p *program) talk(ctx context.Context, c *command, o *options, do action) error {
	project := rtm.Project{ID: int32(o.pid), Secret: rtm.Secret(p.secret)}
	opts := []rtm.Option{rtm.WithDialer(p.dialer)}
	if c.endless {
		logger := slog.New(slog.NewTextHandler(p.stderr, nil))
		opts = append(opts, rtm.WithLogger(logger), rtm.WithFPNN(fpnn.WithOnState(outages(logger, &o.begun))))
	}
	client, err := rtm.NewClient([]string{o.endpoint}, project, opts...)
	if err != nil {
		return usageError{err}
	}
	defer client.Close()
	within, cancel := o.within(ctx)
	defer cancel()
	if err := client.Connect(within); err != nil {
		return err
	}
	if !c.endless {
		ctx = within
	}
	return do(ctx, client, &output{w: p.stdout, json: o.json})
}

// outages returns what logs connections that are lost, when the action has begun what
// it goes on with, and those after them.
func outages(logger *slog.Logger, begun *atomic.Bool) func(s fpnn.State, reason error) {
	ready, lost := false, false
	return func(s fpnn.State, reason error) {
		switch {
		case s == fpnn.Ready:
			if lost {
				logger.Info("connected again")
			}
			ready, lost = true, false
		case ready && s != fpnn.Closed && begun.Load():
			logger.Warn("connecting again", "reason", errorLine(reason))
			ready, lost = false, true
		}
	}
}
