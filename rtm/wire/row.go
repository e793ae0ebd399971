package wire

import (
	"fmt"
	"strings"

	"github.com/gofpnn/gofpnn/codec"
)

// RowError says which row of a page cannot be read.
type RowError struct {
	Row int // from 0
	Err error
}

// Error returns a description.
func (e *RowError) Error() string { return fmt.Sprintf("rtm: history row %d: %v", e.Row, e.Err) }

// Unwrap returns the cause.
func (e *RowError) Unwrap() error { return e.Err }

// columns reads the columns of a row one after the other and keeps the first
// error.
type columns struct {
	row codec.Array
	n   int // columns read
	err error
}

func column[T any](c *columns, get func(codec.Value) (T, error)) T {
	var t T
	v, ok := c.row.Next()
	if c.err == nil {
		if !ok {
			c.err = &codec.Error{Detail: fmt.Sprintf("row of %d columns", c.n), Err: codec.ErrNotFound}
		} else if t, c.err = get(v); c.err != nil {
			c.err = fmt.Errorf("column %d: %w", c.n, c.err)
		}
	}
	c.n++
	return t
}

func parseRow(v codec.Value, m *Stored, texts *strings.Builder) error {
	row, err := v.Array()
	if err != nil {
		return err
	}
	text := func(b []byte) string {
		start := texts.Len()
		texts.Write(b)
		return texts.String()[start:]
	}
	c := columns{row: row}
	m.Cursor = column(&c, codec.Value.Int64)
	m.From = column(&c, codec.Value.Int64)
	m.Type = column(&c, messageType)
	m.ID = column(&c, codec.Value.Int64)
	m.Deleted = column(&c, flag)
	if body := column(&c, asValue); c.err == nil {
		if err := m.setBody(body, text); err != nil {
			c.err = fmt.Errorf("column %d: %w", c.n-1, err)
		}
	}
	if attrs := column(&c, codec.Value.Bytes); c.err == nil {
		m.Attrs = text(attrs)
	}
	m.ModifiedTime = column(&c, codec.Value.Int64)
	return c.err
}

func asValue(v codec.Value) (codec.Value, error) { return v, nil }

func messageType(v codec.Value) (int8, error) {
	n, err := v.Int64()
	if err == nil && n != int64(int8(n)) {
		err = outOfRange("mtype")
	}
	return int8(n), err
}

// flag reads a bool, or a number that stands for one.
func flag(v codec.Value) (bool, error) {
	if v.Kind() == codec.Bool {
		return v.Bool()
	}
	n, err := v.Int64()
	return n != 0, err
}
