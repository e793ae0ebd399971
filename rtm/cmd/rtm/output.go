package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/gofpnn/gofpnn/rtm"
)

// output writes results: a line each, for people, or as JSON.
type output struct {
	w    io.Writer
	json bool
	err  error
}

func (o *output) write(result fmt.Stringer) error {
	if !o.json {
		_, o.err = fmt.Fprintln(o.w, result)
		return o.err
	}
	e := json.NewEncoder(o.w)
	e.SetEscapeHTML(false)
	o.err = e.Encode(result)
	return o.err
}

type sent struct {
	ID    int64 `json:"id"`
	MTime int64 `json:"mtime"`
}

func (s sent) String() string { return fmt.Sprintf("%s  id %d", clock(s.MTime), s.ID) }

type message struct {
	ID      int64     `json:"id"`
	From    int64     `json:"from"`
	Type    int8      `json:"type"`
	Text    string    `json:"text,omitempty"`
	Data    []byte    `json:"data,omitempty"` // base64
	Attrs   string    `json:"attrs,omitempty"`
	MTime   int64     `json:"mtime"`
	Cursor  int64     `json:"cursor"`
	Deleted bool      `json:"deleted,omitempty"`
	File    *rtm.File `json:"file,omitempty"`
}

func shownMessage(m *rtm.StoredMessage) message {
	return message{m.ID, m.From, m.Type, m.Text, m.Data, m.Attrs, m.ModifiedTime, m.Cursor, m.Deleted, m.File}
}

// String quotes what others have written: it may hold what a terminal obeys.
func (m message) String() string {
	body := fmt.Sprintf("%q", m.Text)
	if m.Data != nil {
		body = fmt.Sprintf("% x", m.Data)
	}
	line := fmt.Sprintf("%s  id %d  from %d  type %d  %s", clock(m.MTime), m.ID, m.From, m.Type, body)
	if m.Attrs != "" {
		line += fmt.Sprintf("  attrs %q", m.Attrs)
	}
	return line
}

type done struct {
	Done string `json:"done"`
}

func (d done) String() string { return d.Done }

type counted struct {
	Messages int `json:"messages"`
	Senders  int `json:"senders"`
}

func (c counted) String() string {
	return fmt.Sprintf("%d messages of %d senders", c.Messages, c.Senders)
}

type users struct {
	UIDs []int64 `json:"uids"`
}

func (u users) String() string { return list(u.UIDs) }

type groups struct {
	GIDs []int64 `json:"gids"`
}

func (g groups) String() string { return list(g.GIDs) }

type number struct {
	Count int `json:"count"`
}

func (n number) String() string { return fmt.Sprint(n.Count) }

func list(ids []int64) string { return strings.Trim(fmt.Sprint(ids), "[]") }

func clock(ms int64) string { return time.UnixMilli(ms).Format("2006-01-02 15:04:05.000") }
