package main

import (
	"encoding/base64"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/gofpnn/gofpnn/codec"
)

// The notation is JSON in which every msgpack value has a form of its own, so
// that what is printed can be sent again: an object whose one member has one of
// these names stands for what JSON has no form for.
const (
	nameBin   = "$bin"   // {"$bin":"AP/+"}: bin, in base64
	nameStr   = "$str"   // {"$str":"/w=="}: str that is not UTF-8, in base64
	nameExt   = "$ext"   // {"$ext":[5,"AA=="]}: ext, its type and its bytes in base64
	nameFloat = "$float" // {"$float":"NaN"}: a float without digits
	nameMap   = "$map"   // {"$map":[[1,"a"],[2,"b"]]}: a map that is no JSON object
)

const notationHelp = `JSON is read and printed so that nothing is lost. Integers keep 64 bits, 1.0 is a
float and 1 is not. What JSON has no form for is an object with one member:
  {"$bin":"AP/+"}          binary, in base64
  {"$str":"/w=="}          text that is not UTF-8, in base64
  {"$ext":[5,"AA=="]}      a msgpack ext: type and bytes
  {"$float":"NaN"}         NaN, +Inf or -Inf
  {"$map":[[1,"a"]]}       a map with keys that are not text, or twice there;
                           and, for want of another form, one like those above
`

func isName(s string) bool {
	switch s {
	case nameBin, nameStr, nameExt, nameFloat, nameMap:
		return true
	}
	return false
}

// appendNotation appends v as one line without white space outside of text. It
// holds no character a terminal obeys.
func appendNotation(b []byte, v codec.Value) []byte {
	switch v.Kind() {
	case codec.Nil:
		return append(b, "null"...)
	case codec.Bool:
		truth, _ := v.Bool()
		return strconv.AppendBool(b, truth)
	case codec.Int, codec.Uint:
		if i, err := v.Int64(); err == nil {
			return strconv.AppendInt(b, i, 10)
		}
		u, _ := v.Uint64()
		return strconv.AppendUint(b, u, 10)
	case codec.Float:
		f, _ := v.Float64()
		return appendFloat(b, f)
	case codec.String:
		text, _ := v.Text()
		if utf8.ValidString(text) {
			return appendText(b, text)
		}
		return appendNamed(b, nameStr, []byte(text))
	case codec.Bytes:
		data, _ := v.Bytes()
		return appendNamed(b, nameBin, data)
	case codec.List:
		return appendList(b, v)
	case codec.Map:
		return appendMap(b, v)
	default:
		kind, data := extOf(v.Raw())
		b = fmt.Appendf(b, `{%q:[%d,"`, nameExt, kind)
		return append(base64.StdEncoding.AppendEncode(b, data), `"]}`...)
	}
}

func appendNamed(b []byte, name string, data []byte) []byte {
	b = fmt.Appendf(b, `{%q:"`, name)
	return append(base64.StdEncoding.AppendEncode(b, data), `"}`...)
}

func appendFloat(b []byte, f float64) []byte {
	text := strconv.FormatFloat(f, 'g', -1, 64)
	switch {
	case math.IsNaN(f) || math.IsInf(f, 0):
		return fmt.Appendf(b, `{%q:%q}`, nameFloat, text)
	case !strings.ContainsAny(text, ".e"):
		text += ".0"
	}
	return append(b, text...)
}

// appendText quotes text that is UTF-8.
func appendText(b []byte, text string) []byte {
	b = append(b, '"')
	for _, r := range text {
		switch {
		case r == '"' || r == '\\':
			b = append(b, '\\', byte(r))
		case r == '\n':
			b = append(b, `\n`...)
		case strconv.IsGraphic(r):
			b = utf8.AppendRune(b, r)
		case r > math.MaxUint16:
			high, low := utf16.EncodeRune(r)
			b = fmt.Appendf(b, `\u%04x\u%04x`, high, low)
		default:
			b = fmt.Appendf(b, `\u%04x`, r)
		}
	}
	return append(b, '"')
}

func appendList(b []byte, v codec.Value) []byte {
	list, _ := v.Array()
	b = append(b, '[')
	for i, element := range list.All() {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendNotation(b, element)
	}
	return append(b, ']')
}

func appendMap(b []byte, v codec.Value) []byte {
	m, _ := v.Payload()
	if isObject(m) {
		return append(appendPairs(append(b, '{'), m, "", ":", ""), '}')
	}
	b = fmt.Appendf(b, `{%q:[`, nameMap)
	return append(appendPairs(b, m, "[", ",", "]"), "]}"...)
}

func appendPairs(b []byte, m codec.Payload, begin, between, end string) []byte {
	first := true
	for key, value := range m.All() {
		if !first {
			b = append(b, ',')
		}
		first = false
		b = append(appendNotation(append(b, begin...), key), between...)
		b = append(appendNotation(b, value), end...)
	}
	return b
}

// isObject reports whether a map is what a JSON object says.
func isObject(m codec.Payload) bool {
	keys := make(map[string]struct{}, m.Len())
	name := ""
	for key := range m.All() {
		name, _ = key.Text()
		keys[name] = struct{}{}
		if key.Kind() != codec.String || !utf8.ValidString(name) {
			return false
		}
	}
	return len(keys) == m.Len() && (len(keys) != 1 || !isName(name))
}

// extOf returns the type and the content of a scanned ext.
func extOf(raw []byte) (kind int8, data []byte) {
	at := 1 // of the type
	switch raw[0] {
	case 0xc7:
		at++
	case 0xc8:
		at += 2
	case 0xc9:
		at += 4
	}
	return int8(raw[at]), raw[at+1:]
}
