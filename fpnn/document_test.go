package fpnn_test

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/fpnn"
)

// The table of limits in the package's documentation has the defaults there are, and
// each option that sets a limit.
func TestDocumentationHasTheDefaults(t *testing.T) {
	t.Parallel()
	doc, err := os.ReadFile("doc.go")
	require.NoError(t, err)
	_, table, ok := strings.Cut(string(doc), "// # Limits\n")
	require.True(t, ok)
	table, _, ok = strings.Cut(table, "// # Outages\n")
	require.True(t, ok)

	count := func(n int) string {
		if n > 999 {
			return fmt.Sprintf("%d,%03d", n/1000, n%1000)
		}
		return fmt.Sprint(n)
	}
	size := func(n int) string {
		if n%(1<<20) == 0 {
			return fmt.Sprintf("%d MiB", n>>20)
		}
		return fmt.Sprintf("%d KiB", n>>10)
	}
	seconds := func(d time.Duration) string { return fmt.Sprintf("%d s", d/time.Second) }
	for option, value := range map[string]string{
		"WithMaxPackage":   size(fpnn.DefaultMaxPackage),
		"WithMaxInFlight":  count(fpnn.DefaultMaxInFlight),
		"WithMaxWaiting":   count(fpnn.DefaultMaxInFlight),
		"WithWriteBuffer":  size(fpnn.DefaultWriteBuffer),
		"WithInbox":        count(fpnn.DefaultInbox),
		"WithConcurrency":  "1, " + count(fpnn.DefaultConcurrency),
		"WithTimeout":      seconds(fpnn.DefaultTimeout),
		"WithDialTimeout":  seconds(fpnn.DefaultDialTimeout),
		"WithWriteTimeout": seconds(fpnn.DefaultWriteTimeout),
		"WithReadTimeout":  seconds(fpnn.DefaultReadTimeout),
		"WithIdleTimeout":  seconds(fpnn.DefaultIdleTimeout) + ", 0",
		"WithLateTimeout":  seconds(fpnn.DefaultLateTimeout),
		"WithMaxBuffered":  size(fpnn.DefaultMaxBuffered),
		"WithMaxConns":     "none",
		"WithQuestRate":    "none",
	} {
		row := regexp.MustCompile(`(?m)^//\t` + option + `\s{2,}(.*?)\s{2,}`).FindStringSubmatch(table)
		require.NotNil(t, row, option)
		require.Equal(t, value, row[1], option)
	}
	require.Len(t, regexp.MustCompile(`(?m)^//\tWith`).FindAllString(table, -1), 15, "rows")
}
