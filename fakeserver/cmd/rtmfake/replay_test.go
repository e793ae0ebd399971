package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/codec"
	"github.com/gofpnn/gofpnn/fakeserver"
	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/fpnn/frame"
	"github.com/gofpnn/gofpnn/rtm"
	"github.com/gofpnn/gofpnn/rtm/wire"
)

func readJournal(t *testing.T, path string) []fakeserver.Record {
	t.Helper()
	file, err := os.Open(path)
	require.NoError(t, err)
	defer file.Close()
	records, err := fakeserver.ReadJournal(file)
	require.NoError(t, err)
	return records
}

func fresh(t *testing.T, opts ...fakeserver.Option) *fakeserver.Server {
	t.Helper()
	return fakeserver.New(t, append([]fakeserver.Option{fakeserver.WithProject(project)}, opts...)...)
}

func TestStrictHasTheDocumentedLimits(t *testing.T) {
	t.Parallel()
	long := rtm.Message{Type: 66, Text: strings.Repeat("x", fakeserver.DocumentedLimits.MessageBytes+1)}
	for flag, code := range map[string]int{"-strict": wire.CodeMessageTooLarge, "-lenient": 0} {
		c := start(t, flag).dial(rtm.WithLimits(rtm.Limits{}))
		_, err := c.Send(t.Context(), 1, rtm.Group(7), long)
		require.Equal(t, code, fpnn.Code(err), flag)
	}
}

// What many clients do at once, recorded by the command, comes out the same when
// it is done again one by one: each answer byte for byte, and the state.
func TestJournalReplaysIntoAFreshServer(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	journal, state := filepath.Join(dir, "journal"), filepath.Join(dir, "state")
	g := start(t, "-journal", journal, "-state", state)
	var clients sync.WaitGroup
	for n := range int64(8) {
		c := g.dial(rtm.WithHandler(func(context.Context, rtm.Push) {}), rtm.WithLimits(rtm.Limits{}))
		clients.Go(func() { live(t, c, n) })
	}
	oneways, err := fpnn.Dial(t.Context(), g.addr, fpnn.WithEncoding(codec.JSON))
	require.NoError(t, err)
	defer oneways.Close()
	for n := range int64(50) {
		q := &wire.Send{
			Signed: wire.Signed{Project: project, Salt: n + 1}, From: 77, Target: rtm.Group(0),
			Message: rtm.Message{ID: n + 1, Type: 66, Text: "oneway"},
		}
		var params map[string]any
		b, err := q.AppendPayload(nil)
		require.NoError(t, err)
		require.NoError(t, codec.Unmarshal(b, &params))
		require.NoError(t, oneways.Notify(t.Context(), q.Method(), params))
	}
	clients.Wait()
	_, err = oneways.Call(t.Context(), "nosuchmethod", nil)
	require.Equal(t, fpnn.CodeCoreUnknownMethod, fpnn.Code(err))
	require.NoError(t, oneways.Shutdown(t.Context()))
	require.Zero(t, g.stop(), g.stderr)

	records := readJournal(t, journal)
	answers := 0
	for _, r := range records {
		require.False(t, r.Out && r.Method == "gettoken" && strings.Contains(string(r.Bytes), readState(t, state).Tokens[0].Token), "tokens are left out")
		if r.Out && r.Kind == frame.Answer {
			answers++
		}
	}
	require.Greater(t, answers, 1000)
	again := fresh(t)
	require.NoError(t, again.Replay(records))
	require.Equal(t, readState(t, state), again.State())
	require.ErrorContains(t, again.Replay(records), "not new")
}

func TestTokensAreWrittenIfAsked(t *testing.T) {
	t.Parallel()
	for _, asked := range []bool{false, true} {
		path := filepath.Join(t.TempDir(), "journal")
		args := []string{"-journal", path}
		if asked {
			args = append(args, "-journal-tokens")
		}
		g := start(t, args...)
		token, err := g.dial().Token(t.Context(), 5)
		require.NoError(t, err)
		require.Zero(t, g.stop(), g.stderr)
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, asked, strings.Contains(string(text), token))
	}
}

// live does all kinds of things, in conversations of its own and in one that all
// share.
func live(t *testing.T, c *rtm.Client, me int64) {
	ctx := t.Context()
	no := func(err error) {
		if err != nil {
			t.Errorf("client %d: %v", me, err)
		}
	}
	no(c.AddListen(ctx, rtm.ListenSet{Groups: []int64{0}, Users: []int64{me}}))
	for n := range 30 {
		own, ids := rtm.Room(me), []int64(nil)
		for _, to := range []rtm.Target{rtm.Group(0), own, rtm.User(me + 1), rtm.Everyone} {
			r, err := c.Send(ctx, me, to, rtm.Message{Type: int8(60 + n%5), Text: fmt.Sprint(n)})
			no(err)
			ids = append(ids, r.ID)
		}
		_, err := c.SendMulti(ctx, me, []int64{me + 1, me + 2}, rtm.Message{Type: 66, Data: []byte{byte(n)}})
		no(err)
		_, err = c.History(ctx, me, rtm.Group(0), rtm.HistoryQuery{Descending: true, Limit: 20})
		no(err)
		_, err = c.Count(ctx, rtm.Group(0), rtm.CountQuery{})
		no(err)
		no(c.Edit(ctx, me, own, ids[1], rtm.EditRequest{Text: "edited"}))
		if n%3 == 0 {
			no(c.Delete(ctx, me, rtm.Group(0), ids[0]))
		}
		if n%10 == 9 {
			no(c.DeleteConversation(ctx, me, rtm.Everyone))
			no(c.Clean(ctx, me, own, 0, time.Now().Add(-time.Millisecond).UnixMilli()))
		}
		_, err = c.Get(ctx, me, rtm.Group(0), 12345)
		if fpnn.Code(err) != wire.CodeNotFound {
			t.Errorf("client %d: %v", me, err)
		}
	}
	no(c.AddGroupMembers(ctx, 0, []int64{me}))
	_, err := c.GroupMembers(ctx, 0)
	no(err)
	_, err = c.Token(ctx, me)
	no(err)
	no(c.RemoveToken(ctx, me+1))
	_, err = c.Token(ctx, me)
	no(err)
}
