package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Names begin with the day, so the last one is the newest.
func TestReadmesLinkTheNewestResults(t *testing.T) {
	t.Parallel()
	const root = "../../.."
	for readme, ends := range map[string][]string{
		"README.md":            {"-league.md", "-league.svg"},
		"README.zh-CN.md":      {"-league.md", "-league.svg"},
		"benchmarks/README.md": {"-league.md", "-open.md", "-scale.md", "-codec.txt", "-profile.txt"},
	} {
		text, err := os.ReadFile(filepath.Join(root, readme))
		require.NoError(t, err)
		for _, end := range ends {
			published, err := filepath.Glob(filepath.Join(root, "benchmarks/results/*"+end))
			require.NoError(t, err)
			require.NotEmpty(t, published, end)
			newest := filepath.Base(slices.Max(published))
			require.Equal(t, strings.Count(string(text), end), strings.Count(string(text), "results/"+newest), "%s: %s", readme, newest)
			require.Contains(t, string(text), "results/"+newest, readme)
		}
	}
}
