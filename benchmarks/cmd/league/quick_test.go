package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/benchmarks/contest"
)

func TestQuickRunIsNotHeldUpByWhoHangs(t *testing.T) {
	t.Parallel()
	start := time.Now()
	code, _, stderr := called(t, "-quick", "-out", "", "-peers", "pingpong", "-n", "1", "-exec", "me=sleep 300")
	require.Equal(t, 1, code)
	require.Contains(t, stderr, "me: 2 of 2 measurements")
	require.Less(t, time.Since(start), contest.DefaultGrace)
}
