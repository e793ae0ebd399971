package fpnn_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/fpnn"
)

func TestStatesAreTold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var told []string
		l := newLine(t, echoHandler)
		c := l.client(t, fpnn.WithOnState(func(s fpnn.State, reason error) {
			told = append(told, fmt.Sprint(s, " ", fpnn.Code(reason)))
		}))
		l.cut()
		ends := calls(t.Context(), c, 1)
		synctest.Wait()
		l.heal()
		allAnswered(t, ends)
		require.NoError(t, c.Close())
		require.Equal(t, []string{
			"connecting 0", "ready 0", "idle 20002", "connecting 0", "waiting 20012", "connecting 0", "ready 0", "closed 0",
		}, told)
		require.Equal(t, "State(9)", fpnn.State(9).String())
	})
}

// However slow the hook is, it is told of all changes in their order.
func TestStatesAreToldInOrder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var told []fpnn.State
		telling := false
		r := fpnn.Reconnect{Min: time.Millisecond, Max: time.Millisecond, Stable: time.Hour, Eager: true}
		l := newLine(t, echoHandler)
		c := clientOf(t, []string{l.addr}, fpnn.WithDialer(l), fpnn.WithReconnect(r), fpnn.WithOnState(func(s fpnn.State, _ error) {
			require.False(t, telling, "of one change after the other")
			telling = true
			<-time.After(time.Duration(len(told)%3) * time.Millisecond)
			told = append(told, s)
			telling = false
		}))
		require.NoError(t, c.Connect(t.Context()))
		for range 100 {
			for _, conn := range l.srv.Conns() {
				_ = conn.Close()
			}
			<-time.After(5 * time.Millisecond)
		}
		<-time.After(time.Second)
		require.Equal(t, c.State(), told[len(told)-1])
		require.Greater(t, len(told), 200)
		after := map[fpnn.State][]fpnn.State{
			fpnn.Connecting: {fpnn.Ready, fpnn.Waiting}, fpnn.Ready: {fpnn.Waiting}, fpnn.Waiting: {fpnn.Connecting},
		}
		for i := range told[1:] {
			require.Contains(t, after[told[i]], told[i+1])
		}
	})
}

// Whoever tells of it.
func TestCloseReturnsWhenItHasBeenTold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var told []fpnn.State
		l := newLine(t, echoHandler)
		c := l.client(t, fpnn.WithOnState(func(s fpnn.State, _ error) {
			<-time.After(time.Second)
			told = append(told, s)
		}))
		go func() { _ = c.Conn().Close() }() // tells of it
		synctest.Wait()
		require.NoError(t, c.Close())
		require.Equal(t, []fpnn.State{fpnn.Connecting, fpnn.Ready, fpnn.Idle, fpnn.Closed}, told)
	})
}
