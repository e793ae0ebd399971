package main

import (
	"encoding/hex"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/gofpnn/gofpnn/fakeserver"
	"github.com/gofpnn/gofpnn/rtm/wire"
)

// How much of a gate is shown.
const (
	maxShown    = 100  // connections, listeners, conversations, groups, rooms, members of each
	maxMessages = 20   // of a conversation
	maxText     = 4000 // bytes of a text, or of what is shown of other data
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
		Sent     int64         `json:"sent"`   // messages there have been
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

func (w *web) showState(rw http.ResponseWriter, _ *http.Request) {
	text, err := json.Marshal(viewOf(w.srv))
	if err != nil {
		http.Error(rw, err.Error(), http.StatusInternalServerError)
		return
	}
	write(rw, "application/json", text)
}

func viewOf(srv *fakeserver.Server) *stateView {
	stats, listeners, groups, rooms := srv.Stats(), srv.Listeners(), srv.Groups(), srv.Rooms()
	return &stateView{
		Counts: countsView{
			Connections: stats.Connections, Accepted: stats.Accepted, Quests: stats.Quests,
			BytesIn: stats.BytesIn, BytesOut: stats.BytesOut,
			Records: stats.Records, Conversations: stats.Conversations, Messages: stats.Messages,
			Listeners: len(listeners), Groups: len(groups), Rooms: len(rooms),
		},
		Connections:   connectionsOf(srv),
		Listeners:     views(listeners, func(l fakeserver.Listener) textView { return shorten(l.String()) }),
		Conversations: views(srv.Recent(maxShown, maxMessages), viewOfConversation),
		Groups:        views(groups, viewOfMembers),
		Rooms:         views(rooms, viewOfMembers),
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

// viewOfConversation shows the newest message first.
func viewOfConversation(c fakeserver.Conversation) conversationView {
	shown := conversationView{Name: c.String(), Newest: c.Newest, Sent: c.Forgotten}
	if n := len(c.Messages); n > 0 {
		shown.Sent = c.Messages[n-1].Cursor
	}
	slices.Reverse(c.Messages)
	shown.Messages = views(c.Messages, viewOfMessage)
	return shown
}

func viewOfMessage(m wire.Stored) messageView {
	shown := messageView{ID: m.ID, From: m.From, Time: m.ModifiedTime, Type: m.Type, Deleted: m.Deleted, Attrs: shorten(m.Attrs)}
	if m.Data == nil {
		shown.Body = shorten(m.Text)
		return shown
	}
	shown.Binary = true
	part := m.Data[:min(len(m.Data), maxText)]
	shown.Body = textView{hex.EncodeToString(part), len(m.Data) - len(part)}
	return shown
}

func viewOfMembers(m fakeserver.Members) membersView {
	return membersView{m.ID, len(m.Users), views(m.Users, func(uid int64) string { return strconv.FormatInt(uid, 10) })}
}

// shorten cuts a text between two characters.
func shorten(text string) textView {
	if len(text) <= maxText {
		return textView{Text: text}
	}
	cut := maxText
	for cut > maxText-utf8.UTFMax && !utf8.RuneStart(text[cut]) {
		cut--
	}
	return textView{text[:cut], len(text) - cut}
}
