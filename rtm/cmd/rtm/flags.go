package main

import (
	"errors"
	"flag"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/gofpnn/gofpnn/rtm"
)

// options are the flags and arguments of all commands.
type options struct {
	endpoint string
	pid      int64
	timeout  time.Duration
	json     bool

	from, to, group, room int64
	everyone              bool

	mtype      int
	attrs      string
	event      string
	id         int64
	desc, all  bool
	limit      int
	begin, end int64
	timeLimit  int64

	args []string
}

func (o *options) check(c command, secret string) error {
	switch {
	case secret == "":
		return errors.New("the environment variable RTM_SECRET is not set")
	case o.pid < math.MinInt32 || o.pid > math.MaxInt32 || o.pid == 0:
		return errors.New("-pid is missing, or no 32-bit number")
	case c.args >= 0 && len(o.args) != c.args:
		return fmt.Errorf("takes %d arguments, not %d", c.args, len(o.args))
	case c.args < 0 && len(o.args) == 0:
		return errors.New("takes an argument")
	}
	return nil
}

// target is the conversation the flags name.
func (o *options) target() (rtm.Target, error) {
	var targets []rtm.Target
	if o.to != 0 {
		targets = append(targets, rtm.User(o.to))
	}
	if o.group != 0 {
		targets = append(targets, rtm.Group(o.group))
	}
	if o.room != 0 {
		targets = append(targets, rtm.Room(o.room))
	}
	if o.everyone {
		targets = append(targets, rtm.Everyone)
	}
	if len(targets) != 1 {
		return rtm.Target{}, errors.New("name one of -to, -group, -room and -everyone")
	}
	return targets[0], nil
}

// types is the -type flag as a query has it.
func (o *options) types() ([]int8, error) {
	if o.mtype == 0 {
		return nil, nil
	}
	mtype, err := o.messageType()
	return []int8{mtype}, err
}

func (o *options) messageType() (int8, error) {
	if o.mtype < 1 || o.mtype > math.MaxInt8 {
		return 0, fmt.Errorf("-type %d is not within 1 to 127", o.mtype)
	}
	return int8(o.mtype), nil
}

// number reads an argument.
func (o *options) number(i int) (int64, error) {
	n, err := strconv.ParseInt(o.args[i], 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%q is not a number", o.args[i])
	}
	return n, nil
}

// numbers reads the arguments from the i-th on.
func (o *options) numbers(i int) ([]int64, error) {
	var ns []int64
	for ; i < len(o.args); i++ {
		n, err := o.number(i)
		if err != nil {
			return nil, err
		}
		ns = append(ns, n)
	}
	return ns, nil
}

func targetFlags(fs *flag.FlagSet, o *options) {
	fs.Int64Var(&o.from, "from", 0, "the `user` who sends or reads")
	fs.Int64Var(&o.to, "to", 0, "the other `user`")
	fs.Int64Var(&o.group, "group", 0, "a `group`")
	fs.Int64Var(&o.room, "room", 0, "a `room`")
	fs.BoolVar(&o.everyone, "everyone", false, "all users")
}

func sendFlags(fs *flag.FlagSet, o *options) {
	targetFlags(fs, o)
	fs.IntVar(&o.mtype, "type", 66, "the message `type`, 1 to 127")
	fs.StringVar(&o.attrs, "attrs", "", "the message's attributes")
	fs.Int64Var(&o.id, "id", 0, "the message's `id`; 0 makes one")
}

func rangeFlags(fs *flag.FlagSet, o *options) {
	targetFlags(fs, o)
	fs.Int64Var(&o.begin, "begin", 0, "first time, Unix `milliseconds`; 0 for none")
	fs.Int64Var(&o.end, "end", 0, "last time, Unix `milliseconds`; 0 for none")
}

func countFlags(fs *flag.FlagSet, o *options) {
	rangeFlags(fs, o)
	fs.IntVar(&o.mtype, "type", 0, "a message `type`; 0 for all")
}

func historyFlags(fs *flag.FlagSet, o *options) {
	countFlags(fs, o)
	fs.BoolVar(&o.desc, "desc", false, "newest first")
	fs.IntVar(&o.limit, "limit", rtm.DefaultPage, "how many, 20 at most")
	fs.BoolVar(&o.all, "all", false, "all of them, page after page")
}

func editFlags(fs *flag.FlagSet, o *options) {
	targetFlags(fs, o)
	fs.StringVar(&o.attrs, "attrs", "", "the message's new attributes")
	fs.Int64Var(&o.timeLimit, "limit", 0, "refuse if the message is older, `milliseconds`; 0 for no limit")
}

func groupFlags(fs *flag.FlagSet, o *options) { fs.Int64Var(&o.group, "group", 0, "the `group`") }
func roomFlags(fs *flag.FlagSet, o *options)  { fs.Int64Var(&o.room, "room", 0, "the `room`") }

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
