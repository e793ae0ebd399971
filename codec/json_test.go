package codec_test

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/codec"
)

// The texts were recorded from the vendor's C++ server; the last one is what it
// was sent.
func TestJSONIsInTheStyleOfTheCppServer(t *testing.T) {
	t.Parallel()
	for _, golden := range []string{
		`{"Simple":"one", "Simple2":2}`,
		`{"code":20004, "ex":"Unknow method:nosuch, Socket: 13, address: 127.0.0.1:45522"}`,
		`{"ts":1795374480060}`,
		`{}`,
		`{"a":1, "b":2}`,
	} {
		p, err := codec.ParseJSON([]byte(golden))
		require.NoError(t, err)
		out, err := p.AppendJSON([]byte("x"))
		require.NoError(t, err)
		require.Equal(t, "x"+golden, string(out))
		require.Equal(t, golden, p.String())
	}
	p, err := codec.ParseJSON([]byte(`{"quest":"one","int":2}`))
	require.NoError(t, err)
	require.Equal(t, `{"quest":"one", "int":2}`, p.String())
}

func TestJSONBecomesTheSmallestMsgpack(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, want string }{
		{`{}`, "80"},
		{" \t\r\n{ } \n", "80"},
		{`{"a":null,"b":true,"c":false}`, "83 a161 c0 a162 c3 a163 c2"},
		{`{"a":[1,[],{"b":-1}], "c":{}}`, "82 a161 93 01 90 81 a162 ff a163 80"},
		{`{"":""}`, "81 a0 a0"},
		{"{ \"a\" :\t[ 1 ,\n2.0,true,\rnull ] , \"b\":{\"\\\\\":\"\\\",]}:\"} }", "82 a161 94 01 cb 4000000000000000 c3 c0 a162 81 a15c a5 222c5d7d3a"},
		{`{"a":"\u4e2d\n\ud83d\ude00"}`, "81 a161 a8 e4b8ad 0a f09f9880"},
		{`{"a":1,"a":2}`, "82 a161 01 a161 02"},
		{`{"a":1.5}`, "81 a161 cb 3ff8000000000000"},
		{`{"a":1e2}`, "81 a161 cb 4059000000000000"},
	} {
		p, err := codec.ParseJSON([]byte(c.text))
		require.NoError(t, err, c.text)
		require.Equal(t, raw(t, c.want), p.Raw(), c.text)
		_, err = codec.ParsePayloadStrict(p.Raw())
		require.NoError(t, err)
	}
}

func TestJSONKeepsAll64BitsOfIntegers(t *testing.T) {
	t.Parallel()
	const text = `{"max":9223372036854775807, "min":-9223372036854775808, "umax":18446744073709551615, "mid":7530343851100520577}`
	p, err := codec.ParseJSON([]byte(text))
	require.NoError(t, err)
	require.Equal(t, text, p.String())
	i, err := p.Int64("mid")
	require.NoError(t, err)
	require.Equal(t, int64(7530343851100520577), i)
	u, err := p.Uint64("umax")
	require.NoError(t, err)
	require.Equal(t, uint64(math.MaxUint64), u)

	p, err = codec.ParseJSON([]byte(`{"above":18446744073709551616, "below":-9223372036854775809}`))
	require.NoError(t, err)
	f, err := p.Float64("above")
	require.NoError(t, err)
	require.InDelta(t, float64(1<<64), f, 0)
	_, err = p.Int64("below")
	require.NoError(t, err, "rounded to -2^63")
}

func TestParseJSONRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, text string
		want       error
		code       int
	}{
		{"empty", "", codec.ErrJSON, 10004},
		{"white space", " \n", codec.ErrJSON, 10004},
		{"cut off", `{"a":1`, codec.ErrJSON, 10004},
		{"trailing text", `{"a":1} x`, codec.ErrJSON, 10004},
		{"two objects", `{"a":1}{"b":2}`, codec.ErrJSON, 10004},
		{"trailing comma", `{"a":1,}`, codec.ErrJSON, 10004},
		{"NUL after", "{}\x00", codec.ErrJSON, 10004},
		{"not UTF-8", "{\"a\":\"\xff\"}", codec.ErrJSON, 10004},
		{"key not UTF-8", "{\"\xff\":1}", codec.ErrJSON, 10004},
		{"control character", "{\"a\":\"\x01\"}", codec.ErrJSON, 10004},
		{"byte order mark", "\ufeff{}", codec.ErrJSON, 10004},
		{"no bare words", `{a:1}`, codec.ErrJSON, 10004},
		{"NaN", `{"a":NaN}`, codec.ErrJSON, 10004},
		{"number no float holds", `{"a":1e999}`, codec.ErrJSON, 10004},
		{"array", `[1]`, codec.ErrNotMap, 10006},
		{"number", `1`, codec.ErrNotMap, 10006},
		{"string", ` "a"`, codec.ErrNotMap, 10006},
		{"null", `null`, codec.ErrNotMap, 10006},
		{"nested too deep", `{"a":` + strings.Repeat("[", 256) + strings.Repeat("]", 256) + `}`, codec.ErrTooDeep, 10003},
		{"nested beyond all measure", strings.Repeat(`{"a":`, 100000), codec.ErrJSON, 10004},
		{"too many elements", `{"a":[` + strings.Repeat("0,", codec.MaxElements-2) + `0]}`, codec.ErrTooMany, 10003},
	} {
		p, err := codec.ParseJSON([]byte(c.text))
		require.ErrorIs(t, err, c.want, c.name)
		requireCode(t, err, c.want, c.code)
		require.Equal(t, codec.Payload{}, p)
	}
}

func TestParseJSONTakesWhatIsWithinTheLimits(t *testing.T) {
	t.Parallel()
	p, err := codec.ParseJSON([]byte(`{"a":` + strings.Repeat("[", 255) + strings.Repeat("]", 255) + `}`))
	require.NoError(t, err)
	_, err = codec.Scan(p.Raw())
	require.NoError(t, err)
	p, err = codec.ParseJSON([]byte(`{"a":[` + strings.Repeat("0,", codec.MaxElements-3) + `0]}`))
	require.NoError(t, err)
	_, err = codec.Scan(p.Raw())
	require.NoError(t, err)
}

func TestAppendJSONIsReadByTheStandardLibrary(t *testing.T) {
	t.Parallel()
	var controls []byte
	for c := range byte(0x80) {
		controls = append(controls, c)
	}
	for _, s := range []string{string(controls), "\u2028\u2029</script>&", "中文 \U0001f600", "\ufffd", ""} {
		b := codec.AppendMapHeader(nil, 2)
		b = codec.AppendInt(codec.AppendString(b, s), 1)
		b = codec.AppendBytes(codec.AppendString(b, "bin"), []byte(s))
		p, err := codec.ParsePayload(b)
		require.NoError(t, err)
		out, err := p.AppendJSON(nil)
		require.NoError(t, err)
		var back map[string]any
		require.NoError(t, json.Unmarshal(out, &back), string(out))
		require.Equal(t, map[string]any{s: 1.0, "bin": s}, back)
	}
}

func TestFloatsAsJSON(t *testing.T) {
	t.Parallel()
	for _, f := range []float64{0, 1, -1, 1.5, 3.3, 1e6, 1e20, 1e21, 1e300, 5e-324, -1e-7, math.MaxFloat64, 1 << 53} {
		b, err := codec.ParseValue(codec.AppendFloat64(nil, f))
		require.NoError(t, err)
		out, err := b.AppendJSON(nil)
		require.NoError(t, err)
		var back float64
		require.NoError(t, json.Unmarshal(out, &back), string(out))
		require.InDelta(t, f, back, 0)
	}
	v, err := codec.ParseValue(codec.AppendFloat64(nil, math.Copysign(0, -1)))
	require.NoError(t, err)
	require.Equal(t, "0", v.String(), "reads back as the same thing")
}

func TestJSONShowsTheLastOfDuplicateKeysOnly(t *testing.T) {
	t.Parallel()
	for form, want := range map[string]string{
		"82 a161 01 a161 02":                               `{"a":2}`,
		"83 a161 01 a162 03 c40161 02":                     `{"b":3, "a":2}`,
		"81 a161 91 82 a162 01 a162 02":                    `{"a":[{"b":2}]}`,
		"82 a161 82 a162 01 a163 02 a161 81 a162 c0":       `{"a":{"b":null}}`,
		"82 a161 d40100 a161 02":                           `{"a":2}`,
		"82 a161 82 a162 01 a162 02 a163 82 a16400 a16401": `{"a":{"b":2}, "c":{"d":1}}`,
	} {
		out, err := payload(t, form).AppendJSON(nil)
		require.NoError(t, err)
		require.Equal(t, want, string(out), form)
	}
}

// Few keys are compared with each other, many are looked up.
func TestJSONShowsNoKeyTwiceHoweverManyThereAre(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 2, 15, 16, 17, 40} {
		once, twice := codec.AppendMapHeader(nil, n), codec.AppendMapHeader(nil, n+1)
		want := "{"
		for i := range n {
			key := strings.Repeat("k", i)
			once = codec.AppendInt(codec.AppendString(once, key), int64(i))
			twice = codec.AppendInt(codec.AppendString(twice, key), int64(i))
			if i < n-1 {
				want += fmt.Sprintf("%q:%d, ", key, i)
			}
		}
		last := strings.Repeat("k", n-1)
		twice = codec.AppendInt(codec.AppendBytes(twice, []byte(last)), -1)
		for form, value := range map[string]int{string(once): n - 1, string(twice): -1} {
			for _, nested := range []string{"\x81\xa0" + form, "\x81\xa0\x92\xc0" + form} { // in a map, in a list
				p, err := codec.ParsePayload([]byte(nested))
				require.NoError(t, err)
				out, err := p.AppendJSON(nil)
				require.NoError(t, err)
				require.Contains(t, string(out), fmt.Sprintf("%s%q:%d}", want, last, value))
			}
		}
	}
}

func TestWhatJSONCannotHold(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, form string
		want       error
		code       int
		shown      string
	}{
		{"str that is not UTF-8", "81 a161 a2 41ff", codec.ErrJSON, 10004, "{\"a\":\"A\ufffd\"}"},
		{"bin that is not UTF-8", "81 a161 c4 02 ff41", codec.ErrJSON, 10004, "{\"a\":\"\ufffdA\"}"},
		{"key that is not UTF-8", "81 a1ff 01", codec.ErrJSON, 10004, "{\"\ufffd\":1}"},
		{"NaN", "81 a161 cb 7ff8000000000000", codec.ErrJSON, 10004, `{"a":"NaN"}`},
		{"infinity", "81 a161 cb fff0000000000000", codec.ErrJSON, 10004, `{"a":"-Inf"}`},
		{"infinity of 32 bits", "81 a161 ca 7f800000", codec.ErrJSON, 10004, `{"a":"+Inf"}`},
		{"ext", "81 a161 d4 01 00", codec.ErrJSON, 10004, `{"a":"(ext)"}`},
		{"timestamp", "81 a161 d6 ff 00000000", codec.ErrJSON, 10004, `{"a":"(ext)"}`},
		{"ext in an array", "81 a161 91 d4 01 00", codec.ErrJSON, 10004, `{"a":["(ext)"]}`},
		{"int key", "82 a161 01 05 02", codec.ErrKeyNotString, 10005, `{"a":1, "5":2}`},
		{"nil key", "81 c0 01", codec.ErrKeyNotString, 10005, `{"null":1}`},
		{"bool key", "81 c3 01", codec.ErrKeyNotString, 10005, `{"true":1}`},
		{"array key", "81 91 a161 01", codec.ErrKeyNotString, 10005, `{"(array)":1}`},
		{"map key", "81 81 a161 01 01", codec.ErrKeyNotString, 10005, `{"(map)":1}`},
		{"ext key", "81 d4 01 00 01", codec.ErrKeyNotString, 10005, `{"(ext)":1}`},
		{"int key inside", "81 a161 81 05 02", codec.ErrKeyNotString, 10005, `{"a":{"5":2}}`},
	} {
		p := payload(t, c.form)
		out, err := p.AppendJSON([]byte("x"))
		requireCode(t, err, c.want, c.code)
		require.Equal(t, "x", string(out), c.name)
		require.Equal(t, c.shown, p.String(), c.name)
		require.True(t, json.Valid([]byte(p.String())), c.name)
	}
}

// Quoted inside one another, keys would double with every level.
func TestStringOfNestedKeysStaysSmall(t *testing.T) {
	t.Parallel()
	data := strings.Repeat("\x81", codec.MaxDepth-1) + "\x80" + strings.Repeat("\xc0", codec.MaxDepth-1)
	p, err := codec.ParsePayload([]byte(data))
	require.NoError(t, err)
	require.Equal(t, `{"(map)":null}`, p.String())
}

func TestStringShowsEveryForm(t *testing.T) {
	t.Parallel()
	for _, form := range everyForm {
		v := value(t, form)
		require.True(t, json.Valid([]byte(v.String())), "%s: %s", form, v)
	}
	require.True(t, json.Valid([]byte(codec.Payload{}.String())))
}

func TestParseJSONReadsWhatItWrote(t *testing.T) {
	t.Parallel()
	p := payload(t, "85 a161 92 01 fb a162 81 a163 cb 400a666666666666 a164 c3 a165 c0 a166 d9 05 68656c6c6f")
	out, err := p.AppendJSON(nil)
	require.NoError(t, err)
	back, err := codec.ParseJSON(out)
	require.NoError(t, err)
	require.Equal(t, p.String(), back.String())
	require.Equal(t, `{"a":[1, -5], "b":{"c":3.3}, "d":true, "e":null, "f":"hello"}`, string(out))
}
