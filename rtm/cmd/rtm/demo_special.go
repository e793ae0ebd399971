package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/gofpnn/gofpnn/rtm"
)

// special sends what is not like other messages: a voice message, and an id a
// second time.
func (d *transcript) special(ctx context.Context) error {
	voice := rtm.Message{
		Type:  41,
		Text:  `{"url":"https://files.example/voice.amr","size":4096}`,
		Attrs: `{"rtm":{"type":"audiomsg","lang":"zh-CN","duration":1500,"srate":16000,"codec":"amr-wb"},"custom":{"mood":"good"}}`,
	}
	receipt, err := d.client.Send(ctx, alice, rtm.Group(group), voice)
	if err != nil {
		return err
	}
	m, err := d.client.Get(ctx, alice, rtm.Group(group), receipt.ID)
	if err != nil {
		return err
	}
	if m.File == nil || m.File.Audio == nil {
		return errors.New("the voice message is none")
	}
	if err := d.did(m.File.Audio.Duration == 1500 && m.File.Size == 4096,
		"file     %s: %d bytes, %d ms at %d Hz, custom %s", m.File.URL, m.File.Size, m.File.Audio.Duration, m.File.Audio.SampleRate, m.File.Custom); err != nil {
		return err
	}
	_, err = d.client.Send(ctx, alice, rtm.Group(group), rtm.Message{ID: receipt.ID, Type: demoType})
	if err := d.did(errors.Is(err, rtm.ErrDuplicateMessageID), "send     id %d again: refused", receipt.ID); err != nil {
		return err
	}
	n, err := d.client.Count(ctx, rtm.Group(group), rtm.CountQuery{Types: []int8{41}, Begin: receipt.ModifiedTime, End: receipt.ModifiedTime})
	if err != nil {
		return err
	}
	return d.did(n.Messages == 1, "count    group %d: %d voice message", group, n.Messages)
}

// listen has a second client listen to what the first sends.
func (d *transcript) listen(ctx context.Context) error {
	listener, err := d.dial(ctx)
	if err != nil {
		return err
	}
	defer listener.Close()
	pushes := listener.Pushes(ctx)
	if err := listener.Listen(ctx, rtm.ListenSet{Groups: []int64{group}, Users: []int64{bob}}); err != nil {
		return err
	}
	for _, to := range []rtm.Target{rtm.Group(group), rtm.Group(group + 1), rtm.Room(room), rtm.User(bob)} {
		if _, err := d.client.Send(ctx, alice, to, rtm.Message{Type: demoType, Text: "to " + to.String()}); err != nil {
			return err
		}
	}
	heard := map[string]bool{}
	for p, err := range pushes {
		if err != nil {
			return err
		}
		heard[p.Text] = true
		if err := d.did(p.Text == "to "+p.Target.String(), "push     %d -> %v: %q", p.From, p.Target, p.Text); err != nil {
			return err
		}
		if len(heard) == 2 {
			break
		}
	}
	if !heard[fmt.Sprintf("to group %d", group)] || !heard[fmt.Sprintf("to user %d", bob)] {
		return fmt.Errorf("heard %v", heard)
	}
	return nil
}

// clear deletes all there is.
func (d *transcript) clear(ctx context.Context) error {
	if err := d.client.ClearUser(ctx, alice); err != nil {
		return err
	}
	n, err := d.client.Count(ctx, rtm.Group(group), rtm.CountQuery{})
	if err != nil {
		return err
	}
	if err := d.did(n.Messages == 0, "clear    all that %d ever sent", alice); err != nil {
		return err
	}
	if _, err := d.client.Send(ctx, bob, rtm.Room(room), rtm.Message{Type: demoType}); err != nil {
		return err
	}
	if err := d.client.ClearProject(ctx, rtm.ClearRooms); err != nil {
		return err
	}
	if n, err = d.client.Count(ctx, rtm.Room(room), rtm.CountQuery{}); err != nil {
		return err
	}
	return d.did(n.Messages == 0, "clear    all rooms")
}
