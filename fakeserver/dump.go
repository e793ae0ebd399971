package fakeserver

import (
	"fmt"
	"strings"
	"time"

	"github.com/gofpnn/gofpnn/rtm/wire"
)

// Dump returns the state, and who listens, for people to read. Users' tokens are
// left out, and long messages cut short.
func (s *Server) Dump() string {
	var b strings.Builder
	st := s.State()
	for _, c := range st.Conversations {
		c.dump(&b)
	}
	for _, list := range []struct {
		name string
		of   []Members
	}{{"group", st.Groups}, {"room", st.Rooms}} {
		for _, m := range list.of {
			fmt.Fprintf(&b, "%s %d has members %s\n", list.name, m.ID, spaced(m.Users))
		}
	}
	for _, t := range st.Tokens {
		fmt.Fprintf(&b, "user %d has a token\n", t.UID)
	}
	for _, l := range s.Listeners() {
		fmt.Fprintln(&b, l)
	}
	return b.String()
}

func (c *Conversation) dump(b *strings.Builder) {
	fmt.Fprintf(b, "%s: %d messages", c, len(c.Messages))
	if c.Forgotten > 0 {
		fmt.Fprintf(b, ", after %d that are forgotten", c.Forgotten)
	}
	b.WriteByte('\n')
	for _, m := range c.Messages {
		fmt.Fprintf(b, "  %d %s from %d id %d", m.Cursor, clock(m.ModifiedTime), m.From, m.ID)
		if m.Deleted {
			b.WriteString(" deleted\n")
			continue
		}
		fmt.Fprintf(b, " type %d: %s\n", m.Type, shown(&m.Message))
	}
}

// String returns the conversation's name.
func (c *Conversation) String() string {
	switch c.Kind {
	case wire.P2P:
		return fmt.Sprintf("users %d and %d", c.Users[0], c.Users[1])
	case wire.Broadcast:
		return "everyone"
	default:
		return fmt.Sprintf("%s %d", c.Kind, c.ID)
	}
}

// String says what is listened to.
func (l Listener) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "connections %s listen to", spaced(l.Conns))
	if len(l.Conns) == 0 {
		b.Reset()
		b.WriteString("nobody listens now to")
	}
	for _, part := range []struct {
		name string
		all  bool
		some string
	}{
		{"groups", l.All.Groups, spaced(l.Set.Groups)},
		{"rooms", l.All.Rooms, spaced(l.Set.Rooms)},
		{"users", l.All.P2P, spaced(l.Set.Users)},
		{"events", l.All.Events, strings.Join(printables(l.Set.Events), " ")},
	} {
		switch {
		case part.all:
			fmt.Fprintf(&b, " all %s;", part.name)
		case part.some != "":
			fmt.Fprintf(&b, " %s %s;", part.name, part.some)
		}
	}
	fmt.Fprintf(&b, " %d pushes wait", l.Waiting)
	return b.String()
}

func printables(names []string) []string {
	shown := make([]string, len(names))
	for i, name := range names {
		shown[i] = printable(name)
	}
	return shown
}

// maxShown is how many bytes of a text are shown.
const maxShown = 100

// shown returns a message's text or data for people to read.
func shown(m *wire.Message) string {
	body, format := m.Text, "%q"
	if m.Data != nil {
		body, format = string(m.Data), "%x"
	}
	text := fmt.Sprintf(format, body[:min(len(body), maxShown)])
	if len(body) > maxShown {
		text += fmt.Sprintf(" and %d bytes more", len(body)-maxShown)
	}
	if m.Attrs != "" {
		text += fmt.Sprintf(" attrs %q", m.Attrs[:min(len(m.Attrs), maxShown)])
	}
	return text
}

func clock(millis int64) string {
	return time.UnixMilli(millis).UTC().Format("2006-01-02T15:04:05.000Z")
}

func spaced(ids []int64) string { return strings.Trim(fmt.Sprint(ids), "[]") }
