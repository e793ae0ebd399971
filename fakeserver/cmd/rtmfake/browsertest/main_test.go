package browsertest

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/rtm"
)

var screenshots = flag.String("screenshots", "", "`directory` to leave pictures of the page in")

// rtmfake is the path of the command under test, "" without a browser.
var rtmfake string

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(run(m))
}

func run(m *testing.M) int {
	if browserPath() == "" {
		return m.Run()
	}
	dir, err := os.MkdirTemp("", "rtmfake")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	rtmfake = filepath.Join(dir, "rtmfake")
	build := exec.Command("go", "build", "-o", rtmfake, ".")
	build.Dir = ".." // in the module that it is of
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "%v\n%s", err, out)
		return 1
	}
	return m.Run()
}

func browserPath() string {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "headless-shell"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

const project, secret = 42, "secret-of-the-project"

// gate runs rtmfake until the test ends, and returns the URL of its page and a
// client.
func gate(t *testing.T) (url string, client *rtm.Client) {
	t.Helper()
	if rtmfake == "" {
		t.Skip("there is no Chromium here: apt-get install chromium")
	}
	cmd := exec.Command(rtmfake, "-listen", "127.0.0.1:0", "-http", "127.0.0.1:0", "-pid", fmt.Sprint(project), "-secret", secret)
	cmd.Stderr = os.Stderr
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	out := bufio.NewReader(stdout)
	address := line(t, out, "listening on ")
	url = line(t, out, "web page on ")
	client, err = rtm.Dial(t.Context(), address, rtm.Project{ID: project, Secret: secret},
		rtm.WithHandler(func(context.Context, rtm.Push) {}), rtm.WithFPNN(fpnn.WithoutKeepAlive())) // whose pings would be seen
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, client.Close())
		require.NoError(t, cmd.Process.Signal(os.Interrupt))
		_, err := io.Copy(io.Discard, out)
		require.NoError(t, err)
		require.NoError(t, cmd.Wait())
	})
	return url, client
}

func line(t *testing.T, out *bufio.Reader, prefix string) string {
	t.Helper()
	text, err := out.ReadString('\n')
	require.NoError(t, err)
	rest, ok := strings.CutPrefix(strings.TrimSpace(text), prefix)
	require.True(t, ok, text)
	return rest
}

// tab is a browser's tab, and what it complains about or asks others for.
type tab struct {
	context.Context
	mu     sync.Mutex
	wrongs []string
}

// open shows a page in a new browser until the test ends.
func open(t *testing.T, url string) *tab {
	t.Helper()
	opts := []chromedp.ExecAllocatorOption{
		chromedp.ExecPath(browserPath()), chromedp.Headless, chromedp.DisableGPU, chromedp.NoFirstRun,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true),
	}
	if os.Getuid() == 0 {
		opts = append(opts, chromedp.NoSandbox)
	}
	b := new(tab)
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), opts...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx, chromedp.WithListener(func(event any) { b.see(event, url) }))
	b.Context = ctx
	t.Cleanup(func() {
		last, stop := context.WithTimeout(ctx, 20*time.Second)
		defer stop()
		require.NoError(t, chromedp.Cancel(last))
		cancel()
	})
	require.NoError(t, chromedp.Do(ctx))
	_, err := chromedp.Call(ctx, network.Enable, network.EnableParams{})
	require.NoError(t, err)
	b.do(t, chromedp.Navigate(url))
	b.until(t, `document.getElementById('status').textContent === 'live'`)
	return b
}

func (b *tab) see(event any, url string) {
	wrong := ""
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		if !strings.HasPrefix(e.Request.URL, url) {
			wrong = "asked for " + e.Request.URL
		}
	case *runtime.EventExceptionThrown:
		wrong = e.ExceptionDetails.Text
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError {
			wrong = e.Entry.Text + " " + e.Entry.URL
		}
	}
	if wrong != "" {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.wrongs = append(b.wrongs, wrong)
	}
}

// clean requires that nothing has gone wrong, and nobody else was asked.
func (b *tab) clean(t *testing.T) {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	require.Empty(t, b.wrongs)
}

const patience = 20 * time.Second

func (b *tab) do(t *testing.T, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	ctx, cancel := context.WithTimeout(b, patience)
	defer cancel()
	require.NoError(t, chromedp.Do(ctx, steps...))
}

// until waits until an expression is true.
func (b *tab) until(t *testing.T, expression string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(b, patience)
	defer cancel()
	_, err := chromedp.Run(ctx, chromedp.Evaluate[bool](
		fmt.Sprintf(`(async () => { while (!(%s)) await new Promise(r => setTimeout(r, 20)); return true })()`, expression),
		chromedp.EvalAwaitPromise))
	if err != nil {
		text, _ := chromedp.Run(b, chromedp.Evaluate[string](`document.documentElement.innerText`))
		require.NoError(t, err, "%s\nin vain; the page shows:\n%s", expression, text)
	}
}

// eval returns an expression's value.
func eval[T any](t *testing.T, b *tab, expression string) T {
	t.Helper()
	value, err := chromedp.Run(b, chromedp.Evaluate[T](expression))
	require.NoError(t, err, expression)
	return value
}
