package fakeserver

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/codec"
	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/fpnn/frame"
)

// recordOf returns the record of an answer with a payload.
func recordOf(t testing.TB, flags frame.Flags, payload []byte) Record {
	t.Helper()
	b, err := frame.Append(nil, &frame.Package{
		Header: frame.Header{Version: frame.Version, Flags: flags, Kind: frame.Answer}, Payload: payload,
	}, frame.DefaultMaxPackage)
	require.NoError(t, err)
	return Record{Kind: frame.Answer, Bytes: b}
}

func TestSecretsAreRedactedAtAnyDepth(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{"token":"abc", "msg":"abc"}`:                                      `{"token":"***", "msg":"abc"}`,
		`{"devicetoken":"abc", "apptype":"apns"}`:                           `{"devicetoken":"***", "apptype":"apns"}`,
		`{"Access_Token":"abc", "Secret":"abc", "tokenizer":"abc"}`:         `{"Access_Token":"***", "Secret":"***", "tokenizer":"abc"}`,
		`{"a":{"b":[1, {"c":[{"token":"abc"}, "abc"]}]}, "token":"d"}`:      `{"a":{"b":[1, {"c":[{"token":"***"}, "abc"]}]}, "token":"*"}`,
		`{"tokens":["abc", "de", ["f"]], "n":["abc"]}`:                      `{"tokens":["***", "**", ["*"]], "n":["abc"]}`,
		`{"token":{"abc":{"x":"yz"}}, "x":{"abc":1}}`:                       `{"token":{"***":{"*":"**"}}, "x":{"abc":1}}`,
		`{"token":"", "secret":null, "x":true, "devicetoken":[true, null]}`: `{"token":"", "secret":null, "x":true, "devicetoken":[true, null]}`,
		`{"x":[{"token":"abc"}, {"token":"abc"}], "token":"abc"}`:           `{"x":[{"token":"***"}, {"token":"***"}], "token":"***"}`,
		`{"x":"token", "token":"x"}`:                                        `{"x":"token", "token":"*"}`,
		`{}`:                                                                `{}`,
	} {
		parsed, err := codec.ParseJSON([]byte(text))
		require.NoError(t, err, text)
		for name, r := range map[string]Record{
			"JSON": recordOf(t, frame.JSON, []byte(text)), "msgpack": recordOf(t, frame.MsgPack, parsed.Raw()),
		} {
			require.JSONEq(t, want, r.Text(), name)
			size := len(r.Bytes)
			r.redact()
			require.Len(t, r.Bytes, size)
			p, err := r.Payload()
			require.NoError(t, err)
			require.JSONEq(t, want, p.String(), name)
		}
	}
}

func TestSecretsThatAreNoTextAreRedacted(t *testing.T) {
	t.Parallel()
	r := recordOf(t, frame.JSON, []byte(`{ "token" : 12345 ,"secret":[-1.5e10, 0], "x" : 12345, "tok\u0065n":"a\"b\\\u4f60" }`))
	r.redact()
	require.Equal(t, `{ "token" : 11111 ,"secret":[-1.1e11, 1], "x" : 12345, "tok\u0065n":"************" }`, string(r.Bytes[frame.HeaderSize+4:]))

	var b []byte
	b = codec.AppendMapHeader(b, 3)
	b = codec.AppendInt(codec.AppendString(b, "token"), 7)
	b = codec.AppendArrayHeader(codec.AppendString(b, "secret"), 5)
	b = codec.AppendInt(codec.AppendInt(b, -5), -1<<40)
	b = codec.AppendFloat64(codec.AppendUint(b, 1<<63), 1.5)
	b = codec.AppendBytes(b, []byte{0, 0xff})
	b = codec.AppendBytes(b, []byte("token")) // as data, and so is a key
	b = codec.AppendInt(b, 300)
	r = recordOf(t, frame.MsgPack, b)
	require.Equal(t, `{"token":0, "secret":[0, 0, 0, 0, "**"], "token":0}`, strings.ReplaceAll(r.Text(), "0.0", "0"))
}

// What cannot be read may hold a secret all the same.
func TestUnreadablePayloadsShowNothingAfterTheMentionOfASecret(t *testing.T) {
	t.Parallel()
	half := codec.AppendString(codec.AppendString(codec.AppendMapHeader(nil, 2), "deviceToken"), "CONFIDENTIAL")
	for flags, payload := range map[frame.Flags][]byte{frame.MsgPack: half, frame.JSON: []byte(`{"a":1,"secret":"CONFIDENTIAL"`)} {
		r := recordOf(t, flags, payload)
		require.NotContains(t, r.Text(), "434f4e464944454e5449414c") // CONFIDENTIAL
		require.Contains(t, r.Text(), strings.Repeat("c1", len("CONFIDENTIAL")))
		r.redact()
		require.NotContains(t, string(r.Bytes), "CONFIDENTIAL")
	}
}

// A phone's address for notifications is in quests, a token to send a file with in
// answers: neither is shown, nor in a file.
func TestSecretsOfQuestsAndAnswersAreInNoFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	grown, saved := filepath.Join(dir, "grown"), filepath.Join(dir, "saved")
	s := New(t, WithJournalFile(grown))
	s.On("filetoken", Reply(map[string]any{"endpoint": "host:1", "more": []any{map[string]any{"token": "CONFIDENTIAL"}}}))
	for _, encoding := range []codec.Encoding{codec.MsgPack, codec.JSON} {
		c, err := fpnn.Dial(t.Context(), s.Addr(), fpnn.WithDialer(s.Dialer()), fpnn.WithEncoding(encoding))
		require.NoError(t, err)
		for _, method := range []string{"adddevice", "removedevice"} {
			_, err = c.Call(t.Context(), method, map[string]any{"uid": 1, "apptype": "apns", "devicetoken": "CONFIDENTIAL"})
			require.Equal(t, fpnn.CodeCoreUnknownMethod, fpnn.Code(err))
		}
		answer, err := c.Call(t.Context(), "filetoken", nil)
		require.NoError(t, err)
		require.Contains(t, string(answer.Raw()), "CONFIDENTIAL", "the client has it")
		require.NoError(t, c.Close())
	}
	for r := range s.Journal().All() {
		require.NotContains(t, r.String(), "CONFIDENTIAL")
	}
	require.NoError(t, s.Journal().Save(saved))
	require.NoError(t, s.Close())
	for _, path := range []string{grown, saved} {
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		require.NotContains(t, string(content), "CONFIDENTIAL")
		records, err := ReadJournal(bytes.NewReader(content))
		require.NoError(t, err)
		require.Len(t, records, 12)
		for _, r := range records {
			require.NotContains(t, string(r.Bytes), "CONFIDENTIAL")
			_, err := r.Payload()
			require.NoError(t, err)
		}
	}
}

// Redacted, a payload is as long, as readable and as redacted as before.
func FuzzRedact(f *testing.F) {
	for _, seed := range []string{`{"token":"x","a":[{"secret":[1,"y"]}]}`, `{"token":{"a":{}}}`, `{"token`} {
		f.Add([]byte(seed), true)
		if p, err := codec.ParseJSON([]byte(seed)); err == nil {
			f.Add(p.Raw(), false)
		}
	}
	f.Fuzz(func(t *testing.T, payload []byte, isJSON bool) {
		if len(payload) == 0 {
			return
		}
		flags := frame.MsgPack
		if isJSON {
			flags = frame.JSON
		}
		r := recordOf(t, flags, payload)
		raw := bytes.Clone(r.Bytes)
		before, beforeErr := r.Payload()
		once := r
		once.redact()
		require.Equal(t, raw, r.Bytes, "the record itself stays")
		require.Len(t, once.Bytes, len(raw))
		after, afterErr := once.Payload()
		require.Equal(t, beforeErr == nil, afterErr == nil)
		require.Equal(t, before.Len(), after.Len())
		twice := once
		twice.redact()
		require.Equal(t, once.Bytes, twice.Bytes)
	})
}
