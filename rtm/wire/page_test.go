package wire_test

import (
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/codec"
	"github.com/gofpnn/gofpnn/rtm/wire"
)

func payload(t testing.TB, v any) codec.Payload {
	t.Helper()
	b, err := codec.Marshal(v)
	require.NoError(t, err)
	p, err := codec.ParsePayloadStrict(b)
	require.NoError(t, err)
	return p
}

type row = []any

var goodRow = row{5, 1001, 51, int64(7e15), false, "hello", "{}", 1700000000123}

// with returns a good row with another value in column i.
func with(i int, v any) row {
	r := slices.Clone(goodRow)
	r[i] = v
	return r
}

func page(rows ...any) map[string]any {
	return map[string]any{"num": len(rows), "lastid": 5, "begin": 1, "end": 2, "msgs": rows}
}

var inGroup = &wire.History{UID: 1001, Target: wire.Group(7)}

// Each SDK writes numbers and texts in its own way.
func TestRowsOfAllDialectsReadTheSame(t *testing.T) {
	t.Parallel()
	want := wire.Stored{
		Message: wire.Message{ID: 7e15, Type: 51, Text: "hello", Attrs: "{}"},
		Cursor:  5, From: 1001, ModifiedTime: 1700000000123,
	}
	for name, r := range map[string]row{
		"as it should be": goodRow,
		"wide, signed":    {int64(5), int64(1001), int64(51), int64(7e15), false, "hello", "{}", int64(1700000000123)},
		"wide, unsigned":  {uint64(5), uint64(1001), uint64(51), uint64(7e15), false, "hello", "{}", uint64(1700000000123)},
		"floats":          {5.0, 1001.0, 51.0, 7e15, false, "hello", "{}", 1700000000123.0},
		"attrs as bin":    with(6, []byte("{}")),
		"longer":          append(slices.Clone(goodRow), "more", map[string]any{"x": []any{1}}),
	} {
		got, err := wire.ParsePage(payload(t, page(r)), inGroup)
		require.NoError(t, err, name)
		require.Equal(t, []wire.Stored{want}, got.Messages, name)
	}
}

func TestBinaryAndTextStayApart(t *testing.T) {
	t.Parallel()
	got, err := wire.ParsePage(payload(t, page(with(5, []byte{0, 0xff}), with(5, []byte{}), with(5, ""), with(5, "\xff"))), inGroup)
	require.NoError(t, err)
	m := got.Messages
	require.Equal(t, []byte{0, 0xff}, m[0].Data)
	require.NotNil(t, m[1].Data, "empty, but binary")
	require.Nil(t, m[2].Data)
	require.Nil(t, m[3].Data)
	require.Equal(t, "\xff", m[3].Text)
}

func TestUnreadableRowNamesRowAndColumn(t *testing.T) {
	t.Parallel()
	for column := range goodRow {
		for name, bad := range map[string]any{
			"nil": nil, "map": map[string]any{"secret text": 1}, "array": []any{1},
		} {
			_, err := wire.ParsePage(payload(t, page(goodRow, with(column, bad))), inGroup)
			var rowErr *wire.RowError
			require.ErrorAs(t, err, &rowErr, name)
			require.Equal(t, 1, rowErr.Row)
			require.ErrorContains(t, err, fmt.Sprint("column ", column))
			require.ErrorIs(t, err, codec.ErrWrongType)
			require.NotContains(t, err.Error(), "secret text")
		}
		_, err := wire.ParsePage(payload(t, page(goodRow[:column])), inGroup)
		require.ErrorIs(t, err, codec.ErrNotFound, "a row of %d", column)
		require.ErrorContains(t, err, "row 0")
	}
	for name, r := range map[string]any{
		"row is a text":       "hello",
		"row is a map":        map[string]any{},
		"type beyond int8":    with(2, 128),
		"cursor beyond int64": with(0, uint64(math.MaxUint64)),
		"half a cursor":       with(0, 0.5),
		"text for a number":   with(7, "1700000000123"),
	} {
		_, err := wire.ParsePage(payload(t, page(r)), inGroup)
		require.ErrorIs(t, err, codec.ErrWrongType, name)
		var coded interface{ FPNNCode() int }
		require.True(t, errors.As(err, &coded), name)
		require.Equal(t, 10010, coded.FPNNCode(), name)
	}
}

// Rows are read in batches of as many as gates give, one right after the other.
func TestRowsOfAnyLengthAndNumberKeepTheirOwnTexts(t *testing.T) {
	t.Parallel()
	var rows []any
	var want []wire.Stored
	for i := range 45 {
		m := wire.Stored{
			Message: wire.Message{ID: int64(i), Type: 51, Text: strings.Repeat("t", i), Attrs: fmt.Sprint("attrs", i)},
			Cursor:  int64(i), From: 1001, ModifiedTime: int64(i),
		}
		r := row{i, 1001, 51, i, false, m.Text, m.Attrs, i}
		if i%2 == 0 {
			m.Data, m.Text = []byte(m.Text), ""
			r[5] = m.Data
		}
		if i%3 == 0 {
			r = append(r, []any{"more", r}, "and more")
		}
		rows, want = append(rows, r), append(want, m)
	}
	got, err := wire.ParsePage(payload(t, page(rows...)), inGroup)
	require.NoError(t, err)
	require.Equal(t, want, got.Messages)
}

func TestShortRowTakesNothingFromTheNext(t *testing.T) {
	t.Parallel()
	for column := range goodRow {
		_, err := wire.ParsePage(payload(t, page(goodRow[:column], goodRow)), inGroup)
		require.ErrorIs(t, err, codec.ErrNotFound, "a row of %d", column)
		require.ErrorContains(t, err, "row 0")
	}
}

func TestNothingOfAPageAliasesThePayload(t *testing.T) {
	t.Parallel()
	p := payload(t, page(goodRow, with(5, []byte{1, 2})))
	got, err := wire.ParsePage(p, inGroup)
	require.NoError(t, err)
	clear(p.Raw())
	require.Equal(t, "hello", got.Messages[0].Text)
	require.Equal(t, "{}", got.Messages[0].Attrs)
	require.Equal(t, []byte{1, 2}, got.Messages[1].Data)
}

func TestAnyNumberButZeroMarksADeletedMessage(t *testing.T) {
	t.Parallel()
	got, err := wire.ParsePage(payload(t, page(with(4, true), with(4, 1), with(4, -2), with(4, 3.0), with(4, 0), with(4, false))), inGroup)
	require.NoError(t, err)
	for i, m := range got.Messages {
		require.Equal(t, i < 4, m.Deleted, i)
	}
}

func TestEmptyPagesNeedNothing(t *testing.T) {
	t.Parallel()
	for name, v := range map[string]any{
		"nothing at all": map[string]any{},
		"num 0":          map[string]any{"num": 0},
		"no msgs":        map[string]any{"num": 0, "lastid": 5, "begin": 1, "end": 2},
		"nil msgs":       map[string]any{"num": 0, "msgs": nil},
		"empty msgs":     page(),
	} {
		got, err := wire.ParsePage(payload(t, v), inGroup)
		require.NoError(t, err, name)
		require.Empty(t, got.Messages, name)
	}
}

func TestRowsCountNotNum(t *testing.T) {
	t.Parallel()
	p := page(goodRow, goodRow)
	delete(p, "num")
	got, err := wire.ParsePage(payload(t, p), inGroup)
	require.NoError(t, err)
	require.Len(t, got.Messages, 2)
}

func TestDirectionBecomesTheSender(t *testing.T) {
	t.Parallel()
	q := &wire.History{UID: 1001, Target: wire.User(2002)}
	answer := wire.PageAnswer{Quest: q, Page: wire.Page{Messages: []wire.Stored{
		{Message: wire.Message{Type: 51}, From: 1001}, {Message: wire.Message{Type: 51}, From: 2002},
	}}}
	b, err := answer.AppendPayload(nil)
	require.NoError(t, err)
	p, err := codec.ParsePayloadStrict(b)
	require.NoError(t, err)

	asGroup, err := wire.ParsePage(p, inGroup)
	require.NoError(t, err)
	require.EqualValues(t, 1, asGroup.Messages[0].From, "on the wire")
	require.EqualValues(t, 2, asGroup.Messages[1].From, "on the wire")
	got, err := wire.ParsePage(p, q)
	require.NoError(t, err)
	require.Equal(t, answer.Messages, got.Messages)
	self := &wire.History{UID: 1001, Target: wire.User(1001)}
	got, err = wire.ParsePage(p, self)
	require.NoError(t, err)
	require.EqualValues(t, 1001, got.Messages[0].From)
	require.EqualValues(t, 1001, got.Messages[1].From)
}

// An element takes one byte to announce and a hundred to hold. Not parallel: it
// counts what the process allocates.
func TestManyBadRowsCostLittleMemory(t *testing.T) {
	b := codec.AppendString(codec.AppendMapHeader(nil, 1), "msgs")
	const rows = 1 << 19
	b = append(codec.AppendArrayHeader(b, rows), strings.Repeat("\x90", rows)...)
	p, err := codec.ParsePayload(b)
	require.NoError(t, err)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err = wire.ParsePage(p, inGroup)
	runtime.ReadMemStats(&after)
	require.Error(t, err)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(4*rows))
}
