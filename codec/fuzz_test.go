package codec_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/vmihailenco/msgpack/v5"

	"github.com/gofpnn/gofpnn/codec"
)

func addBytes(f *testing.F) {
	for _, s := range everyForm {
		f.Add(raw(f, s))
		f.Add(append(codec.AppendString([]byte{0x81}, "m"), raw(f, s)...))
	}
	for _, frame := range vectors(f)[:40] {
		f.Add(frame.payload(f))
	}
	f.Add([]byte("\xdd\xff\xff\xff\xff"))
	f.Add([]byte("\xdf\xff\xff\xff\xff"))
	f.Add(nested(300))
	f.Add(raw(f, "82 a161 01 c40161 02"))
	f.Add(raw(f, "81 a16d c7 05 01 df ffffffff"))
}

func FuzzScan(f *testing.F) {
	addBytes(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		n, err := codec.Scan(data)
		r := bytes.NewReader(data)
		libErr := msgpack.NewDecoder(r).Skip()
		switch {
		case err == nil:
			require.NoError(t, libErr)
			require.Equal(t, len(data)-r.Len(), n)
			_, err = codec.Scan(data[:n-1])
			require.Error(t, err)
		case errors.Is(err, codec.ErrTooDeep) || errors.Is(err, codec.ErrTooMany):
		default:
			require.ErrorIs(t, err, codec.ErrMalformed)
			require.Error(t, libErr)
		}
	})
}

func FuzzWriterAgainstLibrary(f *testing.F) {
	f.Add(int64(0), uint64(0), 0.0, float32(0), "", []byte{}, false)
	f.Add(int64(-33), uint64(65536), 1.5, float32(-1), "text", []byte{0xff}, true)
	f.Add(int64(math.MinInt64), uint64(math.MaxUint64), math.Inf(1), float32(math.Inf(-1)), string(make([]byte, 300)), make([]byte, 70000), true)
	f.Fuzz(func(t *testing.T, i int64, u uint64, f64 float64, f32 float32, s string, p []byte, flag bool) {
		b := codec.AppendArrayHeader(nil, 8)
		b = codec.AppendInt(b, i)
		b = codec.AppendUint(b, u)
		b = codec.AppendFloat64(b, f64)
		b = codec.AppendFloat32(b, f32)
		b = codec.AppendString(b, s)
		b = codec.AppendBytes(b, p)
		b = codec.AppendBool(b, flag)
		b = codec.AppendNil(b)

		var want bytes.Buffer
		enc := msgpack.NewEncoder(&want)
		enc.UseCompactInts(true)
		require.NoError(t, enc.Encode([]any{i, u, f64, f32, s, append([]byte{}, p...), flag, nil}))
		require.Equal(t, want.Bytes(), b)
	})
}

func FuzzReaderAgainstLibrary(f *testing.F) {
	addBytes(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := codec.ParseValue(data)
		if err != nil {
			return
		}
		requireSameReading(t, v, msgpack.NewDecoder(bytes.NewReader(data)))
	})
}

// requireSameReading reads v and what comes next from the library in step.
func requireSameReading(t *testing.T, v codec.Value, lib *msgpack.Decoder) {
	t.Helper()
	switch v.Kind() {
	case codec.Nil, codec.Ext:
		require.NoError(t, lib.Skip())
	case codec.Bool:
		want, err := lib.DecodeBool()
		require.NoError(t, err)
		got, err := v.Bool()
		require.NoError(t, err)
		require.Equal(t, want, got)
	case codec.Int, codec.Uint:
		want, err := lib.DecodeUint64() // in two's complement
		require.NoError(t, err)
		u, uErr := v.Uint64()
		i, iErr := v.Int64()
		if v.Kind() == codec.Int {
			require.NoError(t, iErr)
			require.Equal(t, int64(want), i)
			require.Equal(t, i < 0, uErr != nil)
			return
		}
		require.NoError(t, uErr)
		require.Equal(t, want, u)
		require.Equal(t, u > math.MaxInt64, iErr != nil)
	case codec.Float:
		want, err := lib.DecodeFloat64()
		require.NoError(t, err)
		got, err := v.Float64()
		require.NoError(t, err)
		require.Equal(t, math.Float64bits(want), math.Float64bits(got))
		if i, err := v.Int64(); err == nil {
			require.InDelta(t, want, float64(i), 0)
		}
		if u, err := v.Uint64(); err == nil {
			require.InDelta(t, want, float64(u), 0)
		}
	case codec.String, codec.Bytes:
		want, err := lib.DecodeString()
		require.NoError(t, err)
		got, err := v.Text()
		require.NoError(t, err)
		require.Equal(t, want, got)
	case codec.List:
		n, err := lib.DecodeArrayLen()
		require.NoError(t, err)
		a, err := v.Array()
		require.NoError(t, err)
		require.Equal(t, n, a.Len())
		for e, ok := a.Next(); ok; e, ok = a.Next() {
			requireSameReading(t, e, lib)
		}
	case codec.Map:
		n, err := lib.DecodeMapLen()
		require.NoError(t, err)
		p, err := v.Payload()
		require.NoError(t, err)
		require.Equal(t, n, p.Len())
		for k, e := range p.All() {
			requireSameReading(t, k, lib)
			requireSameReading(t, e, lib)
		}
	default:
		t.Fatalf("kind %v", v.Kind())
	}
}

func FuzzPayload(f *testing.F) {
	addBytes(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := codec.ParsePayload(data)
		if err != nil {
			return
		}
		last := map[string]codec.Value{}
		pairs := 0
		for k, v := range p.All() {
			pairs++
			if key, err := k.Text(); err == nil {
				last[key] = v
			}
			for _, x := range []codec.Value{k, v} {
				n, err := codec.Scan(x.Raw())
				require.NoError(t, err)
				require.Len(t, x.Raw(), n)
			}
		}
		require.Equal(t, pairs, p.Len())
		for key, v := range last {
			require.True(t, p.Has(key))
			found, err := p.Value(key)
			require.NoError(t, err)
			require.Equal(t, v.Raw(), found.Raw())
			for name, read := range readers {
				if err := read(p, key); err != nil {
					require.ErrorIs(t, err, codec.ErrWrongType, name)
				}
			}
		}
		for _, key := range []string{"", "a", "\x00", "not there"} {
			if _, ok := last[key]; !ok {
				require.False(t, p.Has(key))
			}
		}
		if !json.Valid([]byte(p.String())) {
			t.Fatalf("not JSON: %s", p)
		}
		out, err := p.AppendJSON(nil)
		if err == nil {
			require.True(t, json.Valid(out))
		}
	})
}

func FuzzDecode(f *testing.F) {
	addBytes(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, into := range targets() {
			err := codec.Unmarshal(data, into)
			var e *codec.Error
			if err != nil && !errors.As(err, &e) {
				t.Fatalf("%T: %v", into, err)
			}
		}
		p, err := codec.ParsePayload(data)
		if err != nil {
			return
		}
		var m map[string]any
		if p.Decode(&m) != nil {
			return
		}
		// What the typed readers see is what the untyped one saw.
		for key, x := range m {
			v, err := p.Value(key)
			require.NoError(t, err)
			y, err := v.Any()
			require.NoError(t, err)
			if i, ok := x.(int64); ok {
				n, err := p.Int64(key)
				require.NoError(t, err)
				require.Equal(t, i, n)
			}
			requireSameAny(t, x, y)
		}
		var typed map[string]codec.Value
		require.NoError(t, p.Decode(&typed))
		require.Len(t, typed, len(m))
	})
}

// requireSameAny compares the kind and the size: NaN is not equal to itself, and
// the order of keys other than strings is random.
func requireSameAny(t *testing.T, x, y any) {
	t.Helper()
	require.IsType(t, x, y)
	a, err := codec.Marshal(x)
	require.NoError(t, err)
	b, err := codec.Marshal(y)
	require.NoError(t, err)
	require.Len(t, b, len(a))
}

func FuzzJSON(f *testing.F) {
	for _, s := range []string{
		`{}`, `{"a":1, "b":2}`, `{"a":[1,-1,1.5,1e20,-0,-0.0,18446744073709551615,1e-400],"b":{"c":null,"c":true}}`,
		`{"\u0000\ud800":"\n\"\\\/中"}`, ` [1]`, `{"a":1}x`, `{"a":{"x":1},"a":{"y":2}}`, `{"a":1E400}`, "{\"\xff\":1}",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := codec.ParseJSON(data)
		if err != nil {
			return
		}
		n, err := codec.Scan(p.Raw())
		require.NoError(t, err)
		require.Len(t, p.Raw(), n)

		text, err := p.AppendJSON(nil)
		require.NoError(t, err)
		q, err := codec.ParseJSON(text)
		require.NoError(t, err)
		again, err := q.AppendJSON(nil)
		require.NoError(t, err)
		require.Equal(t, string(text), string(again))

		require.Equal(t, standardJSON(t, data), standardJSON(t, text))
	})
}

// standardJSON is what the standard library reads, with numbers as the codec
// takes them.
func standardJSON(t *testing.T, data []byte) any {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var x any
	require.NoError(t, d.Decode(&x))
	var normal func(x any) any
	normal = func(x any) any {
		switch x := x.(type) {
		case json.Number:
			if i, err := strconv.ParseInt(string(x), 10, 64); err == nil {
				return strconv.FormatInt(i, 10)
			}
			if u, err := strconv.ParseUint(string(x), 10, 64); err == nil {
				return strconv.FormatUint(u, 10)
			}
			f, err := x.Float64()
			require.NoError(t, err)
			return strconv.FormatFloat(f+0, 'f', -1, 64)
		case []any:
			for i := range x {
				x[i] = normal(x[i])
			}
		case map[string]any:
			for k := range x {
				x[k] = normal(x[k])
			}
		}
		return x
	}
	return normal(x)
}
