package wire

import "github.com/gofpnn/gofpnn/codec"

// Message is what is sent: text, or bytes if Data is not nil.
type Message struct {
	// ID is unique for sender and target. To send with 0 is to have one made.
	ID int64
	// Type is 1 to 127: 30 chat, 32 command, 40 to 50 files; above 50 is free
	// for applications.
	Type int8
	Text string
	// Data is a binary message. Of a message that came, it is not nil exactly if
	// the message was binary on the wire; C++ peers send bytes as text.
	Data  []byte
	Attrs string
}

func (m *Message) appendBody(b []byte) []byte {
	if m.Data != nil {
		return codec.AppendBytes(b, m.Data)
	}
	return codec.AppendString(b, m.Text)
}

// setBody takes msg as text or data, by its kind. text makes strings.
func (m *Message) setBody(v codec.Value, text func([]byte) string) error {
	body, err := v.Bytes()
	if err != nil {
		return err
	}
	if v.Kind() == codec.Bytes {
		m.Data = append([]byte{}, body...)
	} else {
		m.Text = text(body)
	}
	return nil
}

// Content is what a message says, as it lies in the payload it came in: it is good
// for as long as that is. Who keeps it has a place of its own for it.
type Content struct {
	Body, Attrs []byte
	Binary      bool // Body is data, not text
}

// Message returns a message that says the same, in memory of its own.
func (c *Content) Message(id int64, kind int8) Message {
	m := Message{ID: id, Type: kind, Attrs: string(c.Attrs)}
	if c.Binary {
		m.Data = append([]byte{}, c.Body...)
	} else {
		m.Text = string(c.Body)
	}
	return m
}

// Content returns what the message says.
func (m *Message) Content() Content {
	c := Content{Body: m.Data, Attrs: []byte(m.Attrs), Binary: m.Data != nil}
	if !c.Binary {
		c.Body = []byte(m.Text)
	}
	return c
}

// Stored is a message in a conversation's history.
type Stored struct {
	Message
	Cursor       int64 // rises within the conversation; pages go by it
	From         int64 // the sender
	Deleted      bool
	ModifiedTime int64 // Unix milliseconds: when it was sent, or last edited
	File         *File // of file messages, types 40 to 50, else nil
}
