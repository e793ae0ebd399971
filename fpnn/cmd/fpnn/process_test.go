package main

import (
	"bytes"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// process is a run of the command as a process of its own, signals and all.
func process(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), self, args...)
	cmd.Env = append(os.Environ(), asCommand+"=1")
	return cmd
}

func TestProcessReadsItsInputAndCallsThen(t *testing.T) {
	t.Parallel()
	cmd := process(t, "call", echoServer(t).addr, "m", "-")
	cmd.Stdin = strings.NewReader(`{"a":1}`)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	require.Equal(t, "{\"a\":1}\n", string(out))
}

func TestInterruptionEndsAProcessThatReadsItsInput(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("no interruption can be sent")
	}
	for _, args := range [][]string{{"call", "127.0.0.1:1", "m", "-"}, {"decode", "-hex"}} {
		cmd := process(t, args...)
		stdin, err := cmd.StdinPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		_, err = stdin.Write(bytes.Repeat([]byte(" "), 1<<20)) // more than a pipe holds: it reads
		require.NoError(t, err)
		require.NoError(t, cmd.Process.Signal(os.Interrupt))
		var exit *exec.ExitError
		require.ErrorAs(t, cmd.Wait(), &exit)
		require.False(t, exit.Exited(), "the signal has ended it, not %v", exit)
	}
}
