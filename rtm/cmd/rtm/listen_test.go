package main

import (
	"bytes"
	"context"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/fakeserver"
	"github.com/gofpnn/gofpnn/rtm"
	"github.com/gofpnn/gofpnn/transport"
)

func TestListenPrintsWhatIsPushed(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	type end struct {
		code           int
		stdout, stderr string
	}
	ended := make(chan end, 1)
	go func() {
		code, stdout, stderr := s.run("listen", "-n", "3", "-group", "7", "-event", "login")
		ended <- end{code, stdout, stderr}
	}()
	var got end
	for done := false; !done; {
		s.ok("send", "-from", "1", "-room", "9", "not heard")
		s.ok("send", "-from", "1", "-group", "7", "heard")
		s.srv.PushEvent(fakeserver.Event{Name: "login", UID: 5, Data: "d"})
		select {
		case got = <-ended:
			done = true
		default:
		}
	}
	require.Zero(t, got.code, got.stderr)
	lines := strings.Split(strings.TrimSuffix(got.stdout, "\n"), "\n")
	require.Len(t, lines, 3)
	for _, line := range lines {
		require.True(t, strings.HasPrefix(line, "group 7  ") && strings.HasSuffix(line, `"heard"`) || strings.HasPrefix(line, `event "login" of 5`), line)
	}
}

// ear is a run of listen at a gate in memory, in a bubble of testing/synctest.
type ear struct {
	srv            *fakeserver.Server
	stdout, stderr bytes.Buffer
	interrupt      context.CancelFunc
	code           chan int
}

func newEar(t *testing.T, srv *fakeserver.Server, flags ...string) *ear {
	t.Helper()
	e := &ear{srv: srv, code: make(chan int, 1)}
	dial := func(ctx context.Context, network, _ string) (net.Conn, error) {
		<-time.After(400 * time.Millisecond) // of the bubble
		return e.srv.Dialer().DialContext(ctx, network, e.srv.Addr())
	}
	project := e.srv.Project()
	p := program{&e.stdout, &e.stderr, string(project.Secret), transport.DialerFunc(dial)}
	ctx, interrupt := context.WithTimeout(t.Context(), 24*time.Hour)
	e.interrupt = interrupt
	go func() {
		e.code <- p.run(ctx, append([]string{"listen", "-endpoint", "gate:1", "-pid", "80000071"}, flags...))
	}()
	return e
}

func TestListenGoesOnPastItsTimeoutUntilInterrupted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e := newEar(t, fakeserver.New(t), "-timeout", "1s", "-group", "7")
		<-time.After(time.Hour) // of the bubble
		require.Len(t, e.srv.Listeners(), 1)
		client, err := rtm.Dial(t.Context(), e.srv.Addr(), e.srv.Project(), rtm.WithDialer(e.srv.Dialer()))
		require.NoError(t, err)
		defer client.Close()
		_, err = client.Send(t.Context(), 1, rtm.Group(7), rtm.Message{Type: 66, Text: "after an hour"})
		require.NoError(t, err)
		synctest.Wait()
		e.interrupt()
		require.Zero(t, <-e.code)
		require.Contains(t, e.stdout.String(), "after an hour")
		require.Empty(t, e.stderr.String())
	})
}

// -timeout bounds all that comes before the listening together.
func TestListenFailsIfTheGateDoesNotAnswerInTime(t *testing.T) {
	t.Parallel()
	for _, slow := range []time.Duration{400 * time.Millisecond, time.Hour} { // dialled in 400 ms, and said in two quests
		synctest.Test(t, func(t *testing.T) {
			srv := fakeserver.New(t)
			srv.On("setlisten", fakeserver.Delay(slow))
			start := time.Now()
			e := newEar(t, srv, "-timeout", "1s", "-group", "7")
			require.Equal(t, 1, <-e.code)
			require.InDelta(t, time.Second, time.Since(start), float64(20*time.Millisecond))
			require.Contains(t, e.stderr.String(), "-timeout waits longer")
			e.interrupt()
		})
	}
}

func TestListenTellsOfOutagesAndGoesOn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e := newEar(t, fakeserver.New(t), "-group", "7")
		<-time.After(time.Minute) // of the bubble
		e.srv.Network().RefuseDials(true)
		e.srv.Network().CloseClients()
		<-time.After(time.Minute)
		require.Equal(t, 1, strings.Count(e.stderr.String(), "\n"), e.stderr.String())
		require.Contains(t, e.stderr.String(), `level=WARN msg="connecting again" reason="disconnected: closed by peer"`)
		e.srv.Network().RefuseDials(false)
		<-time.After(time.Minute)
		require.Len(t, e.srv.Listeners(), 1)
		e.interrupt()
		require.Zero(t, <-e.code)
		require.Equal(t, 2, strings.Count(e.stderr.String(), "\n"), e.stderr.String())
		require.Contains(t, e.stderr.String(), `level=INFO msg="connected again"`)
	})
}

func TestListenTellsOfAGateThatRefusesAfterAnOutage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e := newEar(t, fakeserver.New(t), "-group", "7")
		<-time.After(time.Minute) // of the bubble
		e.srv.On("setlisten", fakeserver.Fail(200020, "not you"))
		e.srv.Network().CloseClients()
		<-time.After(time.Minute)
		e.interrupt()
		require.Zero(t, <-e.code)
		require.Contains(t, e.stderr.String(), "what is listened to was refused")
		require.Contains(t, e.stderr.String(), "not you")
	})
}

func TestListenThatHasNotBegunTellsOfNoOutage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := fakeserver.New(t)
		srv.On("setlisten", fakeserver.CloseConn())
		e := newEar(t, srv, "-group", "7")
		require.Equal(t, 1, <-e.code)
		require.NotContains(t, e.stderr.String(), "again")
		e.interrupt()
	})
}
