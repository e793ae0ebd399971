package main

import (
	"context"
	"errors"
	"strings"
	"syscall"

	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/rtm"
)

// The exit codes.
const (
	exitOK = iota
	exitFailure
	exitUsage
)

const exitHelp = `exit codes:
  0  success
  1  a failure, an error answer of the gate among them
  2  wrong usage
`

// usageError is wrong usage.
type usageError struct{ error }

// exitCode returns the code for how a command has ended.
func exitCode(err error) int {
	var (
		usage    usageError
		argument *rtm.ArgumentError
	)
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &usage), errors.As(err, &argument):
		return exitUsage
	}
	return exitFailure
}

// errorLine is what to tell of an error.
func errorLine(err error) string {
	var argument *rtm.ArgumentError
	if errors.As(err, &argument) {
		name := argument.Argument[strings.LastIndex(argument.Argument, ".")+1:]
		if here := argumentNames[name]; here != "" {
			return here + " " + argument.Reason
		}
	}
	return strings.TrimPrefix(strings.TrimPrefix(err.Error(), "fpnn: "), "rtm: ")
}

// argumentNames are the names that the command line has for what package rtm may
// refuse.
var argumentNames = map[string]string{
	"Limit": "-limit", "TimeLimit": "-limit",
	"Begin": "-begin", "begin": "-begin", "End": "-end", "end": "-end",
	"Attrs": "-attrs", "Text": "TEXT", "uids": "UID...",
}

// hint says what to do about an error, "" if there is nothing to say. help is the
// command that prints how it is done.
func hint(err error, help string) string {
	switch {
	case exitCode(err) == exitUsage:
		if strings.Contains(err.Error(), "for flag -timeout") {
			return "a duration has a unit: 5s, 300ms, 1m30s"
		}
		return "see " + help
	case errors.Is(err, syscall.ECONNREFUSED):
		return "is a gate listening there? rtmfake runs one to try with"
	case errors.Is(err, context.DeadlineExceeded):
		return "is -endpoint right, and reachable from here? -timeout waits longer"
	}
	switch fpnn.Code(err) {
	case rtm.CodeBadSign:
		return "is RTM_SECRET this project's, and -pid right?"
	case rtm.CodeBadTime:
		return "is this machine's clock right?"
	}
	return ""
}
