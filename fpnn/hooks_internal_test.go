package fpnn

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// A hook may wait for a lock which a caller holds, and the caller be the one who finds
// the connection lost.
func TestCallerIsNotMadeToRunHooks(t *testing.T) {
	t.Parallel()
	for name, lose := range map[string]func(t *testing.T, p *lonePeer) <-chan error{
		"reading": func(t *testing.T, p *lonePeer) <-chan error {
			_, ended := p.call(t.Context(), nil)
			require.Equal(t, callersTurn, p.turn())
			_ = p.far.Close()
			return ended
		},
		"writing": func(t *testing.T, p *lonePeer) <-chan error {
			_ = p.far.Close()
			ended := make(chan error, 1)
			go func() {
				_, err := p.Call(t.Context(), "m", nil)
				ended <- err
			}()
			return ended
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				release := make(chan struct{})
				defer close(release)
				p := newLonePeer(t, func(c *connConfig) {
					c.failed = func(*Conn, error) func() { return func() { <-release } }
				})
				p.runLone(t)
				require.ErrorIs(t, ends(t, lose(t, p), time.Nanosecond), ErrDisconnected)
			})
		})
	}
}
