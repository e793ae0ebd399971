package fpnn_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/codec"
	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/fpnn/frame"
)

// probe is one recorded exchange with the vendor's C++ server.
type probe struct {
	Name     string
	FrameHex string `json:"frame_hex"`
	Answers  []struct {
		FrameHex string `json:"frame_hex"`
	}
	Connection string
	After      string
}

// different lists the probes this server deliberately treats otherwise than the
// C++ server, and how.
var different = map[string]struct {
	closes bool
	why    string
}{
	"mtype 3":      {true, "there the connection stays open but answers nothing any more"},
	"mtype 255":    {true, "there the connection stays open but answers nothing any more"},
	"*ping oneway": {false, "ignored; there the connection answers nothing any more"},
}

// incomplete are the probes after which no good quest can follow: they end
// inside a package.
var incomplete = map[string]bool{"11 bytes then silence": true}

// demoServer has the methods of the recorded server that the probes call.
func demoServer(t *testing.T) string {
	t.Helper()
	mux := fpnn.NewMux()
	mux.Handle("two way demo", fpnn.HandlerFunc(func(context.Context, *fpnn.Quest) (any, error) {
		return struct {
			Simple  string `msgpack:"Simple"`
			Simple2 int    `msgpack:"Simple2"`
		}{"one", 2}, nil
	}))
	mux.Handle("one way demo", fpnn.OnewayFunc(func(context.Context, *fpnn.Quest) {}))
	mux.Handle("custom delay", fpnn.HandlerFunc(func(_ context.Context, q *fpnn.Quest) (any, error) {
		_, err := q.Int64("delaySeconds")
		return nil, err
	}))
	return serveTCP(t, mux)
}

func serveTCP(t *testing.T, h fpnn.Handler, opts ...fpnn.ServerOption) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	srv, err := fpnn.NewServer(h, opts...)
	require.NoError(t, err)
	served := make(chan error, 1)
	go func() { served <- srv.Serve(l) }()
	t.Cleanup(func() {
		require.NoError(t, srv.Close())
		require.ErrorIs(t, <-served, fpnn.ErrClosed)
	})
	return l.Addr().String()
}

func TestServerBehavesLikeTheRecordedOne(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("testdata/server-behaviour.json")
	require.NoError(t, err)
	var probes []probe
	require.NoError(t, json.Unmarshal(raw, &probes))
	require.Len(t, probes, 70)
	addr := demoServer(t)
	for _, p := range probes {
		name := strings.TrimPrefix(p.Name, "cpp-server-probe/")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			closes := strings.HasPrefix(p.Connection, "closed")
			if d, ok := different[name]; ok {
				closes = d.closes
			}
			nc, err := net.Dial("tcp", addr)
			require.NoError(t, err)
			defer nc.Close()
			require.NoError(t, nc.SetDeadline(time.Now().Add(20*time.Second)))
			send(t, nc, name, wholeFrame(t, p.FrameHex))

			r := frame.NewReader(nc, frame.DefaultMaxPackage)
			got := map[uint32][]frame.Package{}
			for range p.Answers {
				a := readAnswer(t, r)
				got[a.Seq] = append(got[a.Seq], a)
			}
			for _, a := range p.Answers {
				want := parse(t, unhex(t, a.FrameHex))
				require.NotEmpty(t, got[want.Seq], "an answer to %d", want.Seq)
				sameAnswer(t, name, want, got[want.Seq][0])
				got[want.Seq] = got[want.Seq][1:]
			}
			switch {
			case closes:
				var p frame.Package
				err := r.Read(&p)
				require.Error(t, err, "the connection is closed without another answer")
				require.False(t, errors.Is(err, os.ErrDeadlineExceeded), "the connection is closed")
			case incomplete[name]:
				require.NoError(t, nc.SetReadDeadline(time.Now().Add(50*time.Millisecond)))
				var p frame.Package
				require.ErrorIs(t, r.Read(&p), os.ErrDeadlineExceeded, "neither an answer nor an end")
			default:
				_, err = nc.Write(goodQuest)
				require.NoError(t, err)
				a := readAnswer(t, r)
				require.EqualValues(t, 4711, a.Seq, "nothing but the good quest is answered any more")
				require.Zero(t, a.SS)
			}
		})
	}
}

var goodQuest = func() []byte {
	b, err := frame.Append(nil, &frame.Package{
		Header:  frame.Header{Version: 1, Flags: frame.MsgPack, Kind: frame.Twoway},
		Seq:     4711,
		Method:  []byte("two way demo"),
		Payload: []byte{0x80},
	}, frame.DefaultMaxPackage)
	if err != nil {
		panic(err)
	}
	return b
}()

func send(t *testing.T, nc net.Conn, name string, raw []byte) {
	t.Helper()
	pieces := [][]byte{raw}
	if name == "frame split byte by byte" {
		pieces = bytes.Split(raw, nil)
	}
	for _, b := range pieces {
		if _, err := nc.Write(b); err != nil {
			// The server may close before it has read a probe it refuses.
			require.NotErrorIs(t, err, os.ErrDeadlineExceeded)
			return
		}
	}
}

// wholeFrame completes a frame that the recording cut at 4096 bytes: what is
// missing is text.
func wholeFrame(t *testing.T, s string) []byte {
	t.Helper()
	raw := unhex(t, s)
	if len(raw) == 4096 {
		h, err := frame.ParseHeader(raw)
		require.NoError(t, err)
		raw = append(raw, bytes.Repeat([]byte{'x'}, int(h.Size())-len(raw))...)
	}
	return raw
}

func readAnswer(t *testing.T, r *frame.Reader) frame.Package {
	t.Helper()
	var p frame.Package
	require.NoError(t, r.Read(&p))
	require.Equal(t, frame.Answer, p.Kind)
	p.Payload = bytes.Clone(p.Payload)
	return p
}

func parse(t *testing.T, raw []byte) frame.Package {
	t.Helper()
	var p frame.Package
	n, err := p.Parse(raw, frame.DefaultMaxPackage)
	require.NoError(t, err)
	require.Equal(t, len(raw), n)
	return p
}

// sameAnswer compares what a client can rely on: the header, and the fields,
// except for the text of errors, clocks and the contents of *infos.
func sameAnswer(t *testing.T, name string, want, got frame.Package) {
	t.Helper()
	require.Equal(t, want.Version, got.Version, "version")
	require.Equal(t, want.Flags, got.Flags, "flags")
	require.Equal(t, want.SS, got.SS, "status")
	if name == "*infos" {
		v, err := codec.ParseValue(got.Payload)
		require.NoError(t, err)
		text, err := v.Text()
		require.NoError(t, err, "*infos is answered with one string")
		require.True(t, json.Valid([]byte(text)))
		return
	}
	if want.SS == 0 && !strings.HasPrefix(name, "*ping") {
		require.Equal(t, string(want.Payload), string(got.Payload))
		return
	}
	w, g := fields(t, want), fields(t, got)
	require.Len(t, g, len(w))
	for key := range w {
		switch key {
		case "ex":
			require.NotEmpty(t, g[key])
		case "ts":
			require.InDelta(t, time.Now().UnixMilli(), g[key], 60_000)
		default:
			require.EqualValues(t, w[key], g[key], key)
		}
	}
}

func fields(t *testing.T, p frame.Package) map[string]any {
	t.Helper()
	parse := codec.ParsePayload
	if p.Flags&frame.JSON != 0 {
		parse = codec.ParseJSON
	}
	payload, err := parse(p.Payload)
	require.NoError(t, err)
	var m map[string]any
	require.NoError(t, payload.Decode(&m))
	return m
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	require.NoError(t, err)
	return b
}

func TestOneByteMoreThanTheLimitClosesTheConnection(t *testing.T) {
	t.Parallel()
	const limit = 1024
	addr := serveTCP(t, fpnn.NewMux(), fpnn.WithMaxPackage(limit))
	for _, over := range []int{0, 1} {
		nc, err := net.Dial("tcp", addr)
		require.NoError(t, err)
		defer nc.Close()
		require.NoError(t, nc.SetDeadline(time.Now().Add(20*time.Second)))
		payload := codec.AppendString(codec.AppendMapHeader(nil, 1), "k")
		text := limit + over - frame.HeaderSize - 4 - 1 - len(payload) - 3
		payload = binary.BigEndian.AppendUint16(append(payload, 0xda), uint16(text))
		payload = append(payload, make([]byte, text)...)
		raw, err := frame.Append(nil, &frame.Package{
			Header:  frame.Header{Flags: frame.MsgPack, Kind: frame.Twoway},
			Method:  []byte("m"),
			Payload: payload,
		}, 2*limit)
		require.NoError(t, err)
		require.Len(t, raw, limit+over)
		_, err = nc.Write(raw)
		require.NoError(t, err)
		var p frame.Package
		err = frame.NewReader(nc, limit).Read(&p)
		if over == 0 {
			require.NoError(t, err)
			continue
		}
		require.True(t, errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || strings.Contains(err.Error(), "reset"), "%v", err)
	}
}
