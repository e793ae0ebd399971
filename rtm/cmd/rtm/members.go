package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"slices"

	"github.com/gofpnn/gofpnn/rtm"
)

func groupFlags(fs *flag.FlagSet, o *options) { fs.Int64Var(&o.group, "group", 0, "the `group`") }
func roomFlags(fs *flag.FlagSet, o *options)  { fs.Int64Var(&o.room, "room", 0, "the `room`") }

// whose checks the arguments of a command about members: an action and what it
// takes. id is the flag that names the group or room.
func (o *options) whose(id int64, flagName string, actions ...string) ([]int64, error) {
	name := o.args[0]
	uids, err := o.numbers(1)
	switch {
	case err != nil:
		return nil, err
	case !slices.Contains(actions, name):
		return nil, fmt.Errorf("does not know %q, but %v", name, actions)
	case name == "of" && len(uids) != 1:
		return nil, errors.New("of takes one user")
	case name != "of" && id == 0:
		return nil, fmt.Errorf("%s is missing", flagName)
	case (name == "add" || name == "remove") && len(uids) == 0:
		return nil, fmt.Errorf("%s takes users", name)
	case (name == "members" || name == "count") && len(uids) > 0:
		return nil, fmt.Errorf("%s takes no users", name)
	}
	return uids, nil
}

func groupCommand(o *options) (action, error) {
	uids, err := o.whose(o.group, "-group", "add", "remove", "members", "count", "of")
	return func(ctx context.Context, c *rtm.Client, out *output) error {
		switch o.args[0] {
		case "add":
			return out.done("added", c.AddGroupMembers(ctx, o.group, uids))
		case "remove":
			return out.done("removed", c.RemoveGroupMembers(ctx, o.group, uids))
		case "members":
			uids, err := c.GroupMembers(ctx, o.group)
			return out.result(users{uids}, err)
		case "count":
			n, err := c.GroupCount(ctx, o.group)
			return out.result(number{n}, err)
		default:
			gids, err := c.UserGroups(ctx, uids[0])
			return out.result(groups{gids}, err)
		}
	}, err
}

func roomCommand(o *options) (action, error) {
	uids, err := o.whose(o.room, "-room", "add", "remove", "members", "count")
	return func(ctx context.Context, c *rtm.Client, out *output) error {
		switch o.args[0] {
		case "add":
			added, err := c.AddRoomMembers(ctx, o.room, uids)
			return out.result(users{added}, err)
		case "remove":
			removed, err := c.RemoveRoomMembers(ctx, o.room, uids)
			return out.result(users{removed}, err)
		case "members":
			uids, err := c.RoomMembers(ctx, o.room)
			return out.result(users{uids}, err)
		default:
			counts, err := c.RoomCounts(ctx, []int64{o.room})
			return out.result(number{counts[o.room]}, err)
		}
	}, err
}
