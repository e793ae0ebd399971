package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
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
	ctx, interrupt := context.WithCancel(t.Context())
	stdout, w := io.Pipe()
	var stderr bytes.Buffer
	exit := make(chan int, 1)
	go func() {
		exit <- run(ctx, []string{"-listen", "127.0.0.1:0", "-pid", "42", "-secret", "KEY"}, w, &stderr)
		w.Close()
	}()
	out := bufio.NewReader(stdout)
	line, err := out.ReadString('\n')
	require.NoError(t, err)
	addr, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "listening on ")
	require.True(t, ok, line)

	client, err := rtm.Dial(t.Context(), addr, rtm.Project{ID: 42, Secret: "KEY"})
	require.NoError(t, err)
	defer client.Close()
	_, err = client.Send(t.Context(), 1, rtm.Group(7), rtm.Message{Type: 66, Text: "hello"})
	require.NoError(t, err)
	page, err := client.History(t.Context(), 1, rtm.Group(7), rtm.HistoryQuery{})
	require.NoError(t, err)
	require.Len(t, page.Messages, 1)

	interrupt()
	rest, err := io.ReadAll(out)
	require.NoError(t, err)
	require.Empty(t, rest, "one line only")
	require.Zero(t, <-exit)
	require.Empty(t, stderr.String())
}

func TestAddressInUseFails(t *testing.T) {
	t.Parallel()
	srv := fakeserver.New(t, fakeserver.WithTCP("127.0.0.1:0"))
	var stdout, stderr bytes.Buffer
	require.Equal(t, 1, run(t.Context(), []string{"-listen", srv.Addr()}, &stdout, &stderr))
	require.Empty(t, stdout.String())
	require.Contains(t, stderr.String(), "address already in use")
}

func TestWrongUsage(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"-nothing"}, {"-pid", "x"}, {"-pid", "2147483648"}, {"more"}} {
		var stdout, stderr bytes.Buffer
		require.Equal(t, 2, run(t.Context(), args, &stdout, &stderr), args)
		require.Contains(t, stderr.String(), "-listen", "the flags are listed")
		require.Empty(t, stdout.String())
	}
	var stdout, stderr bytes.Buffer
	require.Zero(t, run(t.Context(), []string{"-help"}, &stdout, &stderr))
	require.Contains(t, stderr.String(), "-secret")
}
