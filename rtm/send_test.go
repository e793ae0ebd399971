package rtm_test

import (
	"context"
	"fmt"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/fakeserver"
	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/rtm"
	"github.com/gofpnn/gofpnn/rtm/wire"
	"github.com/gofpnn/gofpnn/transport"
	"github.com/gofpnn/gofpnn/transport/mem"
)

func listen(t *testing.T) (net.Listener, transport.Dialer) {
	t.Helper()
	network := new(mem.Network)
	l, err := network.Listen("")
	require.NoError(t, err)
	return l, network
}

var targets = []rtm.Target{rtm.User(bob), rtm.Group(7), rtm.Room(9), rtm.Everyone}

func TestSentMessageIsInTheHistoryOfItsTarget(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, c *rtm.Client) {
		messages := []rtm.Message{
			{Type: 66, Text: "hello"},
			{Type: 1, Text: "", Attrs: ""},
			{Type: 127, Text: "你好 🎈", Attrs: `{"k":"值"}`},
			{Type: 51, Data: []byte{0, 0xff, 0xfe}},
			{Type: 51, Data: []byte{}},
			{Type: 66, Text: strings.Repeat("long", 5000), ID: 42},
			{Type: 66, Text: "negative id", ID: -1},
		}
		for _, target := range targets {
			for _, m := range messages {
				before := time.Now().UnixMilli()
				receipt, err := c.Send(t.Context(), alice, target, m)
				require.NoError(t, err)
				require.GreaterOrEqual(t, receipt.ModifiedTime, before)
				require.LessOrEqual(t, receipt.ModifiedTime, time.Now().UnixMilli())
				if m.ID != 0 {
					require.Equal(t, m.ID, receipt.ID)
				}
				require.NotZero(t, receipt.ID)

				page, err := c.History(t.Context(), alice, target, rtm.HistoryQuery{Descending: true, Limit: 1})
				require.NoError(t, err)
				require.Len(t, page.Messages, 1)
				got := page.Messages[0]
				m.ID = receipt.ID
				require.Equal(t, rtm.StoredMessage{
					Message: m, From: alice, Cursor: got.Cursor, ModifiedTime: receipt.ModifiedTime,
				}, got)
			}
		}
	})
}

func TestMessageToSeveralUsersReachesEachUnderOneID(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, c *rtm.Client) {
		receipt, err := c.SendMulti(t.Context(), alice, []int64{1, 2, 3}, rtm.Message{Type: 66, Text: "all"})
		require.NoError(t, err)
		for _, uid := range []int64{1, 2, 3} {
			page, err := c.History(t.Context(), uid, rtm.User(alice), rtm.HistoryQuery{})
			require.NoError(t, err)
			require.Len(t, page.Messages, 1)
			require.Equal(t, receipt.ID, page.Messages[0].ID)
			require.EqualValues(t, alice, page.Messages[0].From)
		}
		page, err := c.History(t.Context(), 4, rtm.User(alice), rtm.HistoryQuery{})
		require.NoError(t, err)
		require.Empty(t, page.Messages)
	})
}

func TestWhatCannotBeSentNamesTheArgument(t *testing.T) {
	t.Parallel()
	c := gate(t, fpnn.HandlerFunc(func(_ context.Context, q *fpnn.Quest) (any, error) {
		t.Errorf("%s was sent", q.Method())
		return nil, nil
	}))
	for _, typ := range []int8{0, -1, -128} {
		_, err := c.Send(t.Context(), alice, rtm.User(bob), rtm.Message{Type: typ})
		requireArgument(t, err, "Message.Type")
		_, err = c.SendMulti(t.Context(), alice, []int64{bob}, rtm.Message{Type: typ})
		requireArgument(t, err, "Message.Type")
	}
	for _, kind := range []rtm.Kind{0, 5, -1} {
		_, err := c.Send(t.Context(), alice, rtm.Target{Kind: kind, ID: 1}, rtm.Message{Type: 66})
		requireArgument(t, err, "to")
		_, err = c.History(t.Context(), alice, rtm.Target{Kind: kind, ID: 1}, rtm.HistoryQuery{})
		requireArgument(t, err, "with")
	}
	for _, to := range [][]int64{nil, {}} {
		_, err := c.SendMulti(t.Context(), alice, to, rtm.Message{Type: 66})
		requireArgument(t, err, "to")
	}
	_, err := rtm.NewClient([]string{"localhost:1"}, rtm.Project{ID: 1})
	requireArgument(t, err, "Project")
}

func TestSecondMessageWithAnIDIsRefused(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, c *rtm.Client) {
		m := rtm.Message{Type: 66, Text: "once", ID: 7}
		_, err := c.Send(t.Context(), alice, rtm.Group(1), m)
		require.NoError(t, err)
		_, err = c.Send(t.Context(), alice, rtm.Group(1), m)
		requireCode(t, err, rtm.CodeDuplicateID)
		_, err = c.Send(t.Context(), bob, rtm.Group(1), m)
		require.NoError(t, err, "another sender")
		_, err = c.Send(t.Context(), alice, rtm.Group(2), m)
		require.NoError(t, err, "another group")
	})
}

func TestGateRefusesWrongCredentials(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(p *rtm.Project){
		"secret":  func(p *rtm.Project) { p.Secret += "x" },
		"project": func(p *rtm.Project) { p.ID++ },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := fakeserver.New(t)
			project := srv.Project()
			change(&project)
			c, err := rtm.Dial(t.Context(), srv.Addr(), project, rtm.WithDialer(srv.Dialer()))
			require.NoError(t, err)
			defer c.Close()
			_, err = c.Send(t.Context(), alice, rtm.User(bob), rtm.Message{Type: 66})
			requireCode(t, err, rtm.CodeBadSign)
			require.Equal(t, rtm.CodeBadSign, fpnn.Code(err))
			_, err = c.History(t.Context(), alice, rtm.User(bob), rtm.HistoryQuery{})
			requireCode(t, err, rtm.CodeBadSign)
		})
	}
}

// Signature and clock of one quest, as the gate sees them.
func TestQuestIsSignedAfresh(t *testing.T) {
	t.Parallel()
	project := rtm.Project{ID: 1, Secret: "s"}
	type key struct{ salt, mid int64 }
	seen := make(map[key]bool)
	c := gate(t, fpnn.HandlerFunc(func(_ context.Context, q *fpnn.Quest) (any, error) {
		auth, err := wire.ParseAuth(q.Payload)
		if err != nil || !project.Verify(q.Method(), auth) {
			t.Error("bad signature")
		}
		if d := time.Since(time.Unix(auth.Time, 0)); d < -time.Second || d > time.Minute {
			t.Errorf("time is off by %v", d)
		}
		mid, err := q.Int64("mid")
		if err != nil || mid == auth.Salt || seen[key{auth.Salt, mid}] {
			t.Error("salt or id used twice")
		}
		seen[key{auth.Salt, mid}] = true
		return wire.SendAnswer{ModifiedTime: 1}, nil
	}))
	for range 100 {
		_, err := c.Send(t.Context(), alice, rtm.User(bob), rtm.Message{Type: 66})
		require.NoError(t, err)
	}
	require.Len(t, seen, 100)
}

func TestOddAnswerToASendIsATypedError(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]any{
		"empty": nil, "other type": map[string]any{"mtime": "soon"}, "nil": map[string]any{"mtime": nil},
		"beyond int64": map[string]any{"mtime": uint64(1 << 63)}, "array": map[string]any{"mtime": []int{1}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := gate(t, fpnn.HandlerFunc(func(context.Context, *fpnn.Quest) (any, error) { return answer, nil }))
			receipt, err := c.Send(t.Context(), alice, rtm.User(bob), rtm.Message{Type: 66})
			var odd *rtm.AnswerError
			require.ErrorAs(t, err, &odd)
			require.Equal(t, "sendmsg", odd.Method)
			require.Equal(t, fpnn.CodeCoreDecoding, fpnn.Code(err))
			require.False(t, fpnn.SafeToRetry(err), "the gate has acted")
			require.NotZero(t, receipt.ID, "to send it again without storing it twice")
			require.ErrorContains(t, err, "mtime")
		})
	}
	c := gate(t, fpnn.HandlerFunc(func(context.Context, *fpnn.Quest) (any, error) {
		return map[string]any{"mtime": 1.7e12}, nil
	}))
	receipt, err := c.Send(t.Context(), alice, rtm.User(bob), rtm.Message{Type: 66})
	require.NoError(t, err)
	require.EqualValues(t, 1.7e12, receipt.ModifiedTime)
}

func TestDefaultTimeoutEndsACallTheGateDoesNotAnswer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := gate(t, fpnn.HandlerFunc(func(ctx context.Context, _ *fpnn.Quest) (any, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}))
		start := time.Now()
		require.ErrorIs(t, c.Kickout(t.Context(), 1), context.DeadlineExceeded)
		require.Equal(t, rtm.DefaultTimeout, time.Since(start))
	})
}

func TestShutdownWaitsForSendsUnderWay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := gate(t, fpnn.HandlerFunc(func(context.Context, *fpnn.Quest) (any, error) {
			advance(t, time.Second)
			return wire.SendAnswer{ModifiedTime: 5}, nil
		}))
		done := make(chan error, 1)
		go func() {
			_, err := c.Send(t.Context(), alice, rtm.User(bob), rtm.Message{Type: 66})
			done <- err
		}()
		synctest.Wait()
		require.NoError(t, c.Shutdown(t.Context()))
		require.NoError(t, <-done)
		_, err := c.Send(t.Context(), alice, rtm.User(bob), rtm.Message{Type: 66})
		require.ErrorIs(t, err, fpnn.ErrClosed)
		require.True(t, fpnn.SafeToRetry(err))
	})
}

// fmt finds unexported fields by reflection, past every method of theirs.
func TestClientShowsNoSecret(t *testing.T) {
	t.Parallel()
	srv := fakeserver.New(t, fakeserver.WithProject(rtm.Project{ID: 5, Secret: "k3y-of-the-project"}))
	c := dial(t, srv)
	for _, v := range []any{c, srv, struct{ C *rtm.Client }{c}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			text := fmt.Sprintf(verb, v)
			require.NotContains(t, text, "k3y-of")
			require.NotContains(t, text, fmt.Sprintf("%x", "k3y-of"))
		}
	}
}

func TestSendAllocatesTwiceAtMost(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	c, err := rtm.Dial(t.Context(), answering(t, wire.SendAnswer{ModifiedTime: 1}), rtm.Project{ID: 1, Secret: "s"})
	require.NoError(t, err)
	defer c.Close()
	m := rtm.Message{Type: 66, Text: "hello", Attrs: "{}"}
	ctx := context.Background()
	n := testing.AllocsPerRun(1000, func() {
		if _, err := c.Send(ctx, alice, rtm.Group(7), m); err != nil {
			panic(err)
		}
	})
	require.LessOrEqual(t, n, 2.0)
}
