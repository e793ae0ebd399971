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

// columnType is the column of the message type.
const columnType = 2

// parseRow reads the row that is next in c, but for its texts, which it adds to t.
func (m *Stored) parseRow(c *codec.Cursor, t *texts) error {
	n := c.Array()
	if err := c.Err(); err != nil {
		return err
	}
	if n < rowColumns {
		return &codec.Error{Detail: fmt.Sprintf("row of %d columns", n), Err: codec.ErrNotFound}
	}
	first := c.Pos()
	m.Cursor = c.Int64()
	m.From = c.Int64()
	kind := c.Int64()
	m.ID = c.Int64()
	m.Deleted = flag(c)
	if c.Kind() == codec.Bytes {
		m.Data = append([]byte{}, c.Bytes()...)
	} else {
		t.read(c)
	}
	t.read(c)
	m.ModifiedTime = c.Int64()
	c.Skip(n - rowColumns)
	if err := c.Err(); err != nil {
		return fmt.Errorf("column %d: %w", c.Pos()-first, err)
	}
	m.Type = int8(kind)
	if int64(m.Type) != kind {
		return fmt.Errorf("column %d: %w", columnType, outOfRange("mtype"))
	}
	return nil
}

// flag reads a bool, or a number that stands for one.
func flag(c *codec.Cursor) bool {
	if c.Kind() == codec.Bool {
		return c.Bool()
	}
	return c.Int64() != 0
}

// texts says where in a page the texts of a few rows are. They are made parts of
// one string: one allocation for all, of what they take and no more.
type texts struct {
	at   [2 * usualRows]struct{ start, end int }
	n    int
	size int
}

func (t *texts) read(c *codec.Cursor) {
	size := len(c.Bytes())
	t.at[t.n].start, t.at[t.n].end = c.Offset()-size, c.Offset()
	t.n++
	t.size += size
}

// share sets the texts of the rows from which t was read.
func (t *texts) share(page []byte, rows []Stored) {
	var all strings.Builder
	all.Grow(t.size)
	next := t.at[:t.n]
	text := func() string {
		start := all.Len()
		all.Write(page[next[0].start:next[0].end])
		next = next[1:]
		return all.String()[start:]
	}
	for i := range rows {
		if rows[i].Data == nil {
			rows[i].Text = text()
		}
		rows[i].Attrs = text()
	}
}

func asValue(v codec.Value) (codec.Value, error) { return v, nil }
