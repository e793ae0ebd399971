package rtm_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/rtm"
	"github.com/gofpnn/gofpnn/rtm/compat"
)

// Defaults and versions that the README gives are those of the code, each where it is
// given; [TestReadmesSayTheSame] holds the Chinese one to them.
func TestReadmeGivesTheNumbersOfTheCode(t *testing.T) {
	t.Parallel()
	text := readMarkdown(t, readme).text
	api := regexp.MustCompile(`^\d+\.\d+`).FindString(compat.APIVersion)
	for _, want := range []string{
		fmt.Sprintf("(%d,%03d messages, %d minutes without", rtm.DefaultDedupPushes/1000, rtm.DefaultDedupPushes%1000, rtm.DefaultDedupAge/time.Minute),
		fmt.Sprintf("| %d MiB, an option;", fpnn.DefaultMaxPackage>>20),
		fmt.Sprintf("random pauses up to %d s |", fpnn.DefaultReconnect.Max/time.Second),
		"Go (rtm-server-sdk-go " + compat.SDKVersion + " on",
		"from the published SDK (" + compat.SDKVersion + ")",
		"| The server API " + api + ",",
	} {
		require.Equal(t, 1, strings.Count(text, want), want)
	}
}

// packages returns the directories that hold packages for others to import, from the
// root.
func packages(t *testing.T) (dirs []string) {
	t.Helper()
	err := filepath.WalkDir("..", func(dir string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		if name := d.Name(); dir != ".." && (strings.HasPrefix(name, ".") || name == "benchmarks" || name == "internal" || name == "cmd" || name == "testdata") {
			return fs.SkipDir
		}
		files, err := filepath.Glob(dir + "/*.go")
		if err == nil && len(files) > 0 {
			dirs = append(dirs, filepath.ToSlash(strings.TrimPrefix(dir, ".."+string(filepath.Separator))))
		}
		return err
	})
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(dirs), 12)
	return dirs
}

func TestReadmeListsEveryPackage(t *testing.T) {
	t.Parallel()
	text := readMarkdown(t, readme).text
	for _, dir := range packages(t) {
		require.Equal(t, 1, strings.Count(text, "\n| [`"+dir+"`]("+dir+") | "), dir)
	}
}

// A package that others import has an example whose output is checked.
func TestEveryPackageHasAnExample(t *testing.T) {
	t.Parallel()
	example := regexp.MustCompile(`(?ms)^func Example\w*\(\) \{.*?^\t// (?:Unordered output|Output):`)
	for _, dir := range packages(t) {
		files, err := filepath.Glob("../" + dir + "/*_test.go")
		require.NoError(t, err)
		found := false
		for _, file := range files {
			source, err := os.ReadFile(file)
			require.NoError(t, err)
			found = found || example.Match(source)
		}
		require.True(t, found, "no example in %s", dir)
	}
}
