package main

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/gofpnn/gofpnn/fakeserver"
)

// How much of a gate is shown.
const (
	maxShown    = 100  // connections, listeners, conversations, groups, rooms, members of each
	maxMessages = 20   // of a conversation
	maxText     = 4000 // bytes of a text, or of what is shown of other data

	maxState = 2 << 20 // bytes of the answer: messages that do not fit are left out
)

// Numbers that a script would round are strings.
type (
	stateView struct {
		Counts        countsView         `json:"counts"`
		Connections   []connectionView   `json:"connections"`
		Listeners     []textView         `json:"listeners"`
		Conversations []conversationView `json:"conversations"`
		Groups        []membersView      `json:"groups"`
		Rooms         []membersView      `json:"rooms"`
		LeftOut       int                `json:"leftOut,omitempty"` // messages there was no room for
	}

	// countsView counts also what is not shown.
	countsView struct {
		Connections   int   `json:"connections"`
		Accepted      int64 `json:"accepted"`
		Quests        int64 `json:"quests"`
		BytesIn       int64 `json:"bytesIn"`
		BytesOut      int64 `json:"bytesOut"`
		Records       int64 `json:"records"`
		Conversations int   `json:"conversations"`
		Messages      int   `json:"messages"`
		Listeners     int   `json:"listeners"`
		Groups        int   `json:"groups"`
		Rooms         int   `json:"rooms"`
	}

	connectionView struct {
		Number   int64  `json:"number"`
		Remote   string `json:"remote"`
		BytesIn  int64  `json:"bytesIn"`
		BytesOut int64  `json:"bytesOut"`
		Quests   int64  `json:"quests"`
	}

	conversationView struct {
		Name     string        `json:"name"`
		Newest   int64         `json:"newest"` // Unix milliseconds
		Sent     int           `json:"sent"`   // messages there have been
		Messages []messageView `json:"messages"`
	}

	messageView struct {
		ID      int64    `json:"id,string"`
		From    int64    `json:"from,string"`
		Time    int64    `json:"time"` // Unix milliseconds
		Type    int8     `json:"type"`
		Deleted bool     `json:"deleted,omitempty"`
		Binary  bool     `json:"binary,omitempty"` // the text is hexadecimal
		Body    textView `json:"body"`
		Attrs   textView `json:"attrs"`
	}

	membersView struct {
		ID    int64    `json:"id,string"`
		Count int      `json:"count"`
		Users []string `json:"users"`
	}

	// textView is the beginning of a text.
	textView struct {
		Text string `json:"text"`
		More int    `json:"more,omitempty"` // bytes that are left out
	}
)

// state returns what is shown of the gate, in JSON.
func (w *web) state() ([]byte, error) {
	overview := w.srv.Overview(fakeserver.Bounds{Items: maxShown, Messages: maxMessages, Bytes: maxText + utf8.UTFMax})
	view := viewOf(w.srv, &overview)
	view.LeftOut = maxShown * maxMessages // which is not longer when it is known
	left := maxState - sizeOf(view)
	view.LeftOut = 0
	for n := range maxMessages { // of all conversations the latest message first
		for i, c := range overview.Conversations.First {
			shown := &view.Conversations[i]
			if n >= len(c.Messages) || n > len(shown.Messages) {
				continue
			}
			message := viewOfMessage(&c.Messages[len(c.Messages)-1-n])
			if size := sizeOf(message); size <= left {
				left -= size
				shown.Messages = append(shown.Messages, message)
			} else {
				view.LeftOut += len(c.Messages) - n
			}
		}
	}
	return json.Marshal(view)
}

// sizeOf returns how many bytes v has in JSON, with a comma.
func sizeOf(v any) int {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err) // there is nothing in it that has no JSON
	}
	return len(text) + len(",")
}

// viewOf shows all but messages.
func viewOf(srv *fakeserver.Server, o *fakeserver.Overview) *stateView {
	stats := o.Stats
	return &stateView{
		Counts: countsView{
			Connections: stats.Connections, Accepted: stats.Accepted, Quests: stats.Quests,
			BytesIn: stats.BytesIn, BytesOut: stats.BytesOut,
			Records: stats.Records, Conversations: stats.Conversations, Messages: stats.Messages,
			Listeners: stats.Listeners, Groups: o.Groups.All, Rooms: o.Rooms.All,
		},
		Connections: connectionsOf(srv),
		Listeners:   views(o.Listeners.First, viewOfListener),
		Conversations: views(o.Conversations.First, func(c fakeserver.ConversationPart) conversationView {
			return conversationView{Name: c.Name, Newest: c.Newest, Sent: c.Sent, Messages: []messageView{}}
		}),
		Groups: views(o.Groups.First, viewOfMembers),
		Rooms:  views(o.Rooms.First, viewOfMembers),
	}
}

// views returns how the first ones are shown.
func views[T, V any](all []T, view func(t T) V) []V {
	shown := make([]V, 0, min(len(all), maxShown))
	for _, t := range all[:cap(shown)] {
		shown = append(shown, view(t))
	}
	return shown
}

// connectionsOf shows the last connections that were made and are open, the
// newest first.
func connectionsOf(srv *fakeserver.Server) []connectionView {
	links := srv.Network().Links()
	slices.Reverse(links)
	return views(links, func(l *fakeserver.Link) connectionView {
		shown := connectionView{Number: l.Number(), Remote: l.RemoteAddr().String()}
		if c := l.Conn(); c != nil { // else it ends just now
			stats := c.Stats()
			shown.BytesIn, shown.BytesOut, shown.Quests = stats.BytesIn, stats.BytesOut, stats.Quests
		}
		return shown
	})
}

func viewOfMessage(m *fakeserver.Excerpt) messageView {
	shown := messageView{
		ID: m.ID, From: m.From, Time: m.ModifiedTime, Type: m.Type, Deleted: m.Deleted, Attrs: shorten(m.Attrs, m.AttrsBytes),
	}
	if m.Data == nil {
		shown.Body = shorten(m.Text, m.BodyBytes)
		return shown
	}
	shown.Binary = true
	part := m.Data[:min(len(m.Data), maxText)]
	shown.Body = textView{hex.EncodeToString(part), m.BodyBytes - len(part)}
	return shown
}

func viewOfMembers(m fakeserver.MembersPart) membersView {
	return membersView{m.ID, m.Users.All, views(m.Users.First, decimal)}
}

func decimal(n int64) string { return strconv.FormatInt(n, 10) }

func viewOfListener(l fakeserver.ListenerPart) textView {
	var b strings.Builder
	b.WriteString("nobody listens now to")
	if len(l.Conns) > 0 {
		b.Reset()
		fmt.Fprintf(&b, "connections %s listen to", strings.Join(views(l.Conns, decimal), " "))
	}
	for _, list := range []struct {
		name  string
		whole bool
		ids   fakeserver.Part[int64]
	}{{"groups", l.All.Groups, l.Groups}, {"rooms", l.All.Rooms, l.Rooms}, {"users", l.All.P2P, l.Users}} {
		writeList(&b, list.name, list.whole, list.ids, decimal)
	}
	writeList(&b, "events", l.All.Events, l.Events, func(name string) string { return name[:min(len(name), maxText)] })
	fmt.Fprintf(&b, " %d pushes wait", l.Waiting)
	return shorten(b.String(), b.Len())
}

func writeList[T any](b *strings.Builder, name string, whole bool, list fakeserver.Part[T], text func(t T) string) {
	switch {
	case whole:
		fmt.Fprintf(b, " all %s;", name)
	case list.All > 0:
		fmt.Fprintf(b, " %s %s", name, strings.Join(views(list.First, text), " "))
		if more := list.All - len(list.First); more > 0 {
			fmt.Fprintf(b, " and %d more", more)
		}
		b.WriteByte(';')
	}
}

// shorten cuts a text of so many bytes, of which it is given the beginning: between
// two characters, and so that in JSON, where a character may take six bytes, there
// are twice maxText at most.
func shorten(text string, whole int) textView {
	for limit := maxText; ; limit /= 2 {
		cut := min(len(text), limit)
		for cut < len(text) && cut > limit-utf8.UTFMax && !utf8.RuneStart(text[cut]) {
			cut--
		}
		if shown := text[:cut]; sizeOf(shown) <= 2*maxText {
			return textView{shown, whole - cut}
		}
	}
}
