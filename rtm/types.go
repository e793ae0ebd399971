package rtm

import "github.com/gofpnn/gofpnn/rtm/wire"

// Project is an RTM project: its id and the secret its servers sign with. It has the
// fields ID int32 and Secret [Secret].
type Project = wire.Project

// Secret is a project's secret key. It shows itself in no format, log or JSON;
// string(s) is the key.
type Secret = wire.Secret

// Target is a conversation seen from one who takes part: a user, a group, a
// room, or everyone. It has the fields Kind [Kind] and ID int64; [User], [Group],
// [Room] and [Everyone] make one.
type Target = wire.Target

// Kind is a kind of [Target], with the numbers the wire uses for it.
type Kind = wire.Kind

// The kinds of conversation.
const (
	P2P       = wire.P2P       // between two users
	InGroup   = wire.InGroup   // in a group
	InRoom    = wire.InRoom    // in a room
	Broadcast = wire.Broadcast // to everyone
)

// User returns the target of messages to one user.
func User(uid int64) Target { return wire.User(uid) }

// Group returns the target of messages to a group.
func Group(gid int64) Target { return wire.Group(gid) }

// Room returns the target of messages to a room.
func Room(rid int64) Target { return wire.Room(rid) }

// Everyone is the target of messages to all users of the project.
var Everyone = wire.Everyone

// Message is what is sent: text, or bytes if Data is not nil. It has the fields ID
// int64 (0 to have one made), Type int8 (1 to 127; above 50 is free for
// applications), Text string, Data []byte and Attrs string: see [wire.Message].
type Message = wire.Message

// StoredMessage is a message as a conversation's history holds it: a [Message] with
// its sender, its times and, of a file, what it says of it. See [wire.Stored] for the
// fields.
type StoredMessage = wire.Stored

// File is what a file message says of its file. The message's text and
// attributes, which it is read from, stay as they came. See [wire.File] for the
// fields.
type File = wire.File

// Audio describes a voice message: see [wire.Audio] for the fields.
type Audio = wire.Audio

// RowError says which row of a history page cannot be read: Row, from 0, and why: Err.
type RowError = wire.RowError
