package ws

import (
	"fmt"

	"github.com/coder/websocket"

	"github.com/gofpnn/gofpnn/fpnn/frame"
)

// ProtocolError ends a connection: the peer sent a message that is not exactly
// one package, or what is no WebSocket.
type ProtocolError struct {
	Status int // of the close frame that says so, as RFC 6455 numbers them
	Reason string
	Err    error // may be nil
}

// Error returns the reason and the cause.
func (e *ProtocolError) Error() string {
	if e.Err == nil {
		return "ws: " + e.Reason
	}
	return "ws: " + e.Reason + ": " + e.Err.Error()
}

// Unwrap returns the cause: an error of package frame, if the package's header
// is at fault.
func (e *ProtocolError) Unwrap() error { return e.Err }

// FPNNCode returns 20009, an invalid package.
func (e *ProtocolError) FPNNCode() int { return 20009 }

// CloseError ends a connection that the peer has closed with another status than
// 1000 and 1001.
type CloseError struct {
	Status int
	Reason string // as sent
}

// Error returns status and reason.
func (e *CloseError) Error() string {
	return fmt.Sprintf("ws: closed by peer with status %d: %q", e.Status, e.Reason)
}

// HandshakeError is an HTTP answer that does not lead to a WebSocket.
type HandshakeError struct {
	Status int // of the answer: 404, say; 101 if it is not what RFC 6455 wants
	Err    error
}

// Error returns the cause.
func (e *HandshakeError) Error() string {
	return fmt.Sprintf("ws: handshake: HTTP status %d: %v", e.Status, e.Err)
}

// Unwrap returns the cause.
func (e *HandshakeError) Unwrap() error { return e.Err }

// noPackage is the error of a message that is not one package.
func noPackage(reason string, err error) *ProtocolError {
	return &ProtocolError{Status: int(websocket.StatusUnsupportedData), Reason: reason, Err: err}
}

var (
	errTooLarge = &ProtocolError{
		Status: int(websocket.StatusMessageTooBig), Reason: "message too big", Err: frame.ErrTooLarge,
	}
	// The library allows five seconds for one.
	errControl = &ProtocolError{
		Status: int(websocket.StatusPolicyViolation), Reason: "control frame not completed, or its answer not taken",
	}
)
