package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/benchmarks/report"
)

// unwritable returns a directory that exists, but has no room for files. Those of
// the proc file system are such also for root.
func unwritable(t *testing.T) string {
	t.Helper()
	dir := "/proc/self"
	if _, err := os.Stat(dir); err != nil {
		dir = t.TempDir()
		require.NoError(t, os.Chmod(dir, 0o555))
	}
	return dir
}

func TestDirectoriesAreTriedBeforeAnythingIsMeasured(t *testing.T) {
	t.Parallel()
	dir := unwritable(t)
	for _, flags := range [][]string{{"-out", dir}, {"-out", "", "-cpuprofile", dir}} {
		code, stdout, stderr := called(t, append(flags, "-peers", "fpnn", "-n", "1", "-duration", "1h")...)
		require.Equal(t, 1, code)
		require.Empty(t, stdout)
		require.Contains(t, stderr, dir)
	}
	o := output{out: filepath.Join(t.TempDir(), "new")}
	require.NoError(t, o.prepare())
	require.Empty(t, files(t, o.out), "the trial is gone")
}

func TestReportThatCannotBePublishedIsWritten(t *testing.T) {
	t.Parallel()
	for asJSON, want := range map[bool]string{true: `"rounds": 7`, false: "7 rounds"} {
		o := output{json: asJSON, out: unwritable(t)}
		var stdout bytes.Buffer
		require.Error(t, o.write(&stdout, &report.Report{Rounds: 7}, time.Now(), "league", false))
		require.Contains(t, stdout.String(), want)
	}
}

func TestNothingMeasuredIsNoRows(t *testing.T) {
	t.Parallel()
	code, stdout, _ := called(t, "-json", "-out", "", "-peers", "pingpong", "-n", "2")
	require.Zero(t, code)
	var r map[string]any
	require.NoError(t, json.Unmarshal([]byte(stdout), &r))
	require.Equal(t, []any{}, r["rows"])
	require.InEpsilon(t, 0.2, r["warmup_seconds"], 1e-9)
}
