//go:build !race

package rtm_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// What CONTRIBUTING.md says of adding a method is done: its lines are put into the
// files it names, in an overlay, and the tests it names run.
func TestContributingAddsAMethod(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../CONTRIBUTING.md")
	require.NoError(t, err)
	edited := make(map[string]string) // files, from the root
	edit := func(file, line, more string) {
		before, ok := edited[file]
		if !ok {
			b, err := os.ReadFile("../" + file)
			require.NoError(t, err)
			before = string(b)
		}
		if line == "" {
			edited[file] = before + "\n" + more
			return
		}
		at := regexp.MustCompile(`(?m)^` + line + `.*\{\n`).FindStringIndex(before)
		require.NotNil(t, at, "%s has no line that begins with %s", file, line)
		edited[file] = before[:at[1]] + more + "\n" + before[at[1]:]
	}
	for _, m := range regexp.MustCompile("(?s)<!-- (\\S+) -->\n```go\n(.*?)```").FindAllStringSubmatch(string(text), -1) {
		if file, code := m[1], m[2]; file == "rtm/wire/vectors_test.go" {
			quest, answer, _ := strings.Cut(code, "\n")
			edit(file, "var quests = ", quest)
			edit(file, "var answers = ", answer)
		} else {
			edit(file, "", code)
		}
	}
	registration := regexp.MustCompile("`(\\w+Methods)`: `(alone\\(.*?\\))`").FindSubmatch(text)
	require.NotNil(t, registration)
	edit("fakeserver/users.go", `func \(s \*Server\) `+string(registration[1]), string(registration[2]))
	require.Len(t, edited, 5, "as many files as it says")

	root, err := filepath.Abs("..")
	require.NoError(t, err)
	dir := t.TempDir()
	var overlay struct{ Replace map[string]string }
	overlay.Replace = make(map[string]string)
	for file, code := range edited {
		path := filepath.Join(dir, strings.ReplaceAll(file, "/", "_"))
		require.NoError(t, os.WriteFile(path, []byte(code), 0o600))
		overlay.Replace[filepath.Join(root, file)] = path
	}
	list, err := json.Marshal(overlay)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "overlay.json"), list, 0o600))

	tests := []string{"TestOurQuestsSayWhatTheVendorsDo", "TestRecordedAnswersReadAsTypedResults", "TestNobodyIsOnline"}
	cmd := exec.CommandContext(t.Context(), "go", "test", "-overlay", filepath.Join(dir, "overlay.json"), "-v",
		"-run", "^("+strings.Join(tests, "|")+")$", "./rtm/wire", "./rtm")
	cmd.Dir = root
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	for _, test := range tests {
		require.Contains(t, string(out), "--- PASS: "+test)
	}
}
