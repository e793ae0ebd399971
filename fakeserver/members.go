package fakeserver

import (
	"maps"
	"slices"
	"sync"

	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/rtm/wire"
)

// The methods about who is in groups and rooms. Both come into being with their
// first member.

func (s *Server) memberMethods(mux *fpnn.Mux) {
	alone(s, mux, s.addGroupMembers)
	alone(s, mux, s.delGroupMembers)
	alone(s, mux, s.getGroupMembers)
	alone(s, mux, s.getGroupCount)
	alone(s, mux, s.isGroupMember)
	alone(s, mux, s.getUserGroups)
	alone(s, mux, s.addRoomMember)
	alone(s, mux, s.delRoomMember)
	alone(s, mux, s.addRoomMembers)
	alone(s, mux, s.delRoomMembers)
	alone(s, mux, s.getRoomMembers)
	alone(s, mux, s.getRoomCount)
}

// members says who is in what: groups, or rooms.
type members struct {
	mu sync.RWMutex
	in map[int64]map[int64]struct{} // users by group or room
}

// add returns the users who were not in it.
func (m *members) add(id int64, uids []int64) (added []int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	users := m.in[id]
	if users == nil {
		users = make(map[int64]struct{})
		if m.in == nil {
			m.in = make(map[int64]map[int64]struct{})
		}
		m.in[id] = users
	}
	for _, uid := range uids {
		if _, ok := users[uid]; !ok {
			users[uid] = struct{}{}
			added = append(added, uid)
		}
	}
	return added
}

// remove returns the users who were in it.
func (m *members) remove(id int64, uids []int64) (removed []int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	users := m.in[id]
	for _, uid := range uids {
		if _, ok := users[uid]; ok {
			delete(users, uid)
			removed = append(removed, uid)
		}
	}
	if len(users) == 0 {
		delete(m.in, id)
	}
	return removed
}

func (m *members) has(id, uid int64) bool {
	m.mu.RLock()
	defer m.mu.RUnlock()
	_, ok := m.in[id][uid]
	return ok
}

func (m *members) count(id int64) int {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return len(m.in[id])
}

// of returns the users in it, in rising order.
func (m *members) of(id int64) []int64 {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return slices.Sorted(maps.Keys(m.in[id]))
}

// with returns what a user is in, in rising order.
func (m *members) with(uid int64) []int64 {
	m.mu.RLock()
	defer m.mu.RUnlock()
	var ids []int64
	for id, users := range m.in {
		if _, ok := users[uid]; ok {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

func (s *Server) addGroupMembers(_ *call, q *wire.AddGroupMembers) (wire.Params, error) {
	if err := s.limits.checkItems(len(q.UIDs)); err != nil {
		return nil, err
	}
	s.groups.add(q.GID, q.UIDs)
	return wire.Nothing{}, nil
}

func (s *Server) delGroupMembers(_ *call, q *wire.DelGroupMembers) (wire.Params, error) {
	if err := s.limits.checkItems(len(q.UIDs)); err != nil {
		return nil, err
	}
	s.groups.remove(q.GID, q.UIDs)
	return wire.Nothing{}, nil
}

func (s *Server) getGroupMembers(_ *call, q *wire.GetGroupMembers) (wire.Params, error) {
	return &wire.UIDs{UIDs: s.groups.of(q.GID)}, nil
}

func (s *Server) getGroupCount(_ *call, q *wire.GetGroupCount) (wire.Params, error) {
	return &wire.MemberCount{N: int32(s.groups.count(q.GID))}, nil
}

func (s *Server) isGroupMember(_ *call, q *wire.IsGroupMember) (wire.Params, error) {
	return &wire.OK{OK: s.groups.has(q.GID, q.UID)}, nil
}

func (s *Server) getUserGroups(_ *call, q *wire.GetUserGroups) (wire.Params, error) {
	return &wire.GIDs{GIDs: s.groups.with(q.UID)}, nil
}

func (s *Server) addRoomMember(_ *call, q *wire.AddRoomMember) (wire.Params, error) {
	s.rooms.add(q.RID, []int64{q.UID})
	return wire.Nothing{}, nil
}

func (s *Server) delRoomMember(_ *call, q *wire.DelRoomMember) (wire.Params, error) {
	s.rooms.remove(q.RID, []int64{q.UID})
	return wire.Nothing{}, nil
}

func (s *Server) addRoomMembers(_ *call, q *wire.AddRoomMembers) (wire.Params, error) {
	if err := s.limits.checkItems(len(q.UIDs)); err != nil {
		return nil, err
	}
	return &wire.Succeeded{UIDs: s.rooms.add(q.RID, q.UIDs)}, nil
}

func (s *Server) delRoomMembers(_ *call, q *wire.DelRoomMembers) (wire.Params, error) {
	if err := s.limits.checkItems(len(q.UIDs)); err != nil {
		return nil, err
	}
	return &wire.Succeeded{UIDs: s.rooms.remove(q.RID, q.UIDs)}, nil
}

func (s *Server) getRoomMembers(_ *call, q *wire.GetRoomMembers) (wire.Params, error) {
	return &wire.UIDs{UIDs: s.rooms.of(q.RID)}, nil
}

func (s *Server) getRoomCount(_ *call, q *wire.GetRoomCount) (wire.Params, error) {
	if err := s.limits.checkItems(len(q.RIDs)); err != nil {
		return nil, err
	}
	counts := make(map[int64]int32, len(q.RIDs))
	for _, rid := range q.RIDs {
		counts[rid] = int32(s.rooms.count(rid))
	}
	return &wire.RoomCounts{Users: counts}, nil
}
