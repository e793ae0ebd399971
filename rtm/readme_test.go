package rtm_test

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The code in the README is the code of Example, so it compiles and runs.
func TestReadmeShowsTheExample(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("../README.md")
	require.NoError(t, err)
	_, code, ok := strings.Cut(string(readme), "<!-- rtm/example_test.go -->\n```go\n")
	require.True(t, ok)
	code, _, ok = strings.Cut(code, "```")
	require.True(t, ok)

	source, err := os.ReadFile("example_test.go")
	require.NoError(t, err)
	var body strings.Builder
	for line := range strings.Lines(string(source)) {
		body.WriteString(strings.TrimPrefix(line, "\t"))
	}
	require.Contains(t, body.String(), code)
}
