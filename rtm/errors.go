package rtm

import (
	"fmt"

	"github.com/gofpnn/gofpnn/fpnn"
)

// ArgumentError says which argument of a call cannot be. Nothing has been sent.
type ArgumentError struct {
	Argument string // the parameter or field by its name in this package
	Reason   string
	Code     int // what a gate would answer
}

// Error returns the argument and the reason.
func (e *ArgumentError) Error() string { return fmt.Sprintf("rtm: %s %s", e.Argument, e.Reason) }

// FPNNCode returns e.Code.
func (e *ArgumentError) FPNNCode() int { return e.Code }

// SafeToRetry returns true: nothing has been sent. It will not do another time
// either.
func (e *ArgumentError) SafeToRetry() bool { return true }

func noTarget(argument string) error {
	return &ArgumentError{argument, "is not a target: use User, Group, Room or Everyone", fpnn.CodeProtoTypeConvert}
}

// AnswerError ends a call that the gate has carried out, but whose answer lacks
// what this package needs of it.
type AnswerError struct {
	Method string
	Err    error // an error of package codec, or a [*RowError]
}

// Error returns the method and the cause.
func (e *AnswerError) Error() string {
	return fmt.Sprintf("rtm: answer to %s: %v", e.Method, e.Err)
}

// Unwrap returns the cause.
func (e *AnswerError) Unwrap() error { return e.Err }

// FPNNCode returns 20006.
func (e *AnswerError) FPNNCode() int { return fpnn.CodeCoreDecoding }
