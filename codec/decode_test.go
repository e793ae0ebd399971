package codec_test

import (
	"bytes"
	"io"
	"math"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/vmihailenco/msgpack/v5"

	"github.com/gofpnn/gofpnn/codec"
)

func TestAppendTakesWhatBecomesAMap(t *testing.T) {
	t.Parallel()
	one := payload(t, "81 a161 01")
	for _, c := range []struct {
		name string
		v    any
		want string
	}{
		{"nil", nil, "80"},
		{"nil map", map[string]any(nil), "80"},
		{"nil pointer", (*struct{ A int })(nil), "80"},
		{"empty map", map[string]any{}, "80"},
		{"Payload", one, "81 a161 01"},
		{"zero Payload", codec.Payload{}, "80"},
		{"pointer to Payload", &one, "81 a161 01"},
		{"Value of a map", value(t, "81 01 02"), "81 01 02"},
		{"map, sorted and small", map[string]any{"b": int64(1000), "a": uint64(7), "c": -1}, "83 a161 07 a162 cd03e8 a163 ff"},
		{"map of strings", map[string]string{"b": "x", "a": "y"}, "82 a161 a179 a162 a178"},
		{"map with int keys", map[int]bool{128: true}, "81 cc80 c3"},
		{"struct", struct {
			A  int    `msgpack:"a"`
			B  []byte `msgpack:"b"`
			No int    `msgpack:"-"`
			C  string `msgpack:"c,omitempty"`
		}{A: 300, B: []byte{1}}, "82 a161 cd012c a162 c40101"},
		{"Payload inside a map", map[string]any{"p": one, "v": value(t, "91 05")}, "82 a170 81a16101 a176 9105"},
		{"Payload inside a struct", struct {
			P codec.Payload  `msgpack:"p"`
			V *codec.Value   `msgpack:"v"`
			Z *codec.Payload `msgpack:"z"`
		}{P: one}, "83 a170 81a16101 a176 c0 a17a c0"},
	} {
		b, err := codec.Append([]byte("x"), c.v)
		require.NoError(t, err, c.name)
		require.Equal(t, append([]byte("x"), raw(t, c.want)...), b, c.name)
	}
}

func TestAppendRefusesWhatIsNoMap(t *testing.T) {
	t.Parallel()
	for name, v := range map[string]any{
		"int": 1, "string": "a", "slice": []int{1}, "bytes": []byte{0x80}, "Value of an array": value(t, "90"),
		"a type that writes nothing": msgpack.RawMessage{},
	} {
		b, err := codec.Append([]byte("x"), v)
		requireCode(t, err, codec.ErrNotMap, 10006)
		require.Equal(t, "x", string(b), name)
	}
	for name, v := range map[string]any{"channel": make(chan int), "function in a map": map[string]any{"f": func() {}}} {
		b, err := codec.Append([]byte("x"), v)
		require.Error(t, err, name)
		require.Equal(t, "x", string(b), name)
	}
}

type failing struct{ err error }

func (f failing) AppendPayload(b []byte) ([]byte, error) { return b, f.err }

func TestAppenderIsSentAsItIs(t *testing.T) {
	t.Parallel()
	b, err := codec.Append(nil, &sampleQuest)
	require.NoError(t, err)
	var back quest
	require.NoError(t, msgpack.Unmarshal(b, &back))
	require.Equal(t, sampleQuest, back)
	again, err := codec.Marshal(&sampleQuest)
	require.NoError(t, err)
	require.Equal(t, b, again)
	_, err = codec.Append(nil, failing{io.ErrUnexpectedEOF})
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
}

func TestMarshalWritesAnyValue(t *testing.T) {
	t.Parallel()
	for want, v := range map[string]any{
		"c0": nil, "05": 5, "a161": "a", "92 01 a161": []any{1, "a"}, "c4 01 07": []byte{7}, "cb 3ff8000000000000": 1.5,
		"81 a161 01": payload(t, "81 a161 01"), "93 01 02 03": value(t, "93 01 02 03"), "91 80": []codec.Payload{{}},
	} {
		b, err := codec.Marshal(v)
		require.NoError(t, err)
		require.Equal(t, raw(t, want), b)
	}
}

func TestStructsRoundTrip(t *testing.T) {
	t.Parallel()
	type inner struct {
		X []string          `msgpack:"x"`
		Y map[string]string `msgpack:"y"`
		Z map[int64]bool    `msgpack:"z"`
	}
	type outer struct {
		I   int64     `msgpack:"i"`
		U   uint64    `msgpack:"u"`
		F   float64   `msgpack:"f"`
		F32 float32   `msgpack:"f32"`
		B   bool      `msgpack:"b"`
		S   string    `msgpack:"s"`
		P   []byte    `msgpack:"p"`
		T   time.Time `msgpack:"t"`
		In  inner     `msgpack:"in"`
		Ptr *inner    `msgpack:"ptr"`
		Nil *inner    `msgpack:"nil"`
		Any any       `msgpack:"any"`
	}
	in := outer{
		I: math.MinInt64, U: math.MaxUint64, F: 3.3, F32: 1.5, B: true, S: "\xff", P: []byte{0xff}, T: time.Unix(1700000000, 123),
		In: inner{X: []string{"a"}, Y: map[string]string{"k": "v"}, Z: map[int64]bool{-1: true}}, Ptr: &inner{}, Any: []any{int64(1), "a"},
	}
	b, err := codec.Marshal(in)
	require.NoError(t, err)
	var out outer
	require.NoError(t, codec.Unmarshal(b, &out))
	require.Equal(t, in, out)

	p, err := codec.ParsePayload(b)
	require.NoError(t, err)
	out = outer{}
	require.NoError(t, p.Decode(&out))
	require.Equal(t, in, out)
}

func TestUnmarshalTakesOneWholeValue(t *testing.T) {
	t.Parallel()
	var x any
	require.ErrorIs(t, codec.Unmarshal(raw(t, "01 02"), &x), codec.ErrTrailing)
	require.ErrorIs(t, codec.Unmarshal(raw(t, "91"), &x), codec.ErrMalformed)
	require.ErrorIs(t, codec.Unmarshal(nil, &x), codec.ErrMalformed)
	require.ErrorIs(t, codec.Unmarshal(nested(257), &x), codec.ErrTooDeep)
	require.NoError(t, codec.Unmarshal(raw(t, "05"), &x))
	require.Equal(t, int64(5), x)
}

func TestAnyIsGosOwn(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		form string
		want any
	}{
		{"c0", nil},
		{"c3", true},
		{"05", int64(5)},
		{"cc 80", int64(128)},
		{"d0 80", int64(-128)},
		{"cf 7fffffffffffffff", int64(math.MaxInt64)},
		{"cf 8000000000000000", uint64(1 << 63)},
		{"ca 3fc00000", 1.5},
		{"cb 3ff8000000000000", 1.5},
		{"a1 ff", "\xff"},
		{"c4 01 ff", []byte{0xff}},
		{"c4 00", []byte{}},
		{"90", []any{}},
		{"92 01 91 c0", []any{int64(1), []any{nil}}},
		{"80", map[string]any{}},
		{"82 a161 81 a162 c4 01 07 c4 01 63 02", map[string]any{"a": map[string]any{"b": []byte{7}}, "c": int64(2)}},
		{"81 05 a161", map[any]any{int64(5): "a"}},
		{"83 a161 01 cc80 02 c3 03", map[any]any{"a": int64(1), int64(128): int64(2), true: int64(3)}},
		{"82 01 a178 d3 0000000000000001 a179", map[any]any{int64(1): "y"}},
		{"81 c0 01", map[any]any{nil: int64(1)}},
		{"d4 01 00", nil},
		{"c7 05 ff 0000000000", nil}, // no length a timestamp has
		{"d6 ff 00000001", time.Unix(1, 0)},
		{"d7 ff 0000000800000001", time.Unix(1, 2)},
		{"c7 0c ff 00000002 ffffffffffffffff", time.Unix(-1, 2)},
		{"c7 0c ff ffffffff 0000000000000001", nil}, // more than a second of nanoseconds
	} {
		x, err := value(t, c.form).Any()
		require.NoError(t, err, c.form)
		require.Equal(t, c.want, x, c.form)

		var decoded any = "overwritten"
		require.NoError(t, codec.Unmarshal(raw(t, c.form), &decoded), c.form)
		require.Equal(t, c.want, decoded, c.form)

		if strings.HasPrefix(c.form, "ca") {
			continue // documented: a float32 there
		}
		var field struct {
			A any   `msgpack:"a"`
			B []any `msgpack:"b"`
		}
		require.NoError(t, codec.Unmarshal(raw(t, "82 a161 "+c.form+"a162 91 "+c.form), &field), c.form)
		require.Equal(t, c.want, field.A, "inside a struct: %s", c.form)
		require.Equal(t, []any{c.want}, field.B, "inside a slice: %s", c.form)
	}
}

func TestKeysThatGoCannotCompareAreErrors(t *testing.T) {
	t.Parallel()
	for _, form := range []string{"81 90 01", "81 80 01", "91 81 a161 81 91 01 02", "82 a161 01 81 a161 02 03"} {
		_, err := value(t, form).Any()
		requireCode(t, err, codec.ErrWrongType, 10010)
		var x any
		require.ErrorIs(t, codec.Unmarshal(raw(t, form), &x), codec.ErrWrongType, form)
		var m map[any]any
		require.ErrorIs(t, codec.Unmarshal(raw(t, form), &m), codec.ErrWrongType, form)
	}
}

func TestMapOfStringKeysWantsStringKeys(t *testing.T) {
	t.Parallel()
	m := map[string]any{"old": 1}
	require.NoError(t, codec.Unmarshal(raw(t, "81 a161 01"), &m))
	require.Equal(t, map[string]any{"a": int64(1)}, m, "what was there is gone")
	for _, form := range []string{"81 01 01", "90", "c0", "05"} {
		require.ErrorIs(t, codec.Unmarshal(raw(t, form), &m), codec.ErrWrongType, form)
	}
}

func TestLastDuplicateWinsWithoutMerging(t *testing.T) {
	t.Parallel()
	type inner struct {
		X, Y int64
	}
	type outer struct {
		A inner            `msgpack:"a"`
		M map[string]int64 `msgpack:"m"`
		P *inner           `msgpack:"p"`
		S []int64          `msgpack:"s"`
	}
	for _, c := range []struct {
		name, form string
		want       outer
	}{
		{"struct", "82 a161 82 a158 01 a159 02 a161 81 a159 03", outer{A: inner{Y: 3}}},
		{"struct, str and bin key", "82 a161 82 a158 01 a159 02 c40161 81 a159 03", outer{A: inner{Y: 3}}},
		{"pointer", "82 a170 81 a158 01 a170 81 a159 03", outer{P: &inner{Y: 3}}},
		{"map", "82 a16d 81 a178 01 a16d 81 a179 02", outer{M: map[string]int64{"y": 2}}},
		{"slice", "82 a173 92 01 02 a173 91 03", outer{S: []int64{3}}},
		{"inside the inner one", "81 a161 83 a158 01 a159 02 a158 04", outer{A: inner{X: 4, Y: 2}}},
		{"three times", "83 a161 81 a158 01 a161 c0 a161 81 a158 02", outer{A: inner{X: 2}}},
		{"nil last", "82 a161 81 a158 01 a161 c0", outer{}},
	} {
		var got outer
		require.NoError(t, codec.Unmarshal(raw(t, c.form), &got), c.name)
		require.Equal(t, c.want, got, c.name)
	}

	many := codec.AppendMapHeader(nil, 40)
	for i := range int64(40) {
		many = codec.AppendInt(codec.AppendString(many, strings.Repeat("k", int(i%20))), i)
	}
	var typed map[string]int64
	require.NoError(t, codec.Unmarshal(many, &typed))
	require.Len(t, typed, 20)
	p, err := codec.ParsePayload(many)
	require.NoError(t, err)
	for k, i := range typed {
		require.GreaterOrEqual(t, i, int64(20))
		read, err := p.Int64(k)
		require.NoError(t, err)
		require.Equal(t, i, read, "the getters agree")
	}
}

func TestNarrowIntegersAreCutOffAsDocumented(t *testing.T) {
	t.Parallel()
	var i int8
	require.NoError(t, codec.Unmarshal(raw(t, "cd 0101"), &i))
	require.Equal(t, int8(1), i)
	var n int
	require.ErrorIs(t, codec.Unmarshal(raw(t, "cb 3ff0000000000000"), &n), codec.ErrWrongType)
}

func TestViewsDecodeInsideOtherTypes(t *testing.T) {
	t.Parallel()
	var got struct {
		P codec.Payload   `msgpack:"p"`
		V codec.Value     `msgpack:"v"`
		N codec.Value     `msgpack:"n"`
		L []codec.Payload `msgpack:"l"`
	}
	data := raw(t, "84 a170 81 a161 07 a176 92 01 a178 a16e c0 a16c 92 80 81 a162 08")
	require.NoError(t, codec.Unmarshal(data, &got))
	clear(data)
	i, err := got.P.Int64("a")
	require.NoError(t, err)
	require.Equal(t, int64(7), i)
	require.Equal(t, `[1, "x"]`, got.V.String())
	require.True(t, got.N.IsNil())
	require.Len(t, got.L, 2)
	require.Equal(t, `{"b":8}`, got.L[1].String())

	require.ErrorIs(t, codec.Unmarshal(raw(t, "81 a170 05"), &got), codec.ErrWrongType)
	require.ErrorIs(t, new(codec.Payload).UnmarshalMsgpack(raw(t, "81")), codec.ErrMalformed)
	require.ErrorIs(t, new(codec.Value).UnmarshalMsgpack(raw(t, "91")), codec.ErrMalformed)
	require.ErrorIs(t, new(codec.Value).UnmarshalMsgpack(raw(t, "01 02")), codec.ErrTrailing)
}

type panicking struct{}

func (*panicking) UnmarshalMsgpack([]byte) error { panic("on purpose") }

// targets are variables to decode into, many of them unfit.
func targets() []any {
	type loop struct {
		A  *loop                  `msgpack:"a"`
		M  map[string]any         `msgpack:"m"`
		I  io.Reader              `msgpack:"i"`
		E  error                  `msgpack:"e"`
		T  time.Time              `msgpack:"t"`
		L  []loop                 `msgpack:"l"`
		R  [2]loopless            `msgpack:"r"`
		K  map[[2]int]string      `msgpack:"k"`
		X  map[any]any            `msgpack:"x"`
		N  any                    `msgpack:"n"`
		C  complex128             `msgpack:"c"`
		V  codec.Value            `msgpack:"v"`
		P  map[string]*loop       `msgpack:"p"`
		S  map[string]string      `msgpack:"s"`
		B  [4]byte                `msgpack:"b"`
		D  time.Duration          `msgpack:"d"`
		MM map[string]interface{} `msgpack:"mm"`
	}
	return []any{
		new(any), new(map[string]any), new(map[any]any), new(map[string]string), new(map[string]bool), new(map[int64]any),
		new([]any), new([]string), new([]byte), new([][]byte), new([3]any), new(string), new(int), new(uint8), new(float32), new(bool),
		new(time.Time), new(time.Duration), new(io.Reader), new(error), new(chan int), new(func()), new(complex128), new(**int),
		new(loop), new([]loop), new(map[string]loop), new(map[loopless]int), new(quest), new(historyRow), new(codec.Payload),
		new(codec.Value), new(msgpack.RawMessage), new(panicking), new(refusing), new(bytes.Buffer), new(struct{ any }),
		nil, 5, "text",
		struct{}{},
		map[string]any{},
		(*any)(nil), (*map[string]any)(nil), (*int)(nil), (*loop)(nil),
	}
}

type loopless struct {
	A int `msgpack:"a"`
	B any `msgpack:"b"`
}

func TestDecodingIntoUnfitVariablesNeverPanics(t *testing.T) {
	t.Parallel()
	for _, form := range everyForm {
		for _, key := range []string{"a", "m", "i", "e", "t", "l", "r", "k", "x", "n", "c", "v", "p", "s", "b", "d", "mm"} {
			data := append(codec.AppendString([]byte{0x81}, key), raw(t, form)...)
			for _, data := range [][]byte{data, raw(t, form)} {
				for _, into := range targets() {
					err := codec.Unmarshal(data, into)
					if err != nil {
						require.ErrorIs(t, err, codec.ErrWrongType, "%x into %T", data, into)
					}
				}
			}
		}
	}
}

// The library skips the head of an ext where it wants a map and takes the
// content for the map: this one would ask for 2^32-1 pairs and kill the process.
func TestExtContentIsNotTakenForAMap(t *testing.T) {
	t.Parallel()
	for _, ext := range []string{
		"c7 05 01 df ffffffff", "c7 05 ff df ffffffff", "c8 0005 01 df ffffffff", "c9 00000005 01 df ffffffff",
		"d6 ff df ffffff", "d7 ff df ffffffff 000000", "c7 0c ff df ffffffff 00000000000000",
		"d8 80 df ffffffff 0000000000000000000000",
	} {
		var s struct {
			M map[string]any `msgpack:"m"`
		}
		_ = codec.Unmarshal(raw(t, "81 a16d"+ext), &s)
		require.Empty(t, s.M, ext)
		var m map[string]string
		_ = codec.Unmarshal(raw(t, ext), &m)
		require.Empty(t, m, ext)
		var x map[string]map[string]int
		_ = codec.Unmarshal(raw(t, "81 a16d"+ext), &x)
		require.Empty(t, x["m"], ext)
	}
}

// A map inside a map inside a map, each with a key twice, must not cost a copy
// for every level.
func TestNestedDuplicatesCostNoCopyEach(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	const size = 1 << 20
	for name, head := range map[string][]byte{
		"keys twice":    codec.AppendString(codec.AppendNil(codec.AppendString(codec.AppendMapHeader(nil, 2), "a")), "a"),
		"maps for keys": codec.AppendMapHeader(nil, 1),
	} {
		b := codec.AppendString(codec.AppendMapHeader(nil, 1), "top")
		b = append(b, bytes.Repeat(head, 250)...)
		b = codec.AppendBytes(b, make([]byte, size))
		if name == "maps for keys" {
			b = append(b, bytes.Repeat(codec.AppendNil(nil), 250)...)
		}
		p, err := codec.ParsePayload(b)
		require.NoError(t, err)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		var into struct{ A int }
		_ = p.Decode(&into)
		_, _ = p.AppendJSON(nil)
		runtime.ReadMemStats(&after)
		require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(40*size), name)
	}
}
