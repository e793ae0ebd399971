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

func TestHelpListsAllCommandsAndExitCodes(t *testing.T) {
	t.Parallel()
	for _, arg := range []string{"help", "-h", "-help", "--help"} {
		got := run(t, arg)
		require.Zero(t, got.code)
		require.Empty(t, got.stdout)
		for _, c := range commands() {
			require.Contains(t, got.stderr, "\n  "+c.name+" ")
			require.Contains(t, got.stderr, c.brief)
		}
		for _, code := range []string{"0 ", "1 ", "2 ", "3 ", "4 ", "5 ", "6 ", "7 ", "130 "} {
			require.Contains(t, got.stderr, "\n  "+code)
		}
	}
	require.Equal(t, 130, exitInterrupted)
}

func TestReadmeNamesTheCommands(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("../../../README.md")
	require.NoError(t, err)
	row := regexp.MustCompile("(?m)^\\| `go run ./fpnn/cmd/fpnn` \\|(.*)").FindSubmatch(readme)
	require.NotNil(t, row)
	var named, all []string
	for _, m := range regexp.MustCompile("`(\\w+)`").FindAllSubmatch(row[1], -1) {
		named = append(named, string(m[1]))
	}
	for _, c := range commands() {
		all = append(all, c.name)
	}
	require.ElementsMatch(t, all, named)
}

func TestHelpOfEachCommandListsFlagsAndExitCodes(t *testing.T) {
	t.Parallel()
	for name, flags := range map[string][]string{
		"call":   {"-json", "-oneway", "-timeout", "-cacert", "-insecure", "-key", "$bin", "tls://"},
		"ping":   {"-n", "-interval", "-timeout", "-cacert", "-insecure", "-key", "ws://"},
		"decode": {"-hex", "-raw", "$bin"},
		"serve":  {"-listen", "-v", "-cert", "-certkey", "-key", "openssl"},
		"proxy":  {"-timeout", "-cacert", "-insecure", "-key", "unix:PATH"},
	} {
		got := run(t, name, "-help")
		require.Zero(t, got.code)
		require.Empty(t, got.stdout)
		require.Contains(t, got.stderr, "usage: fpnn "+name)
		require.Contains(t, got.stderr, exitHelp)
		for _, f := range flags {
			require.Contains(t, got.stderr, f)
		}
	}
	require.Len(t, commands(), 5)
}

func TestWrongUsage(t *testing.T) {
	t.Parallel()
	for want, lines := range map[string][][]string{
		"usage: fpnn COMMAND":             {{}, {"nothing"}, {""}},
		"there is no command \"nothing\"": {{"nothing"}},
		"flag provided but not defined":   {{"call", "-nothing", "a:1", "m"}},
		"hint: see fpnn call -help":       {{"call", "-nothing", "a:1", "m"}},
		"hint: a duration has a unit: 5s": {{"call", "-timeout", "5", "a:1", "m"}, {"ping", "-interval", "x", "a:1"}},
		"-timeout is not negative":        {{"call", "-timeout", "-1s", "a:1", "m"}, {"ping", "-timeout", "-1s", "a:1"}, {"proxy", "-timeout", "-1s", "a:1", "b:1"}},
		"takes ADDR METHOD [JSON]":        {{"call"}, {"call", "a:1"}, {"call", "a:1", "m", "{}", "x"}},
		"flags such as -oneway come":      {{"call", "a:1", "m", "{}", "-oneway"}, {"call", "a:1", "m", "-oneway"}},
		"METHOD has 1 to 255":             {{"call", "a:1", ""}, {"call", "a:1", strings.Repeat("m", 256)}},
		"is no HOST:PORT":                 {{"call", "localhost", "m"}, {"ping", "localhost:"}, {"proxy", "a:1", "b"}, {"proxy", "a", "b:1"}, {"serve", "-listen", "9876"}, {"call", "tls://localhost", "m"}},
		"unix: without a path":            {{"ping", "unix:"}, {"serve", "-listen", "unix:"}},
		"is no URL with a host":           {{"ping", "ws:///x"}, {"ping", "wss://%zz"}},
		"begins with neither":             {{"ping", "http://localhost:1"}},
		"are about TLS":                   {{"ping", "-insecure", "a:1"}, {"ping", "-cacert", "x", "ws://a:1"}},
		"-key and tls:// exclude":         {{"ping", "-key", "x", "tls://a:1"}},
		"-key and ws:// exclude":          {{"ping", "-key", "x", "ws://a:1"}},
		"-n and -interval are not":        {{"ping", "-n", "-1", "a:1"}, {"ping", "-interval", "-1s", "a:1"}},
		"takes ADDR\n":                    {{"ping"}, {"ping", "a:1", "b:1"}},
		"takes LISTEN ADDR":               {{"proxy"}, {"proxy", "a:1"}},
		"-hex and -raw exclude":           {{"decode", "-hex", "-raw"}},
		"takes a FILE":                    {{"decode", "a", "b"}},
		"takes no arguments":              {{"serve", "x"}},
		"-cert and -key exclude":          {{"serve", "-cert", "x", "-key", "x"}},
		"-certkey without -cert":          {{"serve", "-certkey", "x"}},
		"JSON: unexpected end":            {{"call", "a:1", "m", ""}, {"call", "a:1", "m", "-"}},
		"JSON: not an object":             {{"call", "a:1", "m", "[]"}},
		"invalid value \"x\" for flag -n": {{"ping", "-n", "x", "a:1"}},
	} {
		for _, line := range lines {
			got := run(t, line...)
			require.Equal(t, exitUsage, got.code, line)
			require.Empty(t, got.stdout, line)
			require.Contains(t, got.stderr, want, line)
			require.Equal(t, 1, strings.Count(got.stderr, want), "%s: said twice", line)
		}
	}
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
