package codec_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/codec"
)

func TestCursorGoesThroughNestedArraysInOrder(t *testing.T) {
	t.Parallel()
	v := value(t, "93 93 01 a161 c3 91 c4 01 62 d1 8000")
	c := v.Cursor()
	require.Equal(t, codec.List, c.Kind())
	require.Equal(t, 3, c.Array())
	require.Equal(t, 3, c.Array())
	require.Equal(t, codec.Uint, c.Kind())
	require.Equal(t, int64(1), c.Int64())
	require.Equal(t, "a", c.Text())
	require.True(t, c.Bool())
	require.Equal(t, 1, c.Array())
	require.Equal(t, 6, c.Pos())
	require.Equal(t, 7, c.Offset())
	require.Equal(t, []byte("b"), c.Bytes())
	require.Equal(t, int64(-32768), c.Int64())
	require.NoError(t, c.Err())
	require.Equal(t, 8, c.Pos())
	require.Equal(t, len(v.Raw()), c.Offset())
	require.Equal(t, codec.Nil, c.Kind(), "there is no next value")
}

func TestCursorSkipsValuesWithAllThatIsInThem(t *testing.T) {
	t.Parallel()
	c := value(t, "96 01 92 02 91 03 82 a161 04 05 90 d9 02 6162 c7 01 05 aa 07").Cursor()
	require.Equal(t, 6, c.Array())
	c.Skip(0)
	c.Skip(-1)
	require.Equal(t, int64(1), c.Int64())
	c.Skip(4)
	require.Equal(t, 6, c.Pos())
	require.Equal(t, int64(7), c.Int64())
	require.NoError(t, c.Err())
}

func TestCursorKeepsItsFirstErrorAndReadsZeroAfterIt(t *testing.T) {
	t.Parallel()
	c := value(t, "95 01 a161 02 c3 a162").Cursor()
	require.Equal(t, 5, c.Array())
	require.Equal(t, int64(1), c.Int64())
	require.Zero(t, c.Int64())
	err := c.Err()
	requireCode(t, err, codec.ErrWrongType, 10010)
	require.EqualError(t, err, "codec: value of the wrong type: want int, have str")

	require.Zero(t, c.Int64())
	require.False(t, c.Bool())
	require.Nil(t, c.Bytes())
	require.Empty(t, c.Text())
	require.Zero(t, c.Array())
	c.Skip(3)
	require.Same(t, err, c.Err())
	require.Equal(t, codec.Nil, c.Kind())
	require.Equal(t, 2, c.Pos(), "the position of what could not be read")
	require.Equal(t, 2, c.Offset())
}

func TestCursorFindsNothingPastTheLastValue(t *testing.T) {
	t.Parallel()
	for name, read := range map[string]func(c *codec.Cursor){
		"Array": func(c *codec.Cursor) { c.Array() },
		"Int64": func(c *codec.Cursor) { c.Int64() },
		"Bool":  func(c *codec.Cursor) { c.Bool() },
		"Bytes": func(c *codec.Cursor) { c.Bytes() },
		"Text":  func(c *codec.Cursor) { c.Text() },
		"Skip":  func(c *codec.Cursor) { c.Skip(2) },
	} {
		c := value(t, "2a").Cursor()
		if name != "Skip" {
			c.Skip(1)
		}
		require.NoError(t, c.Err())
		read(&c)
		requireCode(t, c.Err(), codec.ErrNotFound, 10009)
		require.Equal(t, 1, c.Pos(), name)
		require.Equal(t, 1, c.Offset(), name)

		var zero codec.Cursor
		read(&zero)
		require.ErrorIs(t, zero.Err(), codec.ErrNotFound, name)
	}
}

func TestBytesOfACursorAliasWhatWasParsed(t *testing.T) {
	t.Parallel()
	v := value(t, "93 a161 d9 01 62 c4 01 63")
	c := v.Cursor()
	for range c.Array() {
		b := c.Bytes()
		require.Equal(t, 1, cap(b), "appending must not write over what follows")
		require.Same(t, &v.Raw()[c.Offset()-1], &b[0])
	}
}

func TestCursorAllocatesNothing(t *testing.T) {
	v := value(t, "98 05 ff cd 0100 cb 3ff0000000000000 c3 a161 c4 01 62 92 01 c0")
	requireNoAllocs(t, func() {
		c := v.Cursor()
		c.Array()
		for range 4 {
			c.Int64()
		}
		c.Bool()
		for range 2 {
			c.Bytes()
		}
		c.Skip(1)
		if c.Err() != nil {
			t.Error(c.Err())
		}
	})
}

func FuzzCursorAgainstValue(f *testing.F) {
	addBytes(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := codec.ParseValue(data)
		if err != nil {
			return
		}
		c := v.Cursor()
		requireCursorReads(t, &c, v)
		require.NoError(t, c.Err())
		require.Equal(t, len(v.Raw()), c.Offset())
	})
}

// requireCursorReads takes v, which is next, from c, and holds what every method
// makes of it against what v's own do.
func requireCursorReads(t *testing.T, c *codec.Cursor, v codec.Value) {
	t.Helper()
	require.Equal(t, v.Kind(), c.Kind())
	at := *c
	i, err := v.Int64()
	require.Equal(t, i, at.Int64())
	require.Equal(t, err, at.Err())

	at = *c
	is, err := v.Bool()
	require.Equal(t, is, at.Bool())
	require.Equal(t, err, at.Err())

	at = *c
	b, err := v.Bytes()
	require.Equal(t, b, at.Bytes())
	require.Equal(t, err, at.Err())

	at = *c
	a, err := v.Array()
	require.Equal(t, a.Len(), at.Array())
	require.Equal(t, err, at.Err())
	if err == nil {
		for _, e := range a.All() {
			requireCursorReads(t, &at, e)
		}
	}
	c.Skip(1)
	if at.Err() == nil {
		require.Equal(t, at.Offset(), c.Offset())
	}
}
