package fakeserver_test

import (
	"errors"
	"net"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/codec"
	"github.com/gofpnn/gofpnn/fakeserver"
	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/rtm/wire"
)

// everywhere runs a test against a server in memory and one on TCP.
func everywhere(t *testing.T, test func(t *testing.T, srv *fakeserver.Server), common ...fakeserver.Option) {
	t.Helper()
	for name, opts := range map[string][]fakeserver.Option{
		"memory": nil,
		"tcp":    {fakeserver.WithTCP("127.0.0.1:0")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, fakeserver.New(t, append(common, opts...)...))
		})
	}
}

// dial returns a bare FPNN client: what it sends is as good as any SDK's.
func dial(t *testing.T, srv *fakeserver.Server) *fpnn.Client {
	t.Helper()
	c, err := fpnn.Dial(t.Context(), srv.Addr(), fpnn.WithDialer(srv.Dialer()))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.Close()) })
	return c
}

// signed returns a good send quest, to be spoiled.
func signed(srv *fakeserver.Server) *wire.Send {
	return &wire.Send{
		Signed:  wire.Signed{Project: srv.Project(), Salt: 1, Time: time.Now().Unix()},
		From:    1001,
		Target:  wire.User(2002),
		Message: wire.Message{ID: time.Now().UnixNano(), Type: 66, Text: "hello"},
	}
}

// fields returns a quest's parameters to be changed one by one.
func fields(t *testing.T, q codec.Appender) map[string]any {
	t.Helper()
	b, err := q.AppendPayload(nil)
	require.NoError(t, err)
	var m map[string]any
	require.NoError(t, codec.Unmarshal(b, &m))
	return m
}

func TestQuestWithoutValidSignatureIsRefused(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, srv *fakeserver.Server) {
		c := dial(t, srv)
		for name, spoil := range map[string]func(m map[string]any){
			"wrong secret":  func(m map[string]any) { m["sign"] = "00000000000000000000000000000000" },
			"no sign":       func(m map[string]any) { delete(m, "sign") },
			"sign a number": func(m map[string]any) { m["sign"] = 7 },
			"empty sign":    func(m map[string]any) { m["sign"] = "" },
			"no salt":       func(m map[string]any) { delete(m, "salt") },
			"other salt":    func(m map[string]any) { m["salt"] = 2 },
			"no time":       func(m map[string]any) { delete(m, "ts") },
			"no project":    func(m map[string]any) { delete(m, "pid") },
			"other project": func(m map[string]any) { m["pid"] = 1 },
		} {
			m := fields(t, signed(srv))
			spoil(m)
			for _, method := range []string{"sendmsg", "sendgroupmsg", "getp2pmsg", "getbroadcastmsg", "sendmsgs"} {
				_, err := c.Call(t.Context(), method, m)
				require.Equal(t, wire.CodeBadSign, fpnn.Code(err), "%s: %s: %v", name, method, err)
			}
		}
		// A signature of another method does not do.
		_, err := c.Call(t.Context(), "getp2pmsg", signed(srv))
		require.Equal(t, wire.CodeBadSign, fpnn.Code(err))
		_, err = c.Call(t.Context(), "sendmsg", signed(srv))
		require.NoError(t, err)
	})
}

func TestClockMayBeOffByTheTolerance(t *testing.T) {
	t.Parallel()
	for tolerance, opts := range map[time.Duration][]fakeserver.Option{
		fakeserver.DefaultTimeTolerance: nil,
		2 * time.Hour:                   {fakeserver.WithTimeTolerance(2 * time.Hour)},
	} {
		synctest.Test(t, func(t *testing.T) { // the bubble's clock stands still on a full second
			srv := fakeserver.New(t, opts...)
			c := dial(t, srv)
			for _, off := range []time.Duration{-tolerance, 0, tolerance} {
				q := signed(srv)
				q.Time += int64(off / time.Second)
				q.Message.ID += int64(off)
				_, err := c.Call(t.Context(), "sendmsg", q)
				require.NoError(t, err, off)
			}
			for _, off := range []time.Duration{-tolerance - time.Second, tolerance + time.Second, -1 << 62, 1 << 62} {
				q := signed(srv)
				q.Time += int64(off / time.Second)
				_, err := c.Call(t.Context(), "sendmsg", q)
				require.Equal(t, wire.CodeBadTime, fpnn.Code(err), off)
			}
		})
	}
}

// As a real gate does.
func TestUnknownMethodIsSaidBeforeCredentialsAreAsked(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, srv *fakeserver.Server) {
		c := dial(t, srv)
		for _, method := range []string{"nosuchmethod", "SENDMSG", "sendmsg ", "*nosuch"} {
			_, err := c.Call(t.Context(), method, nil)
			require.Equal(t, fpnn.CodeCoreUnknownMethod, fpnn.Code(err), method)
		}
		answer, err := c.Call(t.Context(), "*ping", nil)
		require.NoError(t, err)
		require.True(t, answer.Has("ts"))
	})
}

func TestSignedQuestWithBadParametersNamesThem(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, srv *fakeserver.Server) {
		c := dial(t, srv)
		for _, key := range []string{"from", "to", "mid", "mtype", "msg", "attrs"} {
			m := fields(t, signed(srv))
			delete(m, key)
			_, err := c.Call(t.Context(), "sendmsg", m)
			require.Equal(t, fpnn.CodeProtoKeyNotFound, fpnn.Code(err), "%s: %v", key, err)
			require.ErrorContains(t, err, key)
			m[key] = []any{}
			_, err = c.Call(t.Context(), "sendmsg", m)
			require.Equal(t, fpnn.CodeProtoTypeConvert, fpnn.Code(err), "%s: %v", key, err)
			require.ErrorContains(t, err, key)
		}
		for _, mtype := range []int{0, -1, 128, 1 << 40} {
			m := fields(t, signed(srv))
			m["mtype"] = mtype
			_, err := c.Call(t.Context(), "sendmsg", m)
			require.Equal(t, wire.CodeBadType, fpnn.Code(err), mtype)
		}
		q := signed(srv)
		q.Tos = []int64{}
		_, err := c.Call(t.Context(), "sendmsgs", q)
		require.Equal(t, wire.CodeNoItems, fpnn.Code(err))
	})
}

// A client that lost the answer to sendmsgs repeats the quest, perhaps with more
// receivers: those who have the message keep it, the others get it.
func TestRepeatedSendToManyReachesThoseWhoMissedIt(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, srv *fakeserver.Server) {
		c := dial(t, srv)
		q := signed(srv)
		for _, step := range []struct {
			to   []int64
			code int
		}{{[]int64{1, 2}, 0}, {[]int64{1, 2}, wire.CodeDuplicateID}, {[]int64{2, 3}, 0}, {[]int64{3}, wire.CodeDuplicateID}} {
			q.Tos = step.to
			_, err := c.Call(t.Context(), "sendmsgs", q)
			require.Equal(t, step.code, fpnn.Code(err))
		}
		for _, uid := range []int64{1, 2, 3} {
			h := &wire.History{Signed: q.Signed, UID: uid, Target: wire.User(1001), Limit: 10}
			answer, err := c.Call(t.Context(), h.Method(), h)
			require.NoError(t, err)
			page, err := wire.ParsePage(answer.Payload, h)
			require.NoError(t, err)
			require.Len(t, page.Messages, 1, "user %d", uid)
		}
	})
}

func TestOptionsOutOfRangeAreRefused(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]fakeserver.Option{
		"WithTCP":           fakeserver.WithTCP(""),
		"WithProject":       fakeserver.WithProject(wire.Project{ID: 1}),
		"WithTimeTolerance": fakeserver.WithTimeTolerance(time.Millisecond),
		"WithInbox":         fakeserver.WithFPNN(fpnn.WithInbox(0)),
	} {
		_, err := fakeserver.Start(o)
		require.ErrorContains(t, err, name)
	}
	_, err := fakeserver.Start(fakeserver.WithTCP("127.0.0.1:nothing"))
	require.Error(t, err)
}

func TestAddressInUseIsAnError(t *testing.T) {
	t.Parallel()
	srv := fakeserver.New(t, fakeserver.WithTCP("127.0.0.1:0"))
	_, err := fakeserver.Start(fakeserver.WithTCP(srv.Addr()))
	require.ErrorIs(t, err, syscall.EADDRINUSE)
}

func TestCloseTwiceAndThenNobodyListens(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, srv *fakeserver.Server) {
		c := dial(t, srv)
		require.NoError(t, srv.Close())
		require.NoError(t, srv.Close())
		_, err := c.Call(t.Context(), "*ping", nil)
		require.Error(t, err)
		_, err = srv.Dialer().DialContext(t.Context(), "tcp", srv.Addr())
		require.ErrorIs(t, err, syscall.ECONNREFUSED)
	})
}

// fatal records what a test would end with.
type fatal struct {
	testing.TB
	text string
}

var errFatal = errors.New("fatal")

func (f *fatal) Fatalf(format string, _ ...any) {
	f.text = format
	panic(errFatal)
}

func TestNewEndsATestThatCannotHaveItsServer(t *testing.T) {
	t.Parallel()
	f := &fatal{TB: t}
	require.PanicsWithError(t, "fatal", func() { fakeserver.New(f, fakeserver.WithTCP("")) })
	require.Contains(t, f.text, "fakeserver")
}

func TestRateIsLimitedBySeconds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := fakeserver.New(t, fakeserver.WithLimits(fakeserver.Limits{Rate: 10}))
		clients := []*fpnn.Client{dial(t, srv), dial(t, srv)}
		for range 3 {
			for i := range 25 {
				q := signed(srv)
				q.Message.ID = time.Now().UnixNano() + int64(i)
				_, err := clients[i%2].Call(t.Context(), "sendmsg", q)
				want := 0
				if i >= 10 {
					want = wire.CodeFrequencyLimit
				}
				require.Equal(t, want, fpnn.Code(err), "quest %d", i)
			}
			<-time.After(time.Second)
		}
	})
}

func TestServersShareNothing(t *testing.T) {
	t.Parallel()
	for range 20 {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			srv := fakeserver.New(t)
			c := dial(t, srv)
			q := signed(srv)
			q.Message.ID = 1
			_, err := c.Call(t.Context(), "sendmsg", q)
			require.NoError(t, err, "an id taken elsewhere")
		})
	}
}

func TestServerOnTCPTakesSeveralConnections(t *testing.T) {
	t.Parallel()
	srv := fakeserver.New(t, fakeserver.WithTCP("127.0.0.1:0"))
	_, _, err := net.SplitHostPort(srv.Addr())
	require.NoError(t, err)
	for i := range 5 {
		q := signed(srv)
		q.Message.ID = int64(i + 1)
		_, err := dial(t, srv).Call(t.Context(), "sendmsg", q)
		require.NoError(t, err)
	}
}

func TestListenerAndDialerGoTogether(t *testing.T) {
	t.Parallel()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	for _, opt := range []fakeserver.Option{fakeserver.WithListener(nil, new(net.Dialer)), fakeserver.WithListener(l, nil)} {
		_, err := fakeserver.Start(opt)
		require.ErrorContains(t, err, "WithListener")
	}
	srv := fakeserver.New(t, fakeserver.WithListener(l, new(net.Dialer)))
	require.Equal(t, l.Addr().String(), srv.Addr())
	require.NoError(t, say(t, client(t, srv), "x"))
}
