package rtm_test

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/fakeserver"
	"github.com/gofpnn/gofpnn/rtm"
)

// The recipe that the README shows.
func TestReadmeRecipe(t *testing.T) {
	t.Parallel()
	gate := fakeserver.New(t)
	client, err := rtm.Dial(t.Context(), gate.Addr(), gate.Project(), rtm.WithDialer(gate.Dialer()))
	require.NoError(t, err)
	defer client.Close()

	gate.On("sendgroupmsg", fakeserver.Fail(20011, "busy"), fakeserver.Times(2)) // or drop, delay, corrupt, lose the answer
	gate.Network().CloseClients()                                                // or cut, pause, refuse, slow down, restart
	for _, text := range []string{"hello", "你好"} {
		_, err := client.Send(t.Context(), 1001, rtm.Group(7), rtm.Message{Type: 66, Text: text})
		require.NoError(t, err)
	}
	gate.Expect(t).Stored(rtm.Group(7), "hello", "你好") // or show the difference
}

const readme, readmeChinese = "README.md", "README.zh-CN.md"

// markdown is a document of the root, taken apart.
type markdown struct {
	text     string
	sections []section
}

// section is a heading and what stands under it.
type section struct {
	level   int
	blocks  []string   // code, fenced or indented
	rows    [][]string // of tables, cell by cell, headers included
	bullets int
	links   []string // their targets
	code    []string // within lines
	numbers []string // outside of blocks
}

var (
	codeSpan = regexp.MustCompile("`[^`]+`")
	number   = regexp.MustCompile(`\d+(?:[.,]\d+)*`)
	link     = regexp.MustCompile(`\]\(([^)]+)\)`)
	heading  = regexp.MustCompile(`^#+ `)
	fenced   = regexp.MustCompile("(?ms)^```\\w*\n(.*?)^```\n")
	indented = regexp.MustCompile(`(?m)(?:^ {4}.*\n)+`)
)

func readMarkdown(t *testing.T, name string) *markdown {
	t.Helper()
	text, err := os.ReadFile("../" + name)
	require.NoError(t, err)
	m := &markdown{text: string(text)}
	rest := m.text
	for rest != "" {
		end := strings.Index(rest, "\n#")
		if end < 0 {
			end = len(rest) - 1
		}
		m.sections = append(m.sections, newSection(rest[:end+1]))
		rest = rest[end+1:]
	}
	return m
}

func newSection(text string) (s section) {
	s.level = len(heading.FindString(text))
	for _, form := range []*regexp.Regexp{fenced, indented} {
		for _, m := range form.FindAllStringSubmatch(text, -1) {
			s.blocks = append(s.blocks, m[len(m)-1])
		}
		text = form.ReplaceAllString(text, "")
	}
	s.code = codeSpan.FindAllString(text, -1)
	s.numbers = number.FindAllString(text, -1)
	for _, m := range link.FindAllStringSubmatch(text, -1) {
		s.links = append(s.links, m[1])
	}
	for line := range strings.Lines(text) {
		switch {
		case strings.HasPrefix(line, "|"):
			s.rows = append(s.rows, strings.Split(strings.Trim(line, "|\n"), "|"))
		case strings.HasPrefix(line, "- "):
			s.bullets++
		}
	}
	return s
}

// Both languages have the same code, commands, tables, links and numbers, section by
// section, and tables cell by cell.
func TestReadmesSayTheSame(t *testing.T) {
	t.Parallel()
	english, chinese := readMarkdown(t, readme), readMarkdown(t, readmeChinese)
	require.Equal(t, readmeChinese, english.sections[0].links[0], "each leads to the other, first of all")
	require.Equal(t, readme, chinese.sections[0].links[0])
	english.sections[0].links[0] = readme
	require.Len(t, chinese.sections, len(english.sections))
	for i, e := range english.sections {
		c := chinese.sections[i]
		require.Equal(t, e.level, c.level, "section %d", i)
		require.Equal(t, e.blocks, c.blocks, "section %d", i)
		require.ElementsMatch(t, e.links, c.links, "section %d", i)
		require.ElementsMatch(t, e.code, c.code, "section %d", i)
		require.ElementsMatch(t, e.numbers, c.numbers, "section %d", i)
		require.Equal(t, e.bullets, c.bullets, "section %d", i)
		require.Len(t, c.rows, len(e.rows), "section %d", i)
		for j, row := range e.rows {
			require.Len(t, c.rows[j], len(row), row)
			for k, cell := range row {
				require.ElementsMatch(t, codeSpan.FindAllString(cell, -1), codeSpan.FindAllString(c.rows[j][k], -1), cell)
				require.ElementsMatch(t, number.FindAllString(cell, -1), number.FindAllString(c.rows[j][k], -1), cell)
				require.Equal(t, strings.TrimSpace(cell) == "", strings.TrimSpace(c.rows[j][k]) == "", cell)
			}
		}
	}
}

// Who has read forty lines has seen what it is, that it runs, and what a program
// looks like.
func TestReadmeBeginsWithTheDemoAndAProgram(t *testing.T) {
	t.Parallel()
	for _, name := range []string{readme, readmeChinese} {
		first := readMarkdown(t, name).sections[0]
		require.Len(t, first.blocks, 2)
		require.True(t, strings.HasPrefix(first.blocks[0], "$ go run ./rtm/cmd/rtm demo\n"))
		require.True(t, strings.HasPrefix(first.blocks[1], "package main\n"))
		require.LessOrEqual(t, strings.Count(first.blocks[1], "\n"), 25)
		before, _, _ := strings.Cut(readMarkdown(t, name).text, first.blocks[1])
		require.LessOrEqual(t, strings.Count(before+first.blocks[1], "\n")+1, 40)
	}
}

// Code that the README takes from a file is there.
func TestReadmeShowsWhatIsInTheFiles(t *testing.T) {
	t.Parallel()
	text := readMarkdown(t, readme).text
	shown := regexp.MustCompile("(?s)<!-- (\\S+) -->\n```go\n(.*?)```").FindAllStringSubmatch(text, -1)
	require.Len(t, shown, strings.Count(text, "```go\n")-1, "all but the program, which runs")
	indent := regexp.MustCompile(`(?m)^(?:\t|//\t)`)
	for _, m := range shown {
		source, err := os.ReadFile("../" + m[1])
		require.NoError(t, err)
		require.Contains(t, indent.ReplaceAllString(string(source), ""), m[2], m[1])
	}
}

// The tests and examples that hold a row are there, and so is what links lead to.
func TestReadmeNamesWhatThereIs(t *testing.T) {
	t.Parallel()
	for _, name := range []string{readme, readmeChinese, "CONTRIBUTING.md", "CHANGELOG.md"} {
		m := readMarkdown(t, name)
		for _, held := range regexp.MustCompile("`([a-z/]+)\\.((?:Test|Example|Fuzz|Benchmark)\\w*)`").FindAllStringSubmatch(m.text, -1) {
			require.True(t, declares(t, held[1], held[2]), "%s: %s", name, held[0])
		}
		for _, s := range m.sections {
			for _, target := range s.links {
				if !strings.Contains(target, "://") {
					_, err := os.Stat(path.Join("..", target))
					require.NoError(t, err, name)
				}
			}
		}
		for _, command := range regexp.MustCompile(`go run \./(\S+?)[\s`+"`"+`)]`).FindAllStringSubmatch(m.text, -1) {
			dir := command[1]
			if !strings.Contains(dir, "/cmd/") {
				dir = path.Join("benchmarks", dir)
			}
			require.FileExists(t, path.Join("..", dir, "main.go"), "%s: %s", name, command[0])
		}
	}
}

// declares reports whether a package's tests have a function.
func declares(t *testing.T, pkg, function string) bool {
	t.Helper()
	files, err := filepath.Glob("../" + pkg + "/*_test.go")
	require.NoError(t, err)
	for _, file := range files {
		source, err := os.ReadFile(file)
		require.NoError(t, err)
		if strings.Contains(string(source), "\nfunc "+function+"(") {
			return true
		}
	}
	return false
}

// The version of Go is the one that go.mod asks for.
func TestReadmeNamesTheVersionOfGo(t *testing.T) {
	t.Parallel()
	mod, err := os.ReadFile("../go.mod")
	require.NoError(t, err)
	version := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindStringSubmatch(string(mod))[1]
	for _, name := range []string{readme, readmeChinese} {
		named := regexp.MustCompile(`\bGo[ |]+(\d\.\d+)`).FindAllStringSubmatch(readMarkdown(t, name).text, -1)
		require.Len(t, named, 2)
		for _, m := range named {
			require.Equal(t, version, m[1])
		}
	}
}

// Every row about this project has tests that hold it, but those that say no.
func TestReadmeTablesOfPromisesAreHeld(t *testing.T) {
	t.Parallel()
	held := 0
	for _, s := range readMarkdown(t, readme).sections {
		if len(s.rows) == 0 || strings.TrimSpace(s.rows[0][len(s.rows[0])-1]) != "held by" {
			continue
		}
		for _, row := range s.rows[2:] {
			held++
			last := row[len(row)-1]
			require.True(t, codeSpan.MatchString(last) || strings.TrimSpace(row[1]) == "no", row)
		}
	}
	require.Greater(t, held, 30)
}

// The differences that a program notices which changes its import are those of the
// documentation of package compat.
func TestReadmeListsTheDifferencesOfCompat(t *testing.T) {
	t.Parallel()
	doc, err := os.ReadFile("compat/doc.go")
	require.NoError(t, err)
	plain := strings.NewReplacer("// ", "", "//", "", "[", "", "]", "")
	require.Equal(t, bulletsOf(plain.Replace(string(doc))), bulletsOf(readMarkdown(t, readme).text))
}

// bulletsOf returns the items of all lists in a text, each in one line.
func bulletsOf(text string) (items []string) {
	in := false
	for line := range strings.Lines(text) {
		item, begins := strings.CutPrefix(strings.TrimSpace(line), "- ")
		switch {
		case begins:
			items = append(items, item)
		case in && item != "" && strings.HasPrefix(line, " "):
			items[len(items)-1] += " " + item
		}
		in = begins || in && item != ""
	}
	return items
}
