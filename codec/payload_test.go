package codec_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/codec"
)

func TestIntegersReadFromEveryWidthAndSignedness(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		want  int64
		forms []string
	}{
		{5, []string{"05", "cc 05", "cd 0005", "ce 00000005", "cf 0000000000000005", "d0 05", "d1 0005", "d2 00000005", "d3 0000000000000005", "ca 40a00000", "cb 4014000000000000"}},
		{128, []string{"cc 80", "d1 0080", "d2 00000080"}},
		{-1, []string{"ff", "d0 ff", "d1 ffff", "d2 ffffffff", "d3 ffffffffffffffff", "ca bf800000", "cb bff0000000000000"}},
		{-128, []string{"d0 80", "d1 ff80"}},
		{math.MinInt16, []string{"d1 8000"}},
		{math.MinInt32, []string{"d2 80000000"}},
		{math.MinInt64, []string{"d3 8000000000000000", "cb c3e0000000000000"}},
		{math.MaxInt64, []string{"cf 7fffffffffffffff", "d3 7fffffffffffffff"}},
		{17000000000, []string{"cb 420faa3b50000000", "cf 00000003f5476a00"}},
		{0, []string{"00", "cb 8000000000000000"}},
	} {
		for _, form := range c.forms {
			p := payload(t, "81 a16e"+form)
			i, err := p.Int64("n")
			require.NoError(t, err, form)
			require.Equal(t, c.want, i, form)
			u, err := p.Uint64("n")
			if c.want < 0 {
				requireCode(t, err, codec.ErrWrongType, 10010)
				continue
			}
			require.NoError(t, err, form)
			require.Equal(t, uint64(c.want), u, form)
		}
	}
}

func TestNumbersThatDoNotFitAreOfTheWrongType(t *testing.T) {
	t.Parallel()
	const ok = true
	for _, c := range []struct {
		name, form        string
		int, uint, float_ bool
	}{
		{"2^64-1", "cf ffffffffffffffff", !ok, ok, !ok},
		{"2^63", "cf 8000000000000000", !ok, ok, ok},
		{"2^53", "cf 0020000000000000", ok, ok, ok},
		{"2^53+1", "cf 0020000000000001", ok, ok, !ok},
		{"-2^53-1", "d3 ffdfffffffffffff", ok, !ok, !ok},
		{"2^63-1", "d3 7fffffffffffffff", ok, ok, !ok},
		{"-2^63", "d3 8000000000000000", ok, !ok, ok},
		{"1.5", "cb 3ff8000000000000", !ok, !ok, ok},
		{"-0.5 of 32 bits", "ca bf000000", !ok, !ok, ok},
		{"NaN", "cb 7ff8000000000000", !ok, !ok, ok},
		{"+Inf", "cb 7ff0000000000000", !ok, !ok, ok},
		{"-Inf", "cb fff0000000000000", !ok, !ok, ok},
		{"2^63 as a float", "cb 43e0000000000000", !ok, ok, ok},
		{"2^64 as a float", "cb 43f0000000000000", !ok, !ok, ok},
		{"the float below -2^63", "cb c3e0000000000001", !ok, !ok, ok},
	} {
		p := payload(t, "81 a16e"+c.form)
		check := func(fits bool, err error) {
			t.Helper()
			if fits {
				require.NoError(t, err, c.name)
				return
			}
			requireCode(t, err, codec.ErrWrongType, 10010)
			require.ErrorContains(t, err, "out of range", c.name)
		}
		_, err := p.Int64("n")
		check(c.int, err)
		_, err = p.Uint64("n")
		check(c.uint, err)
		_, err = p.Float64("n")
		check(c.float_, err)
	}
}

func TestFloatsReadFromFloatsAndExactIntegers(t *testing.T) {
	t.Parallel()
	for form, want := range map[string]float64{
		"ca 3fc00000": 1.5, "cb 400a666666666666": 3.3, "05": 5, "fb": -5, "cf 8000000000000000": 1 << 63,
		"d3 8000000000000000": -1 << 63, "cb 7ff0000000000000": math.Inf(1),
	} {
		f, err := value(t, form).Float64()
		require.NoError(t, err, form)
		require.InDelta(t, want, f, 0, form)
	}
}

func TestTextAndBytesReadFromStrAndBin(t *testing.T) {
	t.Parallel()
	for _, form := range []string{
		"a3 ff6263", "d9 03 ff6263", "da 0003 ff6263", "db 00000003 ff6263", "c4 03 ff6263", "c5 0003 ff6263", "c6 00000003 ff6263",
	} {
		p := payload(t, "81 a173"+form)
		s, err := p.Text("s")
		require.NoError(t, err, form)
		require.Equal(t, "\xffbc", s)
		b, err := p.Bytes("s")
		require.NoError(t, err, form)
		require.Equal(t, []byte("\xffbc"), b)
		require.Equal(t, 3, cap(b), "appending must not write over what follows")
	}
}

func TestBytesAliasAndTextCopies(t *testing.T) {
	t.Parallel()
	data := raw(t, "81 a173 a161")
	p, err := codec.ParsePayload(data)
	require.NoError(t, err)
	b, err := p.Bytes("s")
	require.NoError(t, err)
	s, err := p.Text("s")
	require.NoError(t, err)
	data[len(data)-1] = 'z'
	require.Equal(t, "z", string(b))
	require.Equal(t, "a", s)
}

// readers asks every getter and returns its error.
var readers = map[string]func(p codec.Payload, key string) error{
	"Int64":   func(p codec.Payload, key string) error { _, err := p.Int64(key); return err },
	"Uint64":  func(p codec.Payload, key string) error { _, err := p.Uint64(key); return err },
	"Float64": func(p codec.Payload, key string) error { _, err := p.Float64(key); return err },
	"Bool":    func(p codec.Payload, key string) error { _, err := p.Bool(key); return err },
	"Text":    func(p codec.Payload, key string) error { _, err := p.Text(key); return err },
	"Bytes":   func(p codec.Payload, key string) error { _, err := p.Bytes(key); return err },
	"Payload": func(p codec.Payload, key string) error { _, err := p.Payload(key); return err },
	"Array":   func(p codec.Payload, key string) error { _, err := p.Array(key); return err },
}

func TestGettersTellWrongTypesFromMissingKeys(t *testing.T) {
	t.Parallel()
	numbers := []string{"Int64", "Uint64", "Float64"}
	for form, fits := range map[string][]string{
		"c0": nil, "c3": {"Bool"}, "05": numbers, "cc 80": numbers, "d0 7f": numbers, "cb 4014000000000000": numbers,
		"a0": {"Text", "Bytes"}, "c4 00": {"Text", "Bytes"}, "90": {"Array"}, "80": {"Payload"}, "d4 01 00": nil,
	} {
		p := payload(t, "81 a161"+form)
		require.True(t, p.Has("a"), form)
		require.False(t, p.Has("b"))
		for name, read := range readers {
			requireCode(t, read(p, "b"), codec.ErrNotFound, 10009)
			require.EqualError(t, read(p, "b"), `codec: key "b": key not found`)
			err := read(p, "a")
			if slices.Contains(fits, name) {
				require.NoError(t, err, "%s of %s", name, form)
				continue
			}
			requireCode(t, err, codec.ErrWrongType, 10010)
			require.ErrorContains(t, err, `key "a": value of the wrong type: want `, "%s of %s", name, form)
		}
	}
}

func TestValueUnderAKeyMayBeNil(t *testing.T) {
	t.Parallel()
	p := payload(t, "81 a161 c0")
	v, err := p.Value("a")
	require.NoError(t, err)
	require.True(t, v.IsNil())
	_, err = p.Value("b")
	requireCode(t, err, codec.ErrNotFound, 10009)
}

func TestLastOfDuplicateKeysWins(t *testing.T) {
	t.Parallel()
	for _, s := range []string{
		"82 a161 01 a161 02",
		"82 a161 01 c4 01 61 02",               // str, then bin
		"82 c4 01 61 01 a161 02",               // bin, then str
		"83 a161 c0 a162 01 d9 01 61 02",       // with others between
		"83 a161 a178 a161 02 a162 81 a161 07", // one in a nested map is another
	} {
		i, err := payload(t, s).Int64("a")
		require.NoError(t, err, s)
		require.Equal(t, int64(2), i, s)
	}
	err := readers["Int64"](payload(t, "82 a161 01 a161 a0"), "a")
	require.ErrorIs(t, err, codec.ErrWrongType, "no falling back to the first")
}

func TestKeysThatAreNotTextAreSkipped(t *testing.T) {
	t.Parallel()
	p := payload(t, "88 01 a178 c0 a178 c3 a178 91 a161 01 81 a161 03 a178 d4 01 61 05 cb 0000000000000000 06 a161 02")
	require.Equal(t, 8, p.Len())
	i, err := p.Int64("a")
	require.NoError(t, err)
	require.Equal(t, int64(2), i)
	require.False(t, p.Has(""))
	require.False(t, p.Has("\x01"))
	require.False(t, payload(t, "81 01 01").Has("a"))
}

func TestEmptyKeyIsAKey(t *testing.T) {
	t.Parallel()
	i, err := payload(t, "81 a0 07").Int64("")
	require.NoError(t, err)
	require.Equal(t, int64(7), i)
}

func TestMapsAndArraysReadInside(t *testing.T) {
	t.Parallel()
	p := payload(t, "82 a16d 81 a178 93 01 92 02 03 a13f a179 07")
	m, err := p.Payload("m")
	require.NoError(t, err)
	a, err := m.Array("x")
	require.NoError(t, err)
	require.Equal(t, 3, a.Len())

	var kinds []codec.Kind
	for i, v := range a.All() {
		require.Len(t, kinds, i)
		kinds = append(kinds, v.Kind())
	}
	require.Equal(t, []codec.Kind{codec.Uint, codec.List, codec.String}, kinds)
	require.Equal(t, 3, a.Len(), "ranging leaves the array as it was")

	v, ok := a.Next()
	require.True(t, ok)
	require.Equal(t, []byte{1}, v.Raw())
	v, ok = a.Next()
	require.True(t, ok)
	require.Equal(t, raw(t, "92 02 03"), v.Raw())
	require.Equal(t, 1, a.Len())
	v, ok = a.Next()
	require.True(t, ok)
	require.Equal(t, raw(t, "a13f"), v.Raw())
	_, ok = a.Next()
	require.False(t, ok)
}

func TestRangingTwiceYieldsTheSame(t *testing.T) {
	t.Parallel()
	a, err := value(t, "93 01 02 03").Array()
	require.NoError(t, err)
	elements, pairs := a.All(), payload(t, "82 a161 01 a162 02").All()
	for range 2 {
		n := 0
		for range elements {
			n++
		}
		require.Equal(t, 3, n)
		for range elements {
			break
		}
		for range pairs {
			n++
			break
		}
		for range pairs {
			n++
		}
		require.Equal(t, 6, n)
	}
}

func TestAllYieldsEveryPairInOrder(t *testing.T) {
	t.Parallel()
	var got []string
	for k, v := range payload(t, "84 a162 01 a161 02 a162 91 03 07 c0").All() {
		got = append(got, k.String()+"="+v.String())
	}
	require.Equal(t, []string{`"b"=1`, `"a"=2`, `"b"=[3]`, `7=null`}, got)
}

func TestZeroValuesAreUsable(t *testing.T) {
	t.Parallel()
	var p codec.Payload
	require.Equal(t, 0, p.Len())
	require.Equal(t, []byte{0x80}, p.Raw())
	require.Equal(t, "{}", p.String())
	require.False(t, p.Has("a"))
	for range p.All() {
		t.Fatal("an empty map has no pairs")
	}
	require.NoError(t, p.Decode(&struct{}{}))

	var v codec.Value
	require.True(t, v.IsNil())
	require.Equal(t, []byte{0xc0}, v.Raw())
	require.Equal(t, "null", v.String())
	_, err := v.Int64()
	require.EqualError(t, err, "codec: value of the wrong type: want int, have nil")
	_, err = v.Bytes()
	require.ErrorIs(t, err, codec.ErrWrongType)
	x, err := v.Any()
	require.NoError(t, err)
	require.Nil(t, x)

	var a codec.Array
	require.Equal(t, 0, a.Len())
	_, ok := a.Next()
	require.False(t, ok)
}

func TestReadingAllocatesNothing(t *testing.T) {
	data := raw(t, "86 a161 ff a162 c3 a163 cb 3ff8000000000000 a164 c4 03 010203 a165 81 a166 93 01 a3616263 92 02 03 01 02")
	page := historyPage()
	requireNoAllocs(t, func() {
		p, _ := codec.ParsePayload(data)
		_, _ = p.Int64("a")
		_, _ = p.Bool("b")
		_, _ = p.Float64("c")
		_, _ = p.Bytes("d")
		m, _ := p.Payload("e")
		a, _ := m.Array("f")
		for _, v := range a.All() {
			_ = v.Kind()
		}
		for v, ok := a.Next(); ok; v, ok = a.Next() {
			_ = v.Raw()
		}
		for k, v := range p.All() {
			_, _ = k.Raw(), v.Raw()
		}
		if p.Has("nothing") {
			t.Error("found what is not there")
		}
	})
	requireNoAllocs(t, func() {
		p, _ := codec.ParsePayload(page)
		msgs, _ := p.Array("msgs")
		for row, ok := msgs.Next(); ok; row, ok = msgs.Next() {
			_, _ = row.Array()
		}
	})
}

func TestErrorsDoNotTellWhatThePayloadHolds(t *testing.T) {
	t.Parallel()
	const secret = "s3cret"
	content := codec.AppendString(nil, secret)
	outer := func(v []byte) codec.Payload {
		b := codec.AppendMapHeader(nil, 2)
		b = append(codec.AppendString(b, "k"), v...)
		b = append(append(b, content...), content...)
		p, err := codec.ParsePayload(b)
		require.NoError(t, err)
		return p
	}
	inside := codec.AppendInt(append([]byte{0x82}, append(content, content...)...), 5)
	inside = append(inside, content...)
	var errs []error
	for _, v := range [][]byte{content, codec.AppendBytes(nil, []byte(secret)), append([]byte{0x91}, content...), inside} {
		p := outer(v)
		for _, read := range readers {
			errs = append(errs, read(p, "k"))
		}
		for _, target := range []any{
			&struct {
				K int `msgpack:"k"`
			}{},
			&struct {
				K [1]byte `msgpack:"k"`
			}{},
			&struct {
				K map[string]int `msgpack:"k"`
			}{},
			&struct {
				K *refusing `msgpack:"k"`
			}{},
			&map[string]int{}, new(int), new([]string), new(refusing), new(chan int),
			refusing{},
			nil,
		} {
			errs = append(errs, p.Decode(target))
		}
	}
	_, err := outer([]byte{0xc0}).AppendJSON(nil)
	errs = append(errs, err)
	_, err = codec.ParseJSON([]byte(`{"k":"` + secret + `"`))
	errs = append(errs, err)
	_, err = codec.ParseJSON([]byte(`{"k":1e999, "a":"` + secret + `"}`))
	errs = append(errs, err)
	failed := 0
	for _, err := range errs {
		if err != nil {
			failed++
			require.False(t, strings.Contains(err.Error(), secret), err.Error())
			require.NotContains(t, err.Error(), "1e999")
		}
	}
	require.Greater(t, failed, 60)
}

// refusing puts what it refuses into its error, as many types do.
type refusing struct{}

func (*refusing) UnmarshalText(text []byte) error { return &refusal{string(text)} }

type refusal struct{ text string }

func (r *refusal) Error() string { return "cannot take " + r.text }
