package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/gofpnn/gofpnn/rtm"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestDemoReadsBackWhatItSent(t *testing.T) {
	t.Parallel()
	var stdout, stderr bytes.Buffer
	require.Zero(t, (&program{stdout: &stdout, stderr: &stderr}).run(t.Context(), []string{"demo"}), stderr.String())
	require.Empty(t, stderr.String())
	out := stdout.String()
	for _, want := range []string{
		"on 127.0.0.1:", "user 2002", "group 7", "room 9", "everyone", "users [3001 3002 3003]",
		"hello, number 0", "你好", "00 ff fe 80",
		"oldest first: 44 messages in 3 pages", "newest first: 44 messages in 3 pages",
		"edit     room 9", "delete   everyone", "count    group 7: 43 messages of 1 sender", "clean    user 2002", "group    7 has members [3002 3003]", "room     9 has 2 members", "token    of 1001",
		"1500 ms at 16000 Hz", "again: refused", `push     1001 -> user 2002: "to user 2002"`, "clear    all rooms",
		"ok       177 messages sent, 355 read back, all equal; 32 changes made, all seen\n",
	} {
		require.Contains(t, out, want)
	}
	require.NotContains(t, out, "secret")
}

// What the README shows of the demo is what it prints, but for the port.
func TestReadmeShowsTheDemo(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("../../../README.md")
	require.NoError(t, err)
	_, shown, ok := strings.Cut(string(readme), "$ go run ./rtm/cmd/rtm demo\n")
	require.True(t, ok)
	shown, _, _ = strings.Cut(shown, "```")

	var out, stderr bytes.Buffer
	require.Zero(t, (&program{stdout: &out, stderr: &stderr}).run(t.Context(), []string{"demo"}), stderr.String())
	port := regexp.MustCompile(`127\.0\.0\.1:\d+`)
	printed := port.ReplaceAllString(out.String(), "ADDR")
	parts := strings.Split(port.ReplaceAllString(shown, "ADDR"), "...\n")
	require.Len(t, parts, 2)
	require.True(t, strings.HasPrefix(printed, parts[0]), "it begins with %s", parts[0])
	require.True(t, strings.HasSuffix(printed, "\n"+parts[1]), "it ends with %s", parts[1])
}

// The commands of the README are in the usage.
func TestReadmeNamesCommandsThatThereAre(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("../../../README.md")
	require.NoError(t, err)
	row := regexp.MustCompile("(?m)^\\| `go run ./rtm/cmd/rtm` \\|(.*)").FindSubmatch(readme)
	require.NotNil(t, row)
	var stdout bytes.Buffer
	require.Zero(t, (&program{stdout: &stdout}).run(t.Context(), []string{"help"}))
	names := regexp.MustCompile("`(\\w+)`").FindAllSubmatch(row[1], -1)
	require.Greater(t, len(names), 10)
	for _, name := range names {
		require.Regexp(t, `\b`+string(name[1])+`\b`, stdout.String())
	}
}

type broken struct{ io.Writer }

func (broken) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestDemoFailsIfItCannotPrint(t *testing.T) {
	t.Parallel()
	var stderr bytes.Buffer
	require.Equal(t, 1, (&program{stdout: broken{}, stderr: &stderr}).run(t.Context(), []string{"demo"}))
	require.Contains(t, stderr.String(), "disk full")
}

func TestNoCommandPrintsTheUsage(t *testing.T) {
	t.Parallel()
	var stdout, stderr bytes.Buffer
	require.Equal(t, 2, (&program{stdout: &stdout, stderr: &stderr}).run(t.Context(), nil))
	require.Empty(t, stdout.String())
	require.True(t, strings.HasPrefix(stderr.String(), "usage: rtm"))
}

func TestHelpFailsIfItCannotPrint(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"help"}, {"send", "-help"}} {
		var stderr bytes.Buffer
		require.Equal(t, 1, (&program{stdout: broken{}, stderr: &stderr}).run(t.Context(), args))
		require.Contains(t, stderr.String(), "disk full")
	}
}

func TestComparisonSeesEveryDifference(t *testing.T) {
	t.Parallel()
	good := rtm.StoredMessage{
		Message: rtm.Message{ID: 1, Type: 66, Text: "text", Attrs: "{}"},
		Cursor:  5, From: 1001, ModifiedTime: 9,
	}
	require.NoError(t, compare([]rtm.StoredMessage{good}, []rtm.StoredMessage{good}))
	for name, change := range map[string]func(m *rtm.StoredMessage){
		"id":      func(m *rtm.StoredMessage) { m.ID++ },
		"type":    func(m *rtm.StoredMessage) { m.Type++ },
		"text":    func(m *rtm.StoredMessage) { m.Text += " " },
		"data":    func(m *rtm.StoredMessage) { m.Data = []byte{1} },
		"binary":  func(m *rtm.StoredMessage) { m.Data = []byte{} },
		"attrs":   func(m *rtm.StoredMessage) { m.Attrs = "" },
		"from":    func(m *rtm.StoredMessage) { m.From++ },
		"time":    func(m *rtm.StoredMessage) { m.ModifiedTime++ },
		"deleted": func(m *rtm.StoredMessage) { m.Deleted = true },
	} {
		bad := good
		change(&bad)
		require.Error(t, compare([]rtm.StoredMessage{bad}, []rtm.StoredMessage{good}), name)
	}
	require.Error(t, compare(nil, []rtm.StoredMessage{good}))
	require.Error(t, compare([]rtm.StoredMessage{good, good}, []rtm.StoredMessage{good}))
}
