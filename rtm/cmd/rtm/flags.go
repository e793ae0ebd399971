package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math"
	"net"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/gofpnn/gofpnn/rtm"
)

// options are the flags and arguments of all commands.
type options struct {
	endpoint string
	pid      int64
	began    time.Time
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

	begun atomic.Bool // an endless command has come to what it goes on with
}

// gateFlags are those of all commands that speak to a gate.
func gateFlags(fs *flag.FlagSet, o *options, c *command) {
	fs.StringVar(&o.endpoint, "endpoint", "127.0.0.1:13325", "the gate's `address`")
	fs.Int64Var(&o.pid, "pid", 0, "the project's `id`")
	bounded := "how long it may take in all"
	if c.endless {
		bounded = "how long it may take until it listens"
	}
	fs.DurationVar(&o.timeout, "timeout", 10*time.Second, bounded+"; 0 leaves 30s to each step")
	fs.BoolVar(&o.json, "json", false, "write JSON, an object a line")
}

func (o *options) check(secret string) error {
	switch {
	case secret == "":
		return errors.New("the environment variable RTM_SECRET is not set")
	case o.pid < math.MinInt32 || o.pid > math.MaxInt32 || o.pid == 0:
		return errors.New("-pid is missing, or no 32-bit number")
	case o.timeout < 0:
		return errors.New("-timeout is negative")
	}
	return o.checkEndpoint()
}

// checkEndpoint tells an address that makes no sense from a gate that is not there.
func (o *options) checkEndpoint() error {
	address := strings.TrimPrefix(o.endpoint, "tls://")
	if strings.HasPrefix(address, "unix:") {
		return nil
	}
	if _, port, err := net.SplitHostPort(address); err != nil || port == "" || strings.Contains(address, "://") {
		return fmt.Errorf("-endpoint %q is no HOST:PORT, tls://HOST:PORT or unix:PATH", o.endpoint)
	}
	return nil
}

// within bounds ctx as -timeout says.
func (o *options) within(ctx context.Context) (context.Context, context.CancelFunc) {
	if o.timeout == 0 {
		return context.WithCancel(ctx)
	}
	return context.WithDeadline(ctx, o.began.Add(o.timeout))
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

// conversation is target for what -from has a part in.
func (o *options) conversation() (rtm.Target, error) {
	t, err := o.target()
	if err == nil && o.from == 0 {
		err = errors.New("-from is missing")
	}
	return t, err
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
	switch {
	case err == nil:
		return n, nil
	case isFlag(o.args[i]):
		return 0, fmt.Errorf("flags such as %s come before the arguments", o.args[i])
	}
	return 0, fmt.Errorf("%q is not a number", o.args[i])
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
