package codec

import (
	"bytes"
	"math"
	"strconv"
	"unicode/utf8"
)

// Encoding is how a payload travels.
type Encoding uint8

// The encodings of FPNN.
const (
	MsgPack Encoding = iota
	JSON
)

// String returns "msgpack" or "JSON".
func (e Encoding) String() string {
	switch e {
	case MsgPack:
		return "msgpack"
	case JSON:
		return "JSON"
	}
	return "Encoding(" + strconv.Itoa(int(e)) + ")"
}

func errJSON(detail string) error { return &Error{Detail: detail, Err: ErrJSON} }

// AppendJSON appends the payload as a JSON object in the style of the C++
// server: {"a":1, "b":2}. A bin is written as a string. What JSON cannot hold,
// text that is not UTF-8, NaN and infinities, ext values, is an error that wraps
// [ErrJSON], a key that is not text [ErrKeyNotString]; then b is returned as it
// was. What b has room for must not be part of the payload.
func (p Payload) AppendJSON(b []byte) ([]byte, error) { return Value{p.Raw()}.AppendJSON(b) }

// AppendJSON appends the value as JSON, see [Payload.AppendJSON].
func (v Value) AppendJSON(b []byte) ([]byte, error) {
	in := v.Raw()
	if _, ok := skipDistinct(in); !ok {
		in, _ = appendUnique(nil, in, true)
	}
	out, _, err := appendJSON(b, in, false)
	if err != nil {
		return b, err
	}
	return out, nil
}

// String returns the payload as JSON for people to read. What JSON cannot hold
// is shown in its own way, duplicate keys are shown all.
func (p Payload) String() string { return Value{p.Raw()}.String() }

// String returns the value as JSON for people to read, see [Payload.String].
func (v Value) String() string {
	b, _, _ := appendJSON(nil, v.Raw(), true)
	return string(b)
}

// appendJSON appends the value at the start of in and returns what follows it;
// lenient, it writes something for everything.
func appendJSON(b, in []byte, lenient bool) (out, rest []byte, err error) {
	f, at, n := header(in)
	if f.kind == List {
		return appendList(b, in[at:], n, lenient)
	}
	if f.kind == Map {
		return appendObject(b, in[at:], n/2, lenient)
	}
	v, rest := Value{in[:at+n]}, in[at+n:]
	switch f.kind {
	case Nil:
		b = append(b, "null"...)
	case Bool:
		b = strconv.AppendBool(b, v.b[0] == 0xc3)
	case Int, Uint:
		if u, negative := v.integer(); negative {
			b = strconv.AppendInt(b, int64(u), 10)
		} else {
			b = strconv.AppendUint(b, u, 10)
		}
	case Float:
		b, err = appendFloat(b, v.float(), lenient)
	case String, Bytes:
		b, err = appendText(b, in[at:at+n], lenient)
	default:
		if !lenient {
			return b, rest, errJSON(f.kind.String())
		}
		b = append(b, `"(ext)"`...)
	}
	return b, rest, err
}

func appendList(b, in []byte, n int, lenient bool) (_, rest []byte, err error) {
	b = append(b, '[')
	for i := range n {
		if i > 0 {
			b = append(b, ", "...)
		}
		if b, in, err = appendJSON(b, in, lenient); err != nil {
			return b, in, err
		}
	}
	return append(b, ']'), in, nil
}

func appendObject(b, in []byte, n int, lenient bool) (_, rest []byte, err error) {
	b = append(b, '{')
	for i := range n {
		if i > 0 {
			b = append(b, ", "...)
		}
		k := Value{in[:skip(in)]}
		name, err := k.Bytes()
		if err != nil {
			if !lenient {
				return b, in, &Error{Err: ErrKeyNotString}
			}
			name = keyName(k)
		}
		if b, err = appendText(b, name, lenient); err != nil {
			return b, in, err
		}
		b = append(b, ':')
		if b, in, err = appendJSON(b, in[len(k.b):], lenient); err != nil {
			return b, in, err
		}
	}
	return append(b, '}'), in, nil
}

// keyName is what a key that is not text is called. A container is not spelled
// out: quoted once more at every level, nested ones would grow exponentially.
func keyName(k Value) []byte {
	switch kind := k.Kind(); kind {
	case List, Map, Ext:
		return []byte("(" + kind.String() + ")")
	default:
		return []byte(k.String())
	}
}

func appendFloat(b []byte, f float64, lenient bool) ([]byte, error) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		if !lenient {
			return b, errJSON("NaN or infinity")
		}
		return strconv.AppendQuote(b, strconv.FormatFloat(f, 'g', -1, 64)), nil
	}
	return strconv.AppendFloat(b, f+0, 'g', -1, 64), nil // +0 turns -0 into 0
}

const hexDigits = "0123456789abcdef"

func appendText(b, text []byte, lenient bool) ([]byte, error) {
	if !utf8.Valid(text) {
		if !lenient {
			return b, errJSON("text is not UTF-8")
		}
		text = bytes.ToValidUTF8(text, []byte("\ufffd"))
	}
	b = append(b, '"')
	for _, c := range text {
		switch {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c == '\n':
			b = append(b, '\\', 'n')
		case c == '\r':
			b = append(b, '\\', 'r')
		case c == '\t':
			b = append(b, '\\', 't')
		case c < ' ':
			b = append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&0xf])
		default:
			b = append(b, c)
		}
	}
	return append(b, '"'), nil
}
