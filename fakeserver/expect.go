package fakeserver

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gofpnn/gofpnn/fpnn/frame"
	"github.com/gofpnn/gofpnn/rtm/wire"
)

// Expect are assertions about a server, see [Server.Expect]. Each returns whether
// it holds; where it does not, the test has failed with a text that shows the
// difference.
type Expect struct {
	t      TB
	server *Server
	within time.Duration
}

// Expect returns assertions that fail t:
//
//	srv.Expect(t).Stored(rtm.Group(7), "hello", "你好")
//	srv.Expect(t).Within(time.Second).Quests("delmsg", 1)
func (s *Server) Expect(t TB) Expect { return Expect{t: t, server: s} }

// Within lets the assertion come true later: it is looked at again and again, for
// so long, which in a testing/synctest bubble is the bubble's time.
func (e Expect) Within(d time.Duration) Expect {
	e.within = d
	return e
}

// Stored expects that a target has been sent messages with just these texts, or
// data, in that order, deleted ones left out: see [Server.Messages]. Without
// texts it expects none.
func (e Expect) Stored(to wire.Target, texts ...string) bool {
	e.t.Helper()
	return e.holds(func() string {
		e.t.Helper()
		var got []string
		for _, m := range e.server.Messages(to) {
			got = append(got, m.Text+string(m.Data))
		}
		return difference(fmt.Sprintf("messages to %s", name(to)), quoted(texts), quoted(got))
	})
}

// Members expects that just these users are in a group or room.
func (e Expect) Members(of wire.Target, users ...int64) bool {
	e.t.Helper()
	want := slices.Sorted(slices.Values(users))
	return e.holds(func() string {
		var got []int64
		switch of.Kind {
		case wire.InGroup:
			got = e.server.GroupMembers(of.ID)
		case wire.InRoom:
			got = e.server.RoomMembers(of.ID)
		default:
			return fmt.Sprintf("%s has no members", name(of))
		}
		return difference("members of "+name(of), printed(want), printed(got))
	})
}

// Listening expects that so many listeners are told what is sent from a user to a
// target.
func (e Expect) Listening(from int64, to wire.Target, n int) bool {
	e.t.Helper()
	p := &wire.Push{From: from, Target: to}
	return e.holds(func() string {
		got := 0
		e.server.listeners.each(func(l *listener) {
			l.mu.Lock()
			defer l.mu.Unlock()
			if l.wants(p) {
				got++
			}
		})
		if got == n {
			return ""
		}
		return fmt.Sprintf("%d listeners to %s, want %d", got, name(to), n)
	})
}

// Connections expects that so many clients are connected.
func (e Expect) Connections(n int) bool {
	e.t.Helper()
	return e.holds(func() string {
		got := len(e.server.network.Links())
		if got == n {
			return ""
		}
		return fmt.Sprintf("%d connections, want %d", got, n)
	})
}

// Quests expects that clients have sent so many quests to a method, or with
// [AnyMethod] to all together, as far as the journal goes back.
func (e Expect) Quests(method string, n int) bool {
	e.t.Helper()
	return e.holds(func() string {
		if e.server.journal.off() {
			return "the journal is off, so quests cannot be counted"
		}
		var methods []string
		got := 0
		for r := range e.server.journal.All() {
			if r.Out || r.Kind == frame.Answer {
				continue
			}
			methods = append(methods, printable(r.Method))
			if method == AnyMethod || r.Method == method {
				got++
			}
		}
		if got == n {
			return ""
		}
		return fmt.Sprintf("%d quests to %s, want %d; all there were: %s", got, named(method), n, strings.Join(methods, " "))
	})
}

// look is how often what is to come true is looked at.
const look = 2 * time.Millisecond

// holds fails the test with what is wrong, "" for nothing.
func (e Expect) holds(wrong func() string) bool {
	e.t.Helper()
	text := wrong()
	if text != "" && e.within > 0 {
		timer, ticker := time.NewTimer(e.within), time.NewTicker(look)
		defer timer.Stop()
		defer ticker.Stop()
		for end := false; text != "" && !end; text = wrong() {
			select {
			case <-ticker.C:
			case <-timer.C:
				end = true
			}
		}
	}
	if text != "" {
		e.t.Errorf("fakeserver: %s", text)
	}
	return text == ""
}

func name(t wire.Target) string {
	if t.Kind == wire.Broadcast {
		return "everyone"
	}
	return fmt.Sprintf("%s %d", t.Kind, t.ID)
}

func quoted(texts []string) []string {
	lines := make([]string, len(texts))
	for i, text := range texts {
		lines[i] = fmt.Sprintf("%q", text)
	}
	return lines
}

func printed(ids []int64) []string {
	lines := make([]string, len(ids))
	for i, id := range ids {
		lines[i] = fmt.Sprint(id)
	}
	return lines
}
