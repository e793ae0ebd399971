package main

import (
	"context"
	"errors"
	"io"

	"github.com/gofpnn/gofpnn/rtm"
)

// action is what a command does with the gate.
type action func(ctx context.Context, c *rtm.Client, out *output) error

// standalone is what a command does without a gate.
type standalone func(ctx context.Context, out io.Writer) error

var commands = []command{
	{name: "demo", forms: []form{{"", "run a gate in this process and try everything on it"}}, alone: demo},
	{
		name: "send", forms: []form{{"TEXT", "send a message"}}, more: conversationHelp, nargs: 1,
		flags: sendFlags, prepare: send,
	},
	{
		name: "history", forms: []form{{"", "read a conversation"}}, more: conversationHelp,
		flags: historyFlags, prepare: history,
	},
	{
		name: "get", forms: []form{{"ID", "read one message"}}, more: conversationHelp + senderHelp, nargs: 1,
		flags: targetFlags, prepare: get,
	},
	{
		name: "delete", forms: []form{{"ID", "delete one message"}}, more: conversationHelp + senderHelp, nargs: 1,
		flags: targetFlags, prepare: remove,
	},
	{
		name: "edit", forms: []form{{"ID TEXT", "replace a message's text"}}, more: conversationHelp + senderHelp, nargs: 2,
		flags: editFlags, prepare: edit,
	},
	{
		name: "clean", forms: []form{{"", "delete the messages from -begin to -end"}},
		more:  conversationHelp + "-from may be left out, unless it is one of two users.\n",
		flags: rangeFlags, prepare: clean,
	},
	{
		name: "count", forms: []form{{"", "count messages and their senders"}},
		more:  "Messages of a -group, of a -room and to -everyone can be counted; -from does not matter.\n",
		flags: countFlags, prepare: count,
	},
	{
		name: "group", forms: []form{
			{"add|remove UID...", "change who is in the -group"},
			{"members|count", "read who is in it"},
			{"of UID", "read what groups a user is in"},
		}, nargs: -1,
		flags: groupFlags, prepare: groupCommand,
	},
	{
		name: "room", forms: []form{
			{"add|remove UID...", "change who is in the -room"},
			{"members|count", "read who is in it"},
		}, nargs: -1,
		flags: roomFlags, prepare: roomCommand,
	},
	{
		name: "listen", forms: []form{{"", "print what is pushed, until it is interrupted"}}, more: listenHelp,
		flags: listenFlags, prepare: listenCommand, endless: true,
	},
}

// senderHelp is for the commands about one message.
const senderHelp = "-from is who has sent the message.\n"

func send(o *options) (action, error) {
	to, err := o.conversation()
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
	with, err := o.conversation()
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
	to, err := o.conversation()
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
	if err == nil && with.Kind == rtm.P2P {
		with, err = o.conversation()
	}
	return func(ctx context.Context, c *rtm.Client, out *output) error {
		return out.done("cleaned", c.Clean(ctx, o.from, with, o.begin, o.end))
	}, err
}

func count(o *options) (action, error) {
	in, err := o.target()
	switch {
	case err != nil:
		return nil, err
	case in.Kind == rtm.P2P:
		return nil, errors.New("cannot count with -to: name one of -group, -room and -everyone")
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
