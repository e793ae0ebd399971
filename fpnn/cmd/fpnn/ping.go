package main

import (
	"context"
	"flag"
	"fmt"
	"time"

	"github.com/gofpnn/gofpnn/fpnn"
)

var pingCommand = command{
	name: "ping", args: "ADDR", brief: "measure round trips",
	more: "Each is a call of *ping, which every server answers. A lost connection is made\nanew for the next one, whose time includes that. " +
		"The summary is of all, its percentiles\nof the last 65536; it comes after -n, or when interrupted. " +
		"Success is that all were\nanswered, else the exit code is that of the last failure.\n\n" + addressHelp,
	begin: newPing,
}

// patience is the least pause after a failure.
const patience = 100 * time.Millisecond

type ping struct {
	dialFlags
	n        int
	interval time.Duration
}

func newPing(fs *flag.FlagSet) action {
	c := new(ping)
	c.register(fs)
	fs.IntVar(&c.n, "n", 5, "`number` of round trips; 0 for no end")
	fs.DurationVar(&c.interval, "interval", time.Second, "from the beginning of one to that of the next")
	return c.run
}

func (c *ping) run(ctx context.Context, p *program, args []string) error {
	if err := takes(args, 1, 1, "ADDR"); err != nil {
		return err
	}
	if c.n < 0 || c.interval < 0 {
		return usagef("-n and -interval are not negative")
	}
	to, err := c.peer(p.dialer, args[0])
	if err != nil {
		return err
	}
	client, err := to.client(fpnn.WithReconnect(fpnn.Reconnect{Min: patience, Max: patience, FailFast: true}))
	if err != nil {
		return err
	}
	defer client.Close()
	if err := client.Connect(ctx); err != nil {
		return err
	}
	var trips trips
	for i := 1; ctx.Err() == nil; i++ {
		start := time.Now()
		took, err := c.trip(ctx, client)
		if ctx.Err() != nil {
			break
		}
		trips.add(took, err)
		next, result := start.Add(c.interval), milliseconds(took)
		if err != nil {
			result = message(err)
			if soon := time.Now().Add(patience); next.Before(soon) {
				next = soon
			}
		}
		if _, err := fmt.Fprintf(p.stdout, "%d: %s\n", i, result); err != nil {
			return err
		}
		if i == c.n {
			break
		}
		pause(ctx, time.Until(next))
	}
	if trips.sent == 0 {
		return ctx.Err()
	}
	if _, err := fmt.Fprint(p.stdout, trips.String()); err != nil {
		return err
	}
	if trips.failure != nil {
		return &lossError{trips.sent - trips.answered, trips.sent, trips.failure}
	}
	return nil
}

// lossError tells that some were not answered, and why the last of them.
type lossError struct {
	lost, sent int
	err        error
}

func (e *lossError) Error() string {
	return fmt.Sprintf("%d of %d not answered, at last: %s", e.lost, e.sent, message(e.err))
}

func (e *lossError) Unwrap() error { return e.err }

// trip makes one round trip.
func (c *ping) trip(ctx context.Context, client *fpnn.Client) (time.Duration, error) {
	ctx, cancel := c.within(ctx)
	defer cancel()
	start := time.Now()
	_, err := client.Call(ctx, "*ping", nil)
	return time.Since(start), err
}

// pause waits, unless ctx ends.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
