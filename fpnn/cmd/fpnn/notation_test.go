package main

import (
	"encoding/hex"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/codec"
)

// Values and their forms; the msgpack is from its specification.
var forms = []struct{ hex, text string }{
	{"c0", `null`},
	{"c2", `false`},
	{"c3", `true`},
	{"00", `0`},
	{"7f", `127`},
	{"ff", `-1`},
	{"d080", `-128`},
	{"cf0020000000000001", `9007199254740993`},
	{"cf7fffffffffffffff", `9223372036854775807`},
	{"d38000000000000000", `-9223372036854775808`},
	{"cfffffffffffffffff", `18446744073709551615`},
	{"cb3ff0000000000000", `1.0`},
	{"cb8000000000000000", `-0.0`},
	{"cb7fefffffffffffff", `1.7976931348623157e+308`},
	{"cb444b1ae4d6e2ef50", `1e+21`},
	{"cb7ff8000000000001", `{"$float":"NaN"}`},
	{"cb7ff0000000000000", `{"$float":"+Inf"}`},
	{"cbfff0000000000000", `{"$float":"-Inf"}`},
	{"a0", `""`},
	{"a6e4bda0e5a5bd", `"你好"`},
	{"a4f09f9880", `"😀"`},
	{"a4225c0a09", `"\"\\\n\u0009"`},
	{"a71b5b324ac29b7f", `"\u001b[2J\u009b\u007f"`},
	{"a7e280aef3a08081", `"\u202e\udb40\udc01"`},
	{"a1ff", `{"$str":"/w=="}`},
	{"c400", `{"$bin":""}`},
	{"c40300fffe", `{"$bin":"AP/+"}`},
	{"d405ab", `{"$ext":[5,"qw=="]}`},
	{"d5ff0102", `{"$ext":[-1,"AQI="]}`},
	{"d68001020304", `{"$ext":[-128,"AQIDBA=="]}`},
	{"d7000102030405060708", `{"$ext":[0,"AQIDBAUGBwg="]}`},
	{"d87f" + strings.Repeat("00", 16), `{"$ext":[127,"` + strings.Repeat("A", 22) + `=="]}`},
	{"c70005", `{"$ext":[5,""]}`},
	{"c70305010203", `{"$ext":[5,"AQID"]}`},
	{"c8012c05" + strings.Repeat("00", 300), `{"$ext":[5,"` + strings.Repeat("A", 400) + `"]}`},
	{"c90001000005" + strings.Repeat("00", 65536), `{"$ext":[5,"` + strings.Repeat("A", 87382) + `=="]}`},
	{"90", `[]`},
	{"9301a16190", `[1,"a",[]]`},
	{"80", `{}`},
	{"82a16101a16280", `{"a":1,"b":{}}`},
	{"8101a161", `{"$map":[[1,"a"]]}`},
	{"81c401aa01", `{"$map":[[{"$bin":"qg=="},1]]}`},
	{"81a1ff01", `{"$map":[[{"$str":"/w=="},1]]}`},
	{"82a16101a16102", `{"$map":[["a",1],["a",2]]}`},
	{"81a42462696e01", `{"$map":[["$bin",1]]}`},
	{"81a42462696ea0", `{"$map":[["$bin",""]]}`},
	{"81a4246d617090", `{"$map":[["$map",[]]]}`},
	{"82a42462696e01a161c0", `{"$bin":1,"a":null}`},
	{"81a5246f74686501", `{"$othe":1}`},
	{"8180c0", `{"$map":[[{},null]]}`},
}

// inMap puts a value into a payload.
func inMap(value []byte) []byte { return append([]byte("\x81\xa1v"), value...) }

func TestNotationHasAFormForEachValue(t *testing.T) {
	t.Parallel()
	for _, f := range forms {
		raw, err := hex.DecodeString(f.hex)
		require.NoError(t, err)
		v, err := codec.ParseValue(raw)
		require.NoError(t, err, f.text)
		require.Equal(t, f.text, string(appendNotation(nil, v)))
		p, err := readNotation([]byte(`{"v":` + f.text + `}`))
		require.NoError(t, err, f.text)
		if f.hex == "cb7ff8000000000001" { // there is more than one NaN
			require.Equal(t, `{"v":{"$float":"NaN"}}`, string(appendNotation(nil, valueOf(t, p))))
			continue
		}
		require.Equal(t, hex.EncodeToString(inMap(raw)), hex.EncodeToString(p.Raw()), f.text)
	}
}

func valueOf(t *testing.T, p codec.Payload) codec.Value {
	t.Helper()
	v, err := codec.ParseValue(p.Raw())
	require.NoError(t, err)
	return v
}

func TestLongerFormsAreShownAsTheyCount(t *testing.T) {
	t.Parallel()
	for in, text := range map[string]string{
		"d30000000000000001":   `1`,
		"d1ff80":               `-128`,
		"ca3fc00000":           `1.5`,
		"d90161":               `"a"`,
		"da000161":             `"a"`,
		"c500012a":             `{"$bin":"Kg=="}`,
		"dc000101":             `[1]`,
		"dd0000000101":         `[1]`,
		"de0001a16101":         `{"a":1}`,
		"df00000001a16101":     `{"a":1}`,
		"c900000002050102":     `{"$ext":[5,"AQI="]}`,
		"c8000405aabbccdd":     `{"$ext":[5,"qrvM3Q=="]}`,
		"c70105ab":             `{"$ext":[5,"qw=="]}`,
		"82cc01a16101a162":     `{"$map":[[1,"a"],[1,"b"]]}`,
		"cf000000000000007fff": `127`, // with a byte behind it
	} {
		raw, err := hex.DecodeString(in)
		require.NoError(t, err)
		v, err := codec.ParseValue(raw)
		require.NoError(t, err)
		require.Equal(t, text, string(appendNotation(nil, v)), in)
	}
}

func TestNotationThatMakesNoSense(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		``:                           "unexpected end",
		`{"a":1`:                     "unexpected end of JSON input, at byte 6",
		`{"a":1,}`:                   "at byte 8",
		`{'a':1}`:                    "at byte 2",
		`{} {}`:                      "after top-level value, at byte 4",
		`null`:                       "not an object",
		`"a"`:                        "not an object",
		`{"$bin":"AA=="}`:            "not an object",
		"{\"a\":\"\xff\"}":           "not UTF-8",
		`{"a":18446744073709551616}`: "18446744073709551616 does not fit 64 bits",
		`{"a":-9223372036854775809}`: "does not fit 64 bits",
		`{"a":1e999}`:                "too large for a float",
		`{"a":{"$bin":"?"}}`:         `malformed {"$bin":...}, before byte 17; to send an object of that look: {"$map":[["$bin",...]]}`,
		`{"a":{"$bin":1}}`:           `malformed {"$bin":...}`,
		`{"a":{"$bin":["AA=="]}}`:    `malformed {"$bin":...}`,
		`{"a":{"$str":null}}`:        `malformed {"$str":...}`,
		`{"a":{"$ext":[128,""]}}`:    `malformed {"$ext":...}`,
		`{"a":{"$ext":[1.0,""]}}`:    `malformed {"$ext":...}`,
		`{"a":{"$ext":[1]}}`:         `malformed {"$ext":...}`,
		`{"a":{"$ext":["1",""]}}`:    `malformed {"$ext":...}`,
		`{"a":{"$ext":[18446744073709551615,""]}}`: `malformed {"$ext":...}`,
		`{"a":{"$float":"1"}}`:                     `malformed {"$float":...}`,
		`{"a":{"$float":1}}`:                       `malformed {"$float":...}`,
		`{"a":{"$map":{}}}`:                        `malformed {"$map":...}`,
		`{"a":{"$map":[1]}}`:                       `malformed {"$map":...}`,
		`{"a":{"$map":[[1]]}}`:                     `malformed {"$map":...}`,
		`{"a":{"$map":[[1,2,3]]}}`:                 `malformed {"$map":...}`,
		`{"a":` + nested(256) + `}`:                "nested too deep",
		`{"a":` + nested(5000) + `}`:               "nested too deep",
	} {
		_, err := readNotation([]byte(text))
		require.ErrorContains(t, err, want, text)
	}
}

func nested(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }

func TestNotationNestsAsDeepAsPayloads(t *testing.T) {
	t.Parallel()
	raw := append([]byte("\x81\xa1v"), strings.Repeat("\x81\x01", codec.MaxDepth-1)...)
	raw = append(raw, 0xc0)
	p, err := codec.ParsePayload(raw)
	require.NoError(t, err)
	again, err := readNotation(appendNotation(nil, valueOf(t, p)))
	require.NoError(t, err)
	require.Equal(t, raw, again.Raw())
}

// FuzzNotation holds that what is printed says the same when it is read, and
// obeys nobody.
func FuzzNotation(f *testing.F) {
	for _, form := range forms {
		raw, _ := hex.DecodeString(form.hex)
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		p, err := codec.ParsePayload(inMap(raw))
		if err != nil {
			return
		}
		text := appendNotation(nil, valueOf(t, p))
		require.False(t, strings.ContainsFunc(string(text), func(r rune) bool { return r < ' ' || r >= 0x7f && r <= 0x9f }), "%q", text)
		again, err := readNotation(text)
		require.NoError(t, err, "%s", text)
		require.Equal(t, string(text), string(appendNotation(nil, valueOf(t, again))))
	})
}

// FuzzArguments holds that arguments are read into a payload or refused.
func FuzzArguments(f *testing.F) {
	for _, form := range forms {
		f.Add(`{"v":` + form.text + `}`)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := readNotation([]byte(text))
		if err != nil {
			return
		}
		_, err = codec.ParsePayloadStrict(p.Raw())
		require.NoError(t, err)
		again, err := readNotation(appendNotation(nil, valueOf(t, p)))
		require.NoError(t, err)
		require.Equal(t, p.Raw(), again.Raw())
	})
}
