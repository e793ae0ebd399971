package secure

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"os"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/fpnn/frame"
	"github.com/gofpnn/gofpnn/transport/mem"
)

// session is one recorded session with the vendor's C++ server.
type session struct {
	Name          string
	Curve         string
	Bits          int `json:"aes_bits"`
	Mode          string
	ServerPrivate hexBytes   `json:"server_private_key_hex"`
	ServerPublic  hexBytes   `json:"server_public_key_hex"`
	ClientPrivate hexBytes   `json:"client_ephemeral_private_key_hex"` // not of the vendor's own client
	ClientPublic  hexBytes   `json:"publicKey_param_sent_hex"`
	Secret        hexBytes   `json:"shared_secret_hex"`
	Key           hexBytes   `json:"aes_key_hex"`
	IV            hexBytes   `json:"aes_iv_hex"`
	KeyQuest      recorded   `json:"key_quest"`
	ToServer      hexBytes   `json:"client_to_server_stream_hex"`
	ToClient      hexBytes   `json:"server_to_client_stream_hex"`
	Quests        []recorded `json:"client_to_server_frames"`
	Answers       []recorded `json:"server_to_client_frames"`
}

type recorded struct {
	Frame hexBytes `json:"frame_hex"`
}

type hexBytes []byte

func (h *hexBytes) UnmarshalText(text []byte) (err error) {
	*h, err = hex.DecodeString(string(text))
	return err
}

func (s *session) curve(tb testing.TB) Curve {
	tb.Helper()
	for c := Secp192r1; c.known(); c++ {
		if c.String() == s.Curve {
			return c
		}
	}
	require.FailNow(tb, "no such curve", s.Curve)
	return 0
}

func (s *session) stream() bool { return s.Mode == "stream" }

func (s *session) serverKey(tb testing.TB) *PrivateKey {
	tb.Helper()
	k, err := NewPrivateKey(s.curve(tb), s.ServerPrivate)
	require.NoError(tb, err)
	return k
}

func join(frames []recorded) (b []byte) {
	for _, f := range frames {
		b = append(b, f.Frame...)
	}
	return b
}

func sessions(tb testing.TB) []session {
	tb.Helper()
	raw, err := os.ReadFile("testdata/encrypted-sessions.json")
	require.NoError(tb, err)
	var all []session
	require.NoError(tb, json.Unmarshal(raw, &all))
	require.Len(tb, all, 24)
	return all
}

func eachSession(t *testing.T, f func(t *testing.T, s *session)) {
	t.Helper()
	t.Parallel()
	for _, s := range sessions(t) {
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			f(t, &s)
		})
	}
}

func TestSecretAndKeysAreThoseOfTheRecordedSessions(t *testing.T) {
	eachSession(t, func(t *testing.T, s *session) {
		server := s.serverKey(t)
		require.Equal(t, []byte(s.ServerPublic), server.Public().Bytes())
		peer, err := NewPublicKey(s.curve(t), s.ClientPublic)
		require.NoError(t, err)
		secret, err := server.shared(peer)
		require.NoError(t, err)
		require.Equal(t, []byte(s.Secret), secret)
		if len(s.ClientPrivate) > 0 {
			client, err := NewPrivateKey(s.curve(t), s.ClientPrivate)
			require.NoError(t, err)
			require.Equal(t, []byte(s.ClientPublic), client.Public().Bytes())
			secret, err := client.shared(server.Public())
			require.NoError(t, err)
			require.Equal(t, []byte(s.Secret), secret)
		}

		k := deriveKeys(secret, s.Bits)
		require.Equal(t, []byte(s.IV), k.iv[:])
		// A key shows itself only in what it encrypts.
		require.Len(t, s.Key, s.Bits/8)
		want := deriveKeys(append(bytes.Clone(s.Key), make([]byte, 32-len(s.Key))...), s.Bits)
		var block, wantBlock [16]byte
		k.block.Encrypt(block[:], k.iv[:])
		want.block.Encrypt(wantBlock[:], k.iv[:])
		require.Equal(t, wantBlock, block)
	})
}

// TestServerReplaysTheRecordedSessions has the recorded client speak to a Conn,
// in fragments of every kind: it reads the recorded quests, and what it writes is
// what the C++ server wrote.
func TestServerReplaysTheRecordedSessions(t *testing.T) {
	eachSession(t, func(t *testing.T, s *session) {
		for name, cut := range cuts {
			near, far := mem.Pipe()
			c, err := Server(near, ServerConfig{Key: s.serverKey(t)})
			require.NoError(t, err)
			wrote := readAll(far)
			go writeCut(far, s.ToServer, cut.size)

			want := join(s.Quests)
			got := make([]byte, len(want))
			_, err = io.ReadFull(cut.reader(c), got)
			require.NoError(t, err, name)
			require.Equal(t, want, got, name)
			require.True(t, c.Encrypted())

			require.Equal(t, s.Answers[0].Frame, recordedAccept(t, s), "the first is the answer to *key")
			require.NoError(t, writeCut(c, join(s.Answers[1:]), cut.size))
			require.NoError(t, c.Close())
			require.Equal(t, []byte(s.ToClient), <-wrote, name)
			_ = far.Close()
		}
	})
}

func recordedAccept(t *testing.T, s *session) hexBytes {
	t.Helper()
	var p frame.Package
	_, err := p.Parse(s.KeyQuest.Frame, maxExchange)
	require.NoError(t, err)
	accept, err := appendAccept(nil, &p)
	require.NoError(t, err)
	return accept
}

func TestClientReplaysTheRecordedSessions(t *testing.T) {
	eachSession(t, func(t *testing.T, s *session) {
		for name, cut := range cuts {
			near, far := mem.Pipe()
			wrote := readAll(far)
			c := s.client(t, near)
			go writeCut(far, s.ToClient, cut.size)

			want := join(s.Answers[1:])
			got := make([]byte, len(want))
			_, err := io.ReadFull(cut.reader(c), got)
			require.NoError(t, err, name)
			require.Equal(t, want, got, name)

			require.NoError(t, writeCut(c, join(s.Quests), cut.size))
			require.NoError(t, c.Close())
			require.Equal(t, []byte(s.ToServer), <-wrote, name)
			_ = far.Close()
		}
	})
}

// client returns the recorded client. The vendor's own has left us no private
// key, only what came of it.
func (s *session) client(t *testing.T, nc *mem.Conn) *Conn {
	t.Helper()
	if len(s.ClientPrivate) > 0 {
		own, err := NewPrivateKey(s.curve(t), s.ClientPrivate)
		require.NoError(t, err)
		cfg := ClientConfig{Key: s.serverKey(t).Public(), Bits: s.Bits, PackageMode: !s.stream()}
		require.NoError(t, cfg.complete())
		c, err := newClient(t.Context(), nc, &cfg, own)
		require.NoError(t, err)
		return c
	}
	_, err := nc.Write(s.KeyQuest.Frame)
	require.NoError(t, err)
	c := newConn(nc, time.Minute)
	c.encrypt(deriveKeys(s.Secret, s.Bits), s.stream(), frame.DefaultMaxPackage)
	c.handshake, c.due = c.awaitAnswer(), time.Now().Add(time.Minute)
	return c
}

// cuts are ways to cut a stream into pieces.
var cuts = map[string]struct {
	size   int
	reader func(io.Reader) io.Reader
}{
	"at once":      {1 << 20, func(r io.Reader) io.Reader { return r }},
	"byte by byte": {1, iotest.OneByteReader},
	"7 bytes":      {7, iotest.HalfReader},
}

// writeCut writes b in pieces.
func writeCut(w io.Writer, b []byte, size int) error {
	for len(b) > 0 {
		n, err := w.Write(b[:min(size, len(b))])
		if err != nil {
			return err
		}
		b = b[n:]
	}
	return nil
}

// readAll reads to the end, which a peer's closing makes, in a goroutine.
func readAll(r io.Reader) <-chan []byte {
	done := make(chan []byte, 1)
	go func() {
		b, err := io.ReadAll(r)
		if err != nil && !errors.Is(err, io.ErrClosedPipe) {
			b = append(b, err.Error()...)
		}
		done <- b
	}()
	return done
}
