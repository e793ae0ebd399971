package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"slices"
	"time"

	"github.com/gofpnn/gofpnn/rtm"
)

// command is one of the commands that speak to a gate.
type command struct {
	args  int // how many arguments; -1 for any number from 1
	flags func(fs *flag.FlagSet, o *options)
	// prepare finds what is wrong with the command line before anybody is called.
	prepare func(o *options) (action, error)
}

// action is what a command does with the gate.
type action func(ctx context.Context, c *rtm.Client, out *output) error

var commands = map[string]command{
	"send":    {1, sendFlags, send},
	"history": {0, historyFlags, history},
	"get":     {1, targetFlags, get},
	"delete":  {1, targetFlags, remove},
	"edit":    {2, editFlags, edit},
	"clean":   {0, rangeFlags, clean},
	"count":   {0, countFlags, count},
	"group":   {-1, groupFlags, groupCommand},
	"room":    {-1, roomFlags, roomCommand},
	"listen":  {0, listenFlags, listenCommand},
}

// command parses the flags of a command, connects and runs it.
func (p *program) command(ctx context.Context, name string, c command, args []string) error {
	var o options
	fs := flag.NewFlagSet("rtm "+name, flag.ContinueOnError)
	fs.SetOutput(p.stderr)
	fs.StringVar(&o.endpoint, "endpoint", "127.0.0.1:13325", "the gate's `address`")
	fs.Int64Var(&o.pid, "pid", 0, "the project's `id`")
	fs.DurationVar(&o.timeout, "timeout", 10*time.Second, "how long it may take in all; 0 for ever")
	fs.BoolVar(&o.json, "json", false, "write JSON, an object a line")
	c.flags(fs, &o)
	if err := fs.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return err
		}
		return errUsage
	}
	o.args = fs.Args()
	err := o.check(c, p.secret)
	var do action
	if err == nil {
		do, err = c.prepare(&o)
	}
	if err != nil {
		_, _ = fmt.Fprintf(p.stderr, "rtm %s: %v\n", name, err)
		return errUsage
	}
	if o.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, o.timeout)
		defer cancel()
	}
	client, err := rtm.Dial(ctx, o.endpoint, rtm.Project{ID: int32(o.pid), Secret: rtm.Secret(p.secret)})
	if err != nil {
		return err
	}
	defer client.Close()
	return do(ctx, client, &output{w: p.stdout, json: o.json})
}

func send(o *options) (action, error) {
	to, err := o.target()
	if err != nil {
		return nil, err
	}
	mtype, err := o.messageType()
	if err != nil {
		return nil, err
	}
	m := rtm.Message{ID: o.id, Type: mtype, Text: o.args[0], Attrs: o.attrs}
	return func(ctx context.Context, c *rtm.Client, out *output) error {
		receipt, err := c.Send(ctx, o.from, to, m)
		if err != nil {
			return err
		}
		return out.write(sent{receipt.ID, receipt.ModifiedTime})
	}, nil
}

func history(o *options) (action, error) {
	with, err := o.target()
	if err != nil {
		return nil, err
	}
	types, err := o.types()
	if err != nil {
		return nil, err
	}
	q := rtm.HistoryQuery{Descending: o.desc, Limit: o.limit, Begin: o.begin, End: o.end, Types: types}
	return func(ctx context.Context, c *rtm.Client, out *output) error {
		if o.all {
			for m, err := range c.Messages(ctx, o.from, with, q) {
				if err != nil {
					return err
				}
				if err := out.write(shownMessage(&m)); err != nil {
					return err
				}
			}
			return nil
		}
		page, err := c.History(ctx, o.from, with, q)
		if err != nil {
			return err
		}
		for i := range page.Messages {
			if err := out.write(shownMessage(&page.Messages[i])); err != nil {
				return err
			}
		}
		return nil
	}, nil
}

// aboutOne prepares a command about the message whose id is its first argument.
func aboutOne(o *options, do func(ctx context.Context, c *rtm.Client, out *output, to rtm.Target, id int64) error) (action, error) {
	to, err := o.target()
	if err != nil {
		return nil, err
	}
	id, err := o.number(0)
	return func(ctx context.Context, c *rtm.Client, out *output) error { return do(ctx, c, out, to, id) }, err
}

func get(o *options) (action, error) {
	return aboutOne(o, func(ctx context.Context, c *rtm.Client, out *output, to rtm.Target, id int64) error {
		m, err := c.Get(ctx, o.from, to, id)
		if err != nil {
			return err
		}
		return out.write(shownMessage(&m))
	})
}

func remove(o *options) (action, error) {
	return aboutOne(o, func(ctx context.Context, c *rtm.Client, out *output, to rtm.Target, id int64) error {
		return out.done("deleted", c.Delete(ctx, o.from, to, id))
	})
}

func edit(o *options) (action, error) {
	return aboutOne(o, func(ctx context.Context, c *rtm.Client, out *output, to rtm.Target, id int64) error {
		r := rtm.EditRequest{Text: o.args[1], Attrs: o.attrs, TimeLimit: o.timeLimit}
		return out.done("edited", c.Edit(ctx, o.from, to, id, r))
	})
}

func clean(o *options) (action, error) {
	with, err := o.target()
	return func(ctx context.Context, c *rtm.Client, out *output) error {
		return out.done("cleaned", c.Clean(ctx, o.from, with, o.begin, o.end))
	}, err
}

func count(o *options) (action, error) {
	in, err := o.target()
	if err != nil {
		return nil, err
	}
	types, err := o.types()
	return func(ctx context.Context, c *rtm.Client, out *output) error {
		n, err := c.Count(ctx, in, rtm.CountQuery{Types: types, Begin: o.begin, End: o.end})
		if err != nil {
			return err
		}
		return out.write(counted{n.Messages, n.Senders})
	}, err
}

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

func listenCommand(o *options) (action, error) {
	set := rtm.ListenSet{Events: o.events()}
	if o.group != 0 {
		set.Groups = []int64{o.group}
	}
	if o.room != 0 {
		set.Rooms = []int64{o.room}
	}
	if o.to != 0 {
		set.Users = []int64{o.to}
	}
	all := rtm.ListenAll{Groups: o.everyone, Rooms: o.everyone, P2P: o.everyone, Events: o.everyone}
	return func(ctx context.Context, c *rtm.Client, out *output) error {
		pushes := c.Pushes(ctx)
		if err := c.Listen(ctx, set); err != nil {
			return err
		}
		if err := c.ListenAll(ctx, all); err != nil {
			return err
		}
		n := 0
		for p, err := range pushes {
			if err != nil {
				return err
			}
			if err := out.write(shownPush(&p)); err != nil {
				return err
			}
			if n++; n == o.limit {
				break
			}
		}
		return nil
	}, nil
}
