package main

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/fakeserver"
)

// shell runs commands against a fake gate.
type shell struct {
	t   *testing.T
	srv *fakeserver.Server
}

func newShell(t *testing.T) *shell {
	t.Helper()
	return &shell{t, fakeserver.New(t, fakeserver.WithTCP("127.0.0.1:0"))}
}

// run returns the exit code and what was printed. It says where the gate is.
func (s *shell) run(line ...string) (code int, stdout, stderr string) {
	s.t.Helper()
	var out, errs bytes.Buffer
	p := program{&out, &errs, string(s.srv.Project().Secret), s.srv.Dialer()}
	pid := strconv.Itoa(int(s.srv.Project().ID))
	args := append([]string{line[0], "-endpoint", s.srv.Addr(), "-pid", pid}, line[1:]...)
	code = p.run(s.t.Context(), args)
	require.NotContains(s.t, out.String()+errs.String(), string(s.srv.Project().Secret))
	return code, out.String(), errs.String()
}

// ok returns what a command that must succeed printed.
func (s *shell) ok(line ...string) string {
	s.t.Helper()
	code, stdout, stderr := s.run(line...)
	require.Zero(s.t, code, "%v: %s", line, stderr)
	require.Empty(s.t, stderr)
	return strings.TrimSuffix(stdout, "\n")
}

// object returns what a command printed as JSON.
func (s *shell) object(line ...string) map[string]any {
	s.t.Helper()
	var object map[string]any
	require.NoError(s.t, json.Unmarshal([]byte(s.ok(append(line[:1:1], append([]string{"-json"}, line[1:]...)...)...)), &object))
	return object
}

func TestCommandsSendReadAndChange(t *testing.T) {
	t.Parallel()
	for _, target := range [][]string{{"-to", "2002"}, {"-group", "7"}, {"-room", "9"}, {"-everyone"}} {
		t.Run(target[0], func(t *testing.T) {
			t.Parallel()
			s := newShell(t)
			at := append([]string{"-from", "1001"}, target...)
			with := func(name string, rest ...string) []string { return append(append([]string{name}, at...), rest...) }

			require.Contains(t, s.ok(with("send", "-id", "5", "-attrs", "{}", "你好")...), "id 5")
			s.ok(with("send", "-type", "67", "second")...)
			s.ok(with("send", "third")...)
			lines := strings.Split(s.ok(with("history")...), "\n")
			require.Len(t, lines, 3)
			require.Contains(t, lines[0], `id 5  from 1001  type 66  "你好"  attrs "{}"`)
			lines = strings.Split(s.ok(with("history", "-desc", "-limit", "1")...), "\n")
			require.Len(t, lines, 1)
			require.Contains(t, lines[0], "third")
			require.Len(t, strings.Split(s.ok(with("history", "-all", "-limit", "1")...), "\n"), 3)
			require.Contains(t, s.ok(with("history", "-type", "67")...), "second")
			require.Contains(t, s.ok(with("get", "5")...), "你好")
			require.Equal(t, "你好", s.object(with("get", "5")...)["text"])

			require.Equal(t, "edited", s.ok(with("edit", "-attrs", "a", "5", "new")...))
			require.Contains(t, s.ok(with("get", "5")...), `"new"  attrs "a"`)
			if target[0] != "-to" {
				require.Equal(t, "3 messages of 1 sender", s.ok(with("count")...))
				require.Equal(t, map[string]any{"messages": 1.0, "senders": 1.0}, s.object(with("count", "-type", "67")...))
			}
			require.Equal(t, "deleted", s.ok(with("delete", "5")...))
			code, _, stderr := s.run(with("get", "5")...)
			require.Equal(t, 1, code)
			require.Contains(t, stderr, "message not found")
			require.Equal(t, "cleaned", s.ok(with("clean")...))
			require.Empty(t, s.ok(with("history")...))
		})
	}
}

func TestCommandsAboutMembers(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	require.Equal(t, "added", s.ok("group", "-group", "7", "add", "1", "2", "3"))
	require.Equal(t, "removed", s.ok("group", "-group", "7", "remove", "2"))
	require.Equal(t, "1 3", s.ok("group", "-group", "7", "members"))
	require.Equal(t, "2", s.ok("group", "-group", "7", "count"))
	require.Equal(t, "7", s.ok("group", "of", "1"))
	require.Equal(t, map[string]any{"gids": []any{7.0}}, s.object("group", "of", "1"))

	require.Equal(t, "1 2", s.ok("room", "-room", "9", "add", "1", "2"))
	require.Equal(t, "2", s.ok("room", "-room", "9", "remove", "2", "5"))
	require.Equal(t, "1", s.ok("room", "-room", "9", "members"))
	require.Equal(t, map[string]any{"count": 1.0}, s.object("room", "-room", "9", "count"))
}

func TestFilesAndBytesAreShown(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	at := []string{"-from", "1", "-group", "7"}
	with := func(name string, rest ...string) []string { return append(append([]string{name}, at...), rest...) }
	s.ok(with("send", "-id", "1", "-type", "41", "-attrs", `{"rtm":{"type":"audiomsg","duration":1500},"custom":"c"}`, `{"url":"u","size":9}`)...)
	s.ok(with("send", "-id", "2", "-type", "40", "not json")...)
	s.ok(with("send", "-id", "3", "\xff\xfe")...)
	require.Contains(t, s.ok(with("get", "1")...), `file "u" of 9 bytes, 1500 ms of sound`)
	file := s.object(with("get", "1")...)["file"].(map[string]any)
	require.Equal(t, "u", file["url"])
	require.Equal(t, "c", file["custom"])
	require.Contains(t, s.ok(with("get", "2")...), "unreadable")
	file = s.object(with("get", "2")...)["file"].(map[string]any)
	require.Equal(t, "not a JSON object", file["text_error"])
	require.Equal(t, "//4=", s.object(with("get", "3")...)["data"])
}

// What others wrote may hold what a terminal obeys.
func TestMessagesArePrintedHarmless(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.ok("send", "-from", "1", "-group", "7", "-attrs", "\x1b[2J", "\x1b]0;title\x07\nsecond line")
	out := s.ok("history", "-from", "1", "-group", "7")
	require.NotContains(t, out, "\x1b")
	require.NotContains(t, out, "\x07")
	require.Len(t, strings.Split(out, "\n"), 1)
	s.ok("send", "-from", "1", "-group", "8", "-id", "5", "\u009b2J\u007f")
	out = s.ok("get", "-json", "-from", "1", "-group", "8", "5")
	require.NotContains(t, out, "\u009b")
	require.Contains(t, out, `\u009b2J\u007f`)
	require.Equal(t, "\u009b2J\u007f", s.object("get", "-from", "1", "-group", "8", "5")["text"])
}
