package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
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

// hintedError is an error with a hint of its own.
type hintedError struct {
	error
	hint string
}

func (e hintedError) Unwrap() error { return e.error }

// hint says what to do about an error, "" if there is nothing to say.
func hint(err error, command string) string {
	var (
		own  hintedError
		dial *dialError
	)
	switch {
	case errors.As(err, &own):
		return own.hint
	case errors.As(err, &dial):
		return dialHint(dial.err)
	}
	text := err.Error()
	switch code := fpnn.Code(err); exitCode(err) {
	case exitAnswer:
		return answerHints[code]
	case exitTimeout:
		if command == "ping" {
			return "-timeout sets how long to wait; a server that never answers may not speak FPNN"
		}
		return "-timeout sets how long to wait; if fpnn ping is not answered either, the server may not speak FPNN"
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
		if strings.Contains(text, "for flag -timeout") || strings.Contains(text, "for flag -interval") {
			return "a duration has a unit: 5s, 300ms, 1m30s"
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
