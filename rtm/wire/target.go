package wire

import "strconv"

// Kind is a kind of conversation, with the numbers the wire uses for it.
type Kind int8

// The kinds of conversation.
const (
	P2P       Kind = 1
	InGroup   Kind = 2
	InRoom    Kind = 3
	Broadcast Kind = 4
)

// route is how the wire names a kind of target.
type route struct {
	name          string
	send, history string // methods
	sendKey       string // parameter of a send that holds the target's id
	historyKey    string // the same of a history quest
}

var routes = [...]route{
	0:         {}, // of what is no kind
	P2P:       {"user", "sendmsg", "getp2pmsg", "to", "ouid"},
	InGroup:   {"group", "sendgroupmsg", "getgroupmsg", "gid", "gid"},
	InRoom:    {"room", "sendroommsg", "getroommsg", "rid", "rid"},
	Broadcast: {"everyone", "broadcastmsg", "getbroadcastmsg", "", ""},
}

// Valid reports whether k is one of the kinds.
func (k Kind) Valid() bool { return k >= P2P && k <= Broadcast }

// route returns how the wire names k, nothing for a number that is no kind.
func (k Kind) route() *route {
	if !k.Valid() {
		k = 0
	}
	return &routes[k]
}

// String returns the kind's name.
func (k Kind) String() string {
	if !k.Valid() {
		return "Kind(" + strconv.Itoa(int(k)) + ")"
	}
	return k.route().name
}

// SendMethod returns the method that sends to targets of the kind.
func (k Kind) SendMethod() string { return k.route().send }

// HistoryMethod returns the method that reads conversations of the kind.
func (k Kind) HistoryMethod() string { return k.route().history }

// SendMulti is the method that sends one message to many users.
const SendMulti = "sendmsgs"

// Target is where a message goes: a user, a group, a room or everyone.
type Target struct {
	Kind Kind
	ID   int64 // of the user, group or room; 0 for everyone
}

// User returns the target of messages to one user.
func User(uid int64) Target { return Target{P2P, uid} }

// Group returns the target of messages to a group.
func Group(gid int64) Target { return Target{InGroup, gid} }

// Room returns the target of messages to a room.
func Room(rid int64) Target { return Target{InRoom, rid} }

// Everyone is the target of messages to all users of the project.
var Everyone = Target{Kind: Broadcast}

// String returns the kind and the id, as in "group 7".
func (t Target) String() string {
	if t.Kind == Broadcast {
		return t.Kind.String()
	}
	return t.Kind.String() + " " + strconv.FormatInt(t.ID, 10)
}
