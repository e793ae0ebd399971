//go:build !race

package rtm_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/fakeserver"
	"github.com/gofpnn/gofpnn/rtm"
)

// The program of the README is compiled as it is there, but for where the gate is, and
// does what it says.
func TestReadmeProgramRuns(t *testing.T) {
	t.Parallel()
	gate := fakeserver.New(t, fakeserver.WithTCP("127.0.0.1:0"), fakeserver.WithProject(rtm.Project{ID: 80000071, Secret: "KEY"}))
	program := readMarkdown(t, readme).sections[0].blocks[1]
	require.Equal(t, 1, strings.Count(program, "127.0.0.1:13325"))
	file := filepath.Join(t.TempDir(), "main.go")
	require.NoError(t, os.WriteFile(file, []byte(strings.Replace(program, "127.0.0.1:13325", gate.Addr(), 1)), 0o600))
	out, err := exec.CommandContext(t.Context(), "go", "run", file).CombinedOutput()
	require.NoError(t, err, string(out))
	require.Equal(t, "1001 你好 <nil>\n", string(out))
	gate.Expect(t).Stored(rtm.Group(7), "你好")
}
