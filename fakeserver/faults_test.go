package fakeserver_test

import (
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/fakeserver"
	"github.com/gofpnn/gofpnn/fpnn/frame"
)

// inDirections are what a fault may be told, and which directions it leaves.
var inDirections = map[string]struct {
	only                []fakeserver.Direction
	toServer, toClients bool
}{
	"both":       {nil, false, false},
	"each":       {[]fakeserver.Direction{fakeserver.ToServer, fakeserver.ToClients}, false, false},
	"to server":  {[]fakeserver.Direction{fakeserver.ToServer}, false, true},
	"to clients": {[]fakeserver.Direction{fakeserver.ToClients}, true, false},
}

// faulty has a talker under a fault, of all connections or its own, that begins
// before or after it has connected.
func faulty(t *testing.T, test func(t *testing.T, c cable, k *talker, toServer, toClients bool),
	ofAll func(n *fakeserver.Network, only ...fakeserver.Direction), ofOne func(l *fakeserver.Link, only ...fakeserver.Direction),
) {
	t.Helper()
	for name, dir := range inDirections {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			t.Run("all", func(t *testing.T) {
				t.Parallel()
				onBoth(t, func(t *testing.T, c cable) {
					k := newTalker(t, c)
					ofAll(c.Network(), dir.only...)
					test(t, c, k, dir.toServer, dir.toClients)
				})
			})
			t.Run("to come", func(t *testing.T) {
				t.Parallel()
				onBoth(t, func(t *testing.T, c cable) {
					ofAll(c.Network(), dir.only...)
					test(t, c, newTalker(t, c), dir.toServer, dir.toClients)
				})
			})
			t.Run("one", func(t *testing.T) {
				t.Parallel()
				onBoth(t, func(t *testing.T, c cable) {
					other, k := newTalker(t, c), newTalker(t, c)
					ofOne(k.link, dir.only...)
					other.talk()
					other.arrives(1, 1, 1)
					test(t, c, k, dir.toServer, dir.toClients)
					other.talk()
					other.arrives(2, 1, 1)
				})
			})
		})
	}
}

func TestPauseHoldsUpItsDirectionsAndLosesNothing(t *testing.T) {
	t.Parallel()
	faulty(t, func(t *testing.T, c cable, k *talker, toServer, toClients bool) {
		for range 3 {
			k.talk()
		}
		switch {
		case toServer:
			k.arrives(3, 0, 0)
		case toClients:
			k.arrives(0, 0, 3)
		}
		c.settle()
		k.arrived(3*count(toServer), 0, 0)
		c.Network().Resume()
		k.link.Resume()
		k.arrives(3, 3, 3*count(!toClients))
		k.talk()
		k.arrives(4, 1, 1)
	}, (*fakeserver.Network).Pause, (*fakeserver.Link).Pause)
}

func count(b bool) int {
	if b {
		return 1
	}
	return 0
}

func TestCutLosesWhatIsSentInItsDirections(t *testing.T) {
	t.Parallel()
	faulty(t, func(t *testing.T, c cable, k *talker, toServer, toClients bool) {
		conn := k.client.Conn()
		k.talk()
		switch {
		case toServer:
			k.arrives(1, 0, 0)
		case toClients:
			k.arrives(0, 0, 1)
		}
		c.settle()
		k.arrived(count(toServer), 0, 0)
		require.NoError(t, conn.Err(), "nobody is told")
		c.Network().Heal()
		k.link.Heal()
		ends(t, conn)
		require.Error(t, <-k.answered)
		k.arrived(count(toServer), 0, 0)
		_, err := k.client.Call(t.Context(), "*ping", nil)
		require.NoError(t, err, "on a new connection")
	}, (*fakeserver.Network).Cut, (*fakeserver.Link).Cut)
}

// Only who has lost something is reset when the network heals.
func TestHealLeavesConnectionsThatHaveLostNothing(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, c cable) {
		quiet, loud := newTalker(t, c), newTalker(t, c)
		quietConn, loudConn := quiet.client.Conn(), loud.client.Conn()
		c.Network().Cut()
		loud.talk()
		c.Network().Heal()
		ends(t, loudConn)
		quiet.talk()
		quiet.arrives(1, 1, 1)
		require.NoError(t, quietConn.Err())
		require.Equal(t, quietConn, quiet.client.Conn())
	})
}

func TestLatencyOfAllOrOneConnection(t *testing.T) {
	t.Parallel()
	const base = 20 * time.Millisecond
	onBoth(t, func(t *testing.T, c cable) {
		one, other := newTalker(t, c), newTalker(t, c)
		took := func(k *talker) time.Duration {
			begin := time.Now()
			k.talk()
			k.arrives(0, 1, 1)
			return time.Since(begin)
		}
		exactly := func(want, got time.Duration) {
			t.Helper()
			require.GreaterOrEqual(t, got, want)
			if !c.tcp { // where time is the bubble's
				require.Equal(t, want, got)
			}
		}
		one.link.Latency(base, 0)
		exactly(2*base, took(one))
		exactly(0, took(other))
		c.Network().Latency(base, 0)
		exactly(2*base, took(other))
		exactly(2*base, took(newTalker(t, c)))
		c.Network().Latency(0, 0)
		exactly(0, took(other))
	})
}

// rawLink is a client's connection, once it is served, and its link.
func rawLink(t *testing.T, c cable) (net.Conn, *fakeserver.Link) {
	t.Helper()
	nc := raw(t, c.Server)
	_, err := nc.Write(pkg(t, frame.Twoway, 1, "*ping", []byte{0x80}))
	require.NoError(t, err)
	var answer frame.Package
	require.NoError(t, frame.NewReader(nc, frame.DefaultMaxPackage).Read(&answer))
	links := c.Network().Links()
	return nc, links[len(links)-1]
}

// A connection that is reset tells its client of an error over TCP. In memory
// there is none: it ends as one that is closed does, but for what was on its way.
func TestResetConnectionsAreNotClosedInOrder(t *testing.T) {
	t.Parallel()
	for name, reset := range map[string]func(c cable, l *fakeserver.Link, nc net.Conn){
		"restart":   func(c cable, _ *fakeserver.Link, _ net.Conn) { c.Network().Restart() },
		"one":       func(_ cable, l *fakeserver.Link, _ net.Conn) { l.Reset() },
		"after cut": func(c cable, _ *fakeserver.Link, nc net.Conn) { lose(t, c, nc); c.Network().Heal() },
	} {
		t.Run(name, func(t *testing.T) {
			onBoth(t, func(t *testing.T, c cable) {
				nc, link := rawLink(t, c)
				reset(c, link, nc)
				_, err := nc.Read(make([]byte, 1))
				if !c.tcp {
					require.Equal(t, io.EOF, err)
					_, err = nc.Write([]byte{1})
					require.ErrorIs(t, err, syscall.EPIPE)
					return
				}
				require.ErrorIs(t, err, syscall.ECONNRESET)
			})
		})
	}
	t.Run("closed", func(t *testing.T) {
		onBoth(t, func(t *testing.T, c cable) {
			nc, _ := rawLink(t, c)
			c.Network().CloseClients()
			_, err := nc.Read(make([]byte, 1))
			require.Equal(t, io.EOF, err)
		})
	})
}

// lose has a client send something that is lost.
func lose(t *testing.T, c cable, nc net.Conn) {
	t.Helper()
	c.Network().Cut()
	_, err := nc.Write([]byte("F"))
	require.NoError(t, err)
	c.settle()
}

// What the server has sent by then arrives when it closes connections, and is lost
// when it restarts.
func TestRestartLosesWhatIsOnItsWay(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, c cable) {
		send := func(latency time.Duration) net.Conn {
			nc, link := rawLink(t, c)
			link.Latency(latency, 0)
			require.NoError(t, link.Conn().Notify(t.Context(), "tell", nil))
			_, err := c.Journal().Wait(t.Context(), func(r fakeserver.Record) bool { return r.Method == "tell" && r.Conn == link.Number() })
			require.NoError(t, err)
			c.settle()
			return nc
		}
		nc := send(time.Second / 10)
		c.Network().CloseClients()
		b, err := io.ReadAll(nc)
		require.NoError(t, err)
		require.Equal(t, pkg(t, frame.Oneway, 0, "tell", []byte{0x80}), b)

		nc = send(patience)
		c.Network().Restart()
		b, _ = io.ReadAll(nc)
		require.Empty(t, b)
	})
}

// What has left the server is out of a fault's reach, and arrives; what follows it
// does not.
func TestFaultsBeginAtTheServer(t *testing.T) {
	t.Parallel()
	for name, begin := range map[string]func(n *fakeserver.Network){
		"cut": func(n *fakeserver.Network) { n.Cut() }, "pause": func(n *fakeserver.Network) { n.Pause() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onBoth(t, func(t *testing.T, c cable) {
				nc, link := rawLink(t, c)
				tell := func(method string) {
					require.NoError(t, link.Conn().Notify(t.Context(), method, nil))
					_, err := c.Journal().Wait(t.Context(), func(r fakeserver.Record) bool { return r.Method == method })
					require.NoError(t, err)
					c.settle()
				}
				tell("before")
				begin(c.Network())
				tell("after")
				want := pkg(t, frame.Oneway, 0, "before", []byte{0x80})
				got := make(chan []byte, 1)
				go func() {
					b := make([]byte, 1000)
					n, _ := nc.Read(b)
					got <- b[:n]
				}()
				require.Equal(t, want, <-got)
			})
		})
	}
}

// buffers are what a client can send in memory while nothing gets through: what
// fits in the network and in the fault.
const buffers = 64<<10 + 1<<20

// How much a client can send while nothing gets through differs: in memory it is
// always the same, over TCP at least as much, and what the system's buffers take.
func TestClientsMaySendAheadOfAFault(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, c cable) {
		nc, _ := rawLink(t, c)
		c.Network().Pause()
		require.NoError(t, nc.SetWriteDeadline(time.Now().Add(patience)))
		n, err := nc.Write(make([]byte, buffers))
		require.NoError(t, err)
		require.Equal(t, buffers, n)
		if !c.tcp {
			n, err = nc.Write([]byte{0})
			require.ErrorIs(t, err, os.ErrDeadlineExceeded)
			require.Zero(t, n)
		}
	})
}
