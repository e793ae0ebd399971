package rtm

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/fakeserver"
)

// A change may end when the client has: then no goroutine starts that nobody
// waits for.
func TestNothingIsSaidAfterClose(t *testing.T) {
	t.Parallel()
	srv := fakeserver.New(t)
	c, err := Dial(t.Context(), srv.Addr(), srv.Project(), WithDialer(srv.Dialer()))
	require.NoError(t, err)
	conn := c.FPNN().Conn()
	require.NoError(t, c.Close())
	c.sayLater(conn)
	require.Nil(t, c.listening.saying)
}
