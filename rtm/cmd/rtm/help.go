package main

import (
	"errors"
	"flag"
	"fmt"
	"slices"
	"strings"
)

// command is one of the commands.
type command struct {
	name  string
	forms []form
	more  string // for its help
	nargs int    // how many arguments; -1 for any number from 1
	flags func(fs *flag.FlagSet, o *options)
	// prepare finds what is wrong with the command line before anybody is called.
	prepare func(o *options) (action, error)
	endless bool       // the action is not bounded by -timeout
	alone   standalone // instead of flags and prepare: it needs no gate
}

// form is one way to use a command.
type form struct{ args, brief string }

const conversationHelp = "A conversation is -from UID and one of -to UID, -group GID, -room RID, -everyone.\n"

const gateHelp = `The gate is -endpoint, the project -pid; its secret comes from the environment
variable RTM_SECRET.
`

// usage tells what commands there are.
func usage() string {
	var b strings.Builder
	b.WriteString("usage: rtm COMMAND [flags] [arguments]\n\n")
	for _, c := range commands {
		for _, f := range c.forms {
			fmt.Fprintf(&b, "  %-9s %-19s %s\n", c.name, f.args, f.brief)
		}
	}
	b.WriteString("\n" + conversationHelp + gateHelp + "'rtm COMMAND -help' lists the flags.\n\n" + exitHelp)
	return b.String()
}

// help tells how the command is used.
func (c *command) help(fs *flag.FlagSet) string {
	var b strings.Builder
	before := "usage:"
	for _, f := range c.forms {
		line := "rtm " + c.name
		if c.alone == nil {
			line += " [flags]"
		}
		fmt.Fprintf(&b, "%-6s %s\n", before, strings.TrimSpace(line+" "+f.args))
		before = ""
	}
	b.WriteByte('\n')
	for _, f := range c.forms {
		if len(c.forms) > 1 {
			fmt.Fprintf(&b, "%-19s ", f.args)
		}
		b.WriteString(f.brief + "\n")
	}
	b.WriteByte('\n')
	if c.alone == nil {
		fs.SetOutput(&b)
		fs.PrintDefaults()
		b.WriteString("\n" + c.more + gateHelp + "\n")
	}
	b.WriteString(exitHelp)
	return b.String()
}

// takes checks the number of arguments.
func (c *command) takes(args []string) error {
	switch {
	case len(args) == c.nargs, c.nargs < 0 && len(args) > 0:
		return nil
	case c.nargs == 0:
		return errors.New("takes no arguments")
	}
	var wants []string
	for _, f := range c.forms {
		wants = append(wants, f.args)
	}
	text := "takes " + strings.Join(wants, ", or ")
	if i := slices.IndexFunc(args, isFlag); i >= 0 {
		return fmt.Errorf("%s; flags such as %s come before", text, args[i])
	}
	if len(args) > 1 {
		return fmt.Errorf("%s, not %d arguments", text, len(args))
	}
	return errors.New(text)
}

func isFlag(arg string) bool { return len(arg) > 1 && arg[0] == '-' }
