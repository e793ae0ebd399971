package main

import (
	"bytes"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/fakeserver"
	"github.com/gofpnn/gofpnn/rtm"
)

func TestWrongCommandLines(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	for want, lines := range map[string][][]string{
		"takes TEXT\n":            {{"send"}},
		"TEXT, not 2 arguments\n": {{"send", "hello", "world"}},
		"takes ID\n":              {{"get"}},
		"takes ID TEXT\n":         {{"edit", "5"}},
		"takes no arguments\n":    {{"history", "x"}, {"listen", "x", "-all"}},
		"takes add|remove UID...": {{"group"}, {"room"}},
		"flag provided but":       {{"send", "-nothing", "x"}},
		"invalid value":           {{"send", "-from", "alice", "x"}},
		"-json come before":       {{"send", "hello", "-json"}, {"edit", "5", "x", "-json"}, {"group", "-group", "7", "members", "-json"}},
		"-group come before":      {{"get", "5", "-group", "7"}, {"group", "add", "5", "-group", "7"}},
		"has a unit":              {{"history", "-timeout", "5"}},
		"-limit is 100, not":      {{"history", "-from", "1", "-group", "7", "-limit", "100"}},
		"-limit is -1, not":       {{"history", "-from", "1", "-group", "7", "-limit", "-1", "-all"}},
		"-limit is negative":      {{"edit", "-from", "1", "-group", "7", "-limit", "-1", "5", "x"}},
		"-begin is negative":      {{"clean", "-group", "7", "-begin", "-1"}, {"history", "-from", "1", "-group", "7", "-begin", "-1"}},
		"-end is negative":        {{"clean", "-group", "7", "-end", "-1"}, {"count", "-group", "7", "-end", "-1"}},
		"-attrs has 2049 bytes":   {{"send", "-from", "1", "-group", "7", "-attrs", strings.Repeat("a", 2049), "x"}},
		"TEXT has 20481 bytes":    {{"send", "-from", "1", "-group", "7", strings.Repeat("a", 20481)}},
		"UID... has 101 items":    {append([]string{"room", "-room", "9", "add"}, strings.Fields(strings.Repeat("1 ", 101))...)},
	} {
		for _, line := range lines {
			code, stdout, stderr := s.run(line...)
			require.Equal(t, 2, code, line)
			require.Empty(t, stdout)
			require.Contains(t, stderr, want, line)
			require.Contains(t, stderr, "\nhint: ", line)
			require.LessOrEqual(t, strings.Count(stderr, "\n"), 2, "the help is not printed, but pointed to: %s", stderr)
		}
	}
	require.NoError(t, s.srv.Close()) // nobody is called
	for want, lines := range map[string][][]string{
		"name one of": {{"send", "-from", "1", "x"}, {"history"}, {"clean"}, {"count"}, {"delete", "5"}},
		"-from is missing": {
			{"send", "-group", "7", "x"},
			{"history", "-everyone"},
			{"get", "-to", "2", "5"},
			{"delete", "-room", "9", "5"},
			{"edit", "-group", "7", "5", "x"},
			{"clean", "-to", "2"},
		},
		"cannot count with -to": {{"count", "-from", "1", "-to", "2"}},
		"what to listen to":     {{"listen"}, {"listen", "-n", "3"}},
		"no HOST:PORT": {
			{"history", "-from", "1", "-group", "7", "-endpoint", "localhost"},
			{"count", "-everyone", "-endpoint", "tls://gate:"},
			{"history", "-from", "1", "-group", "7", "-endpoint", ""},
			{"count", "-everyone", "-endpoint", "ws://gate"},
		},
		"without a path":       {{"count", "-everyone", "-endpoint", "unix:"}},
		"-timeout is negative": {{"count", "-everyone", "-timeout", "-1s"}},
		"is not a number":      {{"get", "-from", "1", "-group", "7", "x"}, {"group", "of", "x"}, {"room", "-room", "9", "add", "x"}},
		"not within":           {{"send", "-from", "1", "-group", "7", "-type", "300", "x"}, {"history", "-from", "1", "-group", "7", "-type", "-1"}},
		"-group is missing":    {{"group", "members"}, {"group", "add", "5"}},
		"-room is missing":     {{"room", "members"}},
		"does not know":        {{"group", "-group", "7", "dance"}, {"room", "-room", "9", "of", "5"}},
		"of takes one user":    {{"group", "of"}, {"group", "of", "1", "2"}},
		"add takes users":      {{"group", "-group", "7", "add"}},
		"count takes no use":   {{"room", "-room", "9", "count", "5"}},
	} {
		for _, line := range lines {
			code, _, stderr := s.run(line...)
			require.Equal(t, 2, code, line)
			require.Contains(t, stderr, want, line)
		}
	}
	for want, p := range map[string]program{"RTM_SECRET": {}, "-pid": {secret: "s"}} {
		var stderr bytes.Buffer
		p.stdout, p.stderr = new(bytes.Buffer), &stderr
		require.Equal(t, 2, p.run(t.Context(), []string{"send", "-from", "1", "-to", "2", "x"}))
		require.Contains(t, stderr.String(), want)
	}
}

// What is wrong tells where to read how it is done.
func TestWrongUsagePointsToTheHelp(t *testing.T) {
	t.Parallel()
	for want, args := range map[string][]string{
		"rtm: unknown command \"bogus\"\nhint: see rtm -help\n":    {"bogus"},
		"rtm: unknown command \"x\"\nhint: see rtm -help\n":        {"help", "x"},
		"rtm demo: takes no arguments\nhint: see rtm demo -help\n": {"demo", "x"},
		"rtm send: takes TEXT\nhint: see rtm send -help\n":         {"send"},
	} {
		var stdout, stderr bytes.Buffer
		require.Equal(t, 2, (&program{stdout: &stdout, stderr: &stderr}).run(t.Context(), args))
		require.Empty(t, stdout.String())
		require.Equal(t, want, stderr.String())
	}
}

func TestErrorsHint(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	var stdout, stderr bytes.Buffer
	p := program{&stdout, &stderr, "another", s.srv.Dialer()}
	pid := strconv.Itoa(int(s.srv.Project().ID))
	require.Equal(t, 1, p.run(t.Context(), []string{"count", "-endpoint", s.srv.Addr(), "-pid", pid, "-everyone"}))
	require.Contains(t, stderr.String(), "\nhint: is RTM_SECRET this project's, and -pid right?\n")
	s.srv.On("getgroupmsg", fakeserver.Fail(rtm.CodeBadTime, "no"))
	code, _, errs := s.run("history", "-from", "1", "-group", "7")
	require.Equal(t, 1, code)
	require.Contains(t, errs, "\nhint: is this machine's clock right?\n")
	require.NoError(t, s.srv.Close())
	code, out, errs := s.run("history", "-from", "1", "-group", "7")
	require.Equal(t, 1, code)
	require.Empty(t, out)
	require.Contains(t, errs, "connection refused\nhint: is a gate listening there?")
}

func TestHelpOfEachCommand(t *testing.T) {
	t.Parallel()
	help := func(args ...string) string {
		var stdout, stderr bytes.Buffer
		require.Zero(t, (&program{stdout: &stdout, stderr: &stderr}).run(t.Context(), args))
		require.Empty(t, stderr.String())
		require.Contains(t, stdout.String(), exitHelp)
		return stdout.String()
	}
	usage := help("help")
	require.Equal(t, usage, help("-help"))
	for _, c := range commands {
		text := help(c.name, "-help")
		require.Equal(t, text, help("help", c.name))
		require.True(t, strings.HasPrefix(text, "usage: rtm "+c.name), text)
		require.Equal(t, c.name != "demo", strings.Contains(text, "-endpoint"), text)
		for _, f := range c.forms {
			require.Contains(t, usage, "\n  "+c.name)
			require.Contains(t, usage, f.brief)
			require.Contains(t, text, "rtm "+c.name)
			require.Contains(t, text, f.brief)
		}
	}
	require.True(t, strings.HasPrefix(help("send", "-help"), "usage: rtm send [flags] TEXT\n\nsend a message\n\n  -attrs"))
	require.True(t, strings.HasPrefix(help("group", "-h"), `usage: rtm group [flags] add|remove UID...
       rtm group [flags] members|count
       rtm group [flags] of UID

add|remove UID...   change who is in the -group
`))
}
