package main

import (
	"context"
	"errors"
	"flag"

	"github.com/gofpnn/gofpnn/rtm"
)

func listenFlags(fs *flag.FlagSet, o *options) {
	fs.Int64Var(&o.group, "group", 0, "a `group`")
	fs.Int64Var(&o.room, "room", 0, "a `room`")
	fs.Int64Var(&o.to, "user", 0, "a `user`: messages from and to")
	fs.StringVar(&o.event, "event", "", "a `kind` of event, such as login")
	fs.BoolVar(&o.everyone, "all", false, "everything")
	fs.IntVar(&o.limit, "n", 0, "end after so many; 0 for never")
}

// events is the -event flag.
func (o *options) events() []string {
	if o.event == "" {
		return nil
	}
	return []string{o.event}
}

const listenHelp = `Name what to listen to: a -group, -room, -user, -event, or -all. It goes on until it
is interrupted, which is success, or -n have come. A connection that is lost is made
again; the standard error tells of both, and of what is refused or cannot be read.
`

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
	if o.group == 0 && o.room == 0 && o.to == 0 && o.event == "" && !o.everyone {
		return nil, errors.New("name what to listen to: -group, -room, -user, -event or -all")
	}
	all := rtm.ListenAll{Groups: o.everyone, Rooms: o.everyone, P2P: o.everyone, Events: o.everyone}
	return func(ctx context.Context, c *rtm.Client, out *output) error {
		pushes := c.Pushes(ctx)
		within, cancel := o.within(ctx)
		defer cancel()
		if err := c.Listen(within, set); err != nil {
			return err
		}
		if err := c.ListenAll(within, all); err != nil {
			return err
		}
		o.begun.Store(true)
		n := 0
		for p, err := range pushes {
			if errors.Is(err, context.Canceled) {
				return nil // interrupted, as it is meant to be
			}
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
