package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"net"
	"strings"
	"syscall"

	"github.com/gofpnn/gofpnn/codec"
	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/transport/secure"
	"github.com/gofpnn/gofpnn/transport/ws"
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

// errReported is wrong usage that package flag has told already.
var errReported = errors.New("wrong usage")

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
	case err == nil, errors.Is(err, flag.ErrHelp):
		return exitOK
	case errors.As(err, &usage), errors.Is(err, errReported):
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

// hint says what to do about an error, "" if there is nothing to say.
func hint(err error, command string) string {
	var dial *dialError
	if errors.As(err, &dial) {
		return dialHint(dial.err)
	}
	text := err.Error()
	switch code := fpnn.Code(err); exitCode(err) {
	case exitAnswer:
		return answerHints[code]
	case exitTimeout:
		return "-timeout sets how long to wait; fpnn ping tells whether the server answers at all"
	case exitLost:
		return "the server closes connections it cannot make sense of: does it want tls://, wss:// or -key? else see its log"
	case exitNoFPNN:
		switch {
		case strings.Contains(text, "peer speaks TLS"):
			return "write tls:// or wss:// before the address"
		case strings.Contains(text, "peer speaks HTTP"):
			return "FPNN inside of HTTP is WebSocket: write ws:// before the address"
		}
	case exitUsage:
		if errors.Is(err, codec.ErrJSON) || errors.Is(err, codec.ErrKeyNotString) {
			return "msgpack can hold it: leave -json out"
		}
		return "see fpnn " + command + " -help"
	case exitHere:
		if errors.Is(err, syscall.EADDRINUSE) {
			return "something listens there: end it, or take another address; a socket's file may be left from one that has ended"
		}
	}
	return ""
}

// answerHints are for those codes of the framework that a caller can do something
// about.
var answerHints = map[int]string{
	fpnn.CodeCoreUnknownMethod:   "the server has no such method: is the name right, and this the right server?",
	fpnn.CodeProtoKeyNotFound:    "an argument is missing",
	fpnn.CodeProtoTypeConvert:    "an argument is of the wrong type: 1 is an integer, 1.0 a float, \"1\" text",
	fpnn.CodeCoreWorkQueueFull:   "it was not executed: try again later",
	fpnn.CodeCoreServerStopping:  "it was not executed: try again when the server is back",
	fpnn.CodeCoreForbidden:       "the server does not serve this to you: is it for internal addresses, or encrypted connections?",
	fpnn.CodeProtoNotSupported:   "the server may want the other encoding: try with -json, or without",
	fpnn.CodeProtoInvalidPackage: "the server cannot read the arguments: try with -json, or without",
}

// dialHint is hint for the failure of a dial.
func dialHint(err error) string {
	var (
		authority x509.UnknownAuthorityError
		host      x509.HostnameError
		invalid   x509.CertificateInvalidError
		record    tls.RecordHeaderError
		web       *ws.HandshakeError
		shake     *secure.Error
		dns       *net.DNSError
	)
	switch {
	case errors.As(err, &authority):
		return "trust its certificate with -cacert FILE, or do without proof with -insecure"
	case errors.As(err, &host):
		return "use a host name the certificate is for, or do without proof with -insecure"
	case errors.As(err, &invalid):
		return "the server needs another certificate; -insecure does without proof"
	case errors.As(err, &record):
		return "no TLS is spoken there: leave tls:// out, or write ws:// for wss://"
	case errors.As(err, &web):
		return "no WebSocket is served there: is the path right? servers of FPNN have /service/ANYTHING"
	case errors.As(err, &shake):
		return "is -key the public key of this server, and does it encrypt at all?"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET):
		return "the server hangs up: is this the port where it speaks TLS, or WebSocket?"
	case errors.As(err, &dns):
		return "is the host's name right?"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "nothing listens there: is the server running, and the address right?"
	case errors.Is(err, fs.ErrNotExist):
		return "no such socket: is the server running, and the path right?"
	case errors.Is(err, context.DeadlineExceeded):
		return "is the address right, and reachable from here? -timeout waits longer"
	}
	return ""
}
