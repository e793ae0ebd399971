package fakeserver

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"

	"github.com/gofpnn/gofpnn/codec"
	"github.com/gofpnn/gofpnn/fpnn/frame"
)

// What nobody is shown, and no file has: tokens of users, of files and of devices
// (the address at which a phone takes its notifications), and whatever else is
// called a token or a secret. Signatures are left: without them a journal could
// not be replayed.

// secret reports whether what is under a key is not to be shown.
func secret(key string) bool {
	key = strings.TrimSuffix(strings.ToLower(key), "s")
	return strings.HasSuffix(key, "token") || strings.HasSuffix(key, "secret")
}

// redact blanks what is secret in the payload, at any depth, byte for byte, so
// that all else stays what it was. Of a payload that cannot be read it blanks all
// that follows the first mention of a secret.
func (r *Record) redact() {
	var p frame.Package
	if _, err := p.Parse(r.Bytes, len(r.Bytes)); err != nil {
		return
	}
	r.Bytes = bytes.Clone(r.Bytes)
	payload := r.Bytes[len(r.Bytes)-len(p.Payload):]
	parsed, err := r.Payload()
	switch {
	case err != nil:
		redactUnreadable(payload)
	case p.Flags&frame.JSON != 0:
		if redactJSON(payload) != nil {
			redactUnreadable(payload)
		}
	default:
		redactMap(parsed, false)
	}
}

func redactUnreadable(b []byte) {
	for i := range b {
		for _, mention := range []string{"token", "secret"} {
			if end := i + len(mention); end <= len(b) && strings.EqualFold(string(b[i:end]), mention) {
				fill(b[end:], unreadable)
				return
			}
		}
	}
}

// unreadable is a byte that begins no value of msgpack and is in no UTF-8, so that
// what could not be read still cannot.
const unreadable = 0xc1

func blank(b []byte) { fill(b, '*') }

func fill(b []byte, with byte) {
	for i := range b {
		b[i] = with
	}
}

// redactMap blanks what is secret in a map, or all that is in it.
func redactMap(p codec.Payload, all bool) {
	for k, v := range p.All() {
		key, err := k.Text()
		redactValue(k, all)
		redactValue(v, all || err == nil && secret(key))
	}
}

// redactValue is redactMap for any value. Texts and data become asterisks, numbers
// become 0.
func redactValue(v codec.Value, all bool) {
	switch v.Kind() {
	case codec.Map:
		p, _ := v.Payload()
		redactMap(p, all)
	case codec.List:
		list, _ := v.Array()
		for _, v := range list.All() {
			redactValue(v, all)
		}
	case codec.String, codec.Bytes:
		if b, err := v.Bytes(); err == nil && all {
			blank(b)
		}
	case codec.Int, codec.Uint, codec.Float:
		switch b := v.Raw(); {
		case !all:
		case len(b) == 1:
			b[0] = 0
		default:
			clear(b[1:])
		}
	default:
	}
}

// nest is an object or list of JSON that has begun.
type nest struct {
	object, all bool
	isValue     bool // what comes next is a value of the object, not a key
	hidden      bool // and not to be shown
}

// redactJSON is redactMap for JSON. Digits become ones: a number may not begin
// with others and be as long.
func redactJSON(b []byte) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	nests := []nest{{}}
	for {
		begin := d.InputOffset()
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		in := &nests[len(nests)-1]
		text := bytes.TrimLeft(b[begin:d.InputOffset()], " \t\r\n,:")
		if key, ok := token.(string); ok && in.object && !in.isValue {
			in.isValue, in.hidden = true, secret(key)
			if in.all {
				blank(text[1 : len(text)-1])
			}
			continue
		}
		hidden := in.all || in.isValue && in.hidden
		in.isValue = false
		switch token {
		case json.Delim('{'), json.Delim('['):
			nests = append(nests, nest{object: token == json.Delim('{'), all: hidden})
			continue
		case json.Delim('}'), json.Delim(']'):
			nests = nests[:len(nests)-1]
			continue
		}
		if hidden {
			blankJSON(text)
		}
	}
}

// blankJSON blanks a text or number of JSON.
func blankJSON(b []byte) {
	if b[0] == '"' {
		blank(b[1 : len(b)-1])
		return
	}
	for i, c := range b {
		if '0' <= c && c <= '9' {
			b[i] = '1'
		}
	}
}
