package fpnn

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/gofpnn/gofpnn/fpnn/frame"
)

// Errors a call, a client or a server ends with; compare with errors.Is.
var (
	// ErrClosed: this side closed the client, server or connection.
	ErrClosed = errors.New("fpnn: closed")
	// ErrDisconnected: the connection was lost, or the peer closed it.
	ErrDisconnected = errors.New("fpnn: disconnected")
	// ErrTooLarge: a package exceeds the size limit.
	ErrTooLarge = frame.ErrTooLarge
	// ErrQueueFull: too many calls are in flight, or waiting for a connection.
	ErrQueueFull = errors.New("fpnn: queue full")
	// ErrAnswered: the quest has its answer already.
	ErrAnswered = errors.New("fpnn: quest already answered")
)

// Error is an error answer on its way to the peer: what a [Handler] returns to
// choose the code and the text that its caller gets. Any other error reaches
// the peer as 20001 without its text.
type Error struct {
	Code    int    // of the framework, or the application's own
	Message string // the answer's "ex"
	Raiser  string // optional: who noticed; sent only if not empty
}

// Errorf returns an *Error with a formatted message.
func Errorf(code int, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// Error returns the code and the message.
func (e *Error) Error() string { return fmt.Sprintf("fpnn: %s (%d)", e.Message, e.Code) }

// FPNNCode returns e.Code.
func (e *Error) FPNNCode() int { return e.Code }

// RemoteError is an error answer that came from the peer.
type RemoteError struct {
	Code    int
	Message string // "ex", as sent; not necessarily UTF-8
	Raiser  string // "" if the peer names none, as C++ servers do for their own errors
	Method  string // of the call it answers
}

// Error returns method, code and the peer's message.
func (e *RemoteError) Error() string {
	return fmt.Sprintf("fpnn: %s: error %d from peer: %q", e.Method, e.Code, e.Message)
}

// FPNNCode returns e.Code.
func (e *RemoteError) FPNNCode() int { return e.Code }

// Is reports whether target is the [CodeError] of e's code.
func (e *RemoteError) Is(target error) bool {
	code, ok := target.(CodeError)
	return ok && code.Code == e.Code
}

// CodeError stands for all error answers with a code, so that packages can give
// names to the codes of their peers: errors.Is(err, ErrX) holds for an err that
// is or wraps a [*RemoteError] with the code of the CodeError ErrX.
type CodeError struct {
	Code int
	Text string
}

// Error returns the text.
func (e CodeError) Error() string { return e.Text }

// FPNNCode returns e.Code.
func (e CodeError) FPNNCode() int { return e.Code }

// SafeToRetry reports whether the peer refused to start on the quest: see the
// function.
func (e *RemoteError) SafeToRetry() bool {
	return e.Code == CodeCoreWorkQueueFull || e.Code == CodeCoreServerStopping
}

// OpError says which operation failed and whether the peer may have seen it.
type OpError struct {
	Op     string // "dial", "call", "notify" or "serve"
	Method string // "" for dial and serve
	Seq    uint32 // 0 if the quest got no sequence number
	// Sent turns true when the Write that holds the package begins. While it is
	// false the peer has not received and will not receive the quest.
	Sent bool
	Err  error
}

// Error returns the operation, the method and the cause.
func (e *OpError) Error() string {
	s := "fpnn: " + e.Op
	if e.Method != "" {
		s += fmt.Sprintf(" %q", e.Method)
	}
	if e.Op == "call" && !e.Sent {
		s += " (not sent)"
	}
	return s + ": " + e.Err.Error()
}

// Unwrap returns the cause.
func (e *OpError) Unwrap() error { return e.Err }

// SafeToRetry reports whether the peer has not received and will not receive the
// quest: see the function.
func (e *OpError) SafeToRetry() bool { return !e.Sent }

// Format prints, with %+v, the stack of a cause that has one: of a dial, a
// handshake or what ended a connection. The ends of single calls have none.
func (e *OpError) Format(s fmt.State, verb rune) {
	switch {
	case verb == 'v' && s.Flag('+'):
		_, _ = fmt.Fprintf(s, "%s\n%+v", e.Error(), e.Err)
	case verb == 'q':
		_, _ = fmt.Fprintf(s, "%q", e.Error())
	default:
		_, _ = io.WriteString(s, e.Error())
	}
}

// ProtocolError ends a connection: the peer sent what no FPNN peer may send.
type ProtocolError struct {
	Reason string
	Err    error // may be nil
}

// Error returns the reason.
func (e *ProtocolError) Error() string {
	if e.Err == nil {
		return "fpnn: protocol error: " + e.Reason
	}
	return "fpnn: protocol error: " + e.Reason + ": " + e.Err.Error()
}

// Unwrap returns the cause.
func (e *ProtocolError) Unwrap() error { return e.Err }

// FPNNCode returns 20009.
func (e *ProtocolError) FPNNCode() int { return CodeCoreInvalidPackage }

// timeoutError is context.DeadlineExceeded with its cause.
type timeoutError struct{ err error }

func (e *timeoutError) Error() string   { return e.err.Error() }
func (e *timeoutError) Unwrap() []error { return []error{context.DeadlineExceeded, e.err} }

// Code returns the FPNN error code that stands for err: the peer's own for a
// [RemoteError], 0 for nil, 20001 for an error that has none.
func Code(err error) int {
	if err == nil {
		return 0
	}
	var coded interface{ FPNNCode() int } // escapes
	switch {
	case errors.As(err, &coded):
		return coded.FPNNCode()
	case errors.Is(err, context.DeadlineExceeded):
		return CodeCoreTimeout
	case errors.Is(err, context.Canceled):
		return CodeCoreCanceled
	case errors.Is(err, ErrClosed), errors.Is(err, ErrDisconnected):
		return CodeCoreConnectionClosed
	case errors.Is(err, ErrQueueFull):
		return CodeCoreWorkQueueFull
	case errors.Is(err, ErrTooLarge):
		return CodeCoreInvalidPackage
	case isDial(err):
		return CodeCoreInvalidConnection
	}
	return CodeCoreUnknown
}

// isDial reports whether err is, or was caused by, the failure of a dial.
func isDial(err error) bool {
	var op *OpError
	for errors.As(err, &op) {
		if op.Op == "dial" {
			return true
		}
		err = op.Err
	}
	return false
}

// SafeToRetry reports whether the peer certainly has not acted on the quest
// that ended with err: it was never written, or the peer refused to start on it
// (codes 20011 and 20014). It does not say that another try would fare better.
// It asks the method of the same name that the error, or one it wraps, has.
func SafeToRetry(err error) bool {
	var e interface{ SafeToRetry() bool }
	return errors.As(err, &e) && e.SafeToRetry()
}
