package fakeserver_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/fakeserver"
	"github.com/gofpnn/gofpnn/rtm"
	"github.com/gofpnn/gofpnn/rtm/wire"
)

// grown returns a state whose file has more than so many bytes.
func grown(size int) *fakeserver.State {
	return &fakeserver.State{Conversations: []fakeserver.Conversation{{Kind: wire.InGroup, ID: 7, Messages: []wire.Stored{
		{From: 1, Message: rtm.Message{ID: 1, Type: 66, Text: strings.Repeat("x", size)}},
	}}}}
}

// fullDisk names the file that this process, which may write no more than
// fullDiskBytes to one, is to save a state in.
const (
	fullDisk      = "FAKESERVER_TEST_FULL_DISK"
	fullDiskBytes = 8 << 10
)

// A disk that is full in the middle of the new file leaves the old one, and
// nothing else. The limit is a process's, so the test runs itself as another.
func TestSaveThatFailsHalfWayLeavesTheFileThatWasThere(t *testing.T) {
	if path := os.Getenv(fullDisk); path != "" {
		signal.Ignore(syscall.SIGXFSZ)
		require.NoError(t, syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: fullDiskBytes, Max: fullDiskBytes}))
		require.ErrorIs(t, grown(3*fullDiskBytes).Save(path), syscall.EFBIG)
		require.NoError(t, grown(fullDiskBytes/2).Save(path+".small"), "so far it has room")
		return
	}
	t.Parallel()
	for name, old := range map[string]*fakeserver.State{"small": grown(10), "as large": grown(3 * fullDiskBytes)} {
		path := filepath.Join(t.TempDir(), "state")
		require.NoError(t, old.Save(path))
		before, err := os.ReadFile(path)
		require.NoError(t, err)

		again := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^"+t.Name()+"$")
		again.Env = append(os.Environ(), fullDisk+"="+path)
		output, err := again.CombinedOutput()
		require.NoError(t, err, "%s", output)

		after, err := os.ReadFile(path)
		require.NoError(t, err)
		require.True(t, bytes.Equal(before, after), name)
		require.Equal(t, []string{"state", "state.small"}, names(t, filepath.Dir(path)))
	}
}

func TestSaveThatCannotTakeItsPlaceLeavesNothing(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state")
	require.NoError(t, os.MkdirAll(filepath.Join(path, "taken"), 0o700))
	require.ErrorContains(t, grown(10).Save(path), "fakeserver: state")
	require.Equal(t, []string{"taken"}, names(t, path))
	require.Equal(t, []string{"state"}, names(t, filepath.Dir(path)))
}

// What is there is replaced, not written over: who has it open keeps it.
func TestSaveReplacesTheFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state")
	require.NoError(t, grown(10).Save(path))
	old, err := os.Open(path)
	require.NoError(t, err)
	defer old.Close()
	require.NoError(t, grown(20).Save(path))
	st, err := fakeserver.ReadState(old)
	require.NoError(t, err)
	require.Len(t, st.Conversations[0].Messages[0].Text, 10)
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	require.True(t, json.Valid(content))
	require.Contains(t, string(content), strings.Repeat("x", 20))
}

// names returns what is in a directory.
func names(t *testing.T, dir string) (all []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}
