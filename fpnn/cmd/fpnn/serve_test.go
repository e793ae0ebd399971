package main

import (
	"encoding/pem"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestServeEchoesAndPrintsQuests(t *testing.T) {
	t.Parallel()
	j, addr := start(t, "serve", "-listen", "127.0.0.1:0", "-v")
	require.Equal(t, result{stdout: "{\"a\":{\"$bin\":\"AP/+\"}}\n"}, run(t, "call", addr, "any thing", `{"a":{"$bin":"AP/+"}}`))
	require.Equal(t, `TIME  ADDR  twoway  "any thing"  seq 1  msgpack  {"a":{"$bin":"AP/+"}}`, j.plain())
	require.Equal(t, result{}, run(t, "call", "-json", "-oneway", addr, "once", `{"a":"\u009b"}`))
	require.Equal(t, `TIME  ADDR  oneway  "once"  JSON  {"a":"\u009b"}`, j.plain())
	require.Equal(t, `TIME  ADDR  twoway  "*ping"  seq 1  JSON  {}`, j.plain())
	require.Zero(t, run(t, "ping", "-n", "1", addr).code)
	require.Equal(t, `TIME  ADDR  twoway  "*ping"  seq 1  msgpack  {}`, j.plain())
	require.Equal(t, result{stdout: "{\"a\":1}\n"}, run(t, "call", "ws://"+addr, "m", `{"a":1}`))
	require.Equal(t, `TIME  ADDR  twoway  "m"  seq 1  msgpack  {"a":1}`, j.plain())
	require.Equal(t, `{"a":2}`, post(t, "http://"+addr+"/service/web", `{"a":2}`))
	require.Equal(t, `TIME  ADDR  twoway  "web"  seq 1  JSON  {"a":2}`, j.plain())
	require.Equal(t, result{}, j.end())
}

func post(t *testing.T, url, body string) string {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := client.Post(url, "application/json", strings.NewReader(body))
	require.NoError(t, err)
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	return string(text)
}

func TestServeIsSilentByDefault(t *testing.T) {
	t.Parallel()
	j, addr := start(t, "serve", "-listen", "127.0.0.1:0")
	require.Zero(t, run(t, "call", addr, "m").code)
	require.Equal(t, result{}, j.end())
}

func TestServeTLS(t *testing.T) {
	t.Parallel()
	file, _ := certificate(t)
	for _, flags := range [][]string{{"-cert", file}, {"-cert", file, "-certkey", file}} {
		j, addr := start(t, append([]string{"serve", "-listen", "127.0.0.1:0"}, flags...)...)
		host, ok := strings.CutPrefix(addr, "tls://")
		require.True(t, ok, addr)
		for _, addr := range []string{addr, "wss://" + host} {
			require.Equal(t, result{stdout: "{\"a\":1}\n"}, run(t, "call", "-cacert", file, addr, "m", `{"a":1}`))
		}
		require.Equal(t, exitLost, run(t, "call", host, "m").code)
		require.Equal(t, result{}, j.end())
	}
}

func TestServeEncrypted(t *testing.T) {
	t.Parallel()
	private, public, _ := keys(t)
	j, addr := start(t, "serve", "-listen", "127.0.0.1:0", "-key", private, "-v")
	for i, line := range [][]string{{"-key", public, addr}, {addr}, {"ws://" + addr}} {
		require.Equal(t, result{stdout: "{\"a\":1}\n"}, run(t, append(append([]string{"call"}, line...), "m", `{"a":1}`)...), i)
		require.Equal(t, `TIME  ADDR  twoway  "m"  seq 1  msgpack  {"a":1}`, j.plain())
	}
	require.Equal(t, `{"a":2}`, post(t, "http://"+addr+"/service/web", `{"a":2}`))
	require.Contains(t, j.plain(), "web")
	require.Equal(t, result{}, j.end())
}

func TestServeOnAUnixSocket(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "s")
	j, addr := start(t, "serve", "-listen", "unix:"+path)
	require.Equal(t, "unix:"+path, addr)
	require.Equal(t, result{stdout: "{}\n"}, run(t, "call", addr, "m"))
	require.Equal(t, result{}, j.end())
	require.NoFileExists(t, path)
}

func TestServeThatCannotBegin(t *testing.T) {
	t.Parallel()
	addr := echoServer(t).addr
	_, public, _ := keys(t)
	garbage := write(t, []byte("garbage"))
	_, made := certificate(t)
	cert := write(t, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: made.Certificate[0]}))
	for want, line := range map[string][]string{
		"address already in use\nhint: something listens there": {"-listen", addr},
		"-cert: ": {"-cert", garbage},
		"\nhint: name the file of the certificate's private key with -certkey, unless": {"-cert", cert},
		"\nhint: is the path after -cert right?\n":                                     {"-cert", garbage + "x", "-certkey", garbage},
		"-certkey: open ": {"-cert", cert, "-certkey", garbage + "x"},
		"\nhint: is the path after -certkey right?\n": {"-cert", cert, "-certkey", garbage + "x"},
		"-key: open ": {"-key", garbage + "x"},
		"\nhint: is the path after -key right?\n": {"-key", garbage + "x"},
		"the private key is wanted":               {"-key", public},
		"-key " + garbage + ": secur":             {"-key", garbage},
	} {
		got := run(t, append([]string{"serve"}, line...)...)
		require.Equal(t, exitHere, got.code)
		require.Empty(t, got.stdout)
		require.Contains(t, got.stderr, want)
	}
	got := run(t, "proxy", addr, "127.0.0.1:1")
	require.Equal(t, exitHere, got.code)
	require.Contains(t, got.stderr, "address already in use")
}
