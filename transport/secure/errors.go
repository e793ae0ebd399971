package secure

import (
	"errors"

	"github.com/gofpnn/gofpnn/fpnn/frame"
)

// Errors of keys, and the causes of an [*Error]; compare with errors.Is.
var (
	// ErrKeyLength: a key is not as long as its curve has it.
	ErrKeyLength = errors.New("key of the wrong length")
	// ErrPoint: a public key is no point of its curve, or the point at infinity.
	ErrPoint = errors.New("not a point of the curve")
	// ErrScalar: a private key is 0, or not below the order of its curve.
	ErrScalar = errors.New("private key out of range")
	// ErrCurve: the curve is none of the four, or two keys differ in theirs.
	ErrCurve = errors.New("wrong curve")
	// ErrPEM: there is no such key in the PEM data.
	ErrPEM = errors.New("not an elliptic curve key in PEM")
	// ErrBits: an AES key of another length than 128 or 256 bits is wanted.
	ErrBits = errors.New("bits are neither 128 nor 256")
	// ErrOneway: the key exchange came as a oneway quest.
	ErrOneway = errors.New("*key is oneway")
	// ErrJSON: the key exchange came in JSON.
	ErrJSON = errors.New("*key is in JSON")
	// ErrTwice: the connection is encrypted already, by TLS say.
	ErrTwice = errors.New("connection is encrypted already")
	// ErrRefused: the server refuses the key exchange.
	ErrRefused = errors.New("refused by the server")
	// ErrTimeout: the handshake was not complete in time.
	ErrTimeout = errors.New("handshake timed out")
	// ErrUnit: a unit of package mode is not exactly one package.
	ErrUnit = errors.New("unit is not one package")
	// ErrTooLarge: a package exceeds the size limit.
	ErrTooLarge = frame.ErrTooLarge
)

// Error is what makes a connection useless: a key exchange that failed, or
// packages that cannot be encrypted or decrypted. Errors of the transport
// underneath are returned as they are.
type Error struct {
	Op  string // "handshake", "read" or "write"
	Err error
}

// Error returns the operation and the cause.
func (e *Error) Error() string { return "secure: " + e.Op + ": " + e.Err.Error() }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }
