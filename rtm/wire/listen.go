package wire

import "github.com/gofpnn/gofpnn/codec"

// Quests about which messages and events a gate pushes to a connection.

// ListenSet names groups, rooms, users and kinds of events. A list that is nil
// is left out.
type ListenSet struct {
	Groups, Rooms, Users []int64
	Events               []string // such as "login" and "logout"
}

func (l *ListenSet) visit(v *visitor) {
	v.idSet("gids", &l.Groups)
	v.idSet("rids", &l.Rooms)
	v.idSet("uids", &l.Users)
	v.textSet("events", &l.Events)
}

// AddListen is the quest that adds to what is listened to.
type AddListen struct{ ListenSet }

// Method returns the wire's name for it.
func (*AddListen) Method() string { return "addlisten" }

// RemoveListen is the quest that takes away from what is listened to.
type RemoveListen struct{ ListenSet }

// Method returns the wire's name for it.
func (*RemoveListen) Method() string { return "removelisten" }

// ListenAll says for what everything is listened to.
type ListenAll struct{ Groups, Rooms, P2P, Events bool }

func (l *ListenAll) visit(v *visitor) {
	v.bool("group", &l.Groups)
	v.bool("room", &l.Rooms)
	v.bool("p2p", &l.P2P)
	v.bool("ev", &l.Events)
}

// SetListen is the quest that replaces what is listened to: the lists that are
// not nil, and the four flags, if All is not nil. SDKs send one or the other.
type SetListen struct {
	ListenSet
	All *ListenAll
}

// Method returns the wire's name for it.
func (*SetListen) Method() string { return "setlisten" }

func (s *SetListen) visit(v *visitor) {
	if v.in != nil && (v.in.has("group") || v.in.has("room") || v.in.has("p2p") || v.in.has("ev")) {
		s.All = new(ListenAll)
	}
	if s.All != nil {
		s.All.visit(v)
	}
	s.ListenSet.visit(v)
}

// idSet is a list of ids that is left out if it is nil. SDKs also send it as a
// map with the ids for keys.
func (v *visitor) idSet(key string, p *[]int64) {
	if v.in == nil {
		if *p != nil {
			v.ints(key, p)
		}
		return
	}
	*p = set(v.in, key, idOf)
}

// textSet is the same with texts.
func (v *visitor) textSet(key string, p *[]string) {
	if v.in != nil {
		*p = set(v.in, key, codec.Value.Text)
		return
	}
	if *p == nil {
		return
	}
	v.key(key)
	v.out = codec.AppendArrayHeader(v.out, len(*p))
	for _, s := range *p {
		v.out = codec.AppendString(v.out, s)
	}
}

// set reads an array, or the keys of a map; nil if there is neither.
func set[T any](r *reader, key string, get func(codec.Value) (T, error)) []T {
	value, ok := r.find(key)
	if !ok || r.err != nil || value.IsNil() {
		return nil
	}
	all := []T{}
	add := func(element codec.Value) {
		t, err := get(element)
		if err != nil && r.err == nil {
			r.err = &codec.Error{Key: key, Detail: "holds something else than it should", Err: codec.ErrWrongType}
		}
		all = append(all, t)
	}
	if pairs, err := value.Payload(); err == nil {
		for k := range pairs.All() {
			add(k)
		}
		return all
	}
	elements, err := value.Array()
	if err != nil {
		r.err = named(key, err)
	}
	for _, e := range elements.All() {
		add(e)
	}
	return all
}
