package fakeserver

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/transport/mem"
)

// Of a connection that ends before the server has it nothing is kept, and who has
// dialed it does not wait.
func TestConnectionsThatEndBeforeTheyAreServedLeaveNothing(t *testing.T) {
	t.Parallel()
	n := New(t).Network()
	near, far := mem.Pipe()
	defer near.Close()
	l, ok := n.accept(far)
	require.True(t, ok)
	require.NoError(t, l.conn.Close())
	n.begun(l)
	require.Empty(t, n.clients)
	require.NoError(t, n.await(t.Context(), near.LocalAddr()))
	require.Empty(t, n.Links())
}
