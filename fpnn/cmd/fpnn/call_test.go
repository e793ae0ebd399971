package main

import (
	"context"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/fpnn/frame"
	"github.com/gofpnn/gofpnn/transport/mem"
)

const argument = `{"n":18446744073709551615,"id":-9007199254740993,"f":1.5,"text":"你好","list":[true,null,{"m":{}}]`

func TestCallPrintsTheAnswerOnEveryTransport(t *testing.T) {
	t.Parallel()
	const binary = argument + `,"f1":1.0,"bin":{"$bin":"AP/+"},"str":{"$str":"/w=="},"map":{"$map":[[1,"a"],[-1,"b"]]}}`
	for name, w := range ways(t) {
		require.Equal(t, result{stdout: binary + "\n"}, run(t, w.line("call", "two way demo", binary)...), name)
		require.Equal(t, result{stdout: "{}\n"}, run(t, w.line("call", "nothing")...), name)
		require.Equal(t, result{stdout: "{\"encoding\":\"msgpack\"}\n"}, run(t, w.line("call", "encoding")...), name)

		w.flags = append(w.flags, "-json")
		require.Equal(t, result{stdout: argument + "}\n"}, run(t, w.line("call", "two way demo", argument+"}")...), name)
		require.Equal(t, result{stdout: "{\"encoding\":\"JSON\"}\n"}, run(t, w.line("call", "encoding")...), name)

		w.flags = append(w.flags, "-oneway")
		require.Equal(t, result{}, run(t, w.line("call", "once", `{"a":1}`)...), name)
		<-w.got
		require.Equal(t, []string{`once {"a":1}`}, w.oneway, name)
	}
}

func TestCallReadsArgumentsFromItsInput(t *testing.T) {
	t.Parallel()
	got := shell{stdin: " {\"a\" :\n 1 } \n"}.run(t, "call", echoServer(t).addr, "m", "-")
	require.Equal(t, result{stdout: "{\"a\":1}\n"}, got)
}

// *infos is answered with one str.
func TestCallPrintsAnAnswerThatIsNoMap(t *testing.T) {
	t.Parallel()
	got := run(t, "call", echoServer(t).addr, "*infos")
	require.Zero(t, got.code)
	require.True(t, strings.HasPrefix(got.stdout, `"{\"FPNN.status\":`), got.stdout)
}

func TestErrorAnswersAreTold(t *testing.T) {
	t.Parallel()
	addr := echoServer(t).addr
	got := run(t, "call", addr, "fail")
	require.Equal(t, result{code: exitAnswer, stderr: "fpnn call: error 100001: \"no \\x1b[2Jaccount\", raised by \"bank\"\n"}, got)
	for method, want := range map[string]string{
		"*nosuch": "fpnn call: error 20004 (unknown method): \"Unknown method: *nosuch\"\nhint: the server has no such method",
		"want":    "fpnn call: error 10009 (key not found): \"codec: key \\\"n\\\": key not found\"\nhint: an argument is missing",
	} {
		for _, encoding := range []string{"-json=false", "-json"} {
			got := run(t, "call", encoding, addr, method)
			require.Equal(t, exitAnswer, got.code)
			require.Empty(t, got.stdout)
			require.Contains(t, got.stderr, want)
		}
	}
}

func TestCallThatJSONCannotHold(t *testing.T) {
	t.Parallel()
	addr := echoServer(t).addr
	for _, json := range []string{`{"a":{"$bin":"/w=="}}`, `{"$map":[[1,2]]}`, `{"a":{"$float":"NaN"}}`} {
		got := run(t, "call", "-json", addr, "m", json)
		require.Equal(t, exitUsage, got.code)
		require.Contains(t, got.stderr, "hint: msgpack can hold it: leave -json out")
	}
	got := shell{stdin: `{"a":"` + strings.Repeat("x", 9<<20) + `"}`}.run(t, "call", addr, "m", "-")
	require.Equal(t, exitUsage, got.code)
	require.Contains(t, got.stderr, "exceeds the size limit")
}

// A peer that does not know *ping has read what came before it all the same.
func TestOnewayIsTakenOrNot(t *testing.T) {
	t.Parallel()
	const refusal = "FPNN\x01\x80\x02\x01\x0d\x00\x00\x00\x01\x00\x00\x00\x82\xa4code\xcd\x4e\x24\xa2ex\xa0"
	for answer, code := range map[string]int{refusal: exitOK, "": exitLost} {
		addr := strange(t, func(nc net.Conn) {
			r := frame.NewReader(nc, frame.DefaultMaxPackage)
			for _, want := range []string{"once", "*ping"} {
				var p frame.Package
				if err := r.Read(&p); err != nil || string(p.Method) != want {
					return
				}
			}
			_, _ = io.WriteString(nc, answer)
			_, _ = io.Copy(io.Discard, io.LimitReader(nc, int64(len(answer))))
		})
		got := run(t, "call", "-oneway", addr, "once")
		require.Equal(t, code, got.code, got.stderr)
		require.Empty(t, got.stdout)
	}
}

// Packages of a server that speaks, but not as it should.
func TestPeersThatMisbehave(t *testing.T) {
	t.Parallel()
	const ok = "FPNN\x01\x80\x02\x00\x01\x00\x00\x00\x01\x00\x00\x00"
	for _, tt := range []struct {
		name, addr, want, hint string
		code                   int
	}{
		{"closes", answers(t, false, ""), "disconnected", "closes connections it cannot make sense of", exitLost},
		{"closes later", answers(t, false, ok[:10]), "package cut short", "", exitNoFPNN},
		{"speaks HTTP", answers(t, true, "HTTP/1.1 400 Bad Request\r\n\r\n"), "peer speaks HTTP", "write ws://", exitNoFPNN},
		{"speaks TLS", answers(t, true, "\x15\x03\x01\x00\x02\x02\x46     "), "peer speaks TLS", "write tls://", exitNoFPNN},
		{"sends garbage", answers(t, true, strings.Repeat("garbage", 3)), "no FPNN magic", "", exitNoFPNN},
		{"answers unreadably", answers(t, true, ok+"\xc1"), "answer cannot be decoded", "", exitNoFPNN},
		{"answers an error unreadably", answers(t, true, strings.Replace(ok, "\x02\x00", "\x02\x01", 1)+"\x80"), "answer cannot be decoded", "", exitNoFPNN},
	} {
		got := run(t, "call", tt.addr, "m")
		require.Equal(t, tt.code, got.code, "%s: %s", tt.name, got.stderr)
		require.Empty(t, got.stdout, tt.name)
		require.Contains(t, got.stderr, tt.want, tt.name)
		require.Contains(t, got.stderr, tt.hint, tt.name)
		require.Equal(t, tt.hint != "", strings.Contains(got.stderr, "\nhint: "), got.stderr)
	}
	got := run(t, "call", echoServer(t).addr, "leave")
	require.Equal(t, exitLost, got.code)
}

func TestTimeouts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var network mem.Network
		l, err := network.Listen("gate:1")
		require.NoError(t, err)
		serveOn(t, l)
		began := time.Now()
		s := shell{dialer: &network}
		got := s.run(t, "call", "-timeout", "3s", "gate:1", "hang")
		require.Equal(t, exitTimeout, got.code)
		require.Contains(t, got.stderr, "deadline exceeded\nhint: -timeout sets how long to wait; if fpnn ping is not answered either, the server may not speak FPNN\n")
		require.Equal(t, 3*time.Second, time.Since(began))

		// Nobody accepts.
		full, err := network.Listen("wide:1")
		require.NoError(t, err)
		for range 128 {
			nc, err := network.DialContext(t.Context(), "tcp", "wide:1")
			require.NoError(t, err)
			defer nc.Close()
		}
		// Nobody answers *key.
		mute := hangingUp(t, &network, "mute:1", "")
		_, public, _ := keys(t)
		for _, line := range [][]string{
			{"call", "-timeout", "3s", "wide:1", "m"},
			{"ping", "-timeout", "3s", "wide:1"},
			{"ping", "-timeout", "3s", "-key", public, "mute:1"},
		} {
			began = time.Now()
			got = s.run(t, line...)
			require.Equal(t, exitNoConnection, got.code)
			require.Contains(t, got.stderr, "e:1: not within 3s: context deadline exceeded\nhint: is the address right")
			require.Equal(t, 3*time.Second, time.Since(began))
		}
		<-mute
		require.NoError(t, full.Close())
	})
}

func TestInterruption(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var network mem.Network
		l, err := network.Listen("gate:1")
		require.NoError(t, err)
		serveOn(t, l)
		full, err := network.Listen("wide:1")
		require.NoError(t, err)
		for range 128 {
			nc, err := network.DialContext(t.Context(), "tcp", "wide:1")
			require.NoError(t, err)
			defer nc.Close()
		}
		for _, line := range [][]string{
			{"call", "-timeout", "0", "gate:1", "hang"},
			{"call", "-timeout", "0", "wide:1", "m"},
			{"ping", "-timeout", "0", "wide:1"},
		} {
			ctx, interrupt := context.WithCancel(t.Context())
			ended := make(chan result, 1)
			go func() { ended <- shell{dialer: &network}.runIn(ctx, line...) }()
			advance(time.Minute / 2)
			interrupt()
			got := <-ended
			require.Equal(t, exitInterrupted, got.code)
			require.Empty(t, got.stdout)
		}
		require.NoError(t, full.Close())
	})
}
