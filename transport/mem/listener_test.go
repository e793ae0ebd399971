package mem_test

import (
	"io"
	"net"
	"runtime"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/transport/internal/bubble"
	"github.com/gofpnn/gofpnn/transport/mem"
)

func TestAcceptWaitsForADial(t *testing.T) {
	bubble.Run(t, func(t *testing.T) {
		var network mem.Network
		l := listen(t, &network, "a")
		accepting := bubble.Start(l.Accept)
		bubble.Advance(t, time.Hour)
		accepting.Blocked(t)
		client := dial(t, &network, "a")
		server, err := accepting.Returned(t)
		require.NoError(t, err)
		require.Equal(t, client.LocalAddr(), server.RemoteAddr())
		require.NoError(t, server.Close())
	})
}

func TestBlockedAcceptsReturnOnClose(t *testing.T) {
	bubble.Run(t, func(t *testing.T) {
		var network mem.Network
		l := listen(t, &network, "a")
		accepts := []*bubble.Call[net.Conn]{bubble.Start(l.Accept), bubble.Start(l.Accept)}
		for _, accepting := range accepts {
			accepting.Blocked(t)
		}
		require.NoError(t, l.Close())
		for _, accepting := range accepts {
			c, err := accepting.Returned(t)
			require.Nil(t, c)
			requireNetworkError(t, err, "accept", "a", net.ErrClosed)
		}
	})
}

func TestAcceptAfterCloseFails(t *testing.T) {
	t.Parallel()
	for range 50 { // a select with a connection in the queue would pick either
		var network mem.Network
		l := listen(t, &network, "a")
		dial(t, &network, "a")
		require.NoError(t, l.Close())
		for range 2 {
			c, err := l.Accept()
			require.Nil(t, c)
			requireNetworkError(t, err, "accept", "a", net.ErrClosed)
		}
	}
}

func TestListenerCloseResetsWhatNobodyAccepted(t *testing.T) {
	bubble.Run(t, func(t *testing.T) {
		var network mem.Network
		l := listen(t, &network, "a")
		accepted := dial(t, &network, "a")
		server := accept(t, l)
		early, reading, writing := dial(t, &network, "a"), dial(t, &network, "a"), dial(t, &network, "a")
		requireWrite(t, early, "nobody will read this")
		read, write := startRead(reading), startWrite(writing, bufferSize+1)
		read.Blocked(t)
		write.Blocked(t)

		require.NoError(t, l.Close())
		_, err := read.Returned(t)
		require.Equal(t, io.EOF, err)
		_, err = write.Returned(t)
		requireOpError(t, err, "write", writing, syscall.EPIPE)
		for _, c := range []net.Conn{early, reading, writing} {
			requireReset(t, c)
		}

		requireWrite(t, accepted, "lives on")
		requireRead(t, server, "lives on")
	})
}

func TestClientMayCloseBeforeAccept(t *testing.T) {
	t.Parallel()
	var network mem.Network
	l := listen(t, &network, "a")
	client := dial(t, &network, "a")
	requireWrite(t, client, "and gone")
	require.NoError(t, client.Close())
	got, err := io.ReadAll(accept(t, l))
	require.NoError(t, err)
	require.Equal(t, "and gone", string(got))
}

// A Dial that finds the listener just before it closes gets either an error or a
// connection that somebody accepted or closed; nobody may be left waiting.
func TestDialRacingWithCloseLeavesNothingHanging(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name    string
		queued  int // before the race
		dialled int // in the race, before Close
		accepts int // goroutines
	}{
		{name: "empty queue", dialled: 8},
		{name: "with Accept", dialled: 20, accepts: 1},
		{name: "queue about to be full", queued: backlog - 2},
		{name: "full queue and Accept", queued: backlog, dialled: 8, accepts: 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			bubble.Run(t, func(t *testing.T) {
				for i := range 200 {
					raceDialWithClose(t, test.queued, i%(test.dialled+1), test.accepts)
				}
			})
		})
	}
}

func raceDialWithClose(t *testing.T, queued, dialled, accepts int) {
	t.Helper()
	var network mem.Network
	l, err := network.Listen("a")
	require.NoError(t, err)
	clients := make([]net.Conn, 0, queued+16)
	for range queued {
		c, err := network.DialContext(t.Context(), "mem", "a")
		require.NoError(t, err)
		clients = append(clients, c)
	}

	// The dialers do not pause, so that Close meets Dial at any point.
	var count atomic.Int64
	var accepting []*bubble.Call[int]
	for range accepts {
		accepting = append(accepting, bubble.Start(func() (int, error) {
			for {
				c, err := l.Accept()
				if err != nil {
					return 0, err
				}
				_ = c.Close()
			}
		}))
	}
	var dialing []*bubble.Call[[]net.Conn]
	for range 2 {
		dialing = append(dialing, bubble.Start(func() (clients []net.Conn, err error) {
			for range 20 {
				c, err := network.DialContext(t.Context(), "mem", "a")
				if err != nil {
					return clients, err
				}
				clients = append(clients, c)
				count.Add(1)
			}
			return clients, nil
		}))
	}
	for count.Load() < int64(dialled) {
		runtime.Gosched()
	}
	require.NoError(t, l.Close())

	for _, c := range accepting {
		_, err := c.Returned(t)
		requireNetworkError(t, err, "accept", "a", net.ErrClosed)
	}
	for _, c := range dialing {
		more, err := c.Returned(t)
		if err != nil {
			requireNetworkError(t, err, "dial", "a", syscall.ECONNREFUSED)
		}
		clients = append(clients, more...)
	}
	for _, c := range clients {
		// In a bubble this takes no time, and tells more than a deadlock would.
		require.NoError(t, c.SetDeadline(in(time.Hour)))
		requireReset(t, c)
		require.NoError(t, c.Close())
	}
}
