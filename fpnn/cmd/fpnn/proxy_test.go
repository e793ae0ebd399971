package main

import (
	"bytes"
	"context"
	"encoding/hex"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/transport"
)

// proxied starts a proxy for a server.
func proxied(t *testing.T, w way) (j *job, addr string) {
	t.Helper()
	line := append([]string{"proxy"}, w.flags...)
	j, addr = start(t, append(line, "127.0.0.1:0", w.addr)...)
	addr, target, ok := strings.Cut(addr, " for ")
	require.True(t, ok, addr)
	require.Equal(t, w.addr, target)
	return j, addr
}

func TestProxyPrintsWhatItPassesToEveryTransport(t *testing.T) {
	t.Parallel()
	for name, w := range ways(t) {
		j, addr := proxied(t, w)
		require.Equal(t, result{stdout: "{\"a\":{\"$bin\":\"AP/+\"}}\n"}, run(t, "call", addr, "two way demo", `{"a":{"$bin":"AP/+"}}`), name)
		for _, want := range []string{
			`TIME  #1  from ADDR`,
			`TIME  #1  ->  twoway  "two way demo"  seq 1  version 1  flags 0x80 msgpack  {"a":{"$bin":"AP/+"}}`,
			`TIME  #1  <-  answer  status 0  seq 1  version 1  flags 0x80 msgpack  {"a":{"$bin":"AP/+"}}`,
			`TIME  #1  closed after 36 bytes -> and 24 bytes <-`,
		} {
			require.Equal(t, want, j.plain(), name)
		}
		require.Equal(t, exitAnswer, run(t, "call", "-json", addr, "fail").code, name)
		for _, want := range []string{
			`TIME  #2  from ADDR`,
			`TIME  #2  ->  twoway  "fail"  seq 1  version 1  flags 0x40 JSON  {}`,
			`TIME  #2  <-  answer  status 1  seq 1  version 1  flags 0x40 JSON  {"code":100001,"ex":"no \u001b[2Jaccount","raiser":"bank"}`,
			`TIME  #2  closed after 22 bytes -> and 76 bytes <-`,
		} {
			require.Equal(t, want, j.plain(), name)
		}
		require.Equal(t, result{}, run(t, "call", "-oneway", addr, "once"), name)
		<-w.got
		require.Zero(t, j.end().code, name)
	}
}

// Quests of a server's go the other way.
func TestProxyIsDuplex(t *testing.T) {
	t.Parallel()
	srv, err := fpnn.NewServer(fpnn.HandlerFunc(func(ctx context.Context, q *fpnn.Quest) (any, error) {
		answer, err := q.Conn().Call(ctx, "your name", nil)
		return answer.Payload, err
	}))
	require.NoError(t, err)
	defer srv.Close()
	l := listenOn(t, "tcp", "127.0.0.1:0")
	served := make(chan error, 1)
	go func() { served <- srv.Serve(l) }()

	j, addr := proxied(t, way{addr: l.Addr().String()})
	client, err := fpnn.Dial(t.Context(), addr, fpnn.WithHandler(fpnn.HandlerFunc(func(context.Context, *fpnn.Quest) (any, error) {
		return map[string]any{"name": "gopher"}, nil
	})))
	require.NoError(t, err)
	answer, err := client.Call(t.Context(), "greet", nil)
	require.NoError(t, err)
	require.Equal(t, `{"name":"gopher"}`, answer.String())
	for _, want := range []string{
		`TIME  #1  from ADDR`,
		`TIME  #1  ->  twoway  "greet"  seq 1  version 1  flags 0x80 msgpack  {}`,
		`TIME  #1  <-  twoway  "your name"  seq 1  version 1  flags 0x80 msgpack  {}`,
		`TIME  #1  ->  answer  status 0  seq 1  version 1  flags 0x80 msgpack  {"name":"gopher"}`,
		`TIME  #1  <-  answer  status 0  seq 1  version 1  flags 0x80 msgpack  {"name":"gopher"}`,
	} {
		require.Equal(t, want, j.plain())
	}
	require.NoError(t, client.Close())
	require.Contains(t, j.plain(), "closed after")
	require.NoError(t, srv.Close())
	require.ErrorIs(t, <-served, fpnn.ErrClosed)
	require.Equal(t, result{}, j.end())
}

// through sends bytes, ends that direction and returns what comes back.
func through(t *testing.T, addr string, b []byte) []byte {
	t.Helper()
	nc, err := new(net.Dialer).DialContext(t.Context(), "tcp", addr)
	require.NoError(t, err)
	defer nc.Close()
	_, err = nc.Write(b)
	require.NoError(t, err)
	require.NoError(t, nc.(*net.TCPConn).CloseWrite())
	back, err := io.ReadAll(nc)
	require.NoError(t, err)
	return back
}

func TestProxyPassesUnchangedWhatItCannotRead(t *testing.T) {
	t.Parallel()
	j, addr := proxied(t, way{addr: mirror(t)})
	good := string(unhex(t, "46504e4e01800006010000006e6f7375636880"))
	const oneway = `  oneway  "nosuch"  version 1  flags 0x80 msgpack  {}`
	encrypted, err := os.ReadFile("testdata/encrypted.hex")
	require.NoError(t, err)
	encrypted, err = hex.DecodeString(strings.TrimSpace(string(encrypted)))
	require.NoError(t, err)
	for i, tt := range []struct {
		in  string
		out []string // of each direction
	}{
		{"hello\n", []string{"  at byte 0: no FPNN magic: 68656c6c6f0a; passed on unchanged from there"}},
		{good + "GET / HTTP/1.1\r\n\r\n" + good, []string{oneway, "  at byte 19: no FPNN magic, this looks like HTTP: 474554202f"}},
		{good + good[:15], []string{oneway, "  at byte 34: the end, with 4 bytes of a package of 19 missing"}},
		{string(encrypted), []string{`  twoway  "*key"`, "  at byte 100: no FPNN magic, encrypted since *key: d58a"}},
		{"", nil},
		{strings.Repeat("x", 1<<20), []string{"  at byte 0: no FPNN magic: 7878"}},
	} {
		require.Equal(t, tt.in, string(through(t, addr, []byte(tt.in))), i)
		require.Contains(t, j.plain(), "from ADDR")
		var there, back []string
		for {
			line := j.plain()
			_, line, ok := strings.Cut(line, "  ")
			require.True(t, ok)
			_, line, _ = strings.Cut(line, "  ")
			if rest, ok := strings.CutPrefix(line, "->"); ok {
				there = append(there, rest)
			} else if rest, ok := strings.CutPrefix(line, "<-"); ok {
				back = append(back, rest)
			} else {
				require.Contains(t, line, "closed after")
				break
			}
		}
		for _, lines := range [][]string{there, back} {
			require.Len(t, lines, len(tt.out), "%d: %q", i, lines)
			for k, want := range tt.out {
				require.True(t, strings.HasPrefix(lines[k], want), "%q, want %q", lines[k], want)
			}
		}
	}
	require.Equal(t, result{}, j.end())
}

func TestProxyWithoutItsServer(t *testing.T) {
	t.Parallel()
	l := listenOn(t, "tcp", "127.0.0.1:0")
	require.NoError(t, l.Close())
	j, addr := proxied(t, way{addr: l.Addr().String()})
	require.Equal(t, exitLost, run(t, "call", addr, "m").code)
	require.Contains(t, j.plain(), "from ADDR")
	require.Contains(t, j.plain(), "#1  cannot connect to ADDR: dial tcp ADDR: connect: connection refused; closed")
	require.Equal(t, result{}, j.end())
}

// Only packages can be WebSocket messages.
func TestProxyToWebSocketPassesPackagesOnly(t *testing.T) {
	t.Parallel()
	j, addr := proxied(t, ways(t)["ws"])
	require.Empty(t, through(t, addr, []byte("hello, is this FPNN?")))
	require.Contains(t, j.plain(), "from ADDR")
	require.Contains(t, j.plain(), "->  at byte 0: no FPNN magic")
	require.Contains(t, j.plain(), "->  write: ")
	require.Contains(t, j.plain(), "closed after 0 bytes -> and 0 bytes <-")
	require.Equal(t, result{}, j.end())
}

// An interruption ends connections in use, at both ends.
func TestInterruptedProxyClosesConnections(t *testing.T) {
	t.Parallel()
	srv := echoServer(t)
	path := filepath.Join(t.TempDir(), "s")
	j, addr := start(t, "proxy", "unix:"+path, srv.addr)
	require.Equal(t, "unix:"+path+" for "+srv.addr, addr)
	client, err := fpnn.Dial(t.Context(), "unix:"+path)
	require.NoError(t, err)
	defer client.Close()
	_, err = client.Call(t.Context(), "m", nil)
	require.NoError(t, err)
	conn := srv.Conns()[0]
	got := j.end()
	require.Zero(t, got.code)
	require.Contains(t, got.stdout, "closed after")
	<-conn.Done()
	require.NoFileExists(t, path)
}

// It does so, too, while it connects, and if the server takes nothing.
func TestInterruptedProxyWaitsForNobody(t *testing.T) {
	t.Parallel()
	ended := make(chan struct{})
	j, addr := proxied(t, way{addr: strange(t, func(net.Conn) { <-ended })})
	defer close(ended)
	nc, err := new(net.Dialer).DialContext(t.Context(), "tcp", addr)
	require.NoError(t, err)
	defer nc.Close()
	require.Contains(t, j.plain(), "from ADDR")
	for n := 1; n > 0; { // until nothing more fits
		require.NoError(t, nc.SetWriteDeadline(time.Now().Add(100*time.Millisecond)))
		n, _ = nc.Write(make([]byte, 1<<20))
	}
	require.Contains(t, j.plain(), "no FPNN magic")
	require.Zero(t, j.end().code)

	dialing := make(chan struct{})
	s := shell{dialer: transport.DialerFunc(func(ctx context.Context, _, _ string) (net.Conn, error) {
		close(dialing)
		<-ctx.Done()
		return nil, ctx.Err()
	})}
	j, addr = s.start(t, "proxy", "127.0.0.1:0", "gate:1")
	addr, _, _ = strings.Cut(addr, " for ")
	nc, err = new(net.Dialer).DialContext(t.Context(), "tcp", addr)
	require.NoError(t, err)
	defer nc.Close()
	<-dialing
	got := j.end()
	require.Zero(t, got.code)
	require.Contains(t, got.stdout, "#1  context canceled; closed")
}

// A printer's lines come whole and in order, and none is missing though it is
// slow.
func TestPrinterKeepsAllLines(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	p := newPrinter(t.Context(), &out)
	var want strings.Builder
	for range 3 * maxLines {
		p.print([]byte("line\n"))
		want.WriteString("line\n")
	}
	require.NoError(t, p.close())
	require.Equal(t, want.String(), out.String())
}

// Whoever prints does not wait for an output that has failed, or for a standstill
// that an interruption ends.
func TestPrinterThatStandsStill(t *testing.T) {
	t.Parallel()
	p := newPrinter(t.Context(), broken{})
	for range 3 * maxLines {
		p.print([]byte("line\n"))
	}
	<-p.failed
	require.ErrorContains(t, p.close(), "disk full")

	ctx, cancel := context.WithCancel(t.Context())
	r, w := io.Pipe()
	p = newPrinter(ctx, w)
	cancel()
	for range 3 * maxLines {
		p.print([]byte("line\n"))
	}
	require.NoError(t, r.Close())
	require.ErrorIs(t, p.close(), io.ErrClosedPipe)
}
