package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/gofpnn/gofpnn/rtm"
)

// manage changes what is stored and who is in what, and looks at the effect of
// each change through another call.
func (d *transcript) manage(ctx context.Context) error {
	for _, target := range []rtm.Target{rtm.User(bob), rtm.Group(group), rtm.Room(room), rtm.Everyone} {
		if err := d.change(ctx, target); err != nil {
			return fmt.Errorf("%v: %w", target, err)
		}
	}
	if err := d.members(ctx); err != nil {
		return fmt.Errorf("members: %w", err)
	}
	if err := d.special(ctx); err != nil {
		return err
	}
	if err := d.listen(ctx); err != nil {
		return fmt.Errorf("listening: %w", err)
	}
	if err := d.clear(ctx); err != nil {
		return fmt.Errorf("clearing: %w", err)
	}
	d.printf("\n")
	return nil
}

// did prints a change whose effect has been seen, or returns what is wrong.
func (d *transcript) did(ok bool, format string, args ...any) error {
	if !ok {
		return fmt.Errorf("no effect: "+format, args...)
	}
	d.changes++
	d.printf(format+"\n", args...)
	return nil
}

// change edits, deletes and cleans the messages of a conversation.
func (d *transcript) change(ctx context.Context, target rtm.Target) error {
	c := d.client
	page, err := c.History(ctx, alice, target, rtm.HistoryQuery{Descending: true, Limit: rtm.MaxPage})
	if err != nil {
		return err
	}
	own := slices.DeleteFunc(page.Messages, func(m rtm.StoredMessage) bool { return m.From != alice })
	if len(own) < 2 {
		return errors.New("there are no messages to change")
	}
	edited, deleted := own[0].ID, own[1].ID

	if err := c.Edit(ctx, alice, target, edited, rtm.EditRequest{Text: "edited / 已编辑"}); err != nil {
		return err
	}
	m, err := c.Get(ctx, alice, target, edited)
	if err != nil {
		return err
	}
	if err := d.did(m.Text == "edited / 已编辑", "edit     %v: message %d now reads %q", target, edited, m.Text); err != nil {
		return err
	}

	if err := c.Delete(ctx, alice, target, deleted); err != nil {
		return err
	}
	_, err = c.Get(ctx, alice, target, deleted)
	if err := d.did(errors.Is(err, rtm.ErrMessageNotFound), "delete   %v: message %d is gone", target, deleted); err != nil {
		return err
	}

	if target.Kind != rtm.P2P { // which cannot be counted
		n, err := c.Count(ctx, target, rtm.CountQuery{})
		if err != nil {
			return err
		}
		if err := d.did(n.Messages == demoMessages-1, "count    %v: %d messages of %d sender", target, n.Messages, n.Senders); err != nil {
			return err
		}
	}

	if err := c.DeleteConversation(ctx, alice, target); err != nil {
		return err
	}
	page, err = c.History(ctx, alice, target, rtm.HistoryQuery{Limit: rtm.MaxPage})
	if err != nil {
		return err
	}
	left := slices.ContainsFunc(page.Messages, func(m rtm.StoredMessage) bool { return m.From == alice })
	if err := d.did(!left, "delete   %v: all that %d sent is gone", target, alice); err != nil {
		return err
	}

	if err := c.Clean(ctx, alice, target, 0, 0); err != nil {
		return err
	}
	page, err = c.History(ctx, alice, target, rtm.HistoryQuery{})
	if err != nil {
		return err
	}
	return d.did(len(page.Messages) == 0, "clean    %v: nothing is left", target)
}

// members adds users to a group and a room, and takes them out.
func (d *transcript) members(ctx context.Context) error {
	c := d.client
	if err := c.AddGroupMembers(ctx, group, demoReceivers); err != nil {
		return err
	}
	if err := c.RemoveGroupMembers(ctx, group, demoReceivers[:1]); err != nil {
		return err
	}
	uids, err := c.GroupMembers(ctx, group)
	if err != nil {
		return err
	}
	if err := d.did(slices.Equal(uids, demoReceivers[1:]), "group    %d has members %v", group, uids); err != nil {
		return err
	}
	n, err := c.GroupCount(ctx, group)
	if err != nil {
		return err
	}
	in, err := c.IsGroupMember(ctx, group, demoReceivers[0])
	if err != nil {
		return err
	}
	if err := d.did(n == len(uids) && !in, "group    %d has %d members, and %d is none", group, n, demoReceivers[0]); err != nil {
		return err
	}
	groups, err := c.UserGroups(ctx, demoReceivers[1])
	if err != nil {
		return err
	}
	if err := d.did(slices.Equal(groups, []int64{group}), "group    %d is in groups %v", demoReceivers[1], groups); err != nil {
		return err
	}

	if _, err := c.AddRoomMembers(ctx, room, demoReceivers); err != nil {
		return err
	}
	if err := c.RemoveRoomMember(ctx, room, demoReceivers[0]); err != nil {
		return err
	}
	counts, err := c.RoomCounts(ctx, []int64{room})
	if err != nil {
		return err
	}
	if err := d.did(counts[room] == len(demoReceivers)-1, "room     %d has %d members", room, counts[room]); err != nil {
		return err
	}
	if err := c.AddRoomMember(ctx, room, alice); err != nil {
		return err
	}
	if _, err := c.RemoveRoomMembers(ctx, room, demoReceivers); err != nil {
		return err
	}
	uids, err = c.RoomMembers(ctx, room)
	if err != nil {
		return err
	}
	if err := d.did(slices.Equal(uids, []int64{alice}), "room     %d has members %v", room, uids); err != nil {
		return err
	}

	if err := c.Kickout(ctx, bob); err != nil {
		return err
	}
	token, err := c.Token(ctx, alice)
	if err != nil {
		return err
	}
	if err := c.RemoveToken(ctx, alice); err != nil {
		return err
	}
	fresh, err := c.Token(ctx, alice)
	if err != nil {
		return err
	}
	return d.did(token != fresh, "token    of %d was removed and made anew", alice)
}
