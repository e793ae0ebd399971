package main

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/fpnn/frame"
)

// session is packages recorded from the vendor's programs, and how they are
// shown, made from the recording's own description of them.
func session(t testing.TB) (raw []byte, shown string) {
	t.Helper()
	digits, err := os.ReadFile("testdata/session.hex")
	require.NoError(t, err)
	raw, err = hex.DecodeString(strings.ReplaceAll(string(digits), "\n", ""))
	require.NoError(t, err)
	text, err := os.ReadFile("testdata/session.txt")
	require.NoError(t, err)
	return raw, string(text)
}

func TestDecodeShowsRecordedPackages(t *testing.T) {
	t.Parallel()
	raw, shown := session(t)
	bytewise := strings.TrimSpace(fmt.Sprintf("% x", raw))
	path := filepath.Join(t.TempDir(), "session")
	require.NoError(t, os.WriteFile(path, raw, 0o600))
	for name, got := range map[string]result{
		"file of digits":    run(t, "decode", "testdata/session.hex"),
		"file of bytes":     run(t, "decode", path),
		"bytes":             shell{stdin: string(raw)}.run(t, "decode"),
		"bytes, by flag":    shell{stdin: string(raw)}.run(t, "decode", "-raw"),
		"digits":            shell{stdin: hex.EncodeToString(raw)}.run(t, "decode"),
		"digits, by flag":   shell{stdin: hex.EncodeToString(raw)}.run(t, "decode", "-hex"),
		"capital digits":    shell{stdin: strings.ToUpper(bytewise)}.run(t, "decode"),
		"digits and colons": shell{stdin: strings.ReplaceAll(bytewise, " ", ":")}.run(t, "decode"),
		"a program's array": shell{stdin: "0x" + strings.ReplaceAll(bytewise, " ", ",\n\t0X")}.run(t, "decode"),
		"space around":      shell{stdin: "\r\n  " + bytewise + "\n\n"}.run(t, "decode"),
	} {
		require.Equal(t, result{stdout: shown}, got, name)
	}
}

func TestDecodeReadsPiecesOfAnySize(t *testing.T) {
	t.Parallel()
	raw, shown := session(t)
	for _, r := range []io.Reader{
		iotest.OneByteReader(bytes.NewReader(raw)),
		iotest.HalfReader(bytes.NewReader(raw)),
		iotest.DataErrReader(bytes.NewReader(raw)),
		iotest.OneByteReader(hex.NewDecoder(strings.NewReader(hex.EncodeToString(raw)))),
	} {
		var out bytes.Buffer
		require.NoError(t, decodeTo(&out, bytesOf(r, detect)))
		require.Equal(t, shown, out.String())
	}
}

// A package is shown when it is there, not when the next one is.
func TestDecodeDoesNotWaitForMore(t *testing.T) {
	t.Parallel()
	raw, shown := session(t)
	for _, text := range []string{string(raw[:152]), hex.EncodeToString(raw[:152])} {
		r, w := io.Pipe()
		lines, out := io.Pipe()
		ended := make(chan error, 1)
		go func() { ended <- decodeTo(out, bytesOf(r, detect)) }()
		go func() { _, _ = io.WriteString(w, text) }()
		line := make([]byte, 1+strings.Index(shown, "\n"))
		_, err := io.ReadFull(lines, line)
		require.NoError(t, err)
		require.Equal(t, shown[:len(line)], string(line))
		require.NoError(t, w.Close())
		require.NoError(t, <-ended)
	}
}

// Streams that C++ servers close the connection for, and others; with where and
// why they go wrong.
func TestDecodeTellsWhereAStreamGoesWrong(t *testing.T) {
	t.Parallel()
	const good = "46504e4e01800006010000006e6f7375636880"
	const shown = "0  oneway  \"nosuch\"  version 1  flags 0x80 msgpack  {}\n"
	for _, tt := range []struct{ name, hex, want string }{
		{"magic", "46504e580180010c010000000700000074776f207761792064656d6f80", "19: no FPNN magic: 46504e58"},
		{"lower-case magic", "66706e6e0180010c01000000", "19: no FPNN magic: 66706e6e"},
		{"one wrong byte", "00", "19: no FPNN magic: 00"},
		{"both encodings", "46504e4e01c0010c010000000700000074776f207761792064656d6f80", "19: flags name not exactly one of msgpack and JSON: 46504e4e01c0010c"},
		{"no encoding", "46504e4e0100010c010000000700000074776f207761792064656d6f80", "19: flags name not exactly one"},
		{"kind 3", "46504e4e0180030c010000000700000074776f207761792064656d6f80", "19: unknown package kind: 46504e4e018003"},
		{"no method", "46504e4e01800100010000000700000080", "19: method name is empty"},
		{"no payload", "46504e4e0180010c000000000700000074776f207761792064656d6f", "19: empty payload"},
		{"TLS", "160301020001000101", "19: no FPNN magic, this looks like TLS: 1603010200"},
		{"HTTP", hex.EncodeToString([]byte("GET / HTTP/1.1\r\n\r\n")), "19: no FPNN magic, this looks like HTTP: 474554202f"},
		{"text", hex.EncodeToString([]byte("hello world this is not fpnn and longer than is shown")), "616e64... (53 bytes)"},
		{"cut header", "46504e4e0180", "25: the end, inside the header of a package"},
		{"cut payload", "46504e4e0180010c040000000700000074776f207761792064656d6f82a161", "50: the end, with 1 bytes of a package of 32 missing"},
		{"cut number", "46504e4e0180010c0400000007", "32: the end, with 19 bytes of a package of 32 missing"},
	} {
		for _, stdin := range []string{good + tt.hex, string(unhex(t, good+tt.hex))} {
			got := shell{stdin: stdin}.run(t, "decode")
			require.Equal(t, exitNoFPNN, got.code, tt.name)
			require.Equal(t, shown, got.stdout, tt.name)
			require.Contains(t, got.stderr, "wrong at byte ", tt.name)
			require.Contains(t, got.stderr, tt.want, tt.name)
		}
	}
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	require.NoError(t, err)
	return b
}

func TestDecodeGoesOnBehindAnUnreadablePayload(t *testing.T) {
	t.Parallel()
	const head, msgpack, text = "46504e4e01", "two way demo", "  seq 7  version 1  flags 0x80 msgpack  "
	quest := func(flags, payload string) string {
		return fmt.Sprintf("%s%s010c%02x0000000700000074776f207761792064656d6f%s", head, flags, len(payload)/2, payload)
	}
	const after = "46504e4e01800006010000006e6f7375636880"
	for _, tt := range []struct{ hex, want string }{
		{quest("80", "c1"), "msgpack  (malformed msgpack) c1"},
		{quest("80", "82a16101"), "msgpack  (malformed msgpack) 82a16101"},
		{quest("80", "81a161d9ff41"), "msgpack  (malformed msgpack) 81a161d9ff41"},
		{quest("80", "ddffffffff"), "msgpack  (malformed msgpack) ddffffffff"},
		{quest("80", strings.Repeat("c1", 40)), "msgpack  (malformed msgpack) " + strings.Repeat("c1", 32) + "... (40 bytes)"},
		{quest("80", "920102"), "msgpack  [1,2]  (not a map)"},
		{quest("80", "c0"), "msgpack  null  (not a map)"},
		{quest("40", "7b2261223a"), "JSON  (not convertible between msgpack and JSON: malformed) 7b2261223a"},
		{quest("40", "5b312c325d"), "JSON  (not a map) 5b312c325d"},
		{quest("40", "7b2261223a22ff227d"), "JSON  (not convertible between msgpack and JSON: not UTF-8) 7b2261223a22ff227d"},
	} {
		got := shell{stdin: tt.hex + after}.run(t, "decode")
		want := fmt.Sprintf("0  twoway  \"two way demo\"  seq 7  version 1  flags 0x%s %s\n%d  oneway  \"nosuch\"  version 1  flags 0x80 msgpack  {}\n",
			tt.hex[10:12], tt.want, len(tt.hex)/2)
		require.Equal(t, result{exitNoFPNN, want, "fpnn decode: 1 payload cannot be read\n"}, got)
	}
	got := shell{stdin: strings.Repeat(quest("80", "c1"), 2)}.run(t, "decode")
	require.Equal(t, exitNoFPNN, got.code)
	require.Equal(t, "fpnn decode: 2 payloads cannot be read\n", got.stderr)
}

// The answer to *infos is one str.
func TestDecodeTakesAnAnswerThatIsNoMap(t *testing.T) {
	t.Parallel()
	got := shell{stdin: "46504e4e018002000400000007000000a3616263"}.run(t, "decode")
	require.Equal(t, result{stdout: "0  answer  status 0  seq 7  version 1  flags 0x80 msgpack  \"abc\"\n"}, got)
}

// What is shown of JSON is what came, but obeyed by no terminal.
func TestDecodeShowsJSONAsItCame(t *testing.T) {
	t.Parallel()
	payload := "{ \"a\" : 1.00,\n\"b\":[ 1, 2 ], \"a\":12345678901234567890123, \"c\":\"\u009b2J\u202e\u4f60\" }"
	pkg, err := frame.Append(nil, &frame.Package{
		Header: frame.Header{Flags: frame.JSON, Kind: frame.Oneway}, Method: []byte("m\x1b[2J"), Payload: []byte(payload),
	}, 1000)
	require.NoError(t, err)
	got := shell{stdin: string(pkg)}.run(t, "decode")
	require.Equal(t, result{stdout: `0  oneway  "m\x1b[2J"  version 0  flags 0x40 JSON  ` +
		`{"a":1.00,"b":[1,2],"a":12345678901234567890123,"c":"\u009b2J\u202e你"}` + "\n"}, got)
}

// The stream of a client that encrypts begins with its key, in the clear.
func TestDecodeSeesThatAStreamIsEncrypted(t *testing.T) {
	t.Parallel()
	stream, err := os.ReadFile("testdata/encrypted.hex")
	require.NoError(t, err)
	got := shell{stdin: string(stream)}.run(t, "decode")
	require.Equal(t, exitNoFPNN, got.code)
	require.True(t, strings.HasPrefix(got.stdout, `0  twoway  "*key"  seq 1  version 1  flags 0x80 msgpack  {"publicKey":{"$bin":"fKB8AXuQ`), got.stdout)
	require.Contains(t, got.stderr, "wrong at byte 100: no FPNN magic, encrypted since *key: d58a474452ba92bd")
}

// Packages of any size pass, but memory is bounded.
func TestDecodeSkipsWhatIsTooLarge(t *testing.T) {
	t.Parallel()
	const size = maxShown + 1000
	payload := append([]byte("\x81\xa1a\xc6\x00\x80\x00\x00"), make([]byte, size)...)
	var input []byte
	for _, p := range []frame.Package{
		{Header: frame.Header{Flags: frame.MsgPack, Kind: frame.Twoway}, Seq: 1, Method: []byte("large"), Payload: payload},
		{Header: frame.Header{Flags: frame.MsgPack, Kind: frame.Oneway}, Method: []byte("large"), Payload: payload},
		{Header: frame.Header{Flags: frame.MsgPack, Kind: frame.Answer}, Seq: 2, Payload: payload},
		{Header: frame.Header{Flags: frame.MsgPack, Kind: frame.Answer}, Seq: 3, Payload: []byte{0x80}},
	} {
		var err error
		input, err = frame.Append(input, &p, 2*size)
		require.NoError(t, err)
	}
	n := len(payload)
	shown := fmt.Sprintf("0  twoway  \"large\"  seq 1  version 0  flags 0x80 msgpack  (%d bytes, too long to be shown)\n", n)
	all := shown + fmt.Sprintf("%d  oneway  \"large\"  version 0  flags 0x80 msgpack  (%d bytes, too long to be shown)\n", n+21, n)
	all += fmt.Sprintf("%d  answer  status 0  seq 2  version 0  flags 0x80 msgpack  (%d bytes, too long to be shown)\n", 2*n+38, n)
	all += fmt.Sprintf("%d  answer  status 0  seq 3  version 0  flags 0x80 msgpack  {}\n", 3*n+54)
	require.Equal(t, result{stdout: all}, shell{stdin: string(input)}.run(t, "decode"))
	cut := shell{stdin: string(input[:1<<20])}.run(t, "decode")
	require.Equal(t, result{exitNoFPNN, shown, fmt.Sprintf(
		"fpnn decode: wrong at byte 1048576: the end, with %d bytes of a package of %d missing\n", n+21-1<<20, n+21)}, cut)
	// The head comes in pieces, too.
	var out bytes.Buffer
	require.ErrorContains(t, decodeTo(&out, iotest.OneByteReader(bytes.NewReader(input[:100]))), "missing")
	require.Equal(t, shown, out.String())
}

// The memory of a large package is given back.
func TestStreamsKeepNoLargeBuffer(t *testing.T) {
	t.Parallel()
	pkg, err := frame.Append(nil, &frame.Package{
		Header: frame.Header{Flags: frame.MsgPack, Kind: frame.Answer}, Payload: make([]byte, 2*maxKept),
	}, maxShown)
	require.NoError(t, err)
	found := 0
	s := stream{keyed: new(atomic.Bool), found: func(int64, *frame.Package, bool) { found++ }}
	require.NoError(t, s.write(append(pkg, "FPNN"...)))
	require.Equal(t, 1, found)
	require.LessOrEqual(t, cap(s.buf), 64)
	require.NoError(t, s.write(unhex(t, "01800006010000006e6f7375636880")))
	require.Equal(t, 2, found)
	require.NoError(t, s.end())
}

func TestDecodeInputThatCannotBeRead(t *testing.T) {
	t.Parallel()
	for stdin, want := range map[string]string{
		"46504e4":       "half a byte before the end",
		"46504e4 e":     "half a byte before character 8",
		"46504e4e01zz":  "character 11 is 'z'",
		"46504e4e1x00":  "half a byte before character 10",
		"46504e4e01x0":  "character 11 is 'x'",
		"46504e4e0\x10": "half a byte before character 10",
	} {
		got := shell{stdin: stdin}.run(t, "decode")
		require.Equal(t, exitNoFPNN, got.code, stdin)
		require.Empty(t, got.stdout)
		require.Contains(t, got.stderr, "not in hexadecimal digits: "+want)
	}
	require.Contains(t, shell{stdin: "hello"}.run(t, "decode", "-hex").stderr, "character 1 is 'h'")
	require.Contains(t, shell{stdin: "46504e4e"}.run(t, "decode", "-raw").stderr, "no FPNN magic: 3436353034653465")
	require.Equal(t, result{}, shell{}.run(t, "decode"))
	got := run(t, "decode", filepath.Join(t.TempDir(), "none"))
	require.Equal(t, exitHere, got.code)
	require.Contains(t, got.stderr, "no such file")
	require.ErrorIs(t, decodeTo(io.Discard, iotest.ErrReader(os.ErrPermission)), os.ErrPermission)
}

// FuzzDecode holds that decode ends on any input, says the same about it in
// whatever pieces it comes, and finds the packages that a frame.Reader finds.
func FuzzDecode(f *testing.F) {
	raw, _ := session(f)
	f.Add(raw)
	f.Add([]byte(hex.EncodeToString(raw[:200])))
	f.Add(append(raw[:152:152], "GET / HTTP/1.1"...))
	f.Add([]byte("0x46, 0x50"))
	f.Add(unhex(f, "46504e4e0180010c000000100700000074776f207761792064656d6f80"))
	f.Fuzz(func(t *testing.T, in []byte) {
		var whole, pieces bytes.Buffer
		err := decodeTo(&whole, bytesOf(bytes.NewReader(in), detect))
		err2 := decodeTo(&pieces, bytesOf(iotest.OneByteReader(bytes.NewReader(in)), detect))
		require.Equal(t, whole.String(), pieces.String())
		require.Equal(t, err == nil, err2 == nil, "%v, %v", err, err2)
		require.False(t, strings.ContainsFunc(whole.String(), func(r rune) bool { return r < ' ' && r != '\n' || r >= 0x7f && r <= 0x9f }))

		var byReader int
		r := frame.NewReader(bytesOf(bytes.NewReader(in), detect), maxShown)
		for p := new(frame.Package); r.Read(p) == nil; byReader++ {
		}
		lines := strings.Count(whole.String(), "\n")
		if !strings.Contains(whole.String(), "too long to be shown") {
			require.Equal(t, byReader, lines)
		}
	})
}
