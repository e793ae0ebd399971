package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"syscall"

	"github.com/gofpnn/gofpnn/codec"
	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/transport/secure"
)

// The exit codes.
const (
	exitOK = iota
	exitAnswer
	exitUsage
	exitNoConnection
	exitTimeout
	exitLost
	exitNoFPNN
	exitHere
	exitInterrupted = 128 + int(syscall.SIGINT)
)

const exitHelp = `exit codes:
  0    success
  1    the peer has answered with an error
  2    wrong usage
  3    no connection: refused, not in time, or no agreement on TLS, WebSocket or key
  4    no answer in time
  5    the connection was lost before the answer
  6    what came is no FPNN, or cannot be read
  7    something failed here: a file, a port to listen on, the output
  130  interrupted while waiting for an answer
`

// usageError is wrong usage that has to be told.
type usageError struct{ error }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// formatError is input or a stream that is no FPNN.
type formatError struct{ error }

// dialError is a connection that could not be made.
type dialError struct {
	endpoint string
	err      error
}

func (e *dialError) Error() string { return "cannot connect to " + e.endpoint + ": " + e.err.Error() }
func (e *dialError) Unwrap() error { return e.err }

// exitCode returns the code for how a command has ended.
func exitCode(err error) int {
	var (
		remote *fpnn.RemoteError
		usage  usageError
		format formatError
		dial   *dialError
		shake  *secure.Error
		proto  *fpnn.ProtocolError
	)
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &usage):
		return exitUsage
	case errors.Is(err, context.Canceled):
		return exitInterrupted
	case errors.As(err, &dial):
		return exitNoConnection
	case errors.As(err, &remote):
		return exitAnswer
	case errors.As(err, &format), errors.As(err, &proto), errors.As(err, &shake), fpnn.Code(err) == fpnn.CodeCoreDecoding:
		return exitNoFPNN
	case errors.Is(err, context.DeadlineExceeded):
		return exitTimeout
	case errors.Is(err, fpnn.ErrDisconnected):
		return exitLost
	case isEncoding(err):
		return exitUsage
	}
	return exitHere
}

// isEncoding reports whether a quest could not be made of its arguments.
func isEncoding(err error) bool {
	var e *codec.Error
	return errors.As(err, &e) || errors.Is(err, fpnn.ErrTooLarge)
}

// message is what to tell of an error.
func message(err error) string {
	var (
		dial   *dialError
		remote *fpnn.RemoteError
		loss   *lossError
	)
	switch {
	case errors.As(err, &loss):
		return loss.Error()
	case errors.As(err, &dial):
		return dial.Error()
	case errors.As(err, &remote):
		text := fmt.Sprintf("error %d", remote.Code)
		if name := fpnn.CodeText(remote.Code); name != "" {
			text += " (" + name + ")"
		}
		text += fmt.Sprintf(": %q", remote.Message)
		if remote.Raiser != "" {
			text += fmt.Sprintf(", raised by %q", remote.Raiser)
		}
		return text
	}
	return strings.TrimPrefix(err.Error(), "fpnn: ")
}
