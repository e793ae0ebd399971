package wire_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/codec"
	"github.com/gofpnn/gofpnn/rtm/wire"
)

// What is read after an error, of the same payload or of another, has none of it.
func TestFieldsAreReadOneAfterTheOther(t *testing.T) {
	t.Parallel()
	get := &wire.Get{MessageRef: wire.MessageRef{ID: 1, From: 2, Target: wire.Group(3)}}
	var f wire.Fields
	var s wire.Send
	for range 3 {
		f.Open(again(t, sends))
		_, err := f.History(wire.P2P)
		require.ErrorIs(t, err, codec.ErrNotFound)
		a, err := f.Auth()
		require.NoError(t, err)
		require.True(t, signed.Project.Verify("sendmsg", a))
		require.ErrorIs(t, f.Read(new(wire.Get)), codec.ErrNotFound)
		says, err := f.Send(wire.P2P, false, &s)
		require.NoError(t, err)
		require.Equal(t, wire.Send{From: sends.From, Target: sends.Target, Message: wire.Message{ID: message.ID, Type: message.Type}}, s)
		require.Equal(t, message, says.Message(s.Message.ID, s.Message.Type))

		f.Open(again(t, reads))
		_, err = f.Send(wire.P2P, false, &s)
		require.ErrorIs(t, err, codec.ErrNotFound, "of the quest before")
		q, err := f.History(wire.InGroup)
		require.NoError(t, err)
		require.Equal(t, reads.Limit, q.Limit)

		f.Open(again(t, wire.Unsigned{Quest: get}))
		_, err = f.Auth()
		require.ErrorIs(t, err, codec.ErrNotFound)
		got := new(wire.Get)
		require.NoError(t, f.Read(got))
		require.Equal(t, get, got)

		f.Close()
		_, err = f.Auth()
		require.ErrorIs(t, err, codec.ErrNotFound)
	}
}

// Payloads of more parameters than there is room for are looked through each time.
func TestFieldsOfLargeQuests(t *testing.T) {
	t.Parallel()
	large := sendArgs()
	for i := range 40 {
		large[fmt.Sprint("x", i)] = i
	}
	var f wire.Fields
	for _, args := range []map[string]any{large, sendArgs(), large} {
		f.Open(payload(t, args))
		var s wire.Send
		says, err := f.Send(wire.P2P, false, &s)
		require.NoError(t, err)
		require.Equal(t, "hello", string(says.Body))
		_, err = f.Auth()
		require.ErrorIs(t, err, codec.ErrNotFound)
		f.Close()
		_, err = f.Send(wire.P2P, false, &s)
		require.ErrorIs(t, err, codec.ErrNotFound)
	}
}

func TestContentIsThatOfTheMessage(t *testing.T) {
	t.Parallel()
	for _, m := range []wire.Message{
		{ID: 1, Type: 51, Text: "text", Attrs: "{}"},
		{ID: 2, Type: 52, Data: []byte("data")},
		{ID: 3, Type: 53, Data: []byte{}}, // empty, and binary all the same
		{ID: 4, Type: 54},
	} {
		says := m.Content()
		require.Equal(t, m.Data != nil, says.Binary)
		require.Equal(t, m, says.Message(m.ID, m.Type))
	}
}
