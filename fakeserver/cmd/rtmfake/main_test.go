package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
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
	require.Contains(t, complaint, "address already in use")
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
		require.Contains(t, complaint, "-listen address", "the flags are listed")
	}
	exit, help := fails(t, "-help")
	require.Zero(t, exit)
	require.Contains(t, help, "-secret key")
}

// The flags that the README names, there are.
func TestReadmeNamesFlagsThatThereAre(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("../../../README.md")
	require.NoError(t, err)
	row := regexp.MustCompile("(?m)^\\| `go run ./fakeserver/cmd/rtmfake` \\|(.*)").FindSubmatch(readme)
	require.NotNil(t, row)
	_, help := fails(t, "-help")
	flags := regexp.MustCompile("`(-\\w+)`").FindAllSubmatch(row[1], -1)
	require.Greater(t, len(flags), 5)
	for _, f := range flags {
		require.Regexp(t, `\n  `+string(f[1])+`\s`, help)
	}
}
