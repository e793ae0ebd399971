package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gofpnn/gofpnn/rtm"
)

// output writes results: a line each, for people, or as JSON.
type output struct {
	w    io.Writer
	json bool
}

func (o *output) write(result fmt.Stringer) error {
	if !o.json {
		_, err := fmt.Fprintln(o.w, result)
		return err
	}
	b, err := json.Marshal(result)
	if err != nil {
		return err
	}
	_, err = o.w.Write(append(escapeControls(b), '\n'))
	return err
}

// result writes a result, unless there is an error.
func (o *output) result(result fmt.Stringer, err error) error {
	if err != nil {
		return err
	}
	return o.write(result)
}

// done writes that something was done, unless there is an error.
func (o *output) done(what string, err error) error { return o.result(done{what}, err) }

// escapeControls escapes the control characters that JSON lets pass and a
// terminal may obey: U+007F to U+009F.
func escapeControls(b []byte) []byte {
	var out []byte
	for _, r := range string(b) {
		if r >= 0x7f && r <= 0x9f {
			out = fmt.Appendf(out, "\\u%04x", r)
		} else {
			out = utf8.AppendRune(out, r)
		}
	}
	return out
}

type sent struct {
	ID    int64 `json:"id"`
	MTime int64 `json:"mtime"`
}

func (s sent) String() string { return fmt.Sprintf("%s  id %d", clock(s.MTime), s.ID) }

type message struct {
	ID      int64  `json:"id"`
	From    int64  `json:"from"`
	Type    int8   `json:"type"`
	Text    string `json:"text,omitempty"`
	Data    []byte `json:"data,omitempty"` // base64
	Attrs   string `json:"attrs,omitempty"`
	MTime   int64  `json:"mtime"`
	Cursor  int64  `json:"cursor"`
	Deleted bool   `json:"deleted,omitempty"`
	File    *file  `json:"file,omitempty"`
}

// file is what a file message says, or why it cannot be read.
type file struct {
	URL       string     `json:"url,omitempty"`
	Size      int64      `json:"size,omitempty"`
	Thumbnail string     `json:"thumbnail,omitempty"`
	Audio     *rtm.Audio `json:"audio,omitempty"`
	Custom    string     `json:"custom,omitempty"`
	TextErr   string     `json:"text_error,omitempty"`
	AttrsErr  string     `json:"attrs_error,omitempty"`
}

func shownMessage(m *rtm.StoredMessage) message {
	shown := message{
		ID: m.ID, From: m.From, Type: m.Type, Text: m.Text, Data: m.Data, Attrs: m.Attrs,
		MTime: m.ModifiedTime, Cursor: m.Cursor, Deleted: m.Deleted,
	}
	if !utf8.ValidString(m.Text) { // bytes sent as text, as some SDKs do
		shown.Text, shown.Data = "", []byte(m.Text)
	}
	if f := m.File; f != nil {
		shown.File = &file{
			URL: f.URL, Size: f.Size, Thumbnail: f.Thumbnail, Audio: f.Audio, Custom: f.Custom,
			TextErr: errorText(f.TextErr), AttrsErr: errorText(f.AttrsErr),
		}
	}
	return shown
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
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
	if f := m.File; f != nil {
		line += fmt.Sprintf("  file %q of %d bytes", f.URL, f.Size)
		if f.Audio != nil {
			line += fmt.Sprintf(", %d ms of sound", f.Audio.Duration)
		}
		if f.TextErr+f.AttrsErr != "" {
			line += fmt.Sprintf(" (unreadable: %q)", f.TextErr+f.AttrsErr)
		}
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
	return plural(c.Messages, "message") + " of " + plural(c.Senders, "sender")
}

func plural(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprint(n, " ", what)
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

// push is a message or an event that was pushed.
type push struct {
	Kind     string   `json:"kind"` // user, group, room or event
	To       int64    `json:"to,omitempty"`
	Message  *message `json:"message,omitempty"`
	Event    string   `json:"event,omitempty"`
	UID      int64    `json:"uid,omitempty"`
	Time     int32    `json:"time,omitempty"` // Unix seconds
	Endpoint string   `json:"endpoint,omitempty"`
	Data     string   `json:"data,omitempty"`
}

func shownPush(p *rtm.Push) push {
	if e := p.Event; e != nil {
		return push{Kind: "event", Event: e.Event, UID: e.UID, Time: e.Time, Endpoint: e.Endpoint, Data: e.Data}
	}
	m := shownMessage(&p.StoredMessage)
	return push{Kind: p.Target.Kind.String(), To: p.Target.ID, Message: &m}
}

func (p push) String() string {
	if p.Message == nil {
		return fmt.Sprintf("event %q of %d at %q, data %q", p.Event, p.UID, p.Endpoint, p.Data)
	}
	return fmt.Sprintf("%s %d  %v", p.Kind, p.To, p.Message)
}
