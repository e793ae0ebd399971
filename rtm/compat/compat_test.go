package compat_test

import (
	"bytes"
	"fmt"
	"log"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/gofpnn/gofpnn/fakeserver"
	"github.com/gofpnn/gofpnn/fpnn"
	rtm "github.com/gofpnn/gofpnn/rtm/compat"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	alice = 1001
	bob   = 2002
	group = 7
	room  = 9
)

// gate returns a client of a fake gate on TCP.
func gate(t *testing.T, opts ...fakeserver.Option) (*rtm.RTMServerClient, *fakeserver.Server) {
	t.Helper()
	srv := fakeserver.New(t, append(opts, fakeserver.WithTCP("127.0.0.1:0"))...)
	return clientOf(t, srv.Project().ID, string(srv.Project().Secret), srv.Addr()), srv
}

func clientOf(t *testing.T, pid int32, secret, endpoint string) *rtm.RTMServerClient {
	t.Helper()
	client := rtm.NewRTMServerClient(pid, secret, endpoint)
	client.SetLogger(testLog{t})
	t.Cleanup(client.Close)
	return client
}

// testLog is a logger that fails the test: nothing should be wrong.
type testLog struct{ t *testing.T }

func (l testLog) Println(args ...any)               { l.t.Error(args...) }
func (l testLog) Printf(format string, args ...any) { l.t.Errorf(format, args...) }

// texts returns what a history holds, oldest first.
func texts(t *testing.T, result *rtm.HistoryMessageResult, err error) []string {
	t.Helper()
	require.NoError(t, err)
	require.EqualValues(t, len(result.Messages), result.Num)
	texts := []string{}
	for _, m := range result.Messages {
		texts = append(texts, m.Message)
	}
	return texts
}

// conversation is a way to send and read that several functions share.
type conversation struct {
	kind   rtm.MessageType
	xid    int64
	send   func(c *rtm.RTMServerClient, text string, rest ...any) (int64, error)
	binary func(c *rtm.RTMServerClient, data []byte, rest ...any) (int64, error)
	get    func(c *rtm.RTMServerClient, desc bool, num int16, begin, end, lastid int64, rest ...any) (*rtm.HistoryMessageResult, error)
	del    func(c *rtm.RTMServerClient, mid int64, rest ...any) error
	clean  func(c *rtm.RTMServerClient, begin, end int64, rest ...any) error
}

var conversations = map[string]conversation{
	"P2P": {
		rtm.MessageType_P2P, bob,
		func(c *rtm.RTMServerClient, text string, rest ...any) (int64, error) {
			return c.SendMessage(alice, bob, 66, text, rest...)
		},
		func(c *rtm.RTMServerClient, data []byte, rest ...any) (int64, error) {
			return c.SendMessageByBinary(alice, bob, 66, data, rest...)
		},
		func(c *rtm.RTMServerClient, desc bool, num int16, begin, end, lastid int64, rest ...any) (*rtm.HistoryMessageResult, error) {
			return c.GetP2PMessage(alice, bob, desc, num, begin, end, lastid, rest...)
		},
		func(c *rtm.RTMServerClient, mid int64, rest ...any) error {
			return c.DelP2PMessage(mid, alice, bob, rest...)
		},
		func(c *rtm.RTMServerClient, begin, end int64, rest ...any) error {
			return c.CleanP2PMessage(alice, bob, begin, end, rest...)
		},
	},
	"Group": {
		rtm.MessageType_Group, group,
		func(c *rtm.RTMServerClient, text string, rest ...any) (int64, error) {
			return c.SendGroupMessage(alice, group, 66, text, rest...)
		},
		func(c *rtm.RTMServerClient, data []byte, rest ...any) (int64, error) {
			return c.SendGroupMessageByBinary(alice, group, 66, data, rest...)
		},
		func(c *rtm.RTMServerClient, desc bool, num int16, begin, end, lastid int64, rest ...any) (*rtm.HistoryMessageResult, error) {
			return c.GetGroupMessage(group, desc, num, begin, end, lastid, alice, rest...)
		},
		func(c *rtm.RTMServerClient, mid int64, rest ...any) error {
			return c.DelGroupMessage(mid, alice, group, rest...)
		},
		func(c *rtm.RTMServerClient, begin, end int64, rest ...any) error {
			return c.CleanGroupMessage(alice, group, begin, end, rest...)
		},
	},
	"Room": {
		rtm.MessageType_Room, room,
		func(c *rtm.RTMServerClient, text string, rest ...any) (int64, error) {
			return c.SendRoomMessage(alice, room, 66, text, rest...)
		},
		func(c *rtm.RTMServerClient, data []byte, rest ...any) (int64, error) {
			return c.SendRoomMessageByBinary(alice, room, 66, data, rest...)
		},
		func(c *rtm.RTMServerClient, desc bool, num int16, begin, end, lastid int64, rest ...any) (*rtm.HistoryMessageResult, error) {
			return c.GetRoomMessage(room, desc, num, begin, end, lastid, alice, rest...)
		},
		func(c *rtm.RTMServerClient, mid int64, rest ...any) error {
			return c.DelRoomMessage(mid, alice, room, rest...)
		},
		func(c *rtm.RTMServerClient, begin, end int64, rest ...any) error {
			return c.CleanRoomMessage(alice, room, begin, end, rest...)
		},
	},
	"Broadcast": {
		rtm.MessageType_Broadcast, 0,
		func(c *rtm.RTMServerClient, text string, rest ...any) (int64, error) {
			return c.SendBroadcastMessage(alice, 66, text, rest...)
		},
		func(c *rtm.RTMServerClient, data []byte, rest ...any) (int64, error) {
			return c.SendBroadcastMessageByBinary(alice, 66, data, rest...)
		},
		func(c *rtm.RTMServerClient, desc bool, num int16, begin, end, lastid int64, rest ...any) (*rtm.HistoryMessageResult, error) {
			return c.GetBroadcastMessage(desc, num, begin, end, lastid, alice, rest...)
		},
		func(c *rtm.RTMServerClient, mid int64, rest ...any) error {
			return c.DelBroadcastMessage(mid, alice, rest...)
		},
		func(c *rtm.RTMServerClient, begin, end int64, rest ...any) error {
			return c.CleanBroadcastMessage(alice, begin, end, rest...)
		},
	},
}

// eachConversation runs a test for each of the four kinds, on a gate of its own.
func eachConversation(t *testing.T, test func(t *testing.T, c *rtm.RTMServerClient, conv conversation)) {
	t.Helper()
	for name, conv := range conversations {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, _ := gate(t)
			test(t, c, conv)
		})
	}
}

func TestSendThenGetInBothDirections(t *testing.T) {
	t.Parallel()
	eachConversation(t, func(t *testing.T, c *rtm.RTMServerClient, conv conversation) {
		before := time.Now().UnixMilli()
		for i := range 5 {
			mtime, err := conv.send(c, fmt.Sprint(i), "attrs", 10*time.Second)
			require.NoError(t, err)
			require.GreaterOrEqual(t, mtime, before)
		}
		mtime, err := conv.binary(c, []byte{0, 0xff}, "bin")
		require.NoError(t, err)

		page, err := conv.get(c, false, 4, 0, 0, 0)
		require.Equal(t, []string{"0", "1", "2", "3"}, texts(t, page, err))
		next, err := conv.get(c, false, 4, page.Begin, page.End, page.LastCursorId)
		require.Equal(t, []string{"4", "\x00\xff"}, texts(t, next, err))
		newest, err := conv.get(c, true, 1, 0, 0, 0)
		require.NoError(t, err)
		got := newest.Messages[0]
		require.Equal(t, &rtm.HistoryMessageUnit{CursorId: got.CursorId, RTMMessage: rtm.RTMMessage{
			FromUid: alice, ToId: conv.xid, MessageType: 66, MessageId: got.MessageId, Message: "\x00\xff", Attrs: "bin", ModifiedTime: mtime,
		}}, got)
		none, err := conv.get(c, false, 4, 0, 0, 0, []int8{67}, time.Minute)
		require.Empty(t, texts(t, none, err))
		bounded, err := conv.get(c, true, 10, 0, before-1, 0)
		require.Empty(t, texts(t, bounded, err))
		later, err := conv.get(c, false, 10, time.Now().UnixMilli()+60_000, 0, 0)
		require.Empty(t, texts(t, later, err))
	})
}

func TestSendMessagesReachesEach(t *testing.T) {
	t.Parallel()
	c, _ := gate(t)
	_, err := c.SendMessages(alice, []int64{1, 2}, 66, "text")
	require.NoError(t, err)
	_, err = c.SendMessagesByBinary(alice, []int64{1, 2}, 66, []byte("bytes"))
	require.NoError(t, err)
	for _, uid := range []int64{1, 2} {
		page, err := c.GetP2PMessage(uid, alice, false, 10, 0, 0, 0)
		require.Equal(t, []string{"text", "bytes"}, texts(t, page, err))
		require.Equal(t, uid, page.Messages[0].ToId)
		require.EqualValues(t, alice, page.Messages[0].FromUid)
	}
	_, err = c.SendMessages(alice, nil, 66, "text")
	require.ErrorContains(t, err, "empty")
}

func TestDeleteEditAndCount(t *testing.T) {
	t.Parallel()
	eachConversation(t, func(t *testing.T, c *rtm.RTMServerClient, conv conversation) {
		for i := range 4 {
			_, err := conv.send(c, fmt.Sprint(i))
			require.NoError(t, err)
		}
		page, err := conv.get(c, false, 10, 0, 0, 0)
		require.NoError(t, err)
		ids := make([]int64, 4)
		for i, m := range page.Messages {
			ids[i] = m.MessageId
		}
		require.NoError(t, conv.del(c, ids[0]))
		require.Equal(t, 200070, fpnn.Code(conv.del(c, ids[0])))
		require.NoError(t, c.DelMessage(ids[1], alice, conv.xid, conv.kind))
		require.NoError(t, c.EditMessage(ids[2], alice, conv.xid, conv.kind, "edited", "a", 0))
		require.Equal(t, 200070, fpnn.Code(c.EditMessage(ids[0], alice, conv.xid, conv.kind, "edited", "a", 0)))
		page, err = conv.get(c, false, 10, 0, 0, 0)
		require.Equal(t, []string{"edited", "3"}, texts(t, page, err))
		one, err := c.GetMessage(ids[2], alice, conv.xid, conv.kind)
		require.NoError(t, err)
		require.Equal(t, page.Messages[0], one)
		_, err = c.GetMessage(ids[0], alice, conv.xid, conv.kind)
		require.Equal(t, 200070, fpnn.Code(err))

		senders, count, err := c.GetMsgCount(conv.kind, conv.xid, 0, 0, nil)
		if conv.kind == rtm.MessageType_P2P {
			require.Error(t, err)
		} else {
			require.NoError(t, err)
			require.Equal(t, []int32{1, 2}, []int32{senders, count})
			_, count, err = c.GetMsgCount(conv.kind, conv.xid, 0, 0, []int8{67})
			require.NoError(t, err)
			require.Zero(t, count)
			for _, span := range [][2]int64{{time.Now().UnixMilli() + 60_000, 0}, {0, 1}} {
				_, count, err = c.GetMsgCount(conv.kind, conv.xid, span[0], span[1], nil)
				require.NoError(t, err)
				require.Zero(t, count)
			}
		}
		require.NoError(t, c.DeleteConversationMessages(alice, conv.xid, conv.kind))
		page, err = conv.get(c, false, 10, 0, 0, 0)
		require.Empty(t, texts(t, page, err))
	})
}

func TestEditKeepsToItsTimeLimit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, _ := inMemory(t)
		_, err := c.SendGroupMessage(alice, group, 66, "x")
		require.NoError(t, err)
		page, err := c.GetGroupMessage(group, false, 1, 0, 0, 0, alice)
		require.NoError(t, err)
		<-time.After(time.Second)
		edit := func(limit int64) error {
			return c.EditMessage(page.Messages[0].MessageId, alice, group, rtm.MessageType_Group, "y", "", limit)
		}
		require.Equal(t, 200021, fpnn.Code(edit(999)))
		require.NoError(t, edit(1000))
	})
}

// The reader's own membership counts.
func TestHistoriesAreReadOnBehalfOfTheirReader(t *testing.T) {
	t.Parallel()
	c, _ := gate(t, fakeserver.WithMembershipChecks())
	require.NoError(t, c.AddGroupMembers(group, []int64{alice}))
	require.NoError(t, c.AddRoomMember(room, alice))
	for uid, code := range map[int64][2]int{alice: {0, 0}, bob: {200041, 200040}} {
		_, err := c.GetGroupMessage(group, false, 1, 0, 0, 0, uid)
		require.Equal(t, code[0], fpnn.Code(err))
		_, err = c.GetRoomMessage(room, false, 1, 0, 0, 0, uid)
		require.Equal(t, code[1], fpnn.Code(err))
	}
}

func TestCleanDeletesARange(t *testing.T) {
	t.Parallel()
	eachConversation(t, func(t *testing.T, c *rtm.RTMServerClient, conv conversation) {
		_, err := conv.send(c, "text")
		require.NoError(t, err)
		require.NoError(t, conv.clean(c, 1, 2))
		page, err := conv.get(c, false, 10, 0, 0, 0)
		require.Len(t, texts(t, page, err), 1)
		require.NoError(t, conv.clean(c, 0, 0))
		page, err = conv.get(c, false, 10, 0, 0, 0)
		require.Empty(t, texts(t, page, err))
		_, err = conv.send(c, "text")
		require.NoError(t, err)
		require.NoError(t, c.CleanMessage(alice, conv.xid, conv.kind, 0, 0))
		page, err = conv.get(c, false, 10, 0, 0, 0)
		require.Empty(t, texts(t, page, err))
		require.Error(t, conv.clean(c, -1, 0))
	})
}

func TestMembersAndTokens(t *testing.T) {
	t.Parallel()
	c, _ := gate(t)
	require.NoError(t, c.AddGroupMembers(group, []int64{1, 2}))
	require.NoError(t, c.DelGroupMembers(group, []int64{1}))
	uids, err := c.GetGroupMembers(group)
	require.NoError(t, err)
	require.Equal(t, []int64{2}, uids)
	n, err := c.GetGroupCount(group)
	require.NoError(t, err)
	require.EqualValues(t, 1, n)
	in, err := c.IsGroupMember(group, 2)
	require.NoError(t, err)
	require.True(t, in)
	gids, err := c.GetUserGroups(2)
	require.NoError(t, err)
	require.Equal(t, []int64{group}, gids)

	require.NoError(t, c.AddRoomMember(room, 1))
	added, err := c.AddRoomMembers(room, []int64{2, 3})
	require.NoError(t, err)
	require.Equal(t, []int64{2, 3}, added)
	require.NoError(t, c.DelRoomMember(room, 1))
	removed, err := c.DelRoomMembers(room, []int64{2})
	require.NoError(t, err)
	require.Equal(t, []int64{2}, removed)
	uids, err = c.GetRoomMembers(room)
	require.NoError(t, err)
	require.Equal(t, []int64{3}, uids)
	counts, err := c.GetRoomCount([]int64{room})
	require.NoError(t, err)
	require.Equal(t, map[int64]int32{room: 1}, counts)

	token, err := c.GetToken(1)
	require.NoError(t, err)
	require.NoError(t, c.RemoveToken(1))
	require.NoError(t, c.Kickout(1))
	other, err := c.GetToken(1)
	require.NoError(t, err)
	require.NotEqual(t, token, other)

	called := make(chan []int64, 1)
	_, err = c.GetRoomMembers(room, func(uids []int64, errorCode int, errInfo string) {
		called <- uids
	})
	require.NoError(t, err)
	require.Equal(t, []int64{3}, <-called)
}

func TestCallbackRunsOnceWithTheResult(t *testing.T) {
	t.Parallel()
	c, _ := gate(t)
	type result struct {
		mtime, mid int64
		code       int
		text       string
	}
	results := make(chan result, 10)
	before := time.Now().UnixMilli()
	mtime, err := c.SendGroupMessage(alice, group, 66, "one", func(mtime int64, errorCode int, errInfo string) {
		results <- result{mtime: mtime, code: errorCode, text: errInfo}
	}, "attrs")
	require.NoError(t, err)
	require.Zero(t, mtime)
	got := <-results
	require.GreaterOrEqual(t, got.mtime, before)
	require.Zero(t, got.code)
	require.Empty(t, got.text)

	_, err = c.SendGroupMessage(alice, group, 66, "two", time.Minute, func(mtime int64, mid int64, errorCode int, errInfo string) {
		results <- result{mtime, mid, errorCode, errInfo}
	})
	require.NoError(t, err)
	withID := <-results

	pages := make(chan *rtm.HistoryMessageResult, 1)
	page, err := c.GetGroupMessage(group, false, 10, 0, 0, 0, alice, func(r *rtm.HistoryMessageResult, errorCode int, errInfo string) {
		pages <- r
	}, []int8{66})
	require.NoError(t, err)
	require.Nil(t, page)
	page = <-pages
	require.Equal(t, []string{"one", "two"}, texts(t, page, nil))
	require.Equal(t, "attrs", page.Messages[0].Attrs)
	require.Equal(t, withID.mid, page.Messages[1].MessageId)
	require.Equal(t, withID.mtime, page.Messages[1].ModifiedTime)

	counts := make(chan [2]int32, 1)
	_, _, err = c.GetMsgCount(rtm.MessageType_Group, group, 0, 0, nil, func(sender int32, count int32, errorCode int, errInfo string) {
		counts <- [2]int32{sender, count}
	})
	require.NoError(t, err)
	require.Equal(t, [2]int32{1, 2}, <-counts)

	codes := make(chan result, 1)
	require.NoError(t, c.DelGroupMessage(404, alice, group, func(errorCode int, errInfo string) {
		codes <- result{code: errorCode, text: errInfo}
	}))
	refused := <-codes
	require.Equal(t, 200070, refused.code)
	require.Equal(t, "message not found", refused.text)
	require.Empty(t, results, "each once")
}

func TestWrongArgumentIsNamedAndNothingIsSent(t *testing.T) {
	t.Parallel()
	c, _ := gate(t)
	never := func(mtime int64, errorCode int, errInfo string) { t.Error("callback of a call that failed") }
	for function, call := range map[string]func(arg any) error{
		"SendMessage":         func(arg any) error { _, err := c.SendMessage(alice, bob, 66, "x", never, arg); return err },
		"SendMessageByBinary": func(arg any) error { _, err := c.SendMessageByBinary(alice, bob, 66, nil, arg); return err },
		"SendMessages":        func(arg any) error { _, err := c.SendMessages(alice, []int64{1}, 66, "x", arg); return err },
		"GetGroupMessage": func(arg any) error {
			_, err := c.GetGroupMessage(group, true, 1, 0, 0, 0, alice, arg)
			return err
		},
		"DelP2PMessage":    func(arg any) error { return c.DelP2PMessage(1, alice, bob, arg) },
		"CleanRoomMessage": func(arg any) error { return c.CleanRoomMessage(alice, room, 0, 0, arg) },
		"GetMsgCount": func(arg any) error {
			_, _, err := c.GetMsgCount(rtm.MessageType_Group, group, 0, 0, nil, arg)
			return err
		},
		"EditMessage":                func(arg any) error { return c.EditMessage(1, alice, group, rtm.MessageType_Group, "", "", 0, arg) },
		"DeleteConversationMessages": func(arg any) error { return c.DeleteConversationMessages(alice, group, rtm.MessageType_Group, arg) },
		"GetMessage":                 func(arg any) error { _, err := c.GetMessage(1, alice, group, rtm.MessageType_Group, arg); return err },
	} {
		for text, arg := range map[string]any{"int": 5, "[]int": []int{66}, "func()": func() {}, "<nil>": nil} {
			err := call(arg)
			require.ErrorContains(t, err, function)
			require.ErrorContains(t, err, text)
		}
	}
	withID := func(mtime int64, mid int64, errorCode int, errInfo string) { t.Error("callback of a call that failed") }
	for _, two := range [][]any{{never, withID}, {never, never}, {withID, never}} {
		_, err := c.SendMessage(alice, bob, 66, "x", two...)
		require.ErrorContains(t, err, "one callback")
	}
	page, err := c.GetP2PMessage(alice, bob, false, 10, 0, 0, 0)
	require.Empty(t, texts(t, page, err))
}

// A nil callback is none, as in the SDK.
func TestNilCallbackIsSynchronous(t *testing.T) {
	t.Parallel()
	c, _ := gate(t)
	var none func(mtime int64, errorCode int, errInfo string)
	mtime, err := c.SendMessage(alice, bob, 66, "x", none)
	require.NoError(t, err)
	require.Positive(t, mtime)
	called := make(chan int64, 1)
	_, err = c.SendMessage(alice, bob, 66, "x", func(mtime int64, _ int, _ string) { called <- mtime }, none)
	require.NoError(t, err)
	require.Positive(t, <-called)
}

func TestPanicInACallbackIsLogged(t *testing.T) {
	t.Parallel()
	c, _ := gate(t)
	logged := &buffer{arrived: make(chan struct{}, 1)}
	c.SetLogger(log.New(logged, "", 0))
	require.NoError(t, c.Kickout(1, func(int, string) { panic("on purpose") }))
	<-logged.arrived
	require.Contains(t, logged.String(), "on purpose")
	require.NoError(t, c.Kickout(1))
}

type buffer struct {
	mu      sync.Mutex
	b       bytes.Buffer
	arrived chan struct{}
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	select {
	case b.arrived <- struct{}{}:
	default:
	}
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

func TestConstantsAreThoseOfTheWire(t *testing.T) {
	t.Parallel()
	require.Equal(t, []rtm.MessageType{1, 2, 3, 4}, []rtm.MessageType{
		rtm.MessageType_P2P, rtm.MessageType_Group, rtm.MessageType_Room, rtm.MessageType_Broadcast,
	})
	c, _ := gate(t)
	for _, kind := range []rtm.MessageType{0, 5, -1, 1 << 8, 1<<8 + 1} {
		require.Error(t, c.DelMessage(1, alice, group, kind), kind)
	}
}

func TestFileMessagesShowTheirFile(t *testing.T) {
	t.Parallel()
	c, _ := gate(t)
	logged := &buffer{arrived: make(chan struct{}, 1)}
	c.SetLogger(log.New(logged, "", 0))
	const attrs = `{"rtm":{"type":"audiomsg","lang":"zh-CN","duration":1500,"srate":16000,"codec":"amr-wb"},"custom":{"k":"v"}}`
	_, err := c.SendGroupMessage(alice, group, 41, `{"url":"u","size":99,"surl":"s"}`, attrs)
	require.NoError(t, err)
	_, err = c.SendGroupMessage(alice, group, 40, "not json", "nor this")
	require.NoError(t, err)
	page, err := c.GetGroupMessage(group, false, 10, 0, 0, 0, alice)
	require.NoError(t, err)
	voice, broken := page.Messages[0], page.Messages[1]
	require.Equal(t, &rtm.FileMsgInfo{Url: "u", FileSize: 99, Surl: "s", RTMAudioFileInfo: rtm.RTMAudioFileInfo{
		IsRTMaudio: true, Codec: "amr-wb", Srate: 16000, Lang: "zh-CN", Duration: 1500,
	}}, voice.FileInfo)
	require.Equal(t, `{"k":"v"}`, voice.Attrs)
	require.Equal(t, "not json", broken.Message)
	require.Equal(t, "nor this", broken.Attrs)
	_, err = c.SendGroupMessage(alice, group, 40, "not json", `{"custom":"x"}`)
	require.NoError(t, err)
	last, err := c.GetGroupMessage(group, true, 1, 0, 0, 0, alice)
	require.NoError(t, err)
	require.Equal(t, "x", last.Messages[0].Attrs, "one does not depend on the other")
	require.Equal(t, &rtm.FileMsgInfo{}, broken.FileInfo)
	require.True(t, strings.Contains(logged.String(), "not a JSON object"), logged.String())
}
