package fpnn

import (
	"context"

	"github.com/gofpnn/gofpnn/fpnn/frame"
)

// Notify sends a oneway quest: nothing comes back. See [Client.Notify].
func (c *Conn) Notify(ctx context.Context, method string, args any) error {
	if c.tracer != nil {
		return c.traceNotify(ctx, method, args)
	}
	return c.sendOneway(ctx, method, args, nil)
}

func (c *Conn) sendOneway(ctx context.Context, method string, args any, t *traced) error {
	k := c.newCall()
	defer c.freeCall(k)
	var err error
	if k.pkg, err = c.appendQuest(ctx, k.pkg[:0], frame.Oneway, method, args); err == nil {
		err = c.notify(ctx, k.pkg)
	}
	t.sent(c, k, 0)
	if err != nil {
		return &OpError{Op: "notify", Method: method, Err: err}
	}
	return nil
}

func (c *Conn) notify(ctx context.Context, pkg []byte) error {
	c.mu.Lock()
	err := c.refusal()
	if err == nil {
		c.counts.notices++
	}
	c.mu.Unlock()
	if err != nil {
		return err
	}
	timeout := c.timeout
	if _, ok := ctx.Deadline(); ok {
		timeout = 0
	}
	return c.put(ctx, pkg, timeout)
}
