package codec_test

import (
	"bytes"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/vmihailenco/msgpack/v5"

	"github.com/gofpnn/gofpnn/codec"
)

func TestIntegersTakeTheSmallestForm(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		i    int64
		want string
	}{
		{0, "00"},
		{1, "01"},
		{127, "7f"},
		{128, "cc 80"},
		{255, "cc ff"},
		{256, "cd 0100"},
		{65535, "cd ffff"},
		{65536, "ce 00010000"},
		{math.MaxUint32, "ce ffffffff"},
		{math.MaxUint32 + 1, "cf 0000000100000000"},
		{math.MaxInt64, "cf 7fffffffffffffff"},
		{-1, "ff"},
		{-32, "e0"},
		{-33, "d0 df"},
		{-128, "d0 80"},
		{-129, "d1 ff7f"},
		{math.MinInt16, "d1 8000"},
		{math.MinInt16 - 1, "d2 ffff7fff"},
		{math.MinInt32, "d2 80000000"},
		{math.MinInt32 - 1, "d3 ffffffff7fffffff"},
		{math.MinInt64, "d3 8000000000000000"},
	} {
		b := codec.AppendInt(nil, c.i)
		require.Equal(t, raw(t, c.want), b, c.i)
		var i int64
		require.NoError(t, msgpack.Unmarshal(b, &i))
		require.Equal(t, c.i, i)
		if c.i >= 0 {
			require.Equal(t, b, codec.AppendUint(nil, uint64(c.i)), c.i)
		}
	}
	require.Equal(t, raw(t, "cf ffffffffffffffff"), codec.AppendUint(nil, math.MaxUint64))
	require.Equal(t, raw(t, "cf 8000000000000000"), codec.AppendUint(nil, 1<<63))
}

func TestStringsTakeTheSmallestForm(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		n    int
		head string
	}{
		{0, "a0"},
		{31, "bf"},
		{32, "d9 20"},
		{255, "d9 ff"},
		{256, "da 0100"},
		{65535, "da ffff"},
		{65536, "db 00010000"},
	} {
		s := strings.Repeat("\xff", c.n)
		b := codec.AppendString(nil, s)
		require.Equal(t, string(raw(t, c.head))+s, string(b))
		var out string
		require.NoError(t, msgpack.Unmarshal(b, &out))
		require.Equal(t, s, out)
	}
}

func TestBytesTakeTheSmallestForm(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		n    int
		head string
	}{
		{0, "c4 00"},
		{255, "c4 ff"},
		{256, "c5 0100"},
		{65535, "c5 ffff"},
		{65536, "c6 00010000"},
	} {
		p := bytes.Repeat([]byte{7}, c.n)
		b := codec.AppendBytes(nil, p)
		require.Equal(t, append(raw(t, c.head), p...), b)
		var out []byte
		require.NoError(t, msgpack.Unmarshal(b, &out))
		require.Equal(t, p, out)
	}
	require.Equal(t, raw(t, "c4 00"), codec.AppendBytes(nil, nil), "a nil slice is an empty bin, not nil")
}

func TestContainerHeadersTakeTheSmallestForm(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		n           int
		array, dict string
	}{
		{0, "90", "80"},
		{15, "9f", "8f"},
		{16, "dc 0010", "de 0010"},
		{65535, "dc ffff", "de ffff"},
		{65536, "dd 00010000", "df 00010000"},
		{math.MaxInt32, "dd 7fffffff", "df 7fffffff"},
	} {
		a, m := codec.AppendArrayHeader(nil, c.n), codec.AppendMapHeader(nil, c.n)
		require.Equal(t, raw(t, c.array), a)
		require.Equal(t, raw(t, c.dict), m)
		n, err := msgpack.NewDecoder(bytes.NewReader(a)).DecodeArrayLen()
		require.NoError(t, err)
		require.Equal(t, c.n, n)
		n, err = msgpack.NewDecoder(bytes.NewReader(m)).DecodeMapLen()
		require.NoError(t, err)
		require.Equal(t, c.n, n)
	}
}

func TestBoolsFloatsAndNil(t *testing.T) {
	t.Parallel()
	require.Equal(t, raw(t, "c3"), codec.AppendBool(nil, true))
	require.Equal(t, raw(t, "c2"), codec.AppendBool(nil, false))
	require.Equal(t, raw(t, "c0"), codec.AppendNil(nil))
	require.Equal(t, raw(t, "ca 3fc00000"), codec.AppendFloat32(nil, 1.5))
	require.Equal(t, raw(t, "cb 3ff8000000000000"), codec.AppendFloat64(nil, 1.5))
}

func TestAppendingKeepsWhatIsThere(t *testing.T) {
	t.Parallel()
	b := codec.AppendNil([]byte("before"))
	b = codec.AppendBool(b, true)
	b = codec.AppendBytes(b, []byte{1})
	require.Equal(t, "before\xc0\xc3\xc4\x01\x01", string(b))
}

func TestWritingAllocatesNothing(t *testing.T) {
	b := make([]byte, 0, 256)
	bin := []byte{1, 2, 3}
	requireNoAllocs(t, func() {
		b = codec.AppendMapHeader(b[:0], 100)
		b = codec.AppendArrayHeader(b, 100)
		b = codec.AppendString(b, "some text that is longer than a fixstr holds")
		b = codec.AppendBytes(b, bin)
		b = codec.AppendInt(b, math.MinInt64)
		b = codec.AppendUint(b, math.MaxUint64)
		b = codec.AppendBool(b, true)
		b = codec.AppendFloat32(b, 1)
		b = codec.AppendFloat64(b, 1)
		b = codec.AppendNil(b)
		b, _ = codec.Append(b, &sampleQuest)
	})
}
