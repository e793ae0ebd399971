package wire

// Quests about messages that are stored. Target is the conversation as the
// sender From sees it.

// MessageRef names one message: who sent it, where, and under which id.
type MessageRef struct {
	ID, From int64
	Target   Target
}

func (m *MessageRef) visit(v *visitor) {
	number(v, "mid", &m.ID)
	conversation(v, &m.From, &m.Target)
}

// conversation names one by somebody who takes part in it and its target.
func conversation(v *visitor, from *int64, t *Target) {
	number(v, "from", from)
	target(v, t)
}

func target(v *visitor, t *Target) {
	number(v, "xid", &t.ID)
	v.kind("type", &t.Kind)
}

// Get is the quest for one message. [GetAnswer] is its answer.
type Get struct{ MessageRef }

// Method returns the wire's name for it.
func (*Get) Method() string { return "getmsg" }

// GetAnswer is a message without its id and sender, which the quest names.
type GetAnswer struct {
	Cursor       int64
	Message      Message // but for its ID
	ModifiedTime int64   // Unix milliseconds
}

func (a *GetAnswer) visit(v *visitor) {
	number(v, "id", &a.Cursor)
	number(v, "mtype", &a.Message.Type)
	v.body("msg", &a.Message)
	v.text("attrs", &a.Message.Attrs)
	number(v, "mtime", &a.ModifiedTime)
}

// Stored returns the message that the answer to q describes.
func (a *GetAnswer) Stored(q *Get) Stored {
	m := Stored{Message: a.Message, Cursor: a.Cursor, From: q.From, ModifiedTime: a.ModifiedTime}
	m.ID = q.ID
	m.File = m.file()
	return m
}

// Delete is the quest that deletes a message.
type Delete struct{ MessageRef }

// Method returns the wire's name for it.
func (*Delete) Method() string { return "delmsg" }

// Edit is the quest that replaces a message's text and attributes.
type Edit struct {
	MessageRef
	Text, Attrs string
	TimeLimit   int64 // milliseconds: older messages are left as they are; 0 for none
}

// Method returns the wire's name for it.
func (*Edit) Method() string { return "editmsg" }

func (e *Edit) visit(v *visitor) {
	e.MessageRef.visit(v)
	v.text("msg", &e.Text)
	v.text("attrs", &e.Attrs)
	number(v, "timeLimit", &e.TimeLimit)
}

// Clean is the quest that deletes all messages of a conversation in a range of
// time, whoever sent them.
type Clean struct {
	From       int64 // who cleans
	Target     Target
	Begin, End int64 // Unix milliseconds, both inclusive; 0 for no bound
}

// Method returns the wire's name for it.
func (*Clean) Method() string { return "cleanmsg" }

func (c *Clean) visit(v *visitor) {
	conversation(v, &c.From, &c.Target)
	number(v, "begin", &c.Begin)
	number(v, "end", &c.End)
}

// DeleteSent is the quest that deletes all messages somebody sent in a
// conversation.
type DeleteSent struct {
	From   int64
	Target Target
}

// Method returns the wire's name for it.
func (*DeleteSent) Method() string { return "delconversationmsgs" }

func (d *DeleteSent) visit(v *visitor) { conversation(v, &d.From, &d.Target) }

// Count is the quest that counts a conversation's messages. [CountAnswer] is its
// answer.
type Count struct {
	Target     Target
	Types      []int8 // message types counted; empty for all
	Begin, End int64  // Unix milliseconds, both inclusive; 0 for no bound
}

// Method returns the wire's name for it.
func (*Count) Method() string { return "getmsgnum" }

func (c *Count) visit(v *visitor) {
	target(v, &c.Target)
	v.types("mtypes", &c.Types)
	v.optional("begin", &c.Begin)
	v.optional("end", &c.End)
}

// CountAnswer says how many messages there are, of how many senders.
type CountAnswer struct{ Senders, Messages int32 }

func (a *CountAnswer) visit(v *visitor) {
	number(v, "sender", &a.Senders)
	number(v, "num", &a.Messages)
}

// ClearKind says which conversations of a project to clear. Its numbers are not
// those of [Kind].
type ClearKind int8

// The kinds of conversation to clear.
const (
	ClearP2P       ClearKind = 0
	ClearRooms     ClearKind = 1
	ClearGroups    ClearKind = 2
	ClearBroadcast ClearKind = 3
	ClearAll       ClearKind = 4
)

// ClearProject is the quest that deletes a project's messages.
type ClearProject struct{ Kind ClearKind }

// Method returns the wire's name for it.
func (*ClearProject) Method() string { return "clearprojectmsg" }

func (c *ClearProject) visit(v *visitor) {
	number(v, "type", &c.Kind)
	if v.in != nil && v.in.err == nil && (c.Kind < ClearP2P || c.Kind > ClearAll) {
		v.in.err = outOfRange("type")
	}
}
