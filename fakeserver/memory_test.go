package fakeserver_test

import (
	"bytes"
	"math"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/codec"
	"github.com/gofpnn/gofpnn/fakeserver"
	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/fpnn/frame"
	"github.com/gofpnn/gofpnn/rtm"
	"github.com/gofpnn/gofpnn/rtm/wire"
	"github.com/gofpnn/gofpnn/transport/mem"
)

// pkg returns a quest's package.
func pkg(t *testing.T, kind frame.Kind, seq uint32, method string, payload []byte) []byte {
	t.Helper()
	b, err := frame.Append(nil, &frame.Package{
		Header: frame.Header{Version: frame.Version, Flags: frame.MsgPack, Kind: kind}, Seq: seq, Method: []byte(method), Payload: payload,
	}, math.MaxInt)
	require.NoError(t, err)
	return b
}

// What the journal has dropped is not kept for answers that never come, or for
// oneway quests that nobody serves.
func TestQuestsThatAreNeverServedAreNotKept(t *testing.T) {
	megabyte := codec.AppendBytes(codec.AppendString(codec.AppendMapHeader(nil, 1), "x"), make([]byte, 1<<20))
	for _, kind := range []frame.Kind{frame.Oneway, frame.Twoway} {
		srv := fakeserver.New(t)
		srv.On("nosuch", fakeserver.Drop())
		nc := raw(t, srv)
		before := heap()
		for n := range uint32(200) {
			_, err := nc.Write(pkg(t, kind, n+1, "nosuch", megabyte))
			require.NoError(t, err)
		}
		srv.Expect(t).Within(time.Minute).Quests("nosuch", fakeserver.DefaultJournalBytes>>20-1)
		require.Less(t, heap()-before, int64(100<<20), kind)
	}
}

// A client may use a number for several quests at a time, and oneway quests have
// none: each has its place in the order all the same.
func TestQuestsWithOneNumberReplay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := fakeserver.New(t)
		nc := raw(t, srv)
		for id := range int64(6) {
			payload, err := (&wire.Send{
				Signed: wire.Signed{Project: srv.Project(), Salt: id + 1}, From: 1, Target: rtm.Group(7),
				Message: rtm.Message{ID: id + 1, Type: 66},
			}).AppendPayload(nil)
			require.NoError(t, err)
			kind, seq := frame.Twoway, uint32(0)
			if id%3 == 0 {
				kind = frame.Oneway
			}
			_, err = nc.Write(pkg(t, kind, seq, "sendgroupmsg", payload))
			require.NoError(t, err)
		}
		synctest.Wait()
		orders := map[int64]bool{}
		for r := range srv.Journal().All() {
			if !r.Out {
				orders[r.Order] = true
			}
		}
		require.Len(t, orders, 6)
		require.False(t, orders[0])
		again := fakeserver.New(t)
		require.NoError(t, again.Replay(srv.Journal().Records()))
		require.Equal(t, srv.State(), again.State())
	})
}

// A connection is the network's from the moment its client has it.
func TestNewConnectionsAreEndedToo(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, srv *fakeserver.Server) {
		for range 100 {
			for _, end := range []func(){srv.Network().CloseClients, srv.Network().Restart} {
				c, err := fpnn.Dial(t.Context(), srv.Addr(), fpnn.WithDialer(srv.Dialer()))
				require.NoError(t, err)
				conn := c.Conn()
				end()
				<-conn.Done()
				require.NoError(t, c.Close())
			}
		}
	})
}

// Who has dialed can be called at once.
func TestNewConnectionsCanBeCalled(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, srv *fakeserver.Server) {
		var dialers sync.WaitGroup
		for range 8 {
			dialers.Go(func() {
				for range 200 {
					nc, err := srv.Dialer().DialContext(t.Context(), "tcp", srv.Addr())
					if err != nil {
						t.Error(err)
						return
					}
					links := srv.Network().Links()
					i := slices.IndexFunc(links, func(l *fakeserver.Link) bool { return l.RemoteAddr().String() == nc.LocalAddr().String() })
					if i < 0 || links[i].Conn() == nil {
						t.Error("not served yet")
					}
					_ = nc.Close()
				}
			})
		}
		dialers.Wait()
	})
}

// A connection that the server turns away is one that was made.
func TestDialsThatAreTurnedAwayEnd(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, srv *fakeserver.Server) {
		c := client(t, srv)
		for range 300 {
			nc, err := srv.Dialer().DialContext(t.Context(), "tcp", srv.Addr())
			require.NoError(t, err)
			_, err = nc.Read(make([]byte, 1))
			require.Error(t, err)
			require.NoError(t, nc.Close())
		}
		require.NoError(t, say(t, c, "served"))
		srv.Expect(t).Within(patience).Connections(1)
	}, fakeserver.WithFPNN(fpnn.WithMaxConns(1)))
}

// hooked is a listener of connections that call a function when the network takes
// them up. Like others that people write, it cannot be compared.
type hooked struct {
	net.Listener
	taken func()
}

type hookedConn struct {
	net.Conn
	taken func()
}

func (h hooked) Accept() (net.Conn, error) {
	nc, err := h.Listener.Accept()
	return hookedConn{nc, h.taken}, err
}

func (c hookedConn) SetDeadline(at time.Time) error {
	c.taken()
	return c.Conn.SetDeadline(at)
}

// Who is just being let in when dials are refused is not overlooked by what ends all
// connections then: an outage has no holes.
func TestNobodySlipsIntoAnOutage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		network := new(mem.Network)
		l, err := network.Listen("")
		require.NoError(t, err)
		var srv *fakeserver.Server
		ended := make(chan struct{})
		outage := sync.OnceFunc(func() {
			go func() {
				defer close(ended)
				srv.Network().RefuseDials(true)
				srv.Network().CloseClients()
			}()
			for range 1000 { // in which it ends, if it does not wait
				runtime.Gosched()
			}
		})
		srv = fakeserver.New(t, fakeserver.WithListener(hooked{l, outage}, network))
		nc, err := srv.Dialer().DialContext(t.Context(), "mem", srv.Addr())
		require.NoError(t, err)
		defer nc.Close()
		<-ended
		synctest.Wait()
		srv.Expect(t).Connections(0)
	})
}

func TestNobodyListensAfterARestart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := fakeserver.New(t)
		newEar(t, srv, 7)
		srv.Network().Restart()
		require.Empty(t, srv.Listeners())
	})
}

func TestJournalKeepsAsManyRecordsAsItSays(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := fakeserver.New(t, fakeserver.WithJournal(100, 1<<20))
		c := client(t, srv)
		for range 300 {
			require.NoError(t, say(t, c, "x"))
		}
		require.Len(t, srv.Journal().Records(), 100)

		off := fakeserver.New(t, fakeserver.WithJournal(0, 0))
		var r recorder
		require.False(t, off.Expect(&r).Quests("sendgroupmsg", 0))
		require.Contains(t, r.lines[0], "journal is off")
	})
}

func TestOddMethodsAndTokensInQuestsInAFile(t *testing.T) {
	t.Parallel()
	srv := fakeserver.New(t)
	nc := raw(t, srv)
	for seq, method := range []string{"a\xffb", "sendfile"} {
		payload := codec.AppendString(codec.AppendString(codec.AppendMapHeader(nil, 1), "token"), "TOPSECRET")
		_, err := nc.Write(pkg(t, frame.Twoway, uint32(seq), method, payload))
		require.NoError(t, err)
		_, err = nc.Read(make([]byte, 1000))
		require.NoError(t, err)
	}
	path := filepath.Join(t.TempDir(), "journal")
	require.NoError(t, srv.Journal().Save(path))
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NotContains(t, string(content), "TOPSECRET")
	records, err := fakeserver.ReadJournal(bytes.NewReader(content))
	require.NoError(t, err)
	require.Len(t, records, 4)
	require.Equal(t, []string{"a\xffb", "sendfile"}, []string{records[0].Method, records[2].Method})
	require.Contains(t, records[2].String(), "*********")
}
