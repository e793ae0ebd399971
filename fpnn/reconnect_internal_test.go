package fpnn

import (
	"context"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pkg/errors"
	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/transport"
	"github.com/gofpnn/gofpnn/transport/mem"
)

// clientOfPipes is a client whose peers say nothing and read everything.
func clientOfPipes(t *testing.T) *Client {
	t.Helper()
	c, err := NewClient([]string{"peer"}, WithDialer(transport.DialerFunc(func(context.Context, string, string) (net.Conn, error) {
		near, far := mem.Pipe()
		t.Cleanup(func() { _ = far.Close() })
		return near, nil
	})))
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// A connection is found down before the client has noted its loss: by then the
// next attempt may be under way.
func TestLateLossDoesNotHideTheAttemptUnderWay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := clientOfPipes(t)
		require.NoError(t, c.Connect(t.Context()))
		c.setState(Connecting)
		_ = c.Conn().Close()
		synctest.Wait()
		require.Equal(t, Connecting, c.State())
	})
}

// A dial may fail that was about to end when a caller joined it: one who waits
// through an outage has another one made.
func TestWaiterOutlivesADialThatDidNotKnowOfIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := clientOfPipes(t)
		require.NoError(t, c.Connect(t.Context()))
		<-time.After(time.Minute)
		_ = c.Conn().Close()
		fail := make(chan error)
		c.dials.DoChan("", func() (any, error) { return nil, <-fail })
		connected := make(chan error, 1)
		go func() { connected <- c.Connect(t.Context()) }()
		synctest.Wait()
		fail <- errors.New("of the one before")
		require.NoError(t, <-connected)
	})
}
