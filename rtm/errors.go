package rtm

import (
	"fmt"

	"github.com/gofpnn/gofpnn/fpnn"
)

// Error answers of a gate that programs may want to tell from others; compare
// with errors.Is. The codes of this package name all of them.
var (
	ErrBadSignature     = codeError(CodeBadSign)          // or an unknown project
	ErrBadTime          = codeError(CodeBadTime)          // this machine's clock is wrong
	ErrReplayed         = codeError(CodeReplayed)         // the signature was used before
	ErrFrequencyLimit   = codeError(CodeFrequencyLimit)   // too many quests of the project
	ErrFloodLimit       = codeError(CodeFloodLimit)       // too many messages of the user
	ErrPermissionDenied = codeError(CodePermissionDenied) // such as an edit that comes too late
	ErrMessageTooLarge  = codeError(CodeMessageTooLarge)  // or its attributes
	ErrTooManyItems     = codeError(CodeTooManyItems)     // in a list
	ErrNotInRoom        = codeError(CodeNotInRoom)
	ErrNotInGroup       = codeError(CodeNotInGroup)
	ErrSensitiveWords   = codeError(CodeSensitiveWords)
	// ErrDuplicateMessageID: the sender has used the id in this conversation.
	ErrDuplicateMessageID = codeError(CodeDuplicateID)
	ErrMessageNotFound    = codeError(CodeNotFound)
)

func codeError(code int) error { return fpnn.CodeError{Code: code, Text: "rtm: " + CodeText(code)} }

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
