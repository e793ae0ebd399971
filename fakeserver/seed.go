package fakeserver

import (
	"fmt"

	"github.com/gofpnn/gofpnn/rtm/wire"
)

// What a test, or a program around the server, puts into it without a client.

// SeedMessages stores messages that have been sent to a target, and tells nobody.
// Of each, the sender, the message, the time and whether it is deleted count. An
// ID of 0 is replaced by a new one, a time of 0 by the present. It fails at the
// first message whose sender has used its id, whose type is not within 1 to 127,
// or that is older than the one before it; those before are stored. A target of no
// kind can be sent nothing.
func (s *Server) SeedMessages(to wire.Target, messages ...wire.Stored) error {
	if !to.Kind.Valid() {
		return fmt.Errorf("fakeserver: SeedMessages: target of kind %d, which is unknown", to.Kind)
	}
	for i, m := range messages {
		key := keyOf(m.From, to)
		held := s.turns.holdOne(key)
		err := s.store.named(key).seed(&m, s.prepare(&m.Message, &m.ModifiedTime))
		held.end()
		if err != nil {
			return fmt.Errorf("fakeserver: SeedMessages: message %d: %w", i, err)
		}
	}
	return nil
}

// prepare fills in what a message may leave open.
func (s *Server) prepare(m *wire.Message, mtime *int64) (now int64) {
	if m.ID == 0 {
		m.ID = s.ids.Next()
	}
	if *mtime == 0 {
		*mtime = s.now().UnixMilli()
	}
	return *mtime
}

// SeedGroup adds users to a group.
func (s *Server) SeedGroup(gid int64, users ...int64) { s.seedMembers(&s.groups, gid, users) }

// SeedRoom adds users to a room.
func (s *Server) SeedRoom(rid int64, users ...int64) { s.seedMembers(&s.rooms, rid, users) }

func (s *Server) seedMembers(m *members, id int64, users []int64) {
	defer s.turns.hold().end()
	if len(users) > 0 {
		m.add(id, users)
	}
}

// SeedToken gives a user a token, in place of another.
func (s *Server) SeedToken(uid int64, token string) {
	defer s.turns.hold().end()
	s.tokens.set(uid, token)
}

// Send does what a client's quest to send would: it stores a message and tells
// those who listen. An ID of 0 is replaced by a new one. It fails as the quest
// would, with an error of package fpnn, and with 200020 if the target is of no kind:
// there is no such quest.
func (s *Server) Send(from int64, to wire.Target, m wire.Message) (wire.Stored, error) {
	stored := wire.Stored{Message: m, From: from}
	now := s.prepare(&stored.Message, &stored.ModifiedTime)
	q := &wire.Send{From: from, Target: to, Message: stored.Message}
	if !to.Kind.Valid() {
		return wire.Stored{}, refuse(wire.CodeMethodForbidden)
	}
	says := m.Content()
	if err := s.checkSend(q, &says); err != nil {
		return wire.Stored{}, err
	}
	defer s.turns.holdOne(keyOf(from, to)).end()
	var ok bool
	if stored.ModifiedTime, ok = s.append(from, to, &stored.Message, &says, now); !ok {
		return wire.Stored{}, refuse(wire.CodeDuplicateID)
	}
	if found, ok := s.Message(from, to, stored.ID); ok {
		return found, nil
	}
	return stored, nil
}

// PushMessage tells those who listen of a message that is stored nowhere, and
// returns how many they are. It does not wait for them to hear it. An ID or a
// time of 0 is filled in. There is no push of messages to everyone.
func (s *Server) PushMessage(p wire.Push) int {
	s.prepare(&p.Message, &p.ModifiedTime)
	return s.push(&p)
}

// Event is what listeners to events are told, such as that a user logs in.
type Event struct {
	Name string // what is listened to: "login", "logout", or any other
	UID  int64  // the user
	Data string
}

// PushEvent tells those who listen to it of an event, and returns how many they
// are. It does not wait for them to hear it.
func (s *Server) PushEvent(e Event) int {
	event := &wire.Event{
		ProjectID: s.project.ID, Event: e.Name, UID: e.UID, Time: int32(s.now().Unix()), Endpoint: s.Addr(), Data: e.Data,
	}
	return s.tell(conversationKey{}, event, func(l *listener) bool { return l.wantsEvent(event) })
}
