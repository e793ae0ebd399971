package fakeserver_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/fakeserver"
	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/rtm"
	"github.com/gofpnn/gofpnn/rtm/wire"
)

const alice, bob, carol = 1001, 2002, 3003

// busy has a server come by all that a state can hold, through a client.
func busy(t *testing.T, srv *fakeserver.Server) *rtm.Client {
	t.Helper()
	c := client(t, srv, rtm.WithLimits(rtm.Limits{}), rtm.WithHandler(func(context.Context, rtm.Push) {}))
	send := func(from int64, to rtm.Target, m rtm.Message) rtm.Receipt {
		r, err := c.Send(t.Context(), from, to, m)
		require.NoError(t, err)
		return r
	}
	send(alice, rtm.User(bob), rtm.Message{ID: 1, Type: 66, Text: "hello", Attrs: "{}"})
	send(bob, rtm.User(alice), rtm.Message{ID: 1, Type: 30, Text: "你好"})
	send(bob, rtm.User(bob), rtm.Message{ID: 1, Type: 30, Text: "note to self"})
	send(carol, rtm.User(bob), rtm.Message{ID: 2, Type: 66, Data: []byte{0, 0xff}})
	send(alice, rtm.Group(7), rtm.Message{ID: 3, Type: 66, Text: "not UTF-8: \xff", Attrs: "\xfe"})
	gone := send(alice, rtm.Group(7), rtm.Message{ID: 4, Type: 66, Text: "deleted"})
	send(alice, rtm.Group(7), rtm.Message{ID: 5, Type: 66, Data: []byte{}})
	send(alice, rtm.Room(7), rtm.Message{ID: 6, Type: 99, Text: "not stored"})
	send(alice, rtm.Everyone, rtm.Message{ID: 7, Type: 66, Text: "all"})
	for n := range int64(30) {
		send(alice, rtm.Group(9), rtm.Message{ID: 100 + n, Type: 66, Text: fmt.Sprint(n)})
	}
	require.NoError(t, c.Delete(t.Context(), alice, rtm.Group(7), gone.ID))
	require.NoError(t, c.AddGroupMembers(t.Context(), 7, []int64{bob, alice}))
	_, err := c.AddRoomMembers(t.Context(), 9, []int64{carol})
	require.NoError(t, err)
	_, err = c.Token(t.Context(), bob)
	require.NoError(t, err)
	require.NoError(t, c.AddListen(t.Context(), rtm.ListenSet{Groups: []int64{7, 3}, Events: []string{"login"}}))
	return c
}

var busyOptions = []fakeserver.Option{
	fakeserver.WithStoredTypes(30, 66), fakeserver.WithLimits(fakeserver.Limits{Stored: 20}),
}

func TestStateIsAllThatIsHeld(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := fakeserver.New(t, busyOptions...)
		busy(t, srv)
		now := time.Now().UnixMilli()
		st := srv.State()
		require.Len(t, st.Conversations, 7)
		hello := st.Conversations[0]
		require.Equal(t, wire.P2P, hello.Kind)
		require.Equal(t, [2]int64{alice, bob}, hello.Users)
		require.Equal(t, []wire.Stored{
			{Message: wire.Message{ID: 1, Type: 66, Text: "hello", Attrs: "{}"}, Cursor: 1, From: alice, ModifiedTime: now},
			{Message: wire.Message{ID: 1, Type: 30, Text: "你好"}, Cursor: 2, From: bob, ModifiedTime: now},
		}, hello.Messages)
		group := st.Conversations[3]
		require.Equal(t, "group 7", group.String())
		require.Equal(t, wire.Stored{Message: wire.Message{ID: 4}, Cursor: 2, From: alice, Deleted: true, ModifiedTime: now}, group.Messages[1])
		full := st.Conversations[4]
		require.EqualValues(t, 10, full.Forgotten)
		require.Len(t, full.Messages, 20)
		require.EqualValues(t, 11, full.Messages[0].Cursor)
		room := st.Conversations[5]
		require.Empty(t, room.Messages)
		require.Equal(t, []fakeserver.MessageID{{From: alice, ID: 6}}, room.Passed)
		require.Equal(t, []fakeserver.Members{{ID: 7, Users: []int64{alice, bob}}}, st.Groups)
		require.Equal(t, []fakeserver.Members{{ID: 9, Users: []int64{carol}}}, st.Rooms)
		require.Equal(t, []fakeserver.UserToken{{UID: bob, Token: srv.Token(bob)}}, st.Tokens)
		require.NotEmpty(t, srv.Token(bob))
		require.Empty(t, srv.Token(alice))
	})
}

func TestMessagesAreThoseSentToATarget(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := fakeserver.New(t, busyOptions...)
		busy(t, srv)
		texts := func(to rtm.Target) (all []string) {
			for _, m := range srv.Messages(to) {
				all = append(all, m.Text+string(m.Data))
			}
			return all
		}
		require.Equal(t, []string{"hello", "note to self", "\x00\xff"}, texts(rtm.User(bob)))
		require.Equal(t, []string{"你好"}, texts(rtm.User(alice)))
		require.Equal(t, []string{"not UTF-8: \xff", ""}, texts(rtm.Group(7)))
		require.Empty(t, texts(rtm.Room(7)))
		require.Equal(t, []string{"all"}, texts(rtm.Everyone))
		require.Empty(t, texts(rtm.Group(alice)))
		require.Empty(t, texts(rtm.Target{}))
		m, ok := srv.Message(carol, rtm.User(bob), 2)
		require.True(t, ok)
		require.Equal(t, []byte{0, 0xff}, m.Data)
		_, ok = srv.Message(bob, rtm.User(carol), 2)
		require.False(t, ok)
	})
}

// A server that begins with the state of another goes on like it.
func TestStateComesBackFromItsFile(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := fakeserver.New(t, busyOptions...)
		busy(t, srv)
		path := filepath.Join(t.TempDir(), "state")
		require.NoError(t, os.WriteFile(path, []byte("of yesterday"), 0o644))
		require.NoError(t, srv.State().Save(path))
		info, err := os.Stat(path)
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
		entries, err := os.ReadDir(filepath.Dir(path))
		require.NoError(t, err)
		require.Len(t, entries, 1, "nothing else is left there")

		file, err := os.Open(path)
		require.NoError(t, err)
		defer file.Close()
		st, err := fakeserver.ReadState(file)
		require.NoError(t, err)
		require.Equal(t, srv.State(), st)
		again := fakeserver.New(t, append([]fakeserver.Option{fakeserver.WithState(st)}, busyOptions...)...)
		require.Equal(t, srv.State(), again.State())

		for _, server := range []*fakeserver.Server{srv, again} {
			c := client(t, server)
			for _, taken := range []struct {
				to rtm.Target
				id int64
			}{{rtm.Group(7), 3}, {rtm.Group(7), 4}, {rtm.Room(7), 6}, {rtm.Group(9), 129}} {
				_, err := c.Send(t.Context(), alice, taken.to, rtm.Message{ID: taken.id, Type: 66, Text: "again"})
				require.ErrorIs(t, err, rtm.ErrDuplicateMessageID, taken)
			}
			_, err = c.Send(t.Context(), alice, rtm.Group(9), rtm.Message{ID: 100, Type: 66, Text: "forgotten, so new"})
			require.NoError(t, err)
			page, err := c.History(t.Context(), alice, rtm.Group(9), rtm.HistoryQuery{Descending: true, Limit: 1})
			require.NoError(t, err)
			require.EqualValues(t, 31, page.Messages[0].Cursor)
		}
		require.Equal(t, srv.State(), again.State())
	})
}

func TestStateThatNoGateCanHave(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{"conversations":[{"kind":"user","users":[2,1]}]}`:                                                "rising order",
		`{"conversations":[{"kind":"village","id":1}]}`:                                                    "unknown",
		`{"conversations":[{"kind":"group","id":1},{"kind":"group","id":1}]}`:                              "same name",
		`{"conversations":[{"kind":"group","id":1,"forgotten":-1}]}`:                                       "forgotten",
		`{"conversations":[{"kind":"group","id":1,"forgotten":9223372036854775807}]}`:                      "forgotten",
		`{"conversations":[{"kind":"group","id":1,"messages":[{"from":1,"id":1,"time":1}]}]}`:              "type 0",
		`{"conversations":[{"kind":"user","users":[1,2],"messages":[{"from":3,"type":1}]}]}`:               "not in it",
		`{"conversations":[{"kind":"group","messages":[{"type":1,"time":2},{"type":1,"id":1,"time":1}]}]}`: "before",
		`{"conversations":[{"kind":"group","messages":[{"type":1,"id":2},{"type":1,"id":2}]}]}`:            "has used id 2",
		`{"conversations":[{"kind":"group","messages":[{"type":1}],"passed":[{"from":0,"id":0}]}]}`:        "twice",
		`{"groups":[{"id":5}]}`:           "group 5 has no members",
		`{"rooms":[{"id":5,"users":[]}]}`: "room 5 has no members",
	} {
		st, err := fakeserver.ReadState(strings.NewReader(text))
		require.NoError(t, err, text)
		_, err = fakeserver.Start(fakeserver.WithState(st))
		require.ErrorContains(t, err, want, text)
	}
	for _, text := range []string{``, `null 5`, `[]`, `{"conversations":[{"kind":5}]}`, `{"nosuch":1}`, `{}{}`} {
		_, err := fakeserver.ReadState(strings.NewReader(text))
		require.ErrorContains(t, err, "fakeserver: state:", text)
	}
	_, err := fakeserver.Start(fakeserver.WithState(nil))
	require.Error(t, err)
	require.Error(t, new(fakeserver.State).Save(filepath.Join(t.TempDir(), "no", "such", "folder")))
}

func FuzzReadState(f *testing.F) {
	srv := fakeserver.New(f, busyOptions...)
	for _, m := range []wire.Stored{
		{From: 1, Message: wire.Message{Type: 66, Text: "\xff", Attrs: "x"}},
		{From: 2, Message: wire.Message{Type: 66, Data: []byte{}}},
		{From: 1, Deleted: true},
	} {
		require.NoError(f, srv.SeedMessages(rtm.User(2), m))
	}
	srv.SeedRoom(5, 1)
	srv.SeedToken(1, "t")
	seed, err := json.Marshal(srv.State())
	require.NoError(f, err)
	f.Add(seed)
	f.Add([]byte(`{"conversations":[{"kind":"group","forgotten":513,"newest":7,"passed":[{"from":1,"id":1}]}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		st, err := fakeserver.ReadState(bytes.NewReader(b))
		if err != nil {
			return
		}
		srv, err := fakeserver.Start(fakeserver.WithState(st))
		if err != nil {
			return
		}
		defer srv.Close()
		_ = srv.Dump()
		saved, err := json.Marshal(srv.State())
		require.NoError(t, err)
		again, err := fakeserver.ReadState(bytes.NewReader(saved))
		require.NoError(t, err)
		require.Equal(t, srv.State(), again)
	})
}

func TestSeededMessagesAreThereAndNobodyIsTold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := fakeserver.New(t)
		e := newEar(t, srv, 7)
		require.NoError(t, srv.SeedMessages(rtm.Group(7),
			rtm.StoredMessage{From: alice, ModifiedTime: 1000, Message: rtm.Message{ID: 5, Type: 66, Text: "old"}},
			rtm.StoredMessage{From: bob, Message: rtm.Message{Type: 66, Data: []byte("new")}},
			rtm.StoredMessage{From: bob, Deleted: true, Message: rtm.Message{ID: 8}},
		))
		synctest.Wait()
		require.Empty(t, e.heard())
		stored := srv.Messages(rtm.Group(7))
		require.Len(t, stored, 2)
		require.EqualValues(t, 1000, stored[0].ModifiedTime)
		require.NotZero(t, stored[1].ID)
		require.Equal(t, time.Now().UnixMilli(), stored[1].ModifiedTime)

		for text, m := range map[string]rtm.StoredMessage{
			"message 0: user 1001 has used id 5": {From: alice, Message: rtm.Message{ID: 5, Type: 66}},
			"user 2002 has used id 8":            {From: bob, Message: rtm.Message{ID: 8, Type: 66}},
			"type 0":                             {From: alice, Message: rtm.Message{ID: 6}},
			"before":                             {From: alice, ModifiedTime: 1, Message: rtm.Message{ID: 6, Type: 66}},
		} {
			require.ErrorContains(t, srv.SeedMessages(rtm.Group(7), m), text)
		}
		require.ErrorContains(t, srv.SeedMessages(rtm.Target{ID: 7}, rtm.StoredMessage{From: alice, Message: rtm.Message{Type: 66}}), "kind 0")
		c := client(t, srv)
		page, err := c.History(t.Context(), alice, rtm.Group(7), rtm.HistoryQuery{Begin: 1, End: 2000})
		require.NoError(t, err)
		require.Len(t, page.Messages, 1)
		require.Equal(t, "old", page.Messages[0].Text)

		srv.SeedGroup(7, bob, alice, bob)
		srv.SeedGroup(8)
		srv.SeedRoom(9, carol)
		srv.SeedToken(bob, "token")
		members, err := c.GroupMembers(t.Context(), 7)
		require.NoError(t, err)
		require.Equal(t, []int64{alice, bob}, members)
		require.Equal(t, []int64{carol}, srv.RoomMembers(9))
		require.Empty(t, srv.GroupMembers(8))
		token, err := c.Token(t.Context(), bob)
		require.NoError(t, err)
		require.Equal(t, "token", token)
	})
}

func TestServerSendsAndPushes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := fakeserver.New(t, fakeserver.WithLimits(fakeserver.Limits{MessageBytes: 10}))
		e := newEar(t, srv, 7)
		e.acknowledge <- nil
		e.acknowledge <- nil
		sent, err := srv.Send(alice, rtm.Group(7), rtm.Message{Type: 66, Text: "stored"})
		require.NoError(t, err)
		require.Equal(t, []rtm.StoredMessage{sent}, srv.Messages(rtm.Group(7)))
		require.Equal(t, 1, srv.PushMessage(wire.Push{From: alice, Target: rtm.Group(7), Message: rtm.Message{Type: 66, Text: "pushed"}}))
		require.Zero(t, srv.PushMessage(wire.Push{From: alice, Target: rtm.Group(8), Message: rtm.Message{Type: 66}}))
		require.Zero(t, srv.PushMessage(wire.Push{From: alice, Target: rtm.Everyone, Message: rtm.Message{Type: 66}}))
		synctest.Wait()
		require.Equal(t, []string{"stored", "pushed"}, e.heard())
		srv.Expect(t).Stored(rtm.Group(7), "stored")

		_, err = srv.Send(alice, rtm.Group(7), rtm.Message{ID: sent.ID, Type: 66, Text: "twice"})
		require.Equal(t, wire.CodeDuplicateID, fpnn.Code(err))
		_, err = srv.Send(alice, rtm.Group(7), rtm.Message{Text: "no type"})
		require.Equal(t, wire.CodeBadType, fpnn.Code(err))
		_, err = srv.Send(alice, rtm.Group(7), rtm.Message{Type: 66, Text: "much too long"})
		require.Equal(t, wire.CodeMessageTooLarge, fpnn.Code(err))
		_, err = srv.Send(alice, rtm.Target{ID: 7}, rtm.Message{Type: 66})
		require.Equal(t, wire.CodeMethodForbidden, fpnn.Code(err), "a target that is none")
		require.Len(t, srv.State().Conversations, 1, "nothing is stored where no quest can find it")
		everyone, err := srv.Send(alice, rtm.Everyone, rtm.Message{Type: 66, Text: "all"})
		require.NoError(t, err)
		require.EqualValues(t, 1, everyone.Cursor)
	})
}

func TestListenersAreThoseWhoListen(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := fakeserver.New(t)
		require.Empty(t, srv.Listeners())
		busy(t, srv)
		e := newEar(t, srv, 5)
		c := client(t, srv, rtm.WithHandler(func(context.Context, rtm.Push) {}))
		require.NoError(t, c.ListenAll(t.Context(), rtm.ListenAll{Rooms: true}))
		require.Equal(t, 1, srv.PushEvent(fakeserver.Event{Name: "login", UID: bob}))
		require.Zero(t, srv.PushEvent(fakeserver.Event{Name: "logout", UID: bob}))
		for n := range 3 {
			require.Equal(t, 1, srv.PushMessage(wire.Push{From: alice, Target: rtm.Group(5), Message: rtm.Message{Type: 66, Text: fmt.Sprint(n)}}))
		}
		synctest.Wait()
		require.Equal(t, []fakeserver.Listener{
			{Conns: []int64{1}, Set: rtm.ListenSet{Groups: []int64{3, 7}, Events: []string{"login"}}},
			{Conns: []int64{2}, Set: rtm.ListenSet{Groups: []int64{5}}, Waiting: 3},
			{Conns: []int64{3}, All: rtm.ListenAll{Rooms: true}},
		}, srv.Listeners())
		require.NoError(t, e.Close())
		synctest.Wait()
		require.Len(t, srv.Listeners(), 2)
	})
}

func TestDumpShowsTheStateAndNoToken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := fakeserver.New(t)
		require.Empty(t, srv.Dump())
		require.NoError(t, srv.SeedMessages(rtm.Group(7),
			rtm.StoredMessage{From: alice, Message: rtm.Message{ID: 1, Type: 66, Text: "hello\n", Attrs: "{}"}},
			rtm.StoredMessage{From: alice, Message: rtm.Message{ID: 2, Type: 66, Data: []byte{0xca, 0xfe}}},
			rtm.StoredMessage{From: bob, Deleted: true, Message: rtm.Message{ID: 3}},
			rtm.StoredMessage{From: bob, Message: rtm.Message{ID: 4, Type: 66, Text: strings.Repeat("x", 300)}},
		))
		require.NoError(t, srv.SeedMessages(rtm.User(bob), rtm.StoredMessage{From: alice, Message: rtm.Message{ID: 1, Type: 30, Text: "hi"}}))
		srv.SeedGroup(7, alice, bob)
		srv.SeedToken(bob, "secret")
		newEar(t, srv, 7)
		require.Equal(t, `users 1001 and 2002: 1 messages
  1 2000-01-01T00:00:00.000Z from 1001 id 1 type 30: "hi"
group 7: 4 messages
  1 2000-01-01T00:00:00.000Z from 1001 id 1 type 66: "hello\n" attrs "{}"
  2 2000-01-01T00:00:00.000Z from 1001 id 2 type 66: cafe
  3 2000-01-01T00:00:00.000Z from 2002 id 3 deleted
  4 2000-01-01T00:00:00.000Z from 2002 id 4 type 66: "`+strings.Repeat("x", 100)+`" and 200 bytes more
group 7 has members 1001 2002
user 2002 has a token
connections 1 listen to groups 7; 0 pushes wait
`, srv.Dump())
	})
}

// Messages of one millisecond are in the order they came, whoever sent them.
func TestMessagesOfOneTimeAreInTheirOrder(t *testing.T) {
	t.Parallel()
	srv := fakeserver.New(t)
	for n, from := range []int64{carol, alice, bob} {
		require.NoError(t, srv.SeedMessages(rtm.Room(7), rtm.StoredMessage{
			From: from, ModifiedTime: 1000, Message: rtm.Message{ID: 1, Type: 66, Text: fmt.Sprint(n)},
		}))
	}
	srv.Expect(t).Stored(rtm.Room(7), "0", "1", "2")
}
