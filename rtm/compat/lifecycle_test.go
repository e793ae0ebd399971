package compat_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/fakeserver"
	"github.com/gofpnn/gofpnn/fpnn"
	rtm "github.com/gofpnn/gofpnn/rtm/compat"
	"github.com/gofpnn/gofpnn/transport"
	"github.com/gofpnn/gofpnn/transport/mem"
)

// inMemory returns a client of a fake gate in memory, for bubbles.
func inMemory(t *testing.T) (*rtm.RTMServerClient, *fakeserver.Server) {
	t.Helper()
	srv := fakeserver.New(t)
	client := clientOf(t, srv.Project().ID, string(srv.Project().Secret), srv.Addr())
	client.SetDialer(srv.Dialer())
	return client, srv
}

// silent is a dialer to a gate that never answers.
func silent(t *testing.T) transport.Dialer {
	return transport.DialerFunc(func(context.Context, string, string) (net.Conn, error) {
		near, far := mem.Pipe()
		t.Cleanup(func() { _ = far.Close() })
		return near, nil
	})
}

// It changes what all clients share, so it does not run in parallel.
func TestTimeoutOfTheCallComesBeforeTheClientsBeforeConfigs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := clientOf(t, 1, "s", "gate")
		client.SetDialer(silent(t))
		takes := func(want time.Duration, rest ...any) {
			t.Helper()
			start := time.Now()
			_, err := client.SendMessage(alice, bob, 66, "x", rest...)
			require.ErrorIs(t, err, context.DeadlineExceeded)
			require.Equal(t, want, time.Since(start))
		}
		takes(30 * time.Second)
		rtm.Config.SetQuestTimeout(7 * time.Second)
		defer rtm.Config.SetQuestTimeout(0)
		takes(7 * time.Second)
		takes(7*time.Second, time.Duration(0))
		client.SetQuestTimeOut(3 * time.Second)
		takes(3 * time.Second)
		takes(3*time.Second, time.Duration(0))
		takes(300*time.Millisecond, 300*time.Millisecond)
		client.SetQuestTimeOut(0)
		takes(7 * time.Second)
		code := make(chan int)
		_, err := client.SendMessage(alice, bob, 66, "x", time.Second, func(_ int64, errorCode int, _ string) { code <- errorCode })
		require.NoError(t, err)
		require.Equal(t, fpnn.CodeCoreTimeout, <-code)
	})
}

func TestConnectTimeoutOfTheClientComesBeforeConfigs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		takes := func(want, own time.Duration) {
			t.Helper()
			client := rtm.NewRTMServerClient(1, "s", "gate")
			defer client.Close()
			client.SetLogger(log.New(new(bytes.Buffer), "", 0))
			client.SetDialer(transport.DialerFunc(func(ctx context.Context, _, _ string) (net.Conn, error) {
				<-ctx.Done()
				return nil, ctx.Err()
			}))
			if own > 0 {
				client.SetConnectTimeOut(own)
			}
			start := time.Now()
			require.False(t, client.Connect())
			require.InDelta(t, want.Seconds(), time.Since(start).Seconds(), 0.001)
		}
		takes(30*time.Second, 0)
		rtm.Config.SetConnectTimeout(7 * time.Second)
		defer rtm.Config.SetConnectTimeout(0)
		takes(7*time.Second, 0)
		takes(3*time.Second, 3*time.Second)
	})
}

// It changes what all clients share, so it does not run in parallel.
func TestClientsWithoutALoggerReportWhereConfigSays(t *testing.T) {
	shared, own := new(bytes.Buffer), new(bytes.Buffer)
	defer rtm.Config.SetLogger(log.New(os.Stdout, "[RTM Go SDK] ", log.LstdFlags|log.Lshortfile))
	fails := func(logger rtm.RTMLogger) {
		t.Helper()
		client := rtm.NewRTMServerClient(1, "s", "gate")
		defer client.Close()
		if logger != nil {
			client.SetLogger(logger)
		}
		client.SetDialer(transport.DialerFunc(func(context.Context, string, string) (net.Conn, error) {
			return nil, errors.New("no road leads there")
		}))
		require.False(t, client.Connect())
	}
	rtm.Config.SetLogger(log.New(shared, "", 0))
	fails(nil)
	require.Contains(t, shared.String(), "no road leads there")
	shared.Reset()
	fails(log.New(own, "", 0))
	require.Contains(t, own.String(), "no road leads there")
	rtm.Config.SetLogger(nil)
	fails(nil)
	require.Empty(t, shared.String())
}

func TestWithoutAutoReconnectCallsWaitForConnect(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, srv := inMemory(t)
		client.SetAutoReconnect(false)
		for range 2 {
			require.False(t, client.IsConnected())
			_, err := client.SendMessage(alice, bob, 66, "x")
			require.ErrorContains(t, err, "not connected")
			require.True(t, fpnn.SafeToRetry(err))
			require.True(t, client.Dial())
			require.True(t, client.IsConnected())
			_, err = client.SendMessage(alice, bob, 66, "x")
			require.NoError(t, err)
			client.Close()
		}
		require.Equal(t, srv.Addr(), client.Endpoint())
	})
}

func TestClosedClientOpensAgain(t *testing.T) {
	t.Parallel()
	client, _ := gate(t)
	for range 3 {
		_, err := client.SendMessage(alice, bob, 66, "x")
		require.NoError(t, err)
		client.Close()
		require.False(t, client.IsConnected())
	}
	client.Close()
}

func TestCloseEndsCallsInFlightWithTheirCallbacks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client := clientOf(t, 1, "s", "gate")
		client.SetDialer(silent(t))
		codes := make(chan int, 5)
		for range 5 {
			require.NoError(t, client.Kickout(1, func(errorCode int, _ string) { codes <- errorCode }))
		}
		synctest.Wait()
		client.Close()
		for range 5 {
			require.Equal(t, fpnn.CodeCoreConnectionClosed, <-codes)
		}
	})
}

func TestConnectionCallbacks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, srv := inMemory(t)
		client.SetLogger(log.New(new(bytes.Buffer), "", 0))
		var seen []string
		client.SetOnConnectedCallback(func(connID uint64, endpoint string, connected, auto bool, state *rtm.RtmRegressiveState) {
			require.Equal(t, srv.Addr(), endpoint)
			seen = append(seen, fmt.Sprint("connect ", connID, connected, auto, state.CurrentFailedCount))
			if connected {
				require.NoError(t, client.Kickout(1), "it may call")
			}
		})
		client.SetOnClosedCallback(func(connID uint64, endpoint string, auto bool, state *rtm.RtmRegressiveState) {
			seen = append(seen, fmt.Sprint("close ", connID, auto, state.CurrentFailedCount))
			panic("logged, and nothing else")
		})
		require.True(t, client.Connect())
		synctest.Wait()
		client.Close()
		synctest.Wait()
		client.SetAutoReconnect(false)
		require.NoError(t, srv.Close())
		require.False(t, client.Connect())
		require.False(t, client.Connect())
		synctest.Wait()
		require.Equal(t, []string{"connect 1 true true 0", "close 1 false 0", "connect 2 false false 0", "connect 3 false false 1"}, seen)
	})
}

func TestKeepAliveIsOffUnlessSet(t *testing.T) {
	t.Parallel()
	for name, set := range map[string]func(c *rtm.RTMServerClient){
		"off":      func(c *rtm.RTMServerClient) {},
		"on":       func(c *rtm.RTMServerClient) { c.SetKeepAlive(true) },
		"interval": func(c *rtm.RTMServerClient) { c.SetKeepAliveIntervalSecond(20 * time.Second) },
		"timeout":  func(c *rtm.RTMServerClient) { c.SetKeepAliveTimeoutSecond(3 * time.Second) },
		"retries":  func(c *rtm.RTMServerClient) { c.SetKeepAliveMaxPingRetryCount(1) },
		"off again": func(c *rtm.RTMServerClient) {
			c.SetKeepAliveMaxPingRetryCount(1)
			c.SetKeepAlive(false)
		},
	} {
		on := !strings.HasPrefix(name, "off")
		synctest.Test(t, func(t *testing.T) {
			client, _ := inMemory(t)
			client.SetAutoReconnect(false)
			set(client)
			require.True(t, client.Connect())
			<-time.After(10 * time.Minute) // the gate ends idle connections after one
			synctest.Wait()
			require.Equal(t, on, client.IsConnected(), name)
		})
	}
}

// monitor is told of pushes in the newer form.
type monitor struct {
	mu   sync.Mutex
	seen []string
}

func (m *monitor) see(what string, info *rtm.RTMMessage) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.seen = append(m.seen, fmt.Sprint(what, " ", info.FromUid, " ", info.ToId, " ", info.MessageType, " ", info.Message, " ", info.Attrs, " ", info.FileInfo != nil))
}

func (m *monitor) P2PMessage(i *rtm.RTMMessage)   { m.see("P2PMessage", i) }
func (m *monitor) GroupMessage(i *rtm.RTMMessage) { m.see("GroupMessage", i) }
func (m *monitor) RoomMessage(i *rtm.RTMMessage)  { m.see("RoomMessage", i) }
func (m *monitor) P2PChat(i *rtm.RTMMessage)      { m.see("P2PChat", i) }
func (m *monitor) GroupChat(i *rtm.RTMMessage)    { m.see("GroupChat", i) }
func (m *monitor) RoomChat(i *rtm.RTMMessage)     { m.see("RoomChat", i) }
func (m *monitor) P2PCmd(i *rtm.RTMMessage)       { m.see("P2PCmd", i) }
func (m *monitor) GroupCmd(i *rtm.RTMMessage)     { m.see("GroupCmd", i) }
func (m *monitor) RoomCmd(i *rtm.RTMMessage)      { m.see("RoomCmd", i) }
func (m *monitor) P2PFile(i *rtm.RTMMessage)      { m.see("P2PFile", i) }
func (m *monitor) GroupFile(i *rtm.RTMMessage)    { m.see("GroupFile", i) }
func (m *monitor) RoomFile(i *rtm.RTMMessage)     { m.see("RoomFile", i) }

func (m *monitor) Event(pid int32, event string, uid int64, time int32, endpoint, data string) {
	m.see(fmt.Sprint("Event ", pid, event, time, endpoint, data), &rtm.RTMMessage{FromUid: uid})
}

// oldMonitor is told of pushes in the older form.
type oldMonitor struct{ monitor }

func (m *oldMonitor) told(what string, from, to int64, mtype int8, text, attrs string) {
	m.see(what, &rtm.RTMMessage{FromUid: from, ToId: to, MessageType: mtype, Message: text, Attrs: attrs})
}

func (m *oldMonitor) P2PMessage(f, to int64, mt int8, _ int64, text, attrs string, _ int64) {
	m.told("P2PMessage", f, to, mt, text, attrs)
}

func (m *oldMonitor) GroupMessage(f, to int64, mt int8, _ int64, text, attrs string, _ int64) {
	m.told("GroupMessage", f, to, mt, text, attrs)
}

func (m *oldMonitor) RoomMessage(f, to int64, mt int8, _ int64, text, attrs string, _ int64) {
	m.told("RoomMessage", f, to, mt, text, attrs)
}

func (m *oldMonitor) P2PChat(f, to, _ int64, text, attrs string, _ int64) {
	m.told("P2PChat", f, to, 30, text, attrs)
}

func (m *oldMonitor) GroupChat(f, to, _ int64, text, attrs string, _ int64) {
	m.told("GroupChat", f, to, 30, text, attrs)
}

func (m *oldMonitor) RoomChat(f, to, _ int64, text, attrs string, _ int64) {
	m.told("RoomChat", f, to, 30, text, attrs)
}

func (m *oldMonitor) P2PCmd(f, to, _ int64, text, attrs string, _ int64) {
	m.told("P2PCmd", f, to, 32, text, attrs)
}

func (m *oldMonitor) GroupCmd(f, to, _ int64, text, attrs string, _ int64) {
	m.told("GroupCmd", f, to, 32, text, attrs)
}

func (m *oldMonitor) RoomCmd(f, to, _ int64, text, attrs string, _ int64) {
	m.told("RoomCmd", f, to, 32, text, attrs)
}

func (m *oldMonitor) P2PFile(f, to int64, mt int8, _ int64, text, attrs string, _ int64) {
	m.told("P2PFile", f, to, mt, text, attrs)
}

func (m *oldMonitor) GroupFile(f, to int64, mt int8, _ int64, text, attrs string, _ int64) {
	m.told("GroupFile", f, to, mt, text, attrs)
}

func (m *oldMonitor) RoomFile(f, to int64, mt int8, _ int64, text, attrs string, _ int64) {
	m.told("RoomFile", f, to, mt, text, attrs)
}

func TestMonitorsAreToldByKindAndType(t *testing.T) {
	t.Parallel()
	for name, set := range map[string]func(c *rtm.RTMServerClient) *monitor{
		"new": func(c *rtm.RTMServerClient) *monitor {
			m := new(monitor)
			c.SetServerPushMonitor(m)
			return m
		},
		"old": func(c *rtm.RTMServerClient) *monitor {
			m := new(oldMonitor)
			c.SetMonitor(m)
			return &m.monitor
		},
	} {
		for _, late := range []bool{false, true} {
			t.Run(fmt.Sprint(name, " late ", late), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					client, srv := inMemory(t)
					var m *monitor
					if late {
						require.True(t, client.Connect())
					}
					m = set(client)
					require.NoError(t, client.SetListenStatus(false, false, true, true))
					require.NoError(t, client.SetListen([]int64{group}, nil, nil, nil))
					require.NoError(t, client.AddListen(nil, []int64{room, 10}, nil, nil))
					require.NoError(t, client.RemoveListen(nil, []int64{10}, nil, nil))
					want := []string{}
					for what, mtype := range map[string]int8{"Message": 66, "Chat": 30, "Cmd": 32, "File": 40} {
						for kind, conv := range conversations {
							const attrs = `{"custom":"c"}`
							shown := attrs
							if what == "File" && name == "new" {
								shown = "c"
							}
							var err error
							switch kind {
							case "P2P":
								_, err = client.SendMessage(alice, bob, mtype, `{"url":"u"}`, attrs)
							case "Group":
								_, err = client.SendGroupMessage(alice, group, mtype, `{"url":"u"}`, attrs)
							case "Room":
								_, err = client.SendRoomMessage(alice, room, mtype, `{"url":"u"}`, attrs)
							default:
								continue // broadcasts are not pushed to servers
							}
							require.NoError(t, err)
							want = append(want, fmt.Sprint(kind, what, " ", alice, " ", conv.xid, " ", mtype, ` {"url":"u"} `, shown, " ", what == "File" && name == "new"))
						}
					}
					_, err := client.SendRoomMessage(alice, 10, 66, "not heard")
					require.NoError(t, err)
					srv.PushEvent(fakeserver.Event{Name: "login", UID: bob, Data: "d"})
					want = append(want, fmt.Sprint("Event ", srv.Project().ID, "login", time.Now().Unix(), srv.Addr(), "d ", bob, " 0 0   false"))
					synctest.Wait()
					require.ElementsMatch(t, want, m.seen)
				})
			})
		}
	}
}

func TestAsynchronousCallsKeepTheirOrder(t *testing.T) {
	t.Parallel()
	client, _ := gate(t, fakeserver.WithFPNN(fpnn.WithConcurrency(1))) // which keeps it too
	const n = 200
	ends := make(chan int, n)
	for i := range n {
		_, err := client.SendGroupMessage(alice, group, 66, fmt.Sprint(i), func(_ int64, errorCode int, _ string) { ends <- errorCode })
		require.NoError(t, err)
	}
	for range n {
		require.Zero(t, <-ends)
	}
	next := 0
	page := &rtm.HistoryMessageResult{}
	for next < n {
		var err error
		page, err = client.GetGroupMessage(group, false, 20, page.Begin, page.End, page.LastCursorId, alice)
		require.NoError(t, err)
		require.NotEmpty(t, page.Messages)
		for _, m := range page.Messages {
			require.Equal(t, fmt.Sprint(next), m.Message)
			next++
		}
	}
}

// An asynchronous call that cannot be sent does not hold up the next one.
func TestFailedAsynchronousCallLetsTheNextGo(t *testing.T) {
	t.Parallel()
	client, _ := gate(t)
	codes := make(chan int, 2)
	callback := func(_ int64, errorCode int, _ string) { codes <- errorCode }
	_, err := client.SendMessage(alice, bob, -1, "no such type", callback)
	require.NoError(t, err)
	require.Equal(t, 200005, <-codes)
	_, err = client.SendMessage(alice, bob, 66, "x", callback)
	require.NoError(t, err)
	require.Zero(t, <-codes)
}

// A program that only listens must not go deaf.
func TestListenerComesBackByItself(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, srv := inMemory(t)
		sender, _ := clientOf(t, srv.Project().ID, string(srv.Project().Secret), srv.Addr()), srv
		sender.SetDialer(srv.Dialer())
		var line []net.Conn
		client.SetDialer(transport.DialerFunc(func(ctx context.Context, network, address string) (net.Conn, error) {
			nc, err := srv.Dialer().DialContext(ctx, network, address)
			line = append(line, nc)
			return nc, err
		}))
		m := new(monitor)
		client.SetServerPushMonitor(m)
		require.NoError(t, client.AddListen([]int64{group}, nil, nil, nil))
		for i := range 3 {
			_, err := sender.SendGroupMessage(alice, group, 66, "x")
			require.NoError(t, err)
			synctest.Wait()
			require.Len(t, m.seen, i+1)
			require.NoError(t, line[len(line)-1].Close())
			<-time.After(time.Minute)
		}
		client.Close()
		require.True(t, client.Connect())
		_, err := sender.SendGroupMessage(alice, group, 66, "x")
		require.NoError(t, err)
		synctest.Wait()
		require.Len(t, m.seen, 4, "what is listened to outlives Close")
	})
}

func TestMonitorIsToldNothingAfterClose(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, srv := inMemory(t)
		sender := clientOf(t, srv.Project().ID, string(srv.Project().Secret), srv.Addr())
		sender.SetDialer(srv.Dialer())
		m := &slowMonitor{release: make(chan struct{})}
		client.SetServerPushMonitor(m)
		require.NoError(t, client.SetListenStatus(true, false, false, false))
		for range 50 {
			_, err := sender.SendGroupMessage(alice, group, 66, "x")
			require.NoError(t, err)
		}
		synctest.Wait()
		client.Close()
		close(m.release)
		synctest.Wait()
		require.Len(t, m.seen, 1)
	})
}

type slowMonitor struct {
	monitor
	release chan struct{}
}

func (m *slowMonitor) GroupMessage(i *rtm.RTMMessage) {
	<-m.release
	m.monitor.GroupMessage(i)
}

func TestStrategyOutOfRangeIsLeftOut(t *testing.T) {
	t.Parallel()
	for _, s := range []*rtm.RTMRegressiveConnectStrategy{
		nil, rtm.DefaultRegressiveStrategy, rtm.NewRTMRegressiveConnectStrategy(-1, -1, 0, -5, 0),
		rtm.NewRTMRegressiveConnectStrategy(1000, 100, 3, 60, 5),
	} {
		client, _ := gate(t)
		client.SetDefaultRegressiveConnectStrategy(s)
		require.True(t, client.Connect())
	}
	s := rtm.NewRTMRegressiveConnectStrategy(1, 2, 3, 4, 5)
	s.SetConnectFailedInterval(1500)
	s.SetStartConnectFailedCount(5)
	s.SetFirstIntervalTime(2)
	s.SetMaxInterval(120)
	s.SetLinearRegressiveCount(5)
	require.Equal(t, rtm.DefaultRegressiveStrategy, s)
}

// The way the SDK's README shows it.
func Example() {
	gate, err := fakeserver.Start(fakeserver.WithTCP("127.0.0.1:0"))
	if err != nil {
		log.Fatal(err)
	}
	defer gate.Close()
	pid, secretKey, endpoint := gate.Project().ID, string(gate.Project().Secret), gate.Addr()

	client := rtm.NewRTMServerClient(pid, secretKey, endpoint)
	defer client.Close()
	client.SetQuestTimeOut(5 * time.Second)
	client.SetLogger(log.New(os.Stderr, "", 0))

	var fromUid, toUid int64 = 123, 456
	mtime, err := client.SendMessage(fromUid, toUid, 66, "hello")
	fmt.Println(mtime > 0, err)

	done := make(chan struct{})
	_, err = client.SendMessage(fromUid, toUid, 66, "hello again", func(mtime int64, errorCode int, errInfo string) {
		fmt.Printf("%t %d %q\n", mtime > 0, errorCode, errInfo)
		close(done)
	}, 2*time.Second)
	if err != nil {
		fmt.Println(err)
		return
	}
	<-done

	result, err := client.GetP2PMessage(toUid, fromUid, false, 10, 0, 0, 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, m := range result.Messages {
		fmt.Println(m.FromUid, m.Message)
	}
	// Output:
	// true <nil>
	// true 0 ""
	// 123 hello
	// 123 hello again
}
