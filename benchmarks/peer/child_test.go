package peer

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestProfileClosesItsFile(t *testing.T) {
	end, err := Profile(filepath.Join(t.TempDir(), "cpu"))
	require.NoError(t, err)
	require.NoError(t, end())
	require.ErrorIs(t, end(), os.ErrClosed)
}
