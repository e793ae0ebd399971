package main

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/gofpnn/gofpnn/codec"
)

// maxJSONDepth is as deep as what codec takes for a payload can be in the
// notation: a $map takes three levels for one.
const maxJSONDepth = 3 * codec.MaxDepth

// readNotation reads a payload in the notation, which is any JSON object.
func readNotation(text []byte) (codec.Payload, error) {
	if !utf8.Valid(text) {
		return codec.Payload{}, errors.New("not UTF-8; binary is written {\"$bin\":\"BASE64\"}")
	}
	var whole json.RawMessage
	if err := json.Unmarshal(text, &whole); err != nil {
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) {
			return codec.Payload{}, fmt.Errorf("%w, at byte %d", err, syntax.Offset)
		}
		return codec.Payload{}, err
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	n, err := readNode(dec, 0)
	if err != nil {
		return codec.Payload{}, err
	}
	p, err := codec.ParsePayloadStrict(n.raw)
	if errors.Is(err, codec.ErrNotMap) {
		return p, errors.New("not an object; arguments have names: {\"name\":value}")
	}
	return p, err
}

// node is a JSON value as msgpack.
type node struct {
	raw   []byte
	text  *string // of a string
	items []node  // of an array, or of a special object's member
	list  bool
}

// readNode reads the next value of JSON that is known to be well-formed.
func readNode(dec *json.Decoder, depth int) (node, error) {
	if depth > maxJSONDepth {
		return node{}, fmt.Errorf("nested too deep, at byte %d", dec.InputOffset())
	}
	t, err := dec.Token()
	if err != nil {
		return node{}, err
	}
	switch t := t.(type) {
	case json.Delim:
		if t == '[' {
			return readList(dec, depth)
		}
		return readObject(dec, depth)
	case string:
		return node{raw: codec.AppendString(nil, t), text: &t}, nil
	case json.Number:
		raw, err := number(string(t))
		return node{raw: raw}, err
	case bool:
		return node{raw: codec.AppendBool(nil, t)}, nil
	default:
		return node{raw: codec.AppendNil(nil)}, nil
	}
}

func readList(dec *json.Decoder, depth int) (node, error) {
	var items []node
	for dec.More() {
		n, err := readNode(dec, depth+1)
		if err != nil {
			return node{}, err
		}
		items = append(items, n)
	}
	_, err := dec.Token()
	raw := codec.AppendArrayHeader(nil, len(items))
	for _, n := range items {
		raw = append(raw, n.raw...)
	}
	return node{raw: raw, items: items, list: true}, err
}

func readObject(dec *json.Decoder, depth int) (node, error) {
	var items []node // names and values
	for dec.More() {
		for range 2 {
			n, err := readNode(dec, depth+1)
			if err != nil {
				return node{}, err
			}
			items = append(items, n)
		}
	}
	if _, err := dec.Token(); err != nil {
		return node{}, err
	}
	if len(items) == 2 && isName(*items[0].text) {
		name := *items[0].text
		raw, ok := special(name, items[1])
		if !ok {
			return node{}, fmt.Errorf("malformed {%q:...}, before byte %d; to send an object of that look: {%q:[[%q,...]]}",
				name, dec.InputOffset(), nameMap, name)
		}
		return node{raw: raw}, nil
	}
	raw := codec.AppendMapHeader(nil, len(items)/2)
	for _, n := range items {
		raw = append(raw, n.raw...)
	}
	return node{raw: raw}, nil
}

// special returns what an object with one member stands for.
func special(name string, v node) (raw []byte, ok bool) {
	switch name {
	case nameBin:
		data, ok := unbase64(v)
		return codec.AppendBytes(nil, data), ok
	case nameStr:
		data, ok := unbase64(v)
		return codec.AppendString(nil, string(data)), ok
	case nameFloat:
		if v.text == nil {
			return nil, false
		}
		f, err := strconv.ParseFloat(*v.text, 64)
		return codec.AppendFloat64(nil, f), err == nil && (math.IsNaN(f) || math.IsInf(f, 0))
	case nameExt:
		return specialExt(v)
	default:
		return specialMap(v)
	}
}

func specialExt(v node) (raw []byte, ok bool) {
	if len(v.items) != 2 {
		return nil, false
	}
	value, err := codec.ParseValue(v.items[0].raw)
	if err != nil || value.Kind() != codec.Int && value.Kind() != codec.Uint {
		return nil, false
	}
	kind, err := value.Int64()
	data, ok := unbase64(v.items[1])
	if err != nil || !ok || kind != int64(int8(kind)) {
		return nil, false
	}
	switch n := len(data); {
	case n == 1 || n == 2 || n == 4 || n == 8 || n == 16:
		raw = append(raw, map[int]byte{1: 0xd4, 2: 0xd5, 4: 0xd6, 8: 0xd7, 16: 0xd8}[n])
	case n <= math.MaxUint8:
		raw = append(raw, 0xc7, byte(n))
	case n <= math.MaxUint16:
		raw = binary.BigEndian.AppendUint16(append(raw, 0xc8), uint16(n))
	default:
		raw = binary.BigEndian.AppendUint32(append(raw, 0xc9), uint32(n))
	}
	return append(append(raw, byte(kind)), data...), true
}

func specialMap(v node) (raw []byte, ok bool) {
	if !v.list {
		return nil, false
	}
	raw = codec.AppendMapHeader(nil, len(v.items))
	for _, pair := range v.items {
		if len(pair.items) != 2 {
			return nil, false
		}
		raw = append(append(raw, pair.items[0].raw...), pair.items[1].raw...)
	}
	return raw, true
}

func unbase64(v node) ([]byte, bool) {
	if v.text == nil {
		return nil, false
	}
	data, err := base64.StdEncoding.DecodeString(*v.text)
	return data, err == nil
}

// number keeps integers exact, and leaves it to their looks what is one.
func number(s string) ([]byte, error) {
	if strings.ContainsAny(s, ".eE") {
		f, err := strconv.ParseFloat(s, 64)
		if err != nil {
			return nil, fmt.Errorf("%s is too large for a float", s)
		}
		return codec.AppendFloat64(nil, f), nil
	}
	if i, err := strconv.ParseInt(s, 10, 64); err == nil {
		return codec.AppendInt(nil, i), nil
	}
	u, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		return nil, fmt.Errorf("%s does not fit 64 bits; as a float it is %s.0", s, s)
	}
	return codec.AppendUint(nil, u), nil
}
