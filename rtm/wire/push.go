package wire

// Quests that a gate sends to those who listen.

// Push is the quest that tells of a message. There is none for messages to
// everyone.
type Push struct {
	From         int64
	Target       Target
	Message      Message
	ModifiedTime int64 // Unix milliseconds
}

// The methods of pushes.
const (
	PushP2P   = "pushmsg"
	PushGroup = "pushgroupmsg"
	PushRoom  = "pushroommsg"
	PushPing  = "ping" // to see whether the client is there
)

// Method returns the wire's name for it, "" if the kind of target has none.
func (p *Push) Method() string {
	switch p.Target.Kind {
	case P2P:
		return PushP2P
	case InGroup:
		return PushGroup
	case InRoom:
		return PushRoom
	default:
		return ""
	}
}

// visit writes and reads the push of p's kind of target.
func (p *Push) visit(v *visitor) {
	number(v, "from", &p.From)
	switch p.Target.Kind {
	case InGroup:
		number(v, "gid", &p.Target.ID)
	case InRoom:
		number(v, "rid", &p.Target.ID)
	default:
		number(v, "to", &p.Target.ID)
	}
	if v.in == nil && p.Target.Kind != P2P {
		number(v, "to", new(int64)) // without it the vendor's C++ SDK loses the push
	}
	number(v, "mtype", &p.Message.Type)
	number(v, "mid", &p.Message.ID)
	v.body("msg", &p.Message)
	v.text("attrs", &p.Message.Attrs)
	number(v, "mtime", &p.ModifiedTime)
}

// Stored returns the message as a history would hold it, without a cursor.
func (p *Push) Stored() Stored {
	m := Stored{Message: p.Message, From: p.From, ModifiedTime: p.ModifiedTime}
	m.File = m.file()
	return m
}

// Event is the quest that tells of something else than a message.
type Event struct {
	ProjectID int32
	Event     string // such as "login" and "logout"
	UID       int64
	Time      int32 // Unix seconds
	Endpoint  string
	Data      string // may be missing
}

// Method returns the wire's name for it.
func (*Event) Method() string { return "pushevent" }

func (e *Event) visit(v *visitor) {
	number(v, "pid", &e.ProjectID)
	v.text("event", &e.Event)
	number(v, "uid", &e.UID)
	number(v, "time", &e.Time)
	v.text("endpoint", &e.Endpoint)
	v.optionalText("data", &e.Data)
}

// Unsigned is a quest on its way to a client: nothing signs it.
type Unsigned struct{ Quest }

// AppendPayload appends the quest's parameters.
func (u Unsigned) AppendPayload(b []byte) ([]byte, error) { return Answer{u.Quest}.AppendPayload(b) }
