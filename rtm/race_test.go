//go:build race

package rtm_test

import (
	"runtime"
	"testing"
)

// The race detector allocates where the program does not.
const raceEnabled = true

// oneProcessor has a long test in virtual time run on one processor. The timers of
// a bubble share one context of the race detector, which two that fire at the same
// time on two processors corrupt: Go 1.26 then crashes (go.dev/issue/78156).
func oneProcessor(t *testing.T) {
	t.Helper()
	n := runtime.GOMAXPROCS(1)
	t.Cleanup(func() { runtime.GOMAXPROCS(n) })
}
