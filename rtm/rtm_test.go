package rtm_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/gofpnn/gofpnn/fakeserver"
	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/rtm"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	alice = 1001
	bob   = 2002
)

// everywhere runs a test against a fake gate of its own over each transport.
func everywhere(t *testing.T, test func(t *testing.T, c *rtm.Client)) {
	t.Helper()
	for name := range ways {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, dial(t, gateBy(t, name)))
		})
	}
}

// dial returns a client of srv that is closed before it.
func dial(t *testing.T, srv *fakeserver.Server, opts ...rtm.Option) *rtm.Client {
	t.Helper()
	c, err := rtm.Dial(t.Context(), srv.Addr(), srv.Project(), append([]rtm.Option{rtm.WithDialer(srv.Dialer())}, opts...)...)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.Close()) })
	return c
}

// gate returns a client of a gate that a test plays itself.
func gate(t *testing.T, h fpnn.Handler) *rtm.Client {
	t.Helper()
	l, dialer := listen(t)
	srv, err := fpnn.NewServer(h)
	require.NoError(t, err)
	served := make(chan error, 1)
	go func() { served <- srv.Serve(l) }()
	t.Cleanup(func() {
		require.NoError(t, srv.Close())
		require.ErrorIs(t, <-served, fpnn.ErrClosed)
	})
	c, err := rtm.Dial(t.Context(), l.Addr().String(), rtm.Project{ID: 1, Secret: "s"}, rtm.WithDialer(dialer))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.Close()) })
	return c
}

func requireCode(t *testing.T, err error, code int) {
	t.Helper()
	var remote *fpnn.RemoteError
	require.ErrorAs(t, err, &remote)
	require.Equal(t, code, remote.Code, remote.Message)
	require.NotEmpty(t, remote.Message)
}

func requireArgument(t *testing.T, err error, argument string) {
	t.Helper()
	var arg *rtm.ArgumentError
	require.ErrorAs(t, err, &arg)
	require.Equal(t, argument, arg.Argument)
	require.ErrorContains(t, err, argument)
	require.NotZero(t, fpnn.Code(err))
	require.True(t, fpnn.SafeToRetry(err))
}

// advance lets the clock of a synctest bubble run. Bubbles begin in 2000: a real
// clock is not waited for.
func advance(t *testing.T, d time.Duration) {
	t.Helper()
	require.Less(t, time.Now().Year(), 2020, "not in a bubble")
	<-time.After(d)
}
