package ws_test

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/gofpnn/gofpnn/fpnn/frame"
	"github.com/gofpnn/gofpnn/transport/internal/bubble"
	"github.com/gofpnn/gofpnn/transport/mem"
	"github.com/gofpnn/gofpnn/transport/ws"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The opcodes of frames.
const (
	opContinuation = 0
	opText         = 1
	opBinary       = 2
	opClose        = 8
	opPing         = 9
	opPong         = 10
)

const final = 0x80 // the bit of the last frame of a message

// clientFrame is a masked frame; first is opcode and bits.
func clientFrame(first byte, payload []byte) []byte {
	b := appendLength([]byte{first}, len(payload), 0x80)
	mask := []byte{0x11, 0x22, 0x33, 0x44}
	b = append(b, mask...)
	for i, c := range payload {
		b = append(b, c^mask[i%4])
	}
	return b
}

// serverFrame is a frame without a mask.
func serverFrame(first byte, payload []byte) []byte {
	return append(appendLength([]byte{first}, len(payload), 0), payload...)
}

func appendLength(b []byte, n int, mask byte) []byte {
	switch {
	case n < 126:
		return append(b, mask|byte(n))
	case n <= 0xffff:
		return binary.BigEndian.AppendUint16(append(b, mask|126), uint16(n))
	}
	return binary.BigEndian.AppendUint64(append(b, mask|127), uint64(n))
}

func message(payload []byte) []byte { return clientFrame(final|opBinary, payload) }

func closeFrame(status uint16, reason string) []byte {
	return clientFrame(final|opClose, append(binary.BigEndian.AppendUint16(nil, status), reason...))
}

// wireFrame is a frame as it came, unmasked.
type wireFrame struct {
	first   byte
	payload []byte
}

func readFrame(r *bufio.Reader) (f wireFrame, err error) {
	var head [2]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return f, err
	}
	size := uint64(head[1] & 0x7f)
	extended := map[uint64]int{126: 2, 127: 8}[size]
	length := make([]byte, 8)
	if _, err := io.ReadFull(r, length[8-extended:]); err != nil {
		return f, err
	}
	if extended > 0 {
		size = binary.BigEndian.Uint64(length)
	}
	var mask [4]byte
	if head[1]&0x80 != 0 {
		if _, err := io.ReadFull(r, mask[:]); err != nil {
			return f, err
		}
	}
	f = wireFrame{head[0], make([]byte, size)}
	_, err = io.ReadFull(r, f.payload)
	for i := range f.payload {
		f.payload[i] ^= mask[i%4]
	}
	return f, err
}

// pkg is a oneway quest of so many bytes.
func pkg(tb testing.TB, size int) []byte {
	tb.Helper()
	b, err := frame.Append(nil, &frame.Package{
		Header:  frame.Header{Version: 1, Flags: frame.MsgPack, Kind: frame.Oneway},
		Method:  []byte("m"),
		Payload: bytes.Repeat([]byte{0x80}, size-frame.HeaderSize-1),
	}, size)
	require.NoError(tb, err)
	require.Len(tb, b, size)
	return b
}

// peer is the other end of a Conn, played frame by frame.
type peer struct {
	nc net.Conn
	r  *bufio.Reader
}

func newPeer(nc net.Conn) *peer { return &peer{nc, bufio.NewReader(nc)} }

func (p *peer) write(tb testing.TB, frames ...[]byte) {
	tb.Helper()
	_, err := p.nc.Write(bytes.Join(frames, nil))
	require.NoError(tb, err)
}

// requireFrame holds that the next frame is that one.
func (p *peer) requireFrame(tb testing.TB, first byte, payload []byte) {
	tb.Helper()
	f, err := readFrame(p.r)
	require.NoError(tb, err)
	require.Equal(tb, first, f.first)
	require.True(tb, bytes.Equal(payload, f.payload), "got %q", f.payload)
}

func (p *peer) requireClose(tb testing.TB, status uint16) {
	tb.Helper()
	f, err := readFrame(p.r)
	require.NoError(tb, err)
	require.EqualValues(tb, final|opClose, f.first)
	require.GreaterOrEqual(tb, len(f.payload), 2)
	require.Equal(tb, status, binary.BigEndian.Uint16(f.payload))
}

func (p *peer) requireEOF(tb testing.TB) {
	tb.Helper()
	_, err := p.r.ReadByte()
	require.Equal(tb, io.EOF, err)
}

// request is the request of a handshake.
func request(tb testing.TB) *http.Request {
	tb.Helper()
	r := httptest.NewRequestWithContext(tb.Context(), http.MethodGet, "http://gate/service/fpnn", nil)
	r.Header.Set("Connection", "Upgrade")
	r.Header.Set("Upgrade", "websocket")
	r.Header.Set("Sec-WebSocket-Version", "13")
	r.Header.Set("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
	return r
}

// hijackable is a ResponseWriter over nc without a server behind it.
type hijackable struct {
	*httptest.ResponseRecorder
	nc net.Conn
}

func (h *hijackable) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return h.nc, bufio.NewReadWriter(bufio.NewReader(h.nc), bufio.NewWriter(h.nc)), nil
}

// upgrade makes the server's end of a connection over nc.
func upgrade(tb testing.TB, u *ws.Upgrader, nc net.Conn) *ws.Conn {
	tb.Helper()
	c, err := u.Upgrade(&hijackable{httptest.NewRecorder(), nc}, request(tb))
	require.NoError(tb, err)
	return c
}

// serverConn returns the server's end of a connection over mem, and its peer.
func serverConn(tb testing.TB, u ws.Upgrader) (*ws.Conn, *peer) {
	tb.Helper()
	near, far := mem.Pipe()
	c := upgrade(tb, &u, near)
	tb.Cleanup(func() {
		_ = far.Close()
		_ = c.Close()
	})
	return c, newPeer(far)
}

// serve has l, over HTTP on inner, until the test ends.
func serve(tb testing.TB, inner net.Listener, h http.Handler) {
	tb.Helper()
	srv := &http.Server{Handler: h, ReadHeaderTimeout: time.Minute}
	ended := make(chan error, 1)
	go func() { ended <- srv.Serve(inner) }()
	tb.Cleanup(func() {
		_ = srv.Close()
		require.ErrorIs(tb, <-ended, http.ErrServerClosed)
	})
}

// pair returns both ends of a connection over mem.
func pair(tb testing.TB) (client, server net.Conn) {
	tb.Helper()
	var network mem.Network
	inner, err := network.Listen("")
	require.NoError(tb, err)
	l := ws.NewListener(inner.Addr(), nil)
	serve(tb, inner, l)
	client, err = (&ws.Dialer{Dialer: &network}).DialContext(tb.Context(), "tcp", inner.Addr().String())
	require.NoError(tb, err)
	server, err = l.Accept()
	require.NoError(tb, err)
	tb.Cleanup(func() {
		parting := bubble.Start(func() (int, error) { return 0, client.Close() })
		_ = server.Close()
		_, _ = parting.Wait()
	})
	return client, server
}

func startRead(c net.Conn) *bubble.Call[int] {
	return bubble.Start(func() (int, error) { return c.Read(make([]byte, 16)) })
}

func requireRead(tb testing.TB, c net.Conn, want []byte) {
	tb.Helper()
	got := make([]byte, len(want))
	_, err := io.ReadFull(c, got)
	require.NoError(tb, err)
	require.True(tb, bytes.Equal(want, got), "other bytes")
}
