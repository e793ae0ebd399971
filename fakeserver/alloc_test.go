//go:build !race

package fakeserver

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// A send leaves no garbage but its answer: what it allocates else is what it stores,
// many messages at a time.
func TestServingASendAllocatesOnce(t *testing.T) {
	send := served(t)
	for range 100_000 { // until conversations have their size
		require.NoError(t, send())
	}
	n := testing.AllocsPerRun(10_000, func() {
		if err := send(); err != nil {
			panic(err)
		}
	})
	require.LessOrEqual(t, n, 1.0)
}
