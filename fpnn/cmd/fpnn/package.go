package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/gofpnn/gofpnn/codec"
	"github.com/gofpnn/gofpnn/fpnn/frame"
)

// maxDump is how many bytes of what cannot be read are shown.
const maxDump = 32

// appendPackage appends a package as one line, and reports whether its payload
// can be read. Unless it is whole, the payload is not shown.
func appendPackage(b []byte, p *frame.Package, whole bool) ([]byte, bool) {
	b = appendHead(b, p)
	switch {
	case !whole:
		return fmt.Appendf(b, "(%d bytes, too long to be shown)", p.PayloadSize), true
	case p.Flags&frame.JSON != 0:
		return appendJSON(b, p.Payload)
	}
	return appendMsgPack(b, p)
}

// appendHead appends all but the payload.
func appendHead(b []byte, p *frame.Package) []byte {
	if p.Kind == frame.Answer {
		b = fmt.Appendf(b, "answer  status %d", p.SS)
	} else {
		b = fmt.Appendf(b, "%v  %q", p.Kind, p.Method)
	}
	if p.Kind != frame.Oneway {
		b = fmt.Appendf(b, "  seq %d", p.Seq)
	}
	encoding := codec.MsgPack
	if p.Flags&frame.JSON != 0 {
		encoding = codec.JSON
	}
	return fmt.Appendf(b, "  version %d  flags %#02x %v  ", p.Version, uint8(p.Flags), encoding)
}

func appendMsgPack(b []byte, p *frame.Package) ([]byte, bool) {
	v, err := codec.ParseValue(p.Payload)
	if err != nil {
		return appendUnreadable(b, err, p.Payload), false
	}
	b = appendNotation(b, v)
	if rest := p.Payload[len(v.Raw()):]; len(rest) > 0 {
		b = appendDump(append(b, "  and behind it "...), rest)
	}
	if v.Kind() != codec.Map && p.Kind != frame.Answer { // *infos is answered with a str
		return append(b, "  (not a map)"...), false
	}
	return b, true
}

// appendJSON shows JSON as it came, but for white space and what a terminal
// obeys.
func appendJSON(b, payload []byte) ([]byte, bool) {
	if _, err := codec.ParseJSON(payload); err != nil {
		return appendUnreadable(b, err, payload), false
	}
	var line bytes.Buffer
	_ = json.Compact(&line, payload) // it is JSON
	for text := line.Bytes(); len(text) > 0; {
		r, n := utf8.DecodeRune(text)
		if strconv.IsGraphic(r) {
			b = append(b, text[:n]...)
		} else { // inside of a string
			quoted := appendText(nil, string(r))
			b = append(b, quoted[1:len(quoted)-1]...)
		}
		text = text[n:]
	}
	return b, true
}

func appendUnreadable(b []byte, err error, payload []byte) []byte {
	return appendDump(fmt.Appendf(b, "(%s) ", cause(err)), payload)
}

// appendDump appends the first bytes of data in hexadecimal digits.
func appendDump(b, data []byte) []byte {
	b = fmt.Appendf(b, "%x", data[:min(len(data), maxDump)])
	if len(data) > maxDump {
		b = fmt.Appendf(b, "... (%d bytes)", len(data))
	}
	return b
}

// cause is the text of an error of codec or frame without the package's name.
func cause(err error) string {
	var e *codec.Error
	if errors.As(err, &e) && e.Detail == "" {
		err = e.Err
	}
	text := err.Error()
	return strings.TrimPrefix(strings.TrimPrefix(text, "codec: "), "frame: ")
}
