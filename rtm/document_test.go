package rtm_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/rtm"
)

// The numbers of the package's documentation are those of the code.
func TestDocumentationHasTheLimits(t *testing.T) {
	t.Parallel()
	doc, err := os.ReadFile("doc.go")
	require.NoError(t, err)
	text := strings.Join(strings.Fields(strings.ReplaceAll(string(doc), "//", "")), " ")
	count := func(n int) string {
		if n > 999 {
			return fmt.Sprintf("%d,%03d", n/1000, n%1000)
		}
		return fmt.Sprint(n)
	}
	limits, alive := rtm.DocumentedLimits, fpnn.DefaultKeepAlive
	found := alive.Interval + time.Duration(alive.Retries+1)*alive.Timeout
	for _, want := range []string{
		count(limits.MessageBytes) + " bytes of text or data, " + count(limits.AttrsBytes) + " of attributes, " +
			count(limits.Receivers) + " receivers, " + count(limits.Members) + " members;",
		fmt.Sprintf("a package %d MiB (", fpnn.DefaultMaxPackage>>20),
		fmt.Sprintf("is found within %d s, unless", found/time.Second),
	} {
		require.Contains(t, text, want)
	}
}
