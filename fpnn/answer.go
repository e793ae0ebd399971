package fpnn

import (
	"errors"
	"strconv"

	"github.com/gofpnn/gofpnn/codec"
	"github.com/gofpnn/gofpnn/fpnn/frame"
)

// Answer is what a successful call returns: a view of the answer's payload.
// Nothing is decoded before a field is asked for; JSON and msgpack read alike.
//
// The bytes behind it belong to the Answer: it stays valid after the call, and
// until the Answer is given to [Client.CallInto] again. The zero value is an
// empty answer.
type Answer struct {
	codec.Payload
	buf    []byte // the payload as it came
	notMap bool
}

// Value returns the whole payload as one value. That is a map in the answers of
// all ordinary methods, but one string in the answer to a C++ server's
// `*infos`, in which no key is found.
func (a *Answer) Value() (codec.Value, error) {
	if a.notMap {
		return codec.ParseValue(a.buf)
	}
	return codec.ParseValue(a.Raw())
}

// reset makes the answer an empty one and keeps its buffer.
func (a *Answer) reset() { *a = Answer{buf: a.buf[:0]} }

// read makes the answer a view of a.buf.
func (a *Answer) read(flags frame.Flags) (err error) {
	if flags&frame.JSON != 0 {
		a.Payload, err = codec.ParseJSON(a.buf)
	} else {
		a.Payload, err = codec.ParsePayload(a.buf)
		if errors.Is(err, codec.ErrNotMap) {
			a.Payload, a.notMap = codec.Payload{}, true
			_, err = codec.ParseValue(a.buf)
		}
	}
	if err != nil {
		return &decodeError{err}
	}
	return nil
}

// remoteError reads an error answer. Python peers repeat the code as a number
// in "ex".
func (a *Answer) remoteError(method string) (*RemoteError, error) {
	code, err := a.Int64("code")
	if err != nil {
		return nil, &decodeError{err}
	}
	e := &RemoteError{Code: int(code), Method: method}
	if e.Message, err = a.Text("ex"); errors.Is(err, codec.ErrWrongType) {
		if n, err := a.Int64("ex"); err == nil {
			e.Message = strconv.FormatInt(n, 10)
		}
	}
	e.Raiser, _ = a.Text("raiser")
	return e, nil
}

// decodeError ends a call whose answer came but cannot be read. Its code, 20006,
// takes the place of the codec's own.
type decodeError struct{ err error }

func (e *decodeError) Error() string { return "answer cannot be decoded: " + e.err.Error() }
func (e *decodeError) Unwrap() error { return e.err }
func (e *decodeError) FPNNCode() int { return CodeCoreDecoding }
