package wire_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/rtm/wire"
)

// stored reads a row of a history page.
func stored(t testing.TB, mtype int, msg any, attrs string) wire.Stored {
	t.Helper()
	row := with(2, mtype)
	row[5], row[6] = msg, attrs
	got, err := wire.ParsePage(payload(t, page(row)), &wire.History{Target: wire.Group(7)})
	require.NoError(t, err)
	require.Len(t, got.Messages, 1)
	return got.Messages[0]
}

const (
	imageText  = `{"url":"https://f/x.png","size":1234,"surl":"https://f/x_s.png"}`
	audioText  = `{"url":"https://f/x.amr","size":99}`
	audioAttrs = `{"rtm":{"type":"audiomsg","lang":"zh-CN","duration":1500,"srate":16000,"codec":"amr-wb"},"custom":"plain"}`
)

var audio = &wire.Audio{Codec: "amr-wb", SampleRate: 16000, Language: "zh-CN", Duration: 1500}

func TestFileMessagesAreRead(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		mtype int
		msg   any
		attrs string
		want  wire.File
	}{
		"image": {
			40, imageText, `{"rtm":{"sign":"x"},"custom":{"k":"v"}}`,
			wire.File{URL: "https://f/x.png", Size: 1234, Thumbnail: "https://f/x_s.png", Custom: `{"k":"v"}`},
		},
		"audio":          {41, audioText, audioAttrs, wire.File{URL: "https://f/x.amr", Size: 99, Audio: audio, Custom: "plain"}},
		"in bytes":       {50, []byte(audioText), audioAttrs, wire.File{URL: "https://f/x.amr", Size: 99, Audio: audio, Custom: "plain"}},
		"audio file":     {41, audioText, `{"rtm":{"sign":"x"}}`, wire.File{URL: "https://f/x.amr", Size: 99}},
		"no attrs":       {42, audioText, "", wire.File{URL: "https://f/x.amr", Size: 99}},
		"size a float":   {50, `{"url":"u","size":1.5e3}`, `{}`, wire.File{URL: "u", Size: 1500}},
		"size a string":  {50, `{"url":"u","size":"77"}`, `{}`, wire.File{URL: "u", Size: 77}},
		"size too large": {50, `{"url":"u","size":1e300}`, `{}`, wire.File{URL: "u"}},
		"odd kinds":      {45, `{"url":7,"size":[],"surl":null}`, `{"rtm":null,"custom":null}`, wire.File{}},
		"custom a list":  {45, `{}`, `{"custom":[1, 2]}`, wire.File{Custom: "[1, 2]"}},
		"custom empty":   {45, `{}`, `{"custom":""}`, wire.File{}},
		"numbers of 64 bits": {
			41, `{"size":9223372036854775807}`, `{"rtm":{"type":"audiomsg","duration":1e12,"srate":-1e12}}`,
			wire.File{Size: 1<<63 - 1, Audio: &wire.Audio{Duration: 1<<31 - 1, SampleRate: -1 << 31}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := stored(t, c.mtype, c.msg, c.attrs)
			require.Equal(t, &c.want, got.File)
			require.Equal(t, c.attrs, got.Attrs)
			if text, ok := c.msg.(string); ok {
				require.Equal(t, text, got.Text)
			}
		})
	}
}

func TestUnreadableFileMessageKeepsItsTextAndSaysWhy(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		msg   any
		attrs string
		parts []string
		want  wire.File
	}{
		"text":            {"not json", audioAttrs, []string{"text"}, wire.File{Audio: audio, Custom: "plain"}},
		"attrs":           {imageText, "{", []string{"attrs"}, wire.File{URL: "https://f/x.png", Size: 1234, Thumbnail: "https://f/x_s.png"}},
		"both":            {`["url"]`, "null", []string{"text", "attrs"}, wire.File{}},
		"empty text":      {"", "", []string{"text"}, wire.File{}},
		"trailing text":   {imageText + "x", "", []string{"text"}, wire.File{}},
		"bytes, no UTF-8": {[]byte{0xff, 0xfe}, "", []string{"text"}, wire.File{}},
		"rtm no object":   {audioText, `{"rtm":5,"custom":"c"}`, []string{"attrs"}, wire.File{URL: "https://f/x.amr", Size: 99, Custom: "c"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := stored(t, 41, c.msg, c.attrs)
			require.NotNil(t, got.File)
			require.Equal(t, slices.Contains(c.parts, "text"), got.File.TextErr != nil)
			require.Equal(t, slices.Contains(c.parts, "attrs"), got.File.AttrsErr != nil)
			got.File.TextErr, got.File.AttrsErr = nil, nil
			require.Equal(t, &c.want, got.File)
			require.Equal(t, c.attrs, got.Attrs)
		})
	}
}

func TestOnlyTypes40To50AreFiles(t *testing.T) {
	t.Parallel()
	for mtype := range 128 {
		require.Equal(t, mtype >= 40 && mtype <= 50, stored(t, mtype, "text", "").File != nil, mtype)
	}
}
