package mem

import (
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A timer that is still to fire would keep a connection in memory.
func TestClosedConnectionHasNoTimer(t *testing.T) {
	t.Parallel()
	hour := time.Now().Add(time.Hour)
	for name, use := range map[string]func(c *Conn){
		"closed before the deadline": func(c *Conn) { _ = c.SetDeadline(hour); _ = c.Close() },
		"deadline replaced":          func(c *Conn) { _ = c.SetDeadline(hour); _ = c.SetDeadline(hour.Add(1)); _ = c.Close() },
		"deadline removed":           func(c *Conn) { _ = c.SetDeadline(hour); _ = c.SetDeadline(time.Time{}) },
		"deadline past":              func(c *Conn) { _ = c.SetDeadline(hour); _ = c.SetDeadline(time.Unix(1, 0)) },
		"deadline after Close": func(c *Conn) {
			_ = c.Close()
			require.ErrorIs(t, c.SetDeadline(hour), net.ErrClosed)
			require.ErrorIs(t, c.SetDeadline(time.Time{}), net.ErrClosed)
		},
	} {
		c, _ := Pipe()
		use(c)
		require.Nil(t, c.in.read.timer, name)
		require.Nil(t, c.out.write.timer, name)
	}
	c, _ := Pipe()
	require.NoError(t, c.CloseWrite())
	require.ErrorIs(t, c.SetWriteDeadline(hour), net.ErrClosed)
	require.NoError(t, c.SetReadDeadline(hour), "half of it is open")
	require.NotNil(t, c.in.read.timer)
	require.NoError(t, c.Close())
}
