package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"strconv"
)

// The message types that SDKs take for files.
const (
	firstFileType = 40 // an image; 41 audio, 42 video
	lastFileType  = 50 // any other file
)

// File is what a file message says of its file: in JSON, as its text and its
// attributes, which stay in the message as they came.
type File struct {
	URL       string
	Size      int64  // bytes
	Thumbnail string // a URL, of images
	Audio     *Audio // of voice messages recorded by RTM's SDKs, else nil
	// Custom are the sender's own attributes: what was a string as it is, all
	// else as JSON, nothing as "".
	Custom string
	// TextErr and AttrsErr say why the text and the attributes could not be read;
	// then what they would have told is missing.
	TextErr, AttrsErr error `json:"-"`
}

// Audio describes a voice message.
type Audio struct {
	Codec      string
	SampleRate int32 // samples a second
	Language   string
	Duration   int32 // milliseconds
}

// file reads what m says of its file, nil if it is no file message.
func (m *Message) file() *File {
	if m.Type < firstFileType || m.Type > lastFileType {
		return nil
	}
	text := []byte(m.Text)
	if m.Data != nil {
		text = m.Data
	}
	f := new(File)
	f.TextErr = f.readText(text)
	f.AttrsErr = f.readAttrs([]byte(m.Attrs))
	return f
}

func (f *File) readText(text []byte) error {
	var about struct {
		URL  jsonText   `json:"url"`
		Size jsonNumber `json:"size"`
		Surl jsonText   `json:"surl"`
	}
	if err := parseObject(text, &about); err != nil {
		return err
	}
	f.URL, f.Size, f.Thumbnail = string(about.URL), int64(about.Size), string(about.Surl)
	return nil
}

func (f *File) readAttrs(attrs []byte) error {
	if len(attrs) == 0 {
		return nil
	}
	var parts struct {
		RTM    json.RawMessage `json:"rtm"`
		Custom json.RawMessage `json:"custom"`
	}
	if err := parseObject(attrs, &parts); err != nil {
		return err
	}
	f.Custom = customText(parts.Custom)
	if len(parts.RTM) == 0 || bytes.Equal(parts.RTM, []byte("null")) {
		return nil
	}
	var about struct {
		Type     jsonText   `json:"type"`
		Codec    jsonText   `json:"codec"`
		Lang     jsonText   `json:"lang"`
		Rate     jsonNumber `json:"srate"`
		Duration jsonNumber `json:"duration"`
	}
	if err := parseObject(parts.RTM, &about); err != nil {
		return err
	}
	if about.Type == "audiomsg" {
		f.Audio = &Audio{
			Codec: string(about.Codec), Language: string(about.Lang),
			SampleRate: about.Rate.int32(), Duration: about.Duration.int32(),
		}
	}
	return nil
}

// customText is how custom attributes are shown: a string's content, else JSON.
func customText(custom json.RawMessage) string {
	if len(custom) == 0 || bytes.Equal(custom, []byte("null")) {
		return ""
	}
	var s string
	if json.Unmarshal(custom, &s) == nil {
		return s
	}
	return string(custom)
}

func parseObject(data []byte, into any) error {
	if trimmed := bytes.TrimLeft(data, " \t\r\n"); len(trimmed) == 0 || trimmed[0] != '{' {
		return errors.New("not a JSON object")
	}
	return json.Unmarshal(data, into)
}

// jsonText is a JSON string; whatever else counts as none.
type jsonText string

func (t *jsonText) UnmarshalJSON(b []byte) error {
	var s string
	if json.Unmarshal(b, &s) == nil {
		*t = jsonText(s)
	}
	return nil
}

// jsonNumber is a JSON number in any notation, or in a string; whatever else counts
// as 0.
type jsonNumber int64

func (n *jsonNumber) UnmarshalJSON(b []byte) error {
	s := string(bytes.Trim(b, `"`))
	if i, err := strconv.ParseInt(s, 10, 64); err == nil {
		*n = jsonNumber(i)
	} else if f, err := strconv.ParseFloat(s, 64); err == nil && math.Abs(f) < 1<<62 {
		*n = jsonNumber(f)
	}
	return nil
}

func (n jsonNumber) int32() int32 {
	return int32(max(math.MinInt32, min(math.MaxInt32, n)))
}
