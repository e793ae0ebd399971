package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"time"

	"github.com/gofpnn/gofpnn/rtm"
)

// command is one of the commands that speak to a gate.
type command struct {
	args  int // how many arguments; -1 for any number from 1
	flags func(fs *flag.FlagSet, o *options)
	run   func(ctx context.Context, c *rtm.Client, o *options, out *output) error
}

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
}

// command parses the flags of a command, connects and runs it.
func (p *program) command(ctx context.Context, name string, c command, args []string) error {
	var o options
	fs := flag.NewFlagSet("rtm "+name, flag.ContinueOnError)
	fs.SetOutput(p.stderr)
	fs.StringVar(&o.endpoint, "endpoint", "127.0.0.1:13325", "the gate's `address`")
	fs.Int64Var(&o.pid, "pid", 0, "the project's `id`")
	fs.DurationVar(&o.timeout, "timeout", 10*time.Second, "how long it may take in all")
	fs.BoolVar(&o.json, "json", false, "write JSON, an object a line")
	c.flags(fs, &o)
	if err := fs.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return err
		}
		return errUsage
	}
	o.args = fs.Args()
	if err := o.check(c, p.secret); err != nil {
		_, _ = fmt.Fprintf(p.stderr, "rtm %s: %v\n", name, err)
		return errUsage
	}
	ctx, cancel := context.WithTimeout(ctx, o.timeout)
	defer cancel()
	client, err := rtm.Dial(ctx, o.endpoint, rtm.Project{ID: int32(o.pid), Secret: rtm.Secret(p.secret)})
	if err != nil {
		return err
	}
	defer client.Close()
	out := &output{w: p.stdout, json: o.json}
	if err := c.run(ctx, client, &o, out); err != nil {
		return err
	}
	return out.err
}

func send(ctx context.Context, c *rtm.Client, o *options, out *output) error {
	to, err := o.target()
	if err != nil {
		return err
	}
	m := rtm.Message{ID: o.id, Type: o.messageType(), Text: o.args[0], Attrs: o.attrs}
	receipt, err := c.Send(ctx, o.from, to, m)
	if err != nil {
		return err
	}
	return out.write(sent{receipt.ID, receipt.ModifiedTime})
}

func history(ctx context.Context, c *rtm.Client, o *options, out *output) error {
	with, err := o.target()
	if err != nil {
		return err
	}
	q := rtm.HistoryQuery{Descending: o.desc, Limit: o.limit, Begin: o.begin, End: o.end, Types: o.types()}
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
}

func get(ctx context.Context, c *rtm.Client, o *options, out *output) error {
	to, err := o.target()
	if err != nil {
		return err
	}
	id, err := o.number(0)
	if err != nil {
		return err
	}
	m, err := c.Get(ctx, o.from, to, id)
	if err != nil {
		return err
	}
	return out.write(shownMessage(&m))
}

func remove(ctx context.Context, c *rtm.Client, o *options, out *output) error {
	to, err := o.target()
	if err != nil {
		return err
	}
	id, err := o.number(0)
	if err != nil {
		return err
	}
	if err := c.Delete(ctx, o.from, to, id); err != nil {
		return err
	}
	return out.write(done{"deleted"})
}

func edit(ctx context.Context, c *rtm.Client, o *options, out *output) error {
	to, err := o.target()
	if err != nil {
		return err
	}
	id, err := o.number(0)
	if err != nil {
		return err
	}
	r := rtm.EditRequest{Text: o.args[1], Attrs: o.attrs, TimeLimit: o.timeLimit}
	if err := c.Edit(ctx, o.from, to, id, r); err != nil {
		return err
	}
	return out.write(done{"edited"})
}

func clean(ctx context.Context, c *rtm.Client, o *options, out *output) error {
	with, err := o.target()
	if err != nil {
		return err
	}
	if err := c.Clean(ctx, o.from, with, o.begin, o.end); err != nil {
		return err
	}
	return out.write(done{"cleaned"})
}

func count(ctx context.Context, c *rtm.Client, o *options, out *output) error {
	in, err := o.target()
	if err != nil {
		return err
	}
	n, err := c.Count(ctx, in, rtm.CountQuery{Types: o.types(), Begin: o.begin, End: o.end})
	if err != nil {
		return err
	}
	return out.write(counted{n.Messages, n.Senders})
}

var errAction = errors.New("takes add, remove, members or count, and group also of")

func groupCommand(ctx context.Context, c *rtm.Client, o *options, out *output) error {
	uids, err := o.numbers(1)
	if err != nil {
		return err
	}
	switch action := o.args[0]; {
	case action == "of" && len(uids) == 1:
		gids, err := c.UserGroups(ctx, uids[0])
		if err != nil {
			return err
		}
		return out.write(groups{gids})
	case o.group == 0:
		return errors.New("-group is missing")
	case action == "add":
		if err := c.AddGroupMembers(ctx, o.group, uids); err != nil {
			return err
		}
		return out.write(done{"added"})
	case action == "remove":
		if err := c.RemoveGroupMembers(ctx, o.group, uids); err != nil {
			return err
		}
		return out.write(done{"removed"})
	case action == "members" && len(uids) == 0:
		uids, err := c.GroupMembers(ctx, o.group)
		if err != nil {
			return err
		}
		return out.write(users{uids})
	case action == "count" && len(uids) == 0:
		n, err := c.GroupCount(ctx, o.group)
		if err != nil {
			return err
		}
		return out.write(number{n})
	}
	return errAction
}

func roomCommand(ctx context.Context, c *rtm.Client, o *options, out *output) error {
	uids, err := o.numbers(1)
	if err != nil {
		return err
	}
	switch action := o.args[0]; {
	case o.room == 0:
		return errors.New("-room is missing")
	case action == "add":
		added, err := c.AddRoomMembers(ctx, o.room, uids)
		if err != nil {
			return err
		}
		return out.write(users{added})
	case action == "remove":
		removed, err := c.RemoveRoomMembers(ctx, o.room, uids)
		if err != nil {
			return err
		}
		return out.write(users{removed})
	case action == "members" && len(uids) == 0:
		uids, err := c.RoomMembers(ctx, o.room)
		if err != nil {
			return err
		}
		return out.write(users{uids})
	case action == "count" && len(uids) == 0:
		counts, err := c.RoomCounts(ctx, []int64{o.room})
		if err != nil {
			return err
		}
		return out.write(number{counts[o.room]})
	}
	return errAction
}
