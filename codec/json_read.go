package codec

import (
	"bytes"
	"encoding/json"
	"strconv"
	"unicode/utf8"
)

// ParseJSON returns a JSON object as a [Payload], so that one reader serves both
// encodings. Integers keep all their 64 bits, other numbers become floats; where
// a name occurs twice the last counts. White space may surround the object,
// nothing else. The input must be UTF-8 and within the limits of [Scan]. The
// error wraps [ErrJSON], [ErrNotMap], [ErrTooDeep] or [ErrTooMany].
func ParseJSON(data []byte) (Payload, error) {
	if !utf8.Valid(data) {
		return Payload{}, errJSON("not UTF-8")
	}
	if !json.Valid(data) {
		return Payload{}, errJSON("malformed")
	}
	if token, _ := nextJSON(data); token[0] != '{' {
		return Payload{}, errNotMap
	}
	var few [16]int
	counts, err := countJSON(data, few[:0])
	if err != nil {
		return Payload{}, err
	}
	b := make([]byte, 0, len(data))
	for token, rest := nextJSON(data); token != nil; token, rest = nextJSON(rest) {
		switch c := token[0]; c {
		case '{':
			b = AppendMapHeader(b, counts[0]/2)
			counts = counts[1:]
		case '[':
			b = AppendArrayHeader(b, counts[0])
			counts = counts[1:]
		case '}', ']':
		case '"':
			b = appendQuoted(b, token)
		case 't', 'f':
			b = AppendBool(b, c == 't')
		case 'n':
			b = AppendNil(b)
		default:
			if b, err = appendNumber(b, string(token)); err != nil {
				return Payload{}, err
			}
		}
	}
	return Payload{b}, nil
}

// nextJSON returns the first token of a text that has been found to be valid: a
// bracket, or a whole value that is no container. Commas and colons are passed over
// like white space. At the end of the text token is nil.
func nextJSON(in []byte) (token, rest []byte) {
	for len(in) > 0 && separatesJSON(in[0]) {
		in = in[1:]
	}
	if len(in) == 0 {
		return nil, nil
	}
	end := 1
	switch in[0] {
	case '{', '}', '[', ']':
	case '"':
		for ; in[end] != '"'; end++ {
			if in[end] == '\\' {
				end++
			}
		}
		end++
	default:
		for end < len(in) && !separatesJSON(in[end]) && in[end] != '}' && in[end] != ']' {
			end++
		}
	}
	return in[:end], in[end:]
}

func separatesJSON(c byte) bool {
	return c == ' ' || c == ',' || c == ':' || c == '\n' || c == '\r' || c == '\t'
}

// countJSON appends how many elements each container has, in the order they
// open: msgpack wants to know before they come.
func countJSON(data []byte, counts []int) ([]int, error) {
	open := make([]int, 0, MaxDepth) // indexes into counts
	elements := 0
	for token, rest := nextJSON(data); token != nil; token, rest = nextJSON(rest) {
		if token[0] == '}' || token[0] == ']' {
			open = open[:len(open)-1]
			continue
		}
		if len(open) > 0 {
			counts[open[len(open)-1]]++
			if elements++; elements > MaxElements {
				return nil, errTooMany
			}
		}
		if token[0] == '{' || token[0] == '[' {
			if len(open) == MaxDepth {
				return nil, errTooDeep
			}
			open = append(open, len(counts))
			counts = append(counts, 0)
		}
	}
	return counts, nil
}

// appendQuoted appends a string in quotes as str.
func appendQuoted(b, quoted []byte) []byte {
	text := quoted[1 : len(quoted)-1]
	if bytes.IndexByte(text, '\\') < 0 {
		return append(appendStringHeader(b, len(text)), text...)
	}
	var s string
	_ = json.Unmarshal(quoted, &s) // it is valid
	return AppendString(b, s)
}

func appendNumber(b []byte, s string) ([]byte, error) {
	if i, err := strconv.ParseInt(s, 10, 64); err == nil {
		return AppendInt(b, i), nil
	}
	if u, err := strconv.ParseUint(s, 10, 64); err == nil {
		return AppendUint(b, u), nil
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return b, errJSON("number out of range")
	}
	return AppendFloat64(b, f), nil
}
