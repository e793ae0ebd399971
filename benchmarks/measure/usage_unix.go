//go:build unix

package measure

import (
	"syscall"
	"time"
)

// CPU returns the processor time this process has used, its kernel's included.
func CPU() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
