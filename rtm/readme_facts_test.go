package rtm_test

import (
	"fmt"
	"go/parser"
	"go/token"
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
		fmt.Sprintf("(%d,%03d messages, %d minutes, counted anew from each reconnect", rtm.DefaultDedupPushes/1000, rtm.DefaultDedupPushes%1000, rtm.DefaultDedupAge/time.Minute),
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

// The table of imports has a row for every package, with all that it imports of this
// module.
func TestContributingSaysWhatEachPackageImports(t *testing.T) {
	t.Parallel()
	_, table, ok := strings.Cut(readMarkdown(t, "CONTRIBUTING.md").text, "\n## Who may import whom\n")
	require.True(t, ok)
	table, _, _ = strings.Cut(table, "\n## ")
	for _, dir := range packages(t) {
		row := regexp.MustCompile("(?m)^\\|[^|]*`" + dir + "`[^|]*\\|(.*)$").FindStringSubmatch(table)
		require.NotNil(t, row, "no row for %s", dir)
		for _, path := range imports(t, dir) {
			parent, _, _ := strings.Cut(path, "/")
			require.True(t, strings.Contains(row[1], "`"+path+"`") || strings.Contains(row[1], "`"+parent+"/...`"), "%s imports %s", dir, path)
		}
	}
}

// imports returns which packages of this module a package imports, tests apart.
func imports(t *testing.T, dir string) (paths []string) {
	t.Helper()
	files, err := filepath.Glob("../" + dir + "/*.go")
	require.NoError(t, err)
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		require.NoError(t, err)
		for _, spec := range parsed.Imports {
			if path, ours := strings.CutPrefix(strings.Trim(spec.Path.Value, `"`), "github.com/gofpnn/gofpnn/"); ours {
				paths = append(paths, path)
			}
		}
	}
	return paths
}

// Who imports a module of its own gets the version that it requires: replace counts
// here only.
func TestNestedModuleRequiresTheNewestVersion(t *testing.T) {
	t.Parallel()
	version := regexp.MustCompile(`(?m)^## \[(\d+\.\d+\.\d+)\] - `).FindStringSubmatch(readMarkdown(t, "CHANGELOG.md").text)
	require.NotNil(t, version)
	mod, err := os.ReadFile("../fpnn/otelfpnn/go.mod")
	require.NoError(t, err)
	require.Contains(t, string(mod), "\n\tgithub.com/gofpnn/gofpnn v"+version[1]+"\n")
}
