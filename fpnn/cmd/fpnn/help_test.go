package main

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestHelpListsAllCommandsAndExitCodes(t *testing.T) {
	t.Parallel()
	for _, arg := range []string{"help", "-h", "-help", "--help"} {
		got := run(t, arg)
		require.Zero(t, got.code)
		require.Empty(t, got.stderr)
		for _, c := range commands() {
			require.Contains(t, got.stdout, "\n  "+c.name+" ")
			require.Contains(t, got.stdout, c.brief)
		}
		for _, code := range []string{"0 ", "1 ", "2 ", "3 ", "4 ", "5 ", "6 ", "7 ", "130 "} {
			require.Contains(t, got.stdout, "\n  "+code)
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
		require.Empty(t, got.stderr)
		require.Contains(t, got.stdout, "usage: fpnn "+name)
		require.Contains(t, got.stdout, exitHelp)
		for _, f := range flags {
			require.Contains(t, got.stdout, f)
		}
	}
	require.Len(t, commands(), 5)
}

func TestHelpOnACommandIsThatCommandsOwn(t *testing.T) {
	t.Parallel()
	for _, c := range commands() {
		for _, arg := range []string{"help", "-h", "-help", "--help"} {
			require.Equal(t, run(t, c.name, "-help"), run(t, arg, c.name))
		}
	}
}

// The error is what is seen, not the end of a long help.
func TestWrongUsageIsToldWithoutTheHelp(t *testing.T) {
	t.Parallel()
	for want, line := range map[string][]string{
		"fpnn: there is no command \"nothing\"\nhint: see fpnn -help\n":                      {"nothing"},
		"fpnn: there is no command \"nobody\"\nhint: see fpnn -help\n":                       {"help", "nobody"},
		"fpnn call: flag provided but not defined: -nothing\nhint: see fpnn call -help\n":    {"call", "-nothing"},
		"fpnn serve: takes no arguments: write -listen :7001\nhint: see fpnn serve -help\n":  {"serve", ":7001"},
		"fpnn serve: takes no arguments: write -listen unix:s\nhint: see fpnn serve -help\n": {"serve", "unix:s", "-v"},
		"fpnn ping: \"99999\" is no port: they are 0 to 65535, and the names of services\n" + //
			"hint: see fpnn ping -help\n": {"ping", "a:99999"},
	} {
		require.Equal(t, result{code: exitUsage, stderr: want}, run(t, line...))
	}
}

func TestWrongUsage(t *testing.T) {
	t.Parallel()
	for want, lines := range map[string][][]string{
		"usage: fpnn COMMAND":             {{}, {""}},
		"hint: a duration has a unit: 5s": {{"call", "-timeout", "5", "a:1", "m"}, {"ping", "-interval", "x", "a:1"}},
		"-timeout is not negative":        {{"call", "-timeout", "-1s", "a:1", "m"}, {"ping", "-timeout", "-1s", "a:1"}, {"proxy", "-timeout", "-1s", "a:1", "b:1"}},
		"takes ADDR METHOD [JSON]":        {{"call"}, {"call", "a:1"}, {"call", "a:1", "m", "{}", "x"}},
		"flags such as -oneway come":      {{"call", "a:1", "m", "{}", "-oneway"}, {"call", "a:1", "m", "-oneway"}},
		"METHOD has 1 to 255":             {{"call", "a:1", ""}, {"call", "a:1", strings.Repeat("m", 256)}},
		"is no HOST:PORT":                 {{"call", "localhost", "m"}, {"ping", "localhost:"}, {"proxy", "a:1", "b"}, {"proxy", "a", "b:1"}, {"serve", "-listen", "9876"}, {"call", "tls://localhost", "m"}},
		"is no port":                      {{"ping", "a:65536"}, {"ping", "tls://a:-1"}, {"ping", "ws://a:99999"}, {"proxy", "a:no-service", "b:1"}, {"proxy", "a:1", "b:99999"}, {"serve", "-listen", "127.0.0.1:99999"}},
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
