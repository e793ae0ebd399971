package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/gofpnn/gofpnn/benchmarks/peer"
	"github.com/gofpnn/gofpnn/fpnn"
)

func TestMain(m *testing.M) {
	peer.Main()
	goleak.VerifyTestMain(m)
}

// called runs the command.
func called(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, err bytes.Buffer
	code = run(t.Context(), args, &out, &err)
	return code, out.String(), err.String()
}

// files returns the names in a directory.
func files(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, e := range entries {
		_, name, _ := strings.Cut(e.Name(), "-") // the year
		_, name, _ = strings.Cut(name, "-")
		_, name, _ = strings.Cut(name, "-")
		names = append(names, name)
	}
	return names
}

func TestLeagueOfAFew(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "results")
	code, stdout, stderr := called(t, "-json", "-out", dir, "-peers", "net/rpc,fpnn", "-n", "1,2", "-rounds", "2", "-duration", "20ms",
		"-warmup", "1ms", "-baseline", "me", "-exec", `me=echo "{\"calls\": $LEAGUE_N, \"seconds\": $LEAGUE_SECONDS}"`)
	require.Zero(t, code, stderr)
	require.Empty(t, stderr, "there is no terminal")
	var r struct {
		Machine map[string]any
		Rounds  int
		Rows    []map[string]any
	}
	require.NoError(t, json.Unmarshal([]byte(stdout), &r))
	require.NotEmpty(t, r.Machine["go"])
	require.Equal(t, 2, r.Rounds)
	require.Len(t, r.Rows, 6)
	for i, name := range []string{"fpnn", "fpnn", "net/rpc", "net/rpc", "me", "me"} {
		row := r.Rows[i]
		require.Equal(t, name, row["name"])
		require.EqualValues(t, i%2+1, row["n"])
		calls := row["calls_per_s"].(map[string]any)
		require.Positive(t, calls["min"])
		ratio := calls["median"].(float64) / r.Rows[4+i%2]["calls_per_s"].(map[string]any)["median"].(float64)
		require.InEpsilon(t, ratio, row["ratio"], 1e-9)
		for _, key := range []string{"p50_us", "p99_us", "p999_us", "allocs", "bytes", "client_cpu_us", "server_cpu_us"} {
			require.Contains(t, row, key)
			if name != "me" {
				require.NotNil(t, row[key], key)
			}
		}
	}
	require.Equal(t, []string{"league.json", "league.md", "league.svg"}, files(t, dir))
}

func TestBaselineIsAmongThoseMeasured(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{
		"":                               "net/rpc",
		"-peers grpc,net/rpc":            "net/rpc",
		"-peers rueidis,grpc":            "grpc", // the first in the report
		"-peers grpc -exec me=:":         "grpc",
		"-baseline me -exec me=:":        "me",
		"-baseline fpnn -peers raw,fpnn": "fpnn",
	} {
		var o options
		require.NoError(t, o.flags(io.Discard).Parse(strings.Fields(args)))
		peers, err := o.chosen()
		require.NoError(t, err)
		require.Equal(t, want, o.baseline, args)
		require.True(t, slices.ContainsFunc(peers, func(p peer.Peer) bool { return p.Name == want }))
	}
}

func TestANumberOfCallersIsMeasuredOnce(t *testing.T) {
	t.Parallel()
	var l intList
	require.NoError(t, l.Set("16,1,16"))
	require.Equal(t, intList{16, 1}, l)
}

func TestFailureOfAPeerIsTold(t *testing.T) {
	code, stdout, stderr := called(t, "-out", "", "-peers", "fpnn", "-n", "1", "-rounds", "1", "-duration", "10ms", "-baseline", "fpnn",
		"-exec", "me=exit 3")
	require.Equal(t, 1, code)
	require.Contains(t, stderr, "league: me: 1 of 1 measurements, the last with: outside program: exit status 3")
	require.Contains(t, stdout, "- me: an outside program. Failed: ")
	require.Contains(t, stdout, "| fpnn ")
}

func TestQuickRunsSaySo(t *testing.T) {
	dir := t.TempDir()
	code, stdout, stderr := called(t, "-quick", "-out", dir, "-peers", "fpnn,net/rpc", "-n", "1")
	require.Zero(t, code, stderr)
	require.Contains(t, stdout, "A quick run")
	require.Equal(t, []string{"league-quick.json", "league-quick.md", "league-quick.svg"}, files(t, dir))
}

func TestOpenAndScaleArePublished(t *testing.T) {
	dir := t.TempDir()
	code, stdout, stderr := called(t, "open", "-quick", "-out", dir, "-peers", "fpnn", "-rate", "100,200", "-n", "4")
	require.Zero(t, code, stderr)
	require.Contains(t, stdout, "## Knees")
	require.Contains(t, stdout, "A quick run")
	code, stdout, stderr = called(t, "scale", "-quick", "-json", "-out", dir, "-only", "listeners")
	require.Zero(t, code, stderr)
	var r struct {
		Quick   bool
		Seconds float64
	}
	require.NoError(t, json.Unmarshal([]byte(stdout), &r))
	require.True(t, r.Quick)
	require.InEpsilon(t, 0.2, r.Seconds, 1e-9)
	require.Equal(t, []string{
		"open-quick.json", "open-quick.md", "open-quick.svg", "scale-quick-listeners.svg", "scale-quick.json", "scale-quick.md",
	}, files(t, dir))
}

func TestWrongUsage(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{
		"-nosuch":                       "flag provided but not defined",
		"what":                          `unknown argument "what"`,
		"-peers nosuch":                 `no peer "nosuch"`,
		"-baseline nosuch":              `no peer "nosuch"`,
		"-baseline grpc -peers fpnn":    `no peer "grpc" among those that are measured`,
		"-n 0":                          "above 0",
		"-n 1,x":                        "invalid",
		"-rounds 0":                     "above 0",
		"-warmup -1s":                   "-warmup cannot be below 0",
		"-exec name":                    "name=command",
		"-exec a,b=:":                   "without a comma",
		"-exec fpnn=:":                  `a peer "fpnn" already`,
		"-exec me=: -exec me=:":         `a peer "me" already`,
		"open -rate 2,1":                "ascending",
		"open -peers nosuch":            `no peer "nosuch"`,
		"open -n 0":                     "above 0",
		"open -limit 0s":                "above 0",
		"open -limit -1ms":              "above 0",
		"open -rate 1,1":                "ascending",
		"open -rate 0":                  "not above 0",
		"open -rate 1,inf":              "up to 1e+09",
		"open -rate nan,1":              "not above 0",
		"open -rate 1e300":              "up to 1e+09",
		"scale -only connections,what":  `no curve "what"`,
		"scale -rounds 0":               "above 0",
		"serve 127.0.0.1:0":             "unknown argument",
		"-duration 0s -peers fpnn,grpc": "above 0",
	} {
		code, stdout, stderr := called(t, append(strings.Fields(args), "-out", "")...)
		if strings.HasPrefix(args, "serve") {
			code, stdout, stderr = called(t, strings.Fields(args)...)
		}
		require.Equal(t, 2, code, args)
		require.Contains(t, stderr, want, args)
		require.Empty(t, stdout, args)
	}
	code, _, stderr := called(t, "-help")
	require.Zero(t, code)
	require.Contains(t, stderr, "-baseline")
}

func TestServeAnswersOutsidePrograms(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	out, in := io.Pipe()
	code := make(chan int, 1)
	go func() { code <- run(ctx, []string{"serve", "-listen", "127.0.0.1:0"}, in, io.Discard) }()
	lines := bufio.NewScanner(out)
	for _, prefix := range []string{"listening on ", "raw echo peer on "} {
		require.True(t, lines.Scan())
		addr, ok := strings.CutPrefix(lines.Text(), prefix)
		require.True(t, ok, lines.Text())
		c, err := fpnn.Dial(ctx, addr)
		require.NoError(t, err)
		answer, err := c.Call(ctx, "two way demo", map[string]any{"a": 7})
		require.NoError(t, err)
		n, err := answer.Int64("a")
		require.NoError(t, err)
		require.EqualValues(t, 7, n, "comes back as it was")
		require.NoError(t, c.Close())
	}
	cancel()
	require.Zero(t, <-code)
}
