package wire

// Quests about who is in groups and rooms, and their answers.

type groupUsers struct {
	GID  int64
	UIDs []int64
}

func (q *groupUsers) visit(v *visitor) {
	number(v, "gid", &q.GID)
	v.ints("uids", &q.UIDs)
}

type roomUsers struct {
	RID  int64
	UIDs []int64
}

func (q *roomUsers) visit(v *visitor) {
	number(v, "rid", &q.RID)
	v.ints("uids", &q.UIDs)
}

type roomUser struct{ RID, UID int64 }

func (q *roomUser) visit(v *visitor) {
	number(v, "rid", &q.RID)
	number(v, "uid", &q.UID)
}

// AddGroupMembers is the quest that adds users to a group.
type AddGroupMembers groupUsers

// Method returns the wire's name for it.
func (*AddGroupMembers) Method() string { return "addgroupmembers" }

func (q *AddGroupMembers) visit(v *visitor) { (*groupUsers)(q).visit(v) }

// DelGroupMembers is the quest that takes users out of a group.
type DelGroupMembers groupUsers

// Method returns the wire's name for it.
func (*DelGroupMembers) Method() string { return "delgroupmembers" }

func (q *DelGroupMembers) visit(v *visitor) { (*groupUsers)(q).visit(v) }

// GetGroupMembers is the quest for the users in a group. [UIDs] is its answer.
type GetGroupMembers struct{ GID int64 }

// Method returns the wire's name for it.
func (*GetGroupMembers) Method() string { return "getgroupmembers" }

func (q *GetGroupMembers) visit(v *visitor) { number(v, "gid", &q.GID) }

// GetGroupCount is the quest for how many users are in a group. [MemberCount] is its
// answer.
type GetGroupCount struct{ GID int64 }

// Method returns the wire's name for it.
func (*GetGroupCount) Method() string { return "getgroupcount" }

func (q *GetGroupCount) visit(v *visitor) { number(v, "gid", &q.GID) }

// IsGroupMember is the quest whether a user is in a group. [OK] is its answer.
type IsGroupMember struct{ GID, UID int64 }

// Method returns the wire's name for it.
func (*IsGroupMember) Method() string { return "isgroupmember" }

func (q *IsGroupMember) visit(v *visitor) {
	number(v, "gid", &q.GID)
	number(v, "uid", &q.UID)
}

// GetUserGroups is the quest for the groups a user is in. [GIDs] is its answer.
type GetUserGroups struct{ UID int64 }

// Method returns the wire's name for it.
func (*GetUserGroups) Method() string { return "getusergroups" }

func (q *GetUserGroups) visit(v *visitor) { number(v, "uid", &q.UID) }

// AddRoomMember is the quest that adds a user to a room.
type AddRoomMember roomUser

// Method returns the wire's name for it.
func (*AddRoomMember) Method() string { return "addroommember" }

func (q *AddRoomMember) visit(v *visitor) { (*roomUser)(q).visit(v) }

// DelRoomMember is the quest that takes a user out of a room.
type DelRoomMember roomUser

// Method returns the wire's name for it.
func (*DelRoomMember) Method() string { return "delroommember" }

func (q *DelRoomMember) visit(v *visitor) { (*roomUser)(q).visit(v) }

// AddRoomMembers is the quest that adds users to a room. [Succeeded] is its answer.
type AddRoomMembers roomUsers

// Method returns the wire's name for it.
func (*AddRoomMembers) Method() string { return "addroommembers" }

func (q *AddRoomMembers) visit(v *visitor) { (*roomUsers)(q).visit(v) }

// DelRoomMembers is the quest that takes users out of a room. [Succeeded] is its
// answer.
type DelRoomMembers roomUsers

// Method returns the wire's name for it.
func (*DelRoomMembers) Method() string { return "delroommembers" }

func (q *DelRoomMembers) visit(v *visitor) { (*roomUsers)(q).visit(v) }

// GetRoomMembers is the quest for the users in a room. [UIDs] is its answer.
type GetRoomMembers struct{ RID int64 }

// Method returns the wire's name for it.
func (*GetRoomMembers) Method() string { return "getroommembers" }

func (q *GetRoomMembers) visit(v *visitor) { number(v, "rid", &q.RID) }

// GetRoomCount is the quest for how many users are in each of several rooms.
// [RoomCounts] is its answer.
type GetRoomCount struct{ RIDs []int64 }

// Method returns the wire's name for it.
func (*GetRoomCount) Method() string { return "getroomcount" }

func (q *GetRoomCount) visit(v *visitor) { v.ints("rids", &q.RIDs) }

// UIDs answers with users.
type UIDs struct{ UIDs []int64 }

func (q *UIDs) visit(v *visitor) { v.ints("uids", &q.UIDs) }

// GIDs answers with groups.
type GIDs struct{ GIDs []int64 }

func (q *GIDs) visit(v *visitor) { v.ints("gids", &q.GIDs) }

// Succeeded answers with the users for whom a quest about several had an effect.
type Succeeded struct{ UIDs []int64 }

func (q *Succeeded) visit(v *visitor) { v.ints("successedUids", &q.UIDs) }

// MemberCount answers with a number of users.
type MemberCount struct{ N int32 }

func (q *MemberCount) visit(v *visitor) { number(v, "cn", &q.N) }

// RoomCounts answers with numbers of users by room.
type RoomCounts struct{ Users map[int64]int32 }

func (q *RoomCounts) visit(v *visitor) { v.counts("cn", &q.Users) }

// OK answers yes or no.
type OK struct{ OK bool }

func (q *OK) visit(v *visitor) { v.bool("ok", &q.OK) }
