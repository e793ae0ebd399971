package main

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/fakeserver"
	"github.com/gofpnn/gofpnn/rtm"
)

func readState(t *testing.T, path string) *fakeserver.State {
	t.Helper()
	file, err := os.Open(path)
	require.NoError(t, err)
	defer file.Close()
	st, err := fakeserver.ReadState(file)
	require.NoError(t, err)
	return st
}

func TestStateOutlivesTheCommand(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state")
	for n := range 3 {
		g := start(t, "-state", path)
		c := g.dial()
		_, err := c.Send(t.Context(), 1, rtm.Group(7), rtm.Message{ID: int64(n + 1), Type: 66, Text: fmt.Sprint(n)})
		require.NoError(t, err)
		_, err = c.Send(t.Context(), 1, rtm.Group(7), rtm.Message{ID: 1, Type: 66, Text: "again"})
		require.ErrorIs(t, err, rtm.ErrDuplicateMessageID)
		require.Zero(t, g.stop(), g.stderr)
		require.Len(t, readState(t, path).Conversations[0].Messages, n+1)
	}
}

func TestStateThatCannotBeReadIsLeftAlone(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state")
	require.NoError(t, os.WriteFile(path, []byte("{not a state"), 0o600))
	exit, complaint := fails(t, "-state", path)
	require.Equal(t, 1, exit)
	require.Contains(t, complaint, "rtmfake: -state "+path+": ")
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "{not a state", string(content))

	exit, complaint = fails(t, "-state", filepath.Join(path, "below"))
	require.Equal(t, 1, exit)
	require.Contains(t, complaint, "rtmfake: -state: open "+path)

	exit, complaint = fails(t, "-journal", filepath.Join(path, "below"))
	require.Equal(t, 1, exit)
	require.Contains(t, complaint, "journal")
}

// It is no use to learn in the end that nothing can be saved.
func TestStateThatCannotBeWrittenFailsAtTheStart(t *testing.T) {
	t.Parallel()
	for name, path := range map[string]func(dir string) string{
		"no directory": func(dir string) string { return filepath.Join(dir, "nothing", "state") },
		"below a file": func(dir string) string {
			require.NoError(t, os.WriteFile(filepath.Join(dir, "file"), nil, 0o600))
			return filepath.Join(dir, "file", "state")
		},
		"a directory": func(dir string) string { return dir },
	} {
		dir := t.TempDir()
		exit, complaint := fails(t, "-http", ":0", "-state", path(dir))
		require.Equal(t, 1, exit, name)
		require.Contains(t, complaint, "rtmfake: ", name)
		left, err := filepath.Glob(filepath.Join(dir, "*state*"))
		require.NoError(t, err)
		require.Empty(t, left, name)
	}
}

func TestStateIsThereFromTheStart(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state")
	before := fakeserver.New(t)
	_, err := before.Send(1, rtm.Group(7), rtm.Message{ID: 1, Type: 66, Text: "hello"})
	require.NoError(t, err)
	require.NoError(t, before.State().Save(path))
	require.NoError(t, os.Chmod(path, 0o644))

	g := start(t, "-state", path)
	require.Equal(t, before.State(), readState(t, path))
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode(), "it has been written")
	_, err = g.dial().Send(t.Context(), 1, rtm.Group(7), rtm.Message{Type: 66, Text: "again"})
	require.NoError(t, err)
	require.Equal(t, before.State(), readState(t, path), "a crash would leave it so")
	require.Zero(t, g.stop(), g.stderr)
	require.Len(t, readState(t, path).Conversations[0].Messages, 2)
	beside, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	require.Len(t, beside, 1)
}
