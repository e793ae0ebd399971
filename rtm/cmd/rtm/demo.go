package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/gofpnn/gofpnn/fakeserver"
	"github.com/gofpnn/gofpnn/rtm"
)

// Who takes part in the demo.
const (
	alice = 1001
	bob   = 2002
	group = 7
	room  = 9
)

const (
	demoType     = 66 // a message type free for applications
	demoMessages = 44 // a conversation's: three pages
	demoTimeout  = time.Minute
)

var demoReceivers = []int64{3001, 3002, 3003}

// demo starts a gate on a TCP port, talks to it and prints what happens. It
// fails unless everything sent is read back as it was.
func demo(ctx context.Context, out io.Writer) error {
	ctx, cancel := context.WithTimeout(ctx, demoTimeout)
	defer cancel()
	gate, err := fakeserver.Start(fakeserver.WithTCP("127.0.0.1:0"))
	if err != nil {
		return err
	}
	defer gate.Close()
	dial := func(ctx context.Context) (*rtm.Client, error) { return rtm.Dial(ctx, gate.Addr(), gate.Project()) }
	client, err := dial(ctx)
	if err != nil {
		return err
	}
	defer client.Close()

	d := &transcript{out: out, client: client, dial: dial}
	d.printf("gate     fake, on %s, project %d\n\n", gate.Addr(), gate.Project().ID)
	for _, c := range []struct {
		reader int64
		target rtm.Target
	}{{alice, rtm.User(bob)}, {alice, rtm.Group(group)}, {alice, rtm.Room(room)}, {alice, rtm.Everyone}} {
		if err := d.conversation(ctx, c.reader, c.target); err != nil {
			return fmt.Errorf("%v: %w", c.target, err)
		}
	}
	if err := d.multi(ctx); err != nil {
		return fmt.Errorf("several users: %w", err)
	}
	if err := d.manage(ctx); err != nil {
		return err
	}
	d.printf("ok       %d messages sent, %d read back, all equal; %d changes made, all seen\n", d.sent, d.read, d.changes)
	return d.err
}

// transcript prints what the demo does, and counts.
type transcript struct {
	out        io.Writer
	client     *rtm.Client
	dial       func(ctx context.Context) (*rtm.Client, error)
	sent, read int
	changes    int
	err        error // of out
}

func (d *transcript) printf(format string, args ...any) {
	if _, err := fmt.Fprintf(d.out, format, args...); err != nil && d.err == nil {
		d.err = err
	}
}

// conversation sends to a target and reads its history in both directions.
func (d *transcript) conversation(ctx context.Context, reader int64, target rtm.Target) error {
	var want []rtm.StoredMessage
	for i := range demoMessages {
		from, to := reader, target
		if target.Kind == rtm.P2P && i%3 == 2 { // now and then the other one answers
			from, to = target.ID, rtm.User(reader)
		}
		m := demoMessage(i)
		receipt, err := d.client.Send(ctx, from, to, m)
		if err != nil {
			return err
		}
		d.sent++
		m.ID = receipt.ID
		want = append(want, rtm.StoredMessage{Message: m, From: from, ModifiedTime: receipt.ModifiedTime})
		if i < 3 {
			d.printf("send     %d -> %-9v id %d  %s\n", from, to, m.ID, show(m))
		}
	}
	d.printf("         ... and %d more\n", demoMessages-3)
	for _, descending := range []bool{false, true} {
		if err := d.readBack(ctx, reader, target, descending, want); err != nil {
			return err
		}
		slices.Reverse(want)
	}
	d.printf("\n")
	return nil
}

// multi sends one message to several users and looks for it with each of them.
func (d *transcript) multi(ctx context.Context) error {
	m := rtm.Message{Type: demoType, Text: "to all three of you / 给你们三个", Attrs: `{"multi":true}`}
	receipt, err := d.client.SendMulti(ctx, alice, demoReceivers, m)
	if err != nil {
		return err
	}
	d.sent++
	m.ID = receipt.ID
	d.printf("send     %d -> users %v  id %d  %s\n", alice, demoReceivers, m.ID, show(m))
	want := []rtm.StoredMessage{{Message: m, From: alice, ModifiedTime: receipt.ModifiedTime}}
	for _, uid := range demoReceivers {
		if err := d.readBack(ctx, uid, rtm.User(alice), true, want); err != nil {
			return err
		}
	}
	d.printf("\n")
	return nil
}

// readBack pages through a conversation and compares it with want.
func (d *transcript) readBack(ctx context.Context, uid int64, with rtm.Target, descending bool, want []rtm.StoredMessage) error {
	query := rtm.HistoryQuery{Descending: descending, Limit: rtm.MaxPage, Types: []int8{demoType}}
	var got []rtm.StoredMessage
	pages := 0
	for {
		page, err := d.client.History(ctx, uid, with, query)
		if err != nil {
			return err
		}
		if len(page.Messages) == 0 {
			break
		}
		pages++
		got = append(got, page.Messages...)
		query = page.Next()
	}
	if err := compare(got, want); err != nil {
		return err
	}
	d.read += len(got)
	direction := "oldest first"
	if descending {
		direction = "newest first"
	}
	d.printf("history  %d with %v, %s: %d messages in %d pages, as sent\n", uid, with, direction, len(got), pages)
	return nil
}

// compare reports the first difference between what was read and what was sent.
func compare(got, want []rtm.StoredMessage) error {
	if len(got) != len(want) {
		return fmt.Errorf("read %d messages, sent %d", len(got), len(want))
	}
	for i := range got {
		g := got[i]
		g.Cursor = 0 // the gate's own
		if w := want[i]; g.ID != w.ID || g.Type != w.Type || g.Text != w.Text || !bytes.Equal(g.Data, w.Data) ||
			(g.Data == nil) != (w.Data == nil) || g.Attrs != w.Attrs || g.From != w.From ||
			g.ModifiedTime != w.ModifiedTime || g.Deleted {
			return fmt.Errorf("message %d: read %+v, sent %+v", i, g, w)
		}
	}
	return nil
}

func demoMessage(i int) rtm.Message {
	m := rtm.Message{Type: demoType, Attrs: fmt.Sprintf(`{"n":%d}`, i)}
	switch i % 3 {
	case 0:
		m.Text = fmt.Sprintf("hello, number %d", i)
	case 1:
		m.Text = fmt.Sprintf("你好,第 %d 条消息", i)
	default:
		m.Data = []byte{0x00, 0xff, 0xfe, 0x80, byte(i)} // no UTF-8
	}
	return m
}

func show(m rtm.Message) string {
	if m.Data != nil {
		return fmt.Sprintf("% x", m.Data)
	}
	return fmt.Sprintf("%q", m.Text)
}
