package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/gofpnn/gofpnn/fakeserver"
	"github.com/gofpnn/gofpnn/rtm"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestServesUntilInterrupted(t *testing.T) {
	t.Parallel()
	g := start(t)
	client := g.dial()
	_, err := client.Send(t.Context(), 1, rtm.Group(7), rtm.Message{Type: 66, Text: "hello"})
	require.NoError(t, err)
	page, err := client.History(t.Context(), 1, rtm.Group(7), rtm.HistoryQuery{})
	require.NoError(t, err)
	require.Len(t, page.Messages, 1)

	require.Zero(t, g.stop())
	require.Empty(t, g.rest(), "one line only")
	require.Empty(t, g.stderr.String())
}

func TestAddressInUseFails(t *testing.T) {
	t.Parallel()
	srv := fakeserver.New(t, fakeserver.WithTCP("127.0.0.1:0"))
	exit, complaint := fails(t, "-listen", srv.Addr())
	require.Equal(t, 1, exit)
	require.Contains(t, complaint, "address already in use\nhint: something listens there: end it, or take another address")
}

// Who cannot be told where the gate is has it end with a failure, and the state saved.
func TestGateThatCannotSayWhereItIsFails(t *testing.T) {
	t.Parallel()
	stdout, w := io.Pipe()
	require.NoError(t, stdout.CloseWithError(errors.New("nobody reads")))
	var stderr bytes.Buffer
	state := filepath.Join(t.TempDir(), "state")
	require.Equal(t, 1, run(t.Context(), []string{"-listen", "127.0.0.1:0", "-state", state}, w, &stderr))
	require.Equal(t, "rtmfake: nobody reads\n", stderr.String())
	require.FileExists(t, state)
}

func TestWrongUsage(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		want string
		args []string
	}{
		{"not defined: -nothing", []string{"-nothing"}},
		{"invalid value", []string{"-pid", "x"}},
		{"-pid 0 is no project", []string{"-pid", "0"}},
		{"does not fit 32 bits", []string{"-pid", "2147483648"}},
		{`unexpected argument "more"`, []string{"more"}},
		{"-secret is empty", []string{"-secret", ""}},
		{"-strict and -lenient", []string{"-strict", "-lenient"}},
		{"-journal-tokens needs -journal", []string{"-journal-tokens"}},
		{"one file", []string{"-journal", "dir/../gate", "-state", "gate"}},
		{"-listen: ", []string{"-listen", ""}},
		{"-tls: ", []string{"-tls", "13321"}},
		{"-tls-cert and -tls-key need each other", []string{"-tls", ":13321", "-tls-cert", "x"}},
		{"-tls-cert and -tls-key need each other", []string{"-tls", ":13321", "-tls-key", "x"}},
		{"-tls-cert is for -tls", []string{"-tls-cert", "x", "-tls-key", "x"}},
		{"-http: ", []string{"-http", "8080"}},
	} {
		exit, complaint := fails(t, c.args...)
		require.Equal(t, 2, exit, c.args)
		require.Contains(t, complaint, c.want)
		require.Regexp(t, `^rtmfake: .*\nhint: see rtmfake -help\n$`, complaint, "the error is what is seen, not the end of a long help")
	}
}

// helpOf returns the help that is asked for.
func helpOf(t *testing.T, arg string) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	require.Zero(t, run(t.Context(), []string{arg}, &stdout, &stderr))
	require.Empty(t, stderr.String())
	return stdout.String()
}

func TestHelpTellsHowAClientComesToTheGate(t *testing.T) {
	t.Parallel()
	for _, arg := range []string{"-h", "-help", "--help"} {
		intro, flags, ok := strings.Cut(helpOf(t, arg), "\n  -http address\n")
		require.True(t, ok)
		for _, text := range []string{
			"An RTM gate for programs in any language", "prints\n\"listening on ADDR\"", "The exit code is 0",
			"RTM_SECRET=fakeserver-secret rtm send -endpoint 127.0.0.1:13325 -pid 80000071 ",
		} {
			require.Contains(t, intro, text)
		}
		for _, text := range []string{`(default "127.0.0.1:13325")`, "(default 80000071)", `(default "fakeserver-secret")`} {
			require.Contains(t, flags, text)
		}
	}
}

// The flags that the README names, there are.
func TestReadmeNamesFlagsThatThereAre(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("../../../README.md")
	require.NoError(t, err)
	row := regexp.MustCompile("(?m)^\\| `go run ./fakeserver/cmd/rtmfake` \\|(.*)").FindSubmatch(readme)
	require.NotNil(t, row)
	help := helpOf(t, "-help")
	flags := regexp.MustCompile("`(-\\w+)`").FindAllSubmatch(row[1], -1)
	require.Greater(t, len(flags), 5)
	for _, f := range flags {
		require.Regexp(t, `\n  `+string(f[1])+`\s`, help)
	}
}
