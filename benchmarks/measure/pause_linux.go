package measure

import (
	"syscall"
	"time"
)

// pause waits for d, or somewhat longer. The runtime's timers are late by up to a
// millisecond when nothing else is to be done; this is by a tenth of that.
func pause(d time.Duration) {
	t := syscall.NsecToTimespec(int64(d))
	_ = syscall.Nanosleep(&t, nil)
}
