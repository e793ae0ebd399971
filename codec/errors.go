package codec

import "errors"

// Errors, to be compared with errors.Is. Getters return them inside an [*Error]
// that names the key.
var (
	ErrNotFound     = errors.New("key not found")
	ErrWrongType    = errors.New("value of the wrong type")
	ErrMalformed    = errors.New("malformed msgpack")
	ErrTooDeep      = errors.New("nested too deep")
	ErrTooMany      = errors.New("too many elements")
	ErrTrailing     = errors.New("trailing bytes")
	ErrNotMap       = errors.New("not a map")
	ErrKeyNotString = errors.New("map key is not a string")
	ErrJSON         = errors.New("not convertible between msgpack and JSON")
)

// FPNN codes of the errors, from fpnn/base/FpnnError.h of the C++ framework.
const (
	codeMalformed    = 10003
	codeJSON         = 10004
	codeKeyNotString = 10005
	codeNotMap       = 10006
	codeNotFound     = 10009
	codeWrongType    = 10010
)

// Error is an error about a payload. Its text names a key and kinds, never what
// the payload holds.
type Error struct {
	Key    string // what was asked for, "" if nothing by name
	Detail string // may be empty
	Err    error  // one of the Err variables
}

// Error returns a description.
func (e *Error) Error() string {
	s := "codec: "
	if e.Key != "" {
		s += "key " + quote(e.Key) + ": "
	}
	s += e.Err.Error()
	if e.Detail != "" {
		s += ": " + e.Detail
	}
	return s
}

// Unwrap returns e.Err.
func (e *Error) Unwrap() error { return e.Err }

// FPNNCode returns the FPNN error code: 10009 for a key not found, 10010 for a
// wrong type, 10004 for JSON, 10003 for malformed bytes and so on.
func (e *Error) FPNNCode() int {
	switch {
	case errors.Is(e.Err, ErrNotFound):
		return codeNotFound
	case errors.Is(e.Err, ErrWrongType):
		return codeWrongType
	case errors.Is(e.Err, ErrNotMap):
		return codeNotMap
	case errors.Is(e.Err, ErrKeyNotString):
		return codeKeyNotString
	case errors.Is(e.Err, ErrJSON):
		return codeJSON
	}
	return codeMalformed
}

// The scanner's errors are made once: hostile input costs no allocation.
var (
	errMalformed = &Error{Err: ErrMalformed}
	errTooDeep   = &Error{Err: ErrTooDeep}
	errTooMany   = &Error{Err: ErrTooMany}
	errTrailing  = &Error{Err: ErrTrailing}
	errNotMap    = &Error{Err: ErrNotMap}
)

func notFound(key string) error { return &Error{Key: key, Err: ErrNotFound} }

func wrongType(want string, got Kind) error {
	return &Error{Detail: "want " + want + ", have " + got.String(), Err: ErrWrongType}
}

func outOfRange(want string) error {
	return &Error{Detail: "number out of range for " + want, Err: ErrWrongType}
}

// keyed adds the key to the error of a value found under it.
func keyed(key string, err error) error {
	if e, ok := err.(*Error); ok { //nolint:errorlint // made by this package, never wrapped
		return &Error{Key: key, Detail: e.Detail, Err: e.Err}
	}
	return err
}
