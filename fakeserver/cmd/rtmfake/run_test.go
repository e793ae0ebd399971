package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/rtm"
)

// gate is a running command.
type gate struct {
	t      *testing.T
	addr   string
	stop   func() (exit int)
	out    *bufio.Reader // what it says after where it listens
	stderr *bytes.Buffer
}

var project = rtm.Project{ID: 42, Secret: "KEY"}

// start runs the command until the test ends or stop is called.
func start(t *testing.T, args ...string) *gate {
	t.Helper()
	ctx, interrupt := context.WithCancel(t.Context())
	stdout, w := io.Pipe()
	g := &gate{t: t, out: bufio.NewReader(stdout), stderr: new(bytes.Buffer)}
	exit := make(chan int, 1)
	go func() {
		exit <- run(ctx, append([]string{"-listen", "127.0.0.1:0", "-pid", "42", "-secret", "KEY"}, args...), w, g.stderr)
		w.Close()
	}()
	g.stop = sync.OnceValue(func() int {
		interrupt()
		return <-exit
	})
	t.Cleanup(func() { g.stop() })
	g.addr = g.said("listening on ")
	return g
}

// fails runs the command, which is not to begin to serve, and returns its exit code
// and what it complains about.
func fails(t *testing.T, args ...string) (exit int, complaint string) {
	t.Helper()
	ctx, interrupt := context.WithCancel(t.Context())
	interrupt() // in case it does
	var stdout, stderr bytes.Buffer
	exit = run(ctx, append([]string{"-listen", "127.0.0.1:0"}, args...), &stdout, &stderr)
	require.Empty(t, stdout.String(), args)
	return exit, stderr.String()
}

// said returns what the next line tells after prefix.
func (g *gate) said(prefix string) string {
	g.t.Helper()
	line, err := g.out.ReadString('\n')
	require.NoError(g.t, err)
	rest, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), prefix)
	require.True(g.t, ok, line)
	return rest
}

// rest returns all it says until it has ended.
func (g *gate) rest() string {
	g.t.Helper()
	text, err := io.ReadAll(g.out)
	require.NoError(g.t, err)
	return string(text)
}

func (g *gate) dial(opts ...rtm.Option) *rtm.Client {
	g.t.Helper()
	return g.dialAt(g.addr, opts...)
}

func (g *gate) dialAt(endpoint string, opts ...rtm.Option) *rtm.Client {
	g.t.Helper()
	c, err := rtm.Dial(g.t.Context(), endpoint, project, opts...)
	require.NoError(g.t, err)
	g.t.Cleanup(func() { _ = c.Close() })
	return c
}
