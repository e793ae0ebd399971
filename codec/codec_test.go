package codec_test

import (
	"encoding/hex"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/codec"
)

// raw turns "81 a1 61 01" into bytes.
func raw(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	require.NoError(t, err)
	return b
}

func payload(t testing.TB, s string) codec.Payload {
	t.Helper()
	p, err := codec.ParsePayload(raw(t, s))
	require.NoError(t, err)
	return p
}

func value(t testing.TB, s string) codec.Value {
	t.Helper()
	v, err := codec.ParseValue(raw(t, s))
	require.NoError(t, err)
	return v
}

// nested is n arrays in one another, the innermost empty.
func nested(n int) []byte { return []byte(strings.Repeat("\x91", n-1) + "\x90") }

func requireNoAllocs(t *testing.T, f func()) {
	t.Helper()
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	require.Zero(t, testing.AllocsPerRun(100, f))
}

func requireCode(t *testing.T, err, target error, code int) {
	t.Helper()
	require.ErrorIs(t, err, target)
	var e *codec.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, code, e.FPNNCode())
}

func TestErrorTextNamesKeyAndKindsInOrder(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err  codec.Error
		want string
	}{
		{codec.Error{Err: codec.ErrMalformed}, "codec: malformed msgpack"},
		{codec.Error{Key: "mid", Err: codec.ErrNotFound}, `codec: key "mid": key not found`},
		{codec.Error{Key: "a\nb", Detail: "want int, have str", Err: codec.ErrWrongType}, `codec: key "a\nb": value of the wrong type: want int, have str`},
	} {
		require.Equal(t, c.want, c.err.Error())
	}
}

func TestErrorsHaveTheCodesOfTheFramework(t *testing.T) {
	t.Parallel()
	for err, code := range map[error]int{
		codec.ErrMalformed: 10003, codec.ErrTooDeep: 10003, codec.ErrTooMany: 10003, codec.ErrTrailing: 10003,
		codec.ErrJSON: 10004, codec.ErrKeyNotString: 10005, codec.ErrNotMap: 10006,
		codec.ErrNotFound: 10009, codec.ErrWrongType: 10010,
	} {
		require.Equal(t, code, (&codec.Error{Err: err}).FPNNCode(), err)
	}
}

func TestNamesOfKindsAndEncodings(t *testing.T) {
	t.Parallel()
	require.Equal(t, "nil", codec.Nil.String())
	require.Equal(t, "ext", codec.Ext.String())
	require.Equal(t, "invalid", codec.Kind(200).String())
	require.Equal(t, "msgpack", codec.MsgPack.String())
	require.Equal(t, "JSON", codec.JSON.String())
	require.Equal(t, "Encoding(7)", codec.Encoding(7).String())
}
