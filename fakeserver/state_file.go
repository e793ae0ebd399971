package fakeserver

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"unicode/utf8"

	"github.com/gofpnn/gofpnn/rtm/wire"
)

// Save writes the state to a file with mode 0600, as JSON. A crash leaves either
// the file that was there or the new one, whole. Users' tokens are in it.
func (st *State) Save(path string) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("fakeserver: state: %w", err)
		}
	}()
	dir := filepath.Dir(path)
	file, err := os.CreateTemp(dir, filepath.Base(path)+".*") // mode 0600
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(file.Name()) }() // unless it has been renamed
	w := bufio.NewWriter(file)
	err = json.NewEncoder(w).Encode(st)
	if err := errors.Join(err, w.Flush(), file.Sync(), file.Close()); err != nil {
		return err
	}
	if err := os.Rename(file.Name(), path); err != nil {
		return err
	}
	return syncDir(dir)
}

// syncDir has the names in a directory outlive a crash.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// ReadState reads what [State.Save] has written. Whether a gate can have such a
// state is looked at by [WithState].
func ReadState(r io.Reader) (*State, error) {
	st := new(State)
	decoder := json.NewDecoder(r)
	decoder.DisallowUnknownFields()
	err := decoder.Decode(st)
	if err == nil && decoder.More() {
		err = errors.New("more than one value")
	}
	if err != nil {
		return nil, fmt.Errorf("fakeserver: state: %w", err)
	}
	return st, nil
}

// savedConversation is a Conversation in JSON.
type savedConversation struct {
	Kind      string         `json:"kind"`
	ID        int64          `json:"id,omitempty"`
	Users     *[2]int64      `json:"users,omitempty"`
	Forgotten int64          `json:"forgotten,omitempty"`
	Newest    int64          `json:"newest,omitempty"`
	Passed    []MessageID    `json:"passed,omitempty"`
	Messages  []savedMessage `json:"messages,omitempty"`
}

type savedMessage struct {
	From    int64   `json:"from"`
	ID      int64   `json:"id"`
	Time    int64   `json:"time"`
	Type    int8    `json:"type,omitempty"`
	Text    octets  `json:"text,omitzero"`
	Data    *[]byte `json:"data,omitempty"` // of a binary message
	Attrs   octets  `json:"attrs,omitzero"`
	Deleted bool    `json:"deleted,omitempty"`
}

// octets is text as it came, which need not be UTF-8: then it is base64 in an
// object.
type octets string

type rawOctets struct {
	Base64 []byte `json:"base64"`
}

// MarshalJSON is [json.Marshaler].
func (o octets) MarshalJSON() ([]byte, error) {
	if utf8.ValidString(string(o)) {
		return json.Marshal(string(o))
	}
	return json.Marshal(rawOctets{[]byte(o)})
}

// UnmarshalJSON is [json.Unmarshaler].
func (o *octets) UnmarshalJSON(b []byte) error {
	if len(b) == 0 || b[0] != '{' {
		return json.Unmarshal(b, (*string)(o))
	}
	var raw rawOctets
	err := json.Unmarshal(b, &raw)
	*o = octets(raw.Base64)
	return err
}

// MarshalJSON is [json.Marshaler].
func (c Conversation) MarshalJSON() ([]byte, error) {
	saved := savedConversation{Kind: c.Kind.String(), ID: c.ID, Forgotten: c.Forgotten, Newest: c.Newest, Passed: c.Passed}
	if c.Kind == wire.P2P {
		saved.Users = &c.Users
	}
	for _, m := range c.Messages {
		s := savedMessage{
			From: m.From, ID: m.ID, Time: m.ModifiedTime, Type: m.Type, Text: octets(m.Text), Attrs: octets(m.Attrs), Deleted: m.Deleted,
		}
		if m.Data != nil {
			s.Data = &m.Data
		}
		saved.Messages = append(saved.Messages, s)
	}
	return json.Marshal(saved)
}

// UnmarshalJSON is [json.Unmarshaler].
func (c *Conversation) UnmarshalJSON(b []byte) error {
	var saved savedConversation
	if err := json.Unmarshal(b, &saved); err != nil {
		return err
	}
	*c = Conversation{ID: saved.ID, Forgotten: saved.Forgotten, Newest: saved.Newest, Passed: saved.Passed}
	for kind := wire.P2P; kind.Valid(); kind++ {
		if kind.String() == saved.Kind {
			c.Kind = kind
		}
	}
	if saved.Users != nil {
		c.Users = *saved.Users
	}
	for i, s := range saved.Messages {
		m := wire.Stored{
			Message:      wire.Message{ID: s.ID, Type: s.Type, Text: string(s.Text), Attrs: string(s.Attrs)},
			Cursor:       saved.Forgotten + int64(i) + 1,
			From:         s.From,
			Deleted:      s.Deleted,
			ModifiedTime: s.Time,
		}
		if s.Data != nil {
			m.Data = append([]byte{}, *s.Data...)
		}
		c.Messages = append(c.Messages, m)
	}
	return nil
}
