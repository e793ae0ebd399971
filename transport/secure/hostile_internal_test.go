package secure

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/md5"
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/codec"
	"github.com/gofpnn/gofpnn/fpnn/frame"
)

// scripted is a connection whose peer has said all it will say.
type scripted struct {
	net.Conn
	in  io.Reader
	out bytes.Buffer
}

func (s *scripted) Read(b []byte) (int, error)  { return s.in.Read(b) }
func (s *scripted) Write(b []byte) (int, error) { return s.out.Write(b) }
func (s *scripted) Close() error                { return nil }

// args are the parameters of a `*key`; a nil value leaves one out.
type args struct{ publicKey, streamMode, bits any }

// keyQuest is a `*key` quest with any parameters.
func keyQuest(tb testing.TB, head frame.Header, a args) []byte {
	tb.Helper()
	m := map[string]any{}
	for name, v := range map[string]any{"publicKey": a.publicKey, "streamMode": a.streamMode, "bits": a.bits} {
		if v != nil {
			m[name] = v
		}
	}
	payload, err := codec.Marshal(m)
	require.NoError(tb, err)
	return questPackage(tb, head, methodKey, payload)
}

func questPackage(tb testing.TB, head frame.Header, method string, payload []byte) []byte {
	tb.Helper()
	p := frame.Package{Header: head, Seq: 77, Method: []byte(method), Payload: payload}
	b, err := frame.Append(nil, &p, 1<<20)
	require.NoError(tb, err)
	return b
}

var (
	twoway     = frame.Header{Version: 1, Flags: frame.MsgPack, Kind: frame.Twoway}
	onewayKind = frame.Header{Version: 1, Flags: frame.MsgPack, Kind: frame.Oneway}
	inJSON     = frame.Header{Version: 1, Flags: frame.JSON, Kind: frame.Twoway}
)

func newTestKey(tb testing.TB, c Curve) *PrivateKey {
	tb.Helper()
	k, err := GenerateKey(c)
	require.NoError(tb, err)
	return k
}

// readFirst has a server read what a client sends, then its end.
func readFirst(tb testing.TB, cfg ServerConfig, in io.Reader) (c *Conn, nc *scripted, got []byte, err error) {
	tb.Helper()
	nc = &scripted{in: in}
	c, err = Server(nc, cfg)
	require.NoError(tb, err)
	got, err = io.ReadAll(c)
	return c, nc, got, err
}

func TestHostileKeyExchangesAreRefused(t *testing.T) {
	t.Parallel()
	server := newTestKey(t, Secp256r1)
	good := newTestKey(t, Secp256r1).Public().Bytes()
	off := bytes.Clone(good)
	off[63] ^= 1
	whole := keyQuest(t, twoway, args{publicKey: good})
	huge := func(size ...byte) []byte { return append(append(bytes.Clone(whole[:8]), size...), whole[12:]...) }
	for _, tt := range []struct {
		name  string
		quest []byte
		want  error
	}{
		{"point off the curve", keyQuest(t, twoway, args{publicKey: off}), ErrPoint},
		{"point at infinity", keyQuest(t, twoway, args{publicKey: make([]byte, 64)}), ErrPoint},
		{"coordinates beyond the field", keyQuest(t, twoway, args{publicKey: bytes.Repeat([]byte{0xff}, 64)}), ErrPoint},
		{"point of another curve", keyQuest(t, twoway, args{publicKey: newTestKey(t, Secp256k1).Public().Bytes()}), ErrPoint},
		{"key of another curve", keyQuest(t, twoway, args{publicKey: newTestKey(t, Secp192r1).Public().Bytes()}), ErrKeyLength},
		{"key short", keyQuest(t, twoway, args{publicKey: good[:63]}), ErrKeyLength},
		{"key with the prefix of SEC 1", keyQuest(t, twoway, args{publicKey: append([]byte{4}, good...)}), ErrKeyLength},
		{"key empty", keyQuest(t, twoway, args{publicKey: []byte{}}), ErrKeyLength},
		{"no key", keyQuest(t, twoway, args{bits: 128}), codec.ErrNotFound},
		{"key a number", keyQuest(t, twoway, args{publicKey: 1}), codec.ErrWrongType},
		{"bits 0", keyQuest(t, twoway, args{publicKey: good, bits: 0}), ErrBits},
		{"bits 192", keyQuest(t, twoway, args{publicKey: good, bits: 192}), ErrBits},
		{"bits -128", keyQuest(t, twoway, args{publicKey: good, bits: -128}), ErrBits},
		{"bits 2^32+128", keyQuest(t, twoway, args{publicKey: good, bits: 1<<32 + 128}), ErrBits},
		{"bits 128.5", keyQuest(t, twoway, args{publicKey: good, bits: 128.5}), ErrBits},
		{"bits a text", keyQuest(t, twoway, args{publicKey: good, bits: "many"}), ErrBits},
		{"bits nil", questPackage(t, twoway, methodKey, []byte("\x82\xa4bits\xc0\xa9publicKey\xc4\x00")), ErrBits},
		{"streamMode a number", keyQuest(t, twoway, args{publicKey: good, streamMode: 1}), codec.ErrWrongType},
		{"oneway", keyQuest(t, onewayKind, args{publicKey: good}), ErrOneway},
		{"JSON with a bad key", questPackage(t, inJSON, methodKey, []byte(`{"publicKey":"abc"}`)), ErrJSON},
		{"JSON that is none", questPackage(t, inJSON, methodKey, []byte(`{`)), ErrJSON},
		{"payload not a map", questPackage(t, twoway, methodKey, []byte{0x90}), codec.ErrNotMap},
		{"payload with a false length", questPackage(t, twoway, methodKey, []byte{0xdf, 0xff, 0xff, 0xff, 0xff}), codec.ErrMalformed},
		{"payload of 4 GiB", huge(0xff, 0xff, 0xff, 0xff), ErrTooLarge},
		{"payload of 1 MiB", huge(0, 0, 16, 0), ErrTooLarge},
		{"at the limit", keyQuest(t, twoway, args{publicKey: make([]byte, maxExchange-34)}), ErrKeyLength},
		{"a byte over the limit", keyQuest(t, twoway, args{publicKey: make([]byte, maxExchange-33)}), ErrTooLarge},
		{"cut in the magic", whole[:3], io.ErrUnexpectedEOF},
		{"cut in the header", whole[:11], io.ErrUnexpectedEOF},
		{"cut in the method", whole[:18], io.ErrUnexpectedEOF},
		{"cut in the payload", whole[:len(whole)-1], io.ErrUnexpectedEOF},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c, nc, got, err := readFirst(t, ServerConfig{Key: server}, bytes.NewReader(tt.quest))
			var typed *Error
			require.ErrorAs(t, err, &typed)
			require.Equal(t, "handshake", typed.Op)
			require.ErrorIs(t, err, tt.want)
			require.Empty(t, got)
			require.False(t, c.Encrypted())
			require.Empty(t, nc.out.Bytes(), "it is not answered")
			_, again := c.Read(make([]byte, 1))
			require.Equal(t, err, again)
			_, again = c.Write([]byte("x"))
			require.Equal(t, err, again, "and nothing leaves in the clear")
		})
	}
}

// TestEndlessKeyExchangeTakesNoMemory has a client that sends for ever.
func TestEndlessKeyExchangeTakesNoMemory(t *testing.T) {
	t.Parallel()
	key := newTestKey(t, Secp256r1)
	head := keyQuest(t, twoway, args{publicKey: make([]byte, maxExchange-40)})[:60]
	for _, head := range [][]byte{head, append(append(bytes.Clone(head[:8]), 0xff, 0xff, 0x7f, 0), head[12:]...)} {
		endless := &counted{r: io.MultiReader(bytes.NewReader(head), zeros{})}
		_, _, _, err := readFirst(t, ServerConfig{Key: key}, endless)
		var typed *Error
		require.ErrorAs(t, err, &typed)
		require.LessOrEqual(t, endless.n, readBuffer+len(head))
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

type counted struct {
	r io.Reader
	n int
}

func (c *counted) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	c.n += n
	return n, err
}

func TestWhatTheKeyExchangeLeavesOpenIsTakenAsTheCppServerTakesIt(t *testing.T) {
	t.Parallel()
	server, client := newTestKey(t, Secp256r1), newTestKey(t, Secp256r1)
	public := client.Public().Bytes()
	secret, err := client.shared(server.Public())
	require.NoError(t, err)
	odd := frame.Header{Version: 7, Flags: frame.MsgPack | 0x2f, Kind: frame.Twoway}
	for _, tt := range []struct {
		name   string
		head   frame.Header
		args   args
		bits   int
		stream bool
	}{
		{"nothing but the key", twoway, args{publicKey: public}, 128, false},
		{"the key as str", twoway, args{publicKey: string(public)}, 128, false},
		{"bits in digits", twoway, args{publicKey: public, bits: "128"}, 128, false},
		{"256 in digits", twoway, args{publicKey: public, bits: "256"}, 256, false},
		{"bits a float", twoway, args{publicKey: public, bits: 256.0}, 256, false},
		{"stream", twoway, args{publicKey: public, streamMode: true, bits: 256}, 256, true},
		{"version and flags to echo", odd, args{publicKey: public, streamMode: true}, 128, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c, nc, _, err := readFirst(t, ServerConfig{Key: server}, bytes.NewReader(keyQuest(t, tt.head, tt.args)))
			require.NoError(t, err)
			require.True(t, c.Encrypted())
			o := opening{newOpener(deriveKeys(secret, tt.bits), tt.stream, testLimit), open(false, &nc.out).r}
			answer, err := io.ReadAll(o)
			require.NoError(t, err)
			var p frame.Package
			_, err = p.Parse(answer, testLimit)
			require.NoError(t, err)
			require.Equal(t, frame.Package{
				Header: frame.Header{Version: tt.head.Version, Flags: tt.head.Flags, Kind: frame.Answer, PayloadSize: 1},
				Seq:    77, Payload: []byte{0x80},
			}, p)
		})
	}
}

// TestPaddedKeysOfTheGoSDKAreTakenOnlyIfWanted encrypts as the vendor's Go SDK
// does on short curves: key and secret are filled up with zeros.
func TestPaddedKeysOfTheGoSDKAreTakenOnlyIfWanted(t *testing.T) {
	t.Parallel()
	for _, c := range []Curve{Secp192r1, Secp224r1} {
		server, client := newTestKey(t, c), newTestKey(t, c)
		padded := append(client.Public().Bytes(), make([]byte, 64-2*c.size())...)
		secret, err := client.shared(server.Public())
		require.NoError(t, err)
		secret = append(secret, make([]byte, 32-len(secret))...)
		dirty := bytes.Clone(padded)
		dirty[63] = 1
		for bits, key := range map[int][]byte{128: secret[:16], 256: secret} {
			block, err := aes.NewCipher(key)
			require.NoError(t, err)
			iv := md5.Sum(secret)
			stream := cipher.NewCFBEncrypter(block, iv[:]) //nolint:staticcheck // SA1019: an encryption made by hand
			plain := pkg(t, frame.Twoway, 100)
			sealed := make([]byte, len(plain))
			stream.XORKeyStream(sealed, plain)
			sent := append(keyQuest(t, twoway, args{padded, true, bits}), sealed...)

			_, _, got, err := readFirst(t, ServerConfig{Key: server, PaddedKeys: true}, bytes.NewReader(sent))
			require.NoError(t, err)
			require.Equal(t, plain, got, "%v, %d bits", c, bits)
			_, _, _, err = readFirst(t, ServerConfig{Key: server}, bytes.NewReader(sent))
			require.ErrorIs(t, err, ErrKeyLength)
		}
		_, _, _, err = readFirst(t, ServerConfig{Key: server, PaddedKeys: true},
			bytes.NewReader(keyQuest(t, twoway, args{publicKey: dirty})))
		require.ErrorIs(t, err, ErrKeyLength, "filled up with something else")
		_, _, _, err = readFirst(t, ServerConfig{Key: server, PaddedKeys: true},
			bytes.NewReader(keyQuest(t, twoway, args{publicKey: client.Public().Bytes()})))
		require.NoError(t, err, "not filled up")
	}
}

// clientOf is a client that reads sent.
func clientOf(stream bool, sent []byte) *Conn {
	c := newConn(&scripted{in: bytes.NewReader(sent)}, time.Minute)
	c.encrypt(testKeys(), stream, testLimit)
	c.handshake, c.due = c.awaitAnswer(), time.Now().Add(time.Minute)
	return c
}

func TestClientTakesNoOtherAnswerThanSuccess(t *testing.T) {
	bothModes(t, func(t *testing.T, stream bool) {
		answer := func(seq uint32, status uint8, payload string) []byte {
			b := append(frame.AppendAnswer(nil, 1, frame.MsgPack, status, seq), payload...)
			require.NoError(t, frame.Finish(b, 1<<20))
			return seal(t, stream, b)
		}
		success := answer(keySeq, 0, "\x80")
		for _, tt := range []struct {
			name string
			sent []byte
			want error
			text string
		}{
			{"error", answer(keySeq, 1, "\x82\xa4code\xcd\x4e\x2d\xa2ex\xa4nope"), ErrRefused, `refused by the server: error 20013, "nope"`},
			{"error without a code", answer(keySeq, 1, "\x80"), ErrRefused, "error 0"},
			{"error that cannot be read", answer(keySeq, 1, "\x90"), ErrRefused, "cannot be read"},
			{"answer to another quest", answer(keySeq+1, 0, "\x80"), ErrRefused, "not the answer"},
			{"quest", seal(t, stream, questPackage(t, twoway, "push", []byte{0x80})), ErrRefused, "not the answer"},
			{"oversized", answer(keySeq, 0, string(make([]byte, maxExchange))), ErrTooLarge, ""},
			{"cut in the header", success[:10], ErrRefused, "unexpected EOF"},
			{"cut in the payload", success[:len(success)-1], ErrRefused, "unexpected EOF"},
			{"nothing", nil, ErrRefused, "unexpected EOF"},
		} {
			c := clientOf(stream, tt.sent)
			got, err := io.ReadAll(c)
			var typed *Error
			require.ErrorAs(t, err, &typed, tt.name)
			require.ErrorIs(t, err, tt.want, tt.name)
			require.ErrorContains(t, err, tt.text, tt.name)
			require.Empty(t, got, tt.name)
			_, again := c.Read(make([]byte, 1))
			require.Equal(t, err, again, tt.name)
		}
	})
}

// TestClientTakesNoAnswerInTheClear has a server that does not know `*key`, or
// somebody who has not got the private key.
func TestClientTakesNoAnswerInTheClear(t *testing.T) {
	t.Parallel()
	plain := append(frame.AppendAnswer(nil, 1, frame.MsgPack, 0, keySeq), 0x80)
	require.NoError(t, frame.Finish(plain, maxExchange))
	for stream, want := range map[bool]error{true: frame.ErrMagic, false: ErrTooLarge} {
		_, err := io.ReadAll(clientOf(stream, plain))
		var typed *Error
		require.ErrorAs(t, err, &typed)
		require.ErrorIs(t, err, want)
	}
}

// FuzzServer has a server read anything. What is no `*key` goes through as it
// came; else there is a typed error or a well-formed answer, or the end comes
// inside of a unit.
func FuzzServer(f *testing.F) {
	k := newTestKey(f, Secp224r1)
	public := newTestKey(f, Secp224r1).Public().Bytes()
	for _, a := range []args{
		{public, true, 128},
		{public, false, "256"},
		{append(bytes.Clone(public), make([]byte, 8)...), true, 256},
		{make([]byte, 56), nil, nil},
		{bytes.Repeat([]byte{1}, 56), nil, nil},
		{public[:55], false, 128},
		{public, false, 0},
	} {
		f.Add(append(keyQuest(f, twoway, a), pkg(f, frame.Answer, 1)...), uint8(9))
	}
	f.Add(keyQuest(f, onewayKind, args{publicKey: public}), uint8(1))
	f.Add(questPackage(f, twoway, "echo", []byte{0x80}), uint8(1))
	f.Add([]byte("GET / HTTP/1.1\r\n\r\n"), uint8(1))
	f.Fuzz(func(t *testing.T, data []byte, step uint8) {
		cfg := ServerConfig{Key: k, PaddedKeys: true, MaxPackage: testLimit}
		c, nc, got, err := readFirst(t, cfg, &dribble{data, int(step) + 1})
		var typed *Error
		switch {
		case errors.As(err, &typed):
			require.True(t, nc.out.Len() == 0 || typed.Op == "read")
		case nc.out.Len() > 0:
			require.True(t, c.Encrypted())
			require.LessOrEqual(t, nc.out.Len(), lengthSize+frame.HeaderSize+5)
		default:
			require.NoError(t, err)
			require.Equal(t, data, append([]byte{}, got...))
			require.False(t, c.Encrypted())
		}
	})
}

// FuzzClient has a client read anything in place of the answer.
func FuzzClient(f *testing.F) {
	accept := append(frame.AppendAnswer(nil, 1, frame.MsgPack, 0, keySeq), 0x80)
	require.NoError(f, frame.Finish(accept, maxExchange))
	for _, stream := range []bool{true, false} {
		f.Add(stream, seal(f, stream, append(bytes.Clone(accept), pkg(f, frame.Oneway, 9)...)))
		f.Add(stream, accept)
	}
	f.Fuzz(func(t *testing.T, stream bool, data []byte) {
		whole, err := io.ReadAll(clientOf(stream, data))
		var typed *Error
		if err != nil && !errors.As(err, &typed) {
			require.Equal(t, io.ErrUnexpectedEOF, err)
		}
		require.LessOrEqual(t, len(whole), len(data))
	})
}
