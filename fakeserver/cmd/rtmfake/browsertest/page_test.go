package browsertest

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/rtm"
)

func quoted(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	require.NoError(t, err)
	return string(text)
}

func TestMessagesAppearWithoutReload(t *testing.T) {
	t.Parallel()
	url, client := gate(t)
	b := open(t, url)
	b.until(t, `document.getElementById('connections').textContent.includes('127.0.0.1:')`)
	require.True(t, eval[bool](t, b, `window.stays = true`))
	for n, text := range []string{"hello", "你好"} {
		_, err := client.Send(t.Context(), 1001, rtm.Group(7), rtm.Message{Type: 66, Text: text})
		require.NoError(t, err)
		b.until(t, fmt.Sprintf(`document.querySelector('#conversations li .body')?.textContent === %s`, quoted(t, text)))
		b.until(t, fmt.Sprintf(`document.querySelector('#journal').textContent.includes(%s)`, quoted(t, text)))
		require.Equal(t, n+1, eval[int](t, b, `document.querySelectorAll('#conversations li').length`))
	}
	require.Equal(t, "group 7", eval[string](t, b, `document.querySelector('#conversations strong').textContent`))
	require.Equal(t, "1001", eval[string](t, b, `document.querySelector('#conversations b').textContent`))
	require.Equal(t, 4, eval[int](t, b, `document.querySelectorAll('#journal tr').length`), "quests and answers")
	const payload = `document.querySelector('#journal tr:last-child summary').textContent`
	require.NotContains(t, eval[string](t, b, payload), `"sign"`, "it is not what one looks for")
	b.do(t, chromedp.Click(chromedp.CSS(`#journal tr:last-child summary`)))
	b.until(t, payload+`.includes('"sign":"')`)

	require.NoError(t, client.Close())
	b.until(t, `document.getElementById('connections').children.length === 0`)
	require.True(t, eval[bool](t, b, `window.stays`), "it was never loaded again")
	b.clean(t)
}

func TestHostileTextIsShownAsText(t *testing.T) {
	t.Parallel()
	url, client := gate(t)
	b := open(t, url)
	hostile := map[string]string{ // and how it is shown
		`<img src=x onerror="window.hurt = 1">`:                "",
		`</script><script>window.hurt = 2</script>`:            "",
		`<svg onload="window.hurt = 3"><a href="javascript:">`: "",
		"\x1b[31mred\x07":              "␛[31mred␇",
		"safe\u202ekcatta\u2066\u200b": "safe⟨202e⟩kcatta⟨2066⟩⟨200b⟩",
		"مرحبا بالعالم":                "",
		"👩\u200d👩\u200d👧 é":            "",
		"two\nlines":                   "",
	}
	set := rtm.ListenSet{}
	for text, shown := range hostile {
		if shown == "" {
			shown = text
		}
		_, err := client.Send(t.Context(), 1001, rtm.Group(7), rtm.Message{Type: 66, Text: text, Attrs: text})
		require.NoError(t, err)
		for _, where := range []string{".body", "code"} {
			b.until(t, fmt.Sprintf(`document.querySelector('#conversations li %s')?.textContent === %s`, where, quoted(t, shown)))
		}
		_, err = client.FPNN().Call(t.Context(), text, map[string]any{text: text})
		require.Error(t, err)
		b.until(t, fmt.Sprintf(`[...document.querySelectorAll('#journal .method span')].some(e => e.textContent === %s)`, quoted(t, shown)))
		set.Events = append(set.Events, text)
	}
	require.NoError(t, client.AddListen(t.Context(), set))
	b.until(t, `document.querySelector('#listeners').textContent.includes('<img')`)

	require.True(t, eval[bool](t, b, `window.hurt === undefined`))
	require.Zero(t, eval[int](t, b, `document.querySelectorAll('img, svg, iframe, main a, script:not([src="app.js"])').length`))
	b.clean(t)
	require.True(t, eval[bool](t, b, `(() => { try { document.body.innerHTML = '<img>' } catch { return true } })()`),
		"the policy forbids what the page does not do anyway")
}

func TestJournalIsFilteredAndPaused(t *testing.T) {
	t.Parallel()
	url, client := gate(t)
	b := open(t, url)
	say := func(text string) {
		_, err := client.Send(t.Context(), 1001, rtm.Group(7), rtm.Message{Type: 66, Text: text})
		require.NoError(t, err)
	}
	const rows = `[...document.querySelectorAll('#journal tr:not([hidden])')]`
	say("first")
	b.until(t, rows+`.length === 2`)
	b.do(t, chromedp.SendKeys(chromedp.CSS("#filter"), "FIRST"))
	b.until(t, rows+`.length === 1`)
	say("second")
	b.until(t, `document.querySelectorAll('#journal tr').length === 4`)
	require.Equal(t, 1, eval[int](t, b, rows+`.length`))
	b.do(t, chromedp.Click(chromedp.CSS("#pause")))
	say("the third is like the first")
	b.until(t, `document.querySelectorAll('#conversations li').length === 3`)
	require.Equal(t, 1, eval[int](t, b, rows+`.length`))
	b.do(t, chromedp.Click(chromedp.CSS("#pause")))
	b.until(t, rows+`.length === 2`)
	b.clean(t)
}

func TestPageTellsHowManyRecordsItDoesNotShow(t *testing.T) {
	t.Parallel()
	url, client := gate(t)
	say := func(n int) {
		for range n {
			_, err := client.Send(t.Context(), 1001, rtm.Group(7), rtm.Message{Type: 66, Text: "hello"})
			require.NoError(t, err)
		}
	}
	const gaps = `[...document.querySelectorAll('#journal .gap')].map(e => e.textContent).join()`
	say(150)
	b := open(t, url)
	b.until(t, gaps+` === '100 older records are not shown'`)
	b.until(t, `document.querySelectorAll('#journal tr').length === 201`)
	b.do(t, chromedp.Click(chromedp.CSS("#pause")))
	say(200)
	b.until(t, `queue.at(-1)?.n === 700`)
	b.do(t, chromedp.Click(chromedp.CSS("#pause")))
	b.until(t, gaps+` === '100 records were missed'`)
	require.Equal(t, 500, eval[int](t, b, `document.querySelectorAll('#journal tr').length`), "the oldest go")
	b.clean(t)
}

func TestPageFitsNarrowAndWide(t *testing.T) {
	t.Parallel()
	url, client := gate(t)
	b := open(t, url)
	fill(t, client)
	b.until(t, `document.querySelectorAll('#conversations details').length === 6 && document.querySelectorAll('#members li').length === 3`)
	b.until(t, `document.querySelector('#journal').textContent.includes('nosuchmethod')`)
	for _, width := range []int64{400, 700, 1400} {
		for _, scheme := range []string{"light", "dark"} {
			_, err := chromedp.Call(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
				{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"},
			}})
			require.NoError(t, err)
			b.do(t, chromedp.EmulateViewport(width, 900))
			if *screenshots != "" {
				picture, err := chromedp.Run(b, chromedp.FullScreenshot(100))
				require.NoError(t, err)
				require.NoError(t, os.WriteFile(filepath.Join(*screenshots, fmt.Sprintf("%d-%s.png", width, scheme)), picture, 0o644))
			}
			require.LessOrEqual(t, eval[int64](t, b, `document.documentElement.scrollWidth`), width)
			require.True(t, eval[bool](t, b, `[...document.querySelectorAll('section')].every(s => s.scrollWidth <= s.clientWidth)`), "at %d", width)
		}
	}
	b.clean(t)
}

// fill makes what a working day leaves.
func fill(t *testing.T, client *rtm.Client) {
	t.Helper()
	ctx := t.Context()
	send := func(from int64, to rtm.Target, m rtm.Message) rtm.Receipt {
		r, err := client.Send(ctx, from, to, m)
		require.NoError(t, err)
		return r
	}
	require.NoError(t, client.AddListen(ctx, rtm.ListenSet{Groups: []int64{7, 12}, Users: []int64{1001}, Events: []string{"login", "logout"}}))
	require.NoError(t, client.AddGroupMembers(ctx, 7, []int64{1001, 1002, 1003, 1004, 1005}))
	require.NoError(t, client.AddGroupMembers(ctx, 12, []int64{1001, 1003}))
	_, err := client.AddRoomMembers(ctx, 9001, []int64{1001, 1002, 1005, 1008, 1009, 1011})
	require.NoError(t, err)
	_, err = client.Token(ctx, 1001)
	require.NoError(t, err)
	send(1, rtm.Everyone, rtm.Message{Type: 99, Text: "The gate restarts at 22:00.", Attrs: `{"level":"info"}`})
	send(1002, rtm.Room(9001), rtm.Message{Type: 66, Text: "Who is on call this week?"})
	send(1005, rtm.Room(9001), rtm.Message{Type: 66, Text: "I am, until Friday."})
	send(1003, rtm.Group(12), rtm.Message{Type: 50, Data: []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x01\x00\x00\x00\x01\x00\x08\x06\x00\x00\x00")})
	send(1001, rtm.User(1002), rtm.Message{Type: 66, Text: "Lunch?"})
	send(1002, rtm.User(1001), rtm.Message{Type: 66, Text: "In ten minutes."})
	send(1004, rtm.User(1001), rtm.Message{Type: 66, Text: "مرحبا، هل التقرير جاهز؟"})
	send(1001, rtm.Group(7), rtm.Message{Type: 66, Text: "Good morning!"})
	send(1002, rtm.Group(7), rtm.Message{Type: 66, Text: "你好，今天的发布准备好了吗？"})
	gone := send(1003, rtm.Group(7), rtm.Message{Type: 66, Text: "wrong channel"})
	require.NoError(t, client.Delete(ctx, 1003, rtm.Group(7), gone.ID))
	send(1001, rtm.Group(7), rtm.Message{Type: 66, Text: "Almost. The only test that still fails is the one with https://example.org/a/very/long/address?that=has&no=place&to=be&broken=0123456789abcdef0123456789abcdef"})
	send(1005, rtm.Group(7), rtm.Message{Type: 66, Text: "Fixed.", Attrs: `{"thread":"release-42"}`})
	_, err = client.Get(ctx, 1001, rtm.Group(7), 1)
	require.Error(t, err)
	_, err = client.History(ctx, 1001, rtm.Group(7), rtm.HistoryQuery{Limit: 5})
	require.NoError(t, err)
	_, err = client.FPNN().Call(ctx, "nosuchmethod", map[string]any{"a": 1})
	require.Error(t, err)
}

func TestPageTellsWhatItLeavesOut(t *testing.T) {
	t.Parallel()
	url, client := gate(t)
	b := open(t, url)
	require.Empty(t, eval[string](t, b, `document.querySelector('#left').innerText`))
	long := strings.Repeat("\x1b<>", 4000)
	for n := range 20 * 20 {
		_, err := client.Send(t.Context(), 1001, rtm.Group(int64(n%20)), rtm.Message{Type: 66, Text: long, Attrs: long[:1800]})
		require.NoError(t, err)
	}
	b.until(t, `/^\d+ messages are left out/.test(document.querySelector('#left').innerText)`)
	b.until(t, `document.querySelectorAll('#conversations details').length === 20`)
	if *screenshots != "" {
		picture, err := chromedp.Run(b, chromedp.FullScreenshot(100))
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(*screenshots, "left-out.png"), picture, 0o644))
	}
	b.clean(t)
}
