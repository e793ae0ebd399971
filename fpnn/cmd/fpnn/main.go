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
	"slices"
	"strings"
	"syscall"

	"github.com/gofpnn/gofpnn/transport"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)                                       // a second one ends what does not end by itself
	uncaught := func() { signal.Reset(os.Interrupt, syscall.SIGTERM) } // stop would end ctx too
	p := program{stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, dialer: new(net.Dialer), uncaught: uncaught}
	code := p.run(ctx, os.Args[1:])
	stop()
	os.Exit(code)
}

// program is what a run of the command has to do with the world.
type program struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	dialer         transport.Dialer
	// uncaught gives signals back their usual effect, which is to end the process.
	// It is called before reads that the end of ctx does not end, and leaves ctx as
	// it is.
	uncaught func()
}

// command is one of the commands.
type command struct {
	name, args, brief string
	more              string                        // for its help
	begin             func(fs *flag.FlagSet) action // defines the flags
}

// action runs a command with the arguments that follow the flags.
type action func(ctx context.Context, p *program, args []string) error

func commands() []command {
	return []command{callCommand, pingCommand, decodeCommand, serveCommand, proxyCommand}
}

// run returns the exit code.
func (p *program) run(ctx context.Context, args []string) int {
	name := ""
	if len(args) > 0 {
		name = args[0]
	}
	help := []string{"help", "-h", "-help", "--help"}
	if slices.Contains(help, name) && len(args) > 1 { // of a command
		name = args[1]
		args = []string{name, "-help"}
	}
	all := commands()
	i := slices.IndexFunc(all, func(c command) bool { return c.name == name })
	switch {
	case i >= 0:
		return p.command(ctx, &all[i], args[1:])
	case slices.Contains(help, name):
		usage(p.stdout)
		return exitOK
	case name != "":
		_, _ = fmt.Fprintf(p.stderr, "fpnn: there is no command %q\nhint: see fpnn -help\n", name)
	default:
		usage(p.stderr)
	}
	return exitUsage
}

// command parses the flags of a command and runs it.
func (p *program) command(ctx context.Context, c *command, args []string) int {
	fs := flag.NewFlagSet("fpnn "+c.name, flag.ContinueOnError)
	fs.SetOutput(io.Discard) // errors are told below, without the help
	fs.Usage = func() {}
	do := c.begin(fs)
	err := fs.Parse(args)
	switch {
	case err == nil:
		err = do(ctx, p, fs.Args())
	case errors.Is(err, flag.ErrHelp):
		p.help(c, fs)
		return exitOK
	default:
		err = usageError{err}
	}
	code := exitCode(err)
	if code != exitOK {
		_, _ = fmt.Fprintf(p.stderr, "fpnn %s: %s\n", c.name, message(err))
		if text := hint(err, c.name); text != "" {
			_, _ = fmt.Fprintf(p.stderr, "hint: %s\n", text)
		}
	}
	return code
}

// help tells how a command is used, to who has asked.
func (p *program) help(c *command, fs *flag.FlagSet) {
	usage := strings.TrimSpace("usage: fpnn " + c.name + " [flags] " + c.args)
	_, _ = fmt.Fprintf(p.stdout, "%s\n\n%s.\n\n", usage, c.brief)
	fs.SetOutput(p.stdout)
	fs.PrintDefaults()
	_, _ = fmt.Fprintf(p.stdout, "\n%s\n%s", c.more, exitHelp)
}

// takes checks the number of arguments.
func takes(args []string, least, most int, what string) error {
	if len(args) >= least && len(args) <= most {
		return nil
	}
	if i := slices.IndexFunc(args, func(s string) bool { return len(s) > 1 && s[0] == '-' }); i >= 0 {
		return usagef("takes %s; flags such as %s come before them", what, args[i])
	}
	return usagef("takes %s", what)
}

// usage tells how the command is used.
func usage(w io.Writer) {
	var b strings.Builder
	b.WriteString("usage: fpnn COMMAND [flags] ARGUMENTS\n\n")
	for _, c := range commands() {
		fmt.Fprintf(&b, "  %-7s%-21s%s\n", c.name, c.args, c.brief)
	}
	fmt.Fprintf(&b, "\n'fpnn COMMAND -help' lists the flags, as 'fpnn help COMMAND' does.\n\n%s\n%s", addressHelp, exitHelp)
	_, _ = io.WriteString(w, b.String())
}
