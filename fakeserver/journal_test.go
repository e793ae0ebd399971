package fakeserver_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/codec"
	"github.com/gofpnn/gofpnn/fakeserver"
	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/fpnn/frame"
	"github.com/gofpnn/gofpnn/rtm"
)

// lines are the records' outlines: direction, kind, method and code.
func outline(records []fakeserver.Record) (lines []string) {
	for _, r := range records {
		line := "-> "
		if r.Out {
			line = "<- "
		}
		line += r.Method + " " + r.Kind.String()
		if r.Status != 0 {
			line += " failed"
		}
		lines = append(lines, line)
	}
	return lines
}

func TestJournalHasAllThatPasses(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := fakeserver.New(t)
		start := time.Now()
		c := client(t, srv, rtm.WithHandler(func(context.Context, rtm.Push) {}))
		require.NoError(t, c.AddListen(t.Context(), rtm.ListenSet{Groups: []int64{7}}))
		<-time.After(time.Second)
		require.NoError(t, say(t, c, "hello"))
		synctest.Wait()
		_, err := c.Get(t.Context(), 1, rtm.Group(7), 12345)
		require.ErrorIs(t, err, rtm.ErrMessageNotFound)
		require.NoError(t, c.FPNN().Notify(t.Context(), "oneway", map[string]any{"a": 1}))
		synctest.Wait()

		records := srv.Journal().Records()
		require.Equal(t, []string{
			"-> addlisten twoway", "<- addlisten answer",
			"-> sendgroupmsg twoway", "<- pushgroupmsg twoway", "<- sendgroupmsg answer", "-> pushgroupmsg answer",
			"-> getmsg twoway", "<- getmsg answer failed",
			"-> oneway oneway",
		}, sorted(outline(records), 3, 6))
		orders := map[string][]int64{}
		for i, r := range records {
			require.EqualValues(t, i+1, r.N)
			require.EqualValues(t, 1, r.Conn)
			var p frame.Package
			n, err := p.Parse(r.Bytes, len(r.Bytes))
			require.NoError(t, err)
			require.Equal(t, len(r.Bytes), n)
			require.Equal(t, r.Seq, p.Seq)
			if r.Order > 0 {
				require.Equal(t, r.Time, r.Now, "no time passes in here")
				orders[r.Method] = append(orders[r.Method], r.Order)
			} else {
				require.Zero(t, r.Now)
			}
		}
		require.Equal(t, map[string][]int64{"addlisten": {1, 1}, "sendgroupmsg": {2, 2}, "getmsg": {3, 3}}, orders, "quest and answer")
		require.Equal(t, start.Round(0), records[0].Time)
		require.Equal(t, start.Round(0).Add(time.Second), records[2].Time)
		p, err := records[2].Payload()
		require.NoError(t, err)
		text, err := p.Text("msg")
		require.NoError(t, err)
		require.Equal(t, "hello", text)
		require.Equal(t, 200070, records[7].Code())
		require.Zero(t, records[1].Code())
		require.Regexp(t, `^3 00:00:01.000000 conn 1 -> sendgroupmsg #\d+ twoway \{.*"msg":"hello"`, records[2].String())
		require.Regexp(t, `^8 00:00:01.000000 conn 1 <- getmsg #\d+ error \{"code":200070`, records[7].String())
	})
}

// sorted sorts a part of a list, whose order is not defined.
func sorted(list []string, from, to int) []string {
	part := list[from:to]
	for _, last := range []string{"<- sendgroupmsg answer", "-> pushgroupmsg answer"} {
		for i, s := range part {
			if s == last {
				copy(part[i:], part[i+1:])
				part[len(part)-1] = last
				break
			}
		}
	}
	return list
}

func TestWaitForARecord(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := fakeserver.New(t)
		c := client(t, srv)
		says := func(text string) func(fakeserver.Record) bool {
			return func(r fakeserver.Record) bool {
				p, err := r.Payload()
				require.NoError(t, err)
				got, _ := p.Text("msg")
				return got == text
			}
		}
		require.NoError(t, say(t, c, "past"))
		r, err := srv.Journal().Wait(t.Context(), says("past"))
		require.NoError(t, err)
		require.EqualValues(t, 1, r.N)

		found := make(chan int64, 1)
		go func() {
			r, _ := srv.Journal().Wait(t.Context(), says("future"))
			found <- r.N
		}()
		require.NoError(t, say(t, c, "present"))
		synctest.Wait()
		require.Empty(t, found)
		require.NoError(t, say(t, c, "future"))
		require.EqualValues(t, 5, <-found)

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err = srv.Journal().Wait(ctx, says("never"))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		ended := make(chan error, 1)
		go func() {
			_, err := srv.Journal().Wait(t.Context(), says("never"))
			ended <- err
		}()
		synctest.Wait()
		require.NoError(t, srv.Close())
		require.ErrorIs(t, <-ended, fpnn.ErrClosed)
	})
}

// Who waits for an answer knows at once where its quest was served, also when many
// share a number, and nothing of quests that no method served.
func TestAnswersKnowWhereTheirQuestsWereServed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := fakeserver.New(t)
		srv.On("getgroupmembers", fakeserver.Fail(1, "refused"))
		c := client(t, srv)
		answers := make(chan fakeserver.Record, 10)
		go func() {
			for r := range srv.Journal().Follow(t.Context()) {
				if r.Kind == frame.Answer {
					answers <- r
				}
			}
		}()
		for n := range int64(3) {
			<-time.After(time.Second)
			require.NoError(t, say(t, c, "x"))
			r := <-answers
			require.Equal(t, n+1, r.Order)
			require.Equal(t, time.Now().Round(0), r.Now)
		}
		_, err := c.GroupMembers(t.Context(), 7)
		require.Equal(t, 1, fpnn.Code(err))
		r := <-answers
		require.Zero(t, r.Order)
		require.Zero(t, r.Now)
		require.NoError(t, srv.Close())
	})
}

func TestJournalIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for name, opt := range map[string]fakeserver.Option{
			"records": fakeserver.WithJournal(10, 1<<20),
			"bytes":   fakeserver.WithJournal(1000, 1000),
			"off":     fakeserver.WithJournal(0, 0),
		} {
			srv := fakeserver.New(t, opt)
			c := client(t, srv)
			for range 100 {
				require.NoError(t, say(t, c, strings.Repeat("x", 50)))
			}
			records := srv.Journal().Records()
			if name == "off" {
				require.Empty(t, records)
				continue
			}
			require.EqualValues(t, 200, records[len(records)-1].N, "the last ones are kept")
			bytes := 0
			for _, r := range records {
				bytes += len(r.Bytes)
			}
			require.LessOrEqual(t, len(records), 10)
			require.Greater(t, len(records), 2)
			require.LessOrEqual(t, bytes, 1<<20)
			if name == "bytes" {
				require.LessOrEqual(t, bytes, 1000)
			}
			require.NoError(t, c.Close())
			require.NoError(t, srv.Close())
		}
	})
}

// A loop over the journal ends, though the loop itself makes records.
func TestAllEndsWhereItBegan(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := fakeserver.New(t, fakeserver.WithJournal(3000, 1<<20))
		c := client(t, srv)
		for range 1000 {
			require.NoError(t, say(t, c, "x"))
		}
		seen := 0
		for r := range srv.Journal().All() {
			if seen++; r.N%2 == 0 {
				require.NoError(t, say(t, c, "y"))
			}
		}
		require.LessOrEqual(t, seen, 2000)
		for range srv.Journal().All() {
			break
		}
	})
}

func TestFollowSeesWhatIsToCome(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := fakeserver.New(t)
		c := client(t, srv)
		require.NoError(t, say(t, c, "one"))
		ctx, cancel := context.WithCancel(t.Context())
		seen := make(chan int64, 100)
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			for r := range srv.Journal().Follow(ctx) {
				seen <- r.N
			}
		}()
		synctest.Wait()
		require.Len(t, seen, 2)
		require.NoError(t, say(t, c, "two"))
		synctest.Wait()
		require.Len(t, seen, 4)
		for n := range int64(4) {
			require.Equal(t, n+1, <-seen)
		}
		cancel()
		<-ended
	})
}

func TestJournalOfAFailedTestIsLogged(t *testing.T) {
	t.Parallel()
	var r recorder
	srv := fakeserver.New(&r)
	c := client(t, srv)
	token, err := c.Token(t.Context(), 5)
	require.NoError(t, err)
	for range 100 {
		require.NoError(t, say(t, c, "hello"))
	}
	r.failed = true
	r.end()
	require.Len(t, r.lines, 101)
	require.Contains(t, r.lines[0], "202 records, the last 100")
	require.Contains(t, r.lines[1], "sendgroupmsg")
	require.Contains(t, r.lines[1], `"msg":"hello"`)
	require.NotContains(t, strings.Join(r.lines, "\n"), token)
	require.NotContains(t, strings.Join(r.lines, "\n"), string(srv.Project().Secret))
}

// What a client calls methods and events stays in its place where it is shown, and
// does nothing to a terminal.
func TestHostileNamesAreQuoted(t *testing.T) {
	t.Parallel()
	srv := fakeserver.New(t)
	const hostile = "a\nb\x1b[31m\u202e"
	_, err := dial(t, srv).Call(t.Context(), hostile, nil)
	require.Equal(t, fpnn.CodeCoreUnknownMethod, fpnn.Code(err))
	c := client(t, srv, rtm.WithHandler(func(context.Context, rtm.Push) {}))
	require.NoError(t, c.AddListen(t.Context(), rtm.ListenSet{Events: []string{hostile, "进入"}}))
	rule := srv.On(hostile, fakeserver.Pass())
	var r recorder
	srv.Expect(&r).Quests(hostile, 2)
	const quoted = `"a\nb\x1b[31m\u202e"`
	require.Contains(t, srv.Journal().Records()[0].String(), " -> "+quoted+" #1 twoway")
	require.Contains(t, rule.String(), quoted)
	require.Equal(t, "fakeserver: 1 quests to "+quoted+", want 2; all there were: "+quoted+" addlisten", r.lines[0])
	require.Equal(t, "connections 2 listen to events "+quoted+" 进入; 0 pushes wait\n", srv.Dump())
}

func TestNoTokenIsShownHoweverItIsSpelled(t *testing.T) {
	t.Parallel()
	for _, token := range []string{"t", "tok", "token", "ABC", `a"b\c`, `"}`, "\x1b[31m", "密钥", strings.Repeat("x", 1000)} {
		for _, encoding := range []codec.Encoding{codec.MsgPack, codec.JSON} {
			srv := fakeserver.New(t)
			srv.On("gettoken", fakeserver.Reply(map[string]any{"token": token}))
			c, err := fpnn.Dial(t.Context(), srv.Addr(), fpnn.WithDialer(srv.Dialer()), fpnn.WithEncoding(encoding))
			require.NoError(t, err)
			_, err = c.Call(t.Context(), "gettoken", nil)
			require.NoError(t, err)
			require.NoError(t, c.Close())
			r := srv.Journal().Records()[1]
			require.Regexp(t, `^\{"token":"\*+"\}$`, r.Text(), "%q", token)
			p, err := r.Payload()
			require.NoError(t, err)
			kept, err := p.Text("token")
			require.NoError(t, err)
			require.Equal(t, token, kept, "the record itself")
		}
	}
}

func TestJournalFileHoldsTheWholeJournal(t *testing.T) {
	t.Parallel()
	for name, tokens := range map[string]bool{"redacted": false, "with tokens": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			grown, saved := filepath.Join(dir, "grown"), filepath.Join(dir, "saved")
			require.NoError(t, os.WriteFile(grown, []byte("of yesterday"), 0o644))
			opts := []fakeserver.Option{fakeserver.WithTCP("127.0.0.1:0"), fakeserver.WithJournalFile(grown)}
			if tokens {
				opts = append(opts, fakeserver.WithJournalTokens())
			}
			srv := fakeserver.New(t, opts...)
			c := client(t, srv)
			for range 1000 {
				require.NoError(t, say(t, c, "\"hello\"\n你好"))
			}
			token, err := c.Token(t.Context(), 5)
			require.NoError(t, err)
			_, err = c.Get(t.Context(), 1, rtm.Group(7), 1)
			require.Error(t, err)
			require.NoError(t, c.Close())
			require.NoError(t, srv.Journal().Save(saved))
			want := srv.Journal().Records()
			require.Len(t, want, 2004)
			require.NoError(t, srv.Close())

			for _, path := range []string{grown, saved} {
				info, err := os.Stat(path)
				require.NoError(t, err)
				require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
				content, err := os.ReadFile(path)
				require.NoError(t, err)
				require.Equal(t, tokens, bytes.Contains(content, []byte(token)))
				require.NotContains(t, string(content), string(srv.Project().Secret))
				require.Contains(t, string(content), `你好`)
				got, err := fakeserver.ReadJournal(bytes.NewReader(content))
				require.NoError(t, err)
				require.Len(t, got, len(want))
				for i := range want {
					require.True(t, want[i].Time.Equal(got[i].Time))
					require.True(t, want[i].Now.Equal(got[i].Now))
					got[i].Time, got[i].Now = want[i].Time, want[i].Now
					if !tokens && want[i].Method == "gettoken" && want[i].Out {
						require.Len(t, got[i].Bytes, len(want[i].Bytes))
						require.NotContains(t, string(got[i].Bytes), token)
						got[i].Bytes = want[i].Bytes
					}
					require.Equal(t, want[i], got[i])
				}
			}
		})
	}
}

func TestJournalFileThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	_, err := fakeserver.Start(fakeserver.WithJournalFile(t.TempDir()))
	require.ErrorContains(t, err, "journal")
	_, err = fakeserver.Start(fakeserver.WithJournalFile(""))
	require.ErrorContains(t, err, "WithJournalFile")
	srv := fakeserver.New(t)
	require.ErrorContains(t, srv.Journal().Save(t.TempDir()), "journal")
	before, err := os.Stat("/dev/full")
	if err != nil {
		t.Skip("needs a device that is full")
	}
	srv, err = fakeserver.Start(fakeserver.WithJournalFile("/dev/full"))
	require.NoError(t, err)
	c := client(t, srv)
	for range 30_000 {
		require.NoError(t, say(t, c, "it goes on"))
	}
	require.ErrorContains(t, srv.Close(), "no space left")
	after, err := os.Stat("/dev/full")
	require.NoError(t, err)
	require.Equal(t, before.Mode(), after.Mode(), "a device is not ours to change")
}

func TestJournalFilesThatAreNone(t *testing.T) {
	t.Parallel()
	srv := fakeserver.New(t)
	c := client(t, srv)
	require.NoError(t, say(t, c, "x"))
	path := filepath.Join(t.TempDir(), "journal")
	require.NoError(t, srv.Journal().Save(path))
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	good := string(content)
	require.Equal(t, 3, strings.Count(good, "\n"), "quest, that it was served, and answer")

	records, err := fakeserver.ReadJournal(strings.NewReader(good[:len(good)-5]))
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	require.Len(t, records, 1)
	require.Positive(t, records[0].Order)
	for name, text := range map[string]string{
		"no JSON":        "hello\n",
		"another thing":  `{"pid":1}` + "\n",
		"no bytes":       `{"n":1,"time":"2026-01-01T00:00:00Z"}` + "\n",
		"no package":     `{"n":1,"time":"2026-01-01T00:00:00Z","bytes":"aGVsbG8gd29ybGQhIQ=="}` + "\n",
		"half a package": strings.Replace(good, `"bytes":"`, `"bytes":"RlBOTg==`, 1),
		"no time":        strings.Replace(good, `"time":`, `"now":`, 1),
		"served only":    `{"n":9,"order":1,"now":"2026-01-01T00:00:00Z"}` + "\n",
	} {
		_, err := fakeserver.ReadJournal(strings.NewReader(text))
		require.ErrorContains(t, err, "line 1", name)
	}
	records, err = fakeserver.ReadJournal(strings.NewReader(""))
	require.NoError(t, err)
	require.Empty(t, records)
}

// What a line says of a package it holds is for people: the package counts.
func TestPackagesInAFileSpeakForThemselves(t *testing.T) {
	t.Parallel()
	quest := pkg(t, frame.Twoway, 7, "hello", []byte{0x80})
	answer := append(frame.AppendAnswer(nil, 1, frame.MsgPack, 3, 9), 0x80)
	require.NoError(t, frame.Finish(answer, frame.DefaultMaxPackage))
	var lines strings.Builder
	for n, b := range [][]byte{quest, answer} {
		encoded, err := json.Marshal(b)
		require.NoError(t, err)
		fmt.Fprintf(&lines, `{"n":%d,"time":"2026-01-01T00:00:00Z","kind":"oneway","method":"other","seq":5,"status":1,"order":4,"now":"2026-01-01T00:00:01Z","bytes":%s}`+"\n", n+1, encoded)
	}
	records, err := fakeserver.ReadJournal(strings.NewReader(lines.String()))
	require.NoError(t, err)
	day := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	require.Equal(t, []fakeserver.Record{
		{N: 1, Time: day, Kind: frame.Twoway, Method: "hello", Seq: 7, Bytes: quest},
		// An answer does not name its method, nor where it was served.
		{N: 2, Time: day, Kind: frame.Answer, Method: "other", Seq: 9, Status: 3, Bytes: answer, Order: 4, Now: day.Add(time.Second)},
	}, records)
}

func FuzzReadJournal(f *testing.F) {
	f.Add([]byte(`{"n":1,"time":"2026-01-01T00:00:00Z","conn":1,"kind":"twoway","method":"m","seq":1,"bytes":"RlBOTgGAAQEBAAAAAQAAAG2A"}` + "\n" +
		`{"n":1,"order":1,"now":"2026-01-01T00:00:00Z"}` + "\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		records, _ := fakeserver.ReadJournal(bytes.NewReader(b))
		for _, r := range records {
			_ = r.String()
			_ = r.Code()
		}
	})
}
