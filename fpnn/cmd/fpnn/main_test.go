package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/gofpnn/gofpnn/transport"
)

// asCommand has the test's binary be the command.
const asCommand = "FPNN_TEST_IS_THE_COMMAND"

func TestMain(m *testing.M) {
	if os.Getenv(asCommand) != "" {
		main()
		return
	}
	goleak.VerifyTestMain(m)
}

// result is what a run of the command leaves.
type result struct {
	code           int
	stdout, stderr string
}

// shell runs the command.
type shell struct {
	stdin  string
	dialer transport.Dialer // nil: the machine's
}

func (s shell) run(t *testing.T, args ...string) result {
	t.Helper()
	return s.runIn(t.Context(), args...)
}

func (s shell) runIn(ctx context.Context, args ...string) result {
	var out, errs bytes.Buffer
	code := s.program(&out, &errs).run(ctx, args)
	return result{code, out.String(), errs.String()}
}

func (s shell) program(stdout, stderr io.Writer) *program {
	p := &program{stdin: strings.NewReader(s.stdin), stdout: stdout, stderr: stderr, dialer: s.dialer, uncaught: func() {}}
	if p.dialer == nil {
		p.dialer = new(net.Dialer)
	}
	return p
}

func run(t *testing.T, args ...string) result {
	t.Helper()
	return shell{}.run(t, args...)
}

// job is a command that runs until it is interrupted.
type job struct {
	t         *testing.T
	out       *bufio.Reader
	stderr    bytes.Buffer
	interrupt context.CancelFunc
	code      chan int
}

// start runs a command that says where it listens, and returns that too.
func start(t *testing.T, args ...string) (j *job, addr string) {
	t.Helper()
	return shell{}.start(t, args...)
}

func (s shell) start(t *testing.T, args ...string) (j *job, addr string) {
	t.Helper()
	ctx, interrupt := context.WithCancel(t.Context())
	r, w := io.Pipe()
	j = &job{t: t, out: bufio.NewReader(r), interrupt: interrupt, code: make(chan int, 1)}
	var ended sync.WaitGroup
	ended.Go(func() {
		j.code <- s.program(w, &j.stderr).run(ctx, args)
		_ = w.Close()
	})
	t.Cleanup(func() {
		interrupt()
		_, _ = io.Copy(io.Discard, r)
		ended.Wait()
	})
	addr, ok := strings.CutPrefix(j.line(), "listening on ")
	require.True(t, ok, addr)
	return j, addr
}

// line returns the next line printed.
func (j *job) line() string {
	j.t.Helper()
	line, err := j.out.ReadString('\n')
	require.NoError(j.t, err)
	return strings.TrimSuffix(line, "\n")
}

var numbers = regexp.MustCompile(`^\d\d:\d\d:\d\d\.\d{6}|127\.0\.0\.1:\d+|"ts":\d+`)

// plain is line without what differs from run to run.
func (j *job) plain() string {
	j.t.Helper()
	return numbers.ReplaceAllStringFunc(j.line(), func(s string) string {
		switch s[0] {
		case '"':
			return `"ts":0`
		case '1':
			if strings.HasPrefix(s, "127") {
				return "ADDR"
			}
		}
		return "TIME"
	})
}

// end interrupts the command, and returns what is left of its output.
func (j *job) end() result {
	j.t.Helper()
	j.interrupt()
	rest, err := io.ReadAll(j.out)
	require.NoError(j.t, err)
	return result{<-j.code, string(rest), j.stderr.String()}
}

// The documentation shows what decode prints.
func TestDocumentationShowsWhatIsPrinted(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("doc.go")
	require.NoError(t, err)
	text := strings.ReplaceAll(string(source), "//\t", "")
	_, text, ok := strings.Cut(text, "$ echo '")
	require.True(t, ok)
	input, text, ok := strings.Cut(text, "' | fpnn decode\n")
	require.True(t, ok)
	output, _, ok := strings.Cut(text, "//\n")
	require.True(t, ok)
	require.Equal(t, result{stdout: output}, shell{stdin: input}.run(t, "decode"))
}

// broken is an output that cannot be written.
type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestOutputThatCannotBeWrittenIsAFailure(t *testing.T) {
	t.Parallel()
	addr := echoServer(t).addr
	for _, args := range [][]string{
		{"call", addr, "m"},
		{"ping", "-n", "1", addr},
		{"decode", "testdata/session.hex"},
		{"serve", "-listen", "127.0.0.1:0"},
		{"proxy", "127.0.0.1:0", addr},
	} {
		var stderr bytes.Buffer
		require.Equal(t, exitHere, shell{}.program(broken{}, &stderr).run(t.Context(), args), args)
		require.Contains(t, stderr.String(), "disk full", args)
	}
}
