package wire

import "github.com/gofpnn/gofpnn/codec"

// Send is the quest that sends one message.
type Send struct {
	Signed
	From    int64
	Target  Target
	Tos     []int64 // receivers, of the method sendmsgs: then Target is not used
	Message Message
}

// Method returns the wire's name for it.
func (s *Send) Method() string {
	if s.Tos != nil {
		return SendMulti
	}
	return s.Target.Kind.SendMethod()
}

// AppendPayload appends the quest's parameters.
func (s *Send) AppendPayload(b []byte) ([]byte, error) {
	key := s.Target.Kind.route().sendKey
	n := signedParams + 6
	if s.Tos == nil && key == "" {
		n--
	}
	b = codec.AppendMapHeader(b, n)
	b = s.appendTo(b, s.Method())
	b = codec.AppendInt(codec.AppendString(b, "mtype"), int64(s.Message.Type))
	b = codec.AppendInt(codec.AppendString(b, "from"), s.From)
	switch {
	case s.Tos != nil:
		b = appendInts(codec.AppendString(b, "tos"), s.Tos)
	case key != "":
		b = codec.AppendInt(codec.AppendString(b, key), s.Target.ID)
	}
	b = codec.AppendInt(codec.AppendString(b, "mid"), s.Message.ID)
	b = s.Message.appendBody(codec.AppendString(b, "msg"))
	return codec.AppendString(codec.AppendString(b, "attrs"), s.Message.Attrs), nil
}

// Send reads the parameters of a quest that sends, except for those that sign
// it, into s, and returns what the message says, which s leaves out. multi tells the
// method sendmsgs; otherwise it is that of kind. A message type out of range is read
// as 0, which is no type either.
func (f *Fields) Send(kind Kind, multi bool, s *Send) (Content, error) {
	f.err = nil
	*s = Send{From: f.int("from"), Target: Target{Kind: kind}}
	switch key := kind.route().sendKey; {
	case multi:
		s.Tos = f.ints("tos")
	case key != "":
		s.Target.ID = f.int(key)
	}
	s.Message = Message{ID: f.int("mid"), Type: f.messageType("mtype")}
	says := Content{Attrs: f.bytes("attrs")}
	body := read(&f.reader, "msg", asValue)
	if f.err != nil {
		return Content{}, f.err
	}
	var err error
	if says.Body, err = body.Bytes(); err != nil {
		return Content{}, &codec.Error{Key: "msg", Detail: "want text or bytes", Err: codec.ErrWrongType}
	}
	says.Binary = body.Kind() == codec.Bytes
	return says, nil
}

// ParseSend opens a payload and reads all of its [Fields.Send]. Nothing in it aliases
// the payload.
func ParseSend(kind Kind, multi bool, p codec.Payload) (Send, error) {
	var f Fields
	var s Send
	f.Open(p)
	says, err := f.Send(kind, multi, &s)
	if err != nil {
		return Send{}, err
	}
	s.Message = says.Message(s.Message.ID, s.Message.Type)
	return s, nil
}

// SendAnswer is the answer to a send.
type SendAnswer struct {
	ModifiedTime int64 // Unix milliseconds
}

// AppendPayload appends the answer.
func (a SendAnswer) AppendPayload(b []byte) ([]byte, error) {
	b = codec.AppendString(codec.AppendMapHeader(b, 1), "mtime")
	return codec.AppendInt(b, a.ModifiedTime), nil
}

// ParseSendAnswer reads the answer to a send.
func ParseSendAnswer(p codec.Payload) (SendAnswer, error) {
	mtime, err := p.Int64("mtime")
	return SendAnswer{mtime}, err
}

func appendInts(b []byte, ns []int64) []byte {
	b = codec.AppendArrayHeader(b, len(ns))
	for _, n := range ns {
		b = codec.AppendInt(b, n)
	}
	return b
}
