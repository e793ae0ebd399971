//go:build !linux

package measure

import "time"

func pause(d time.Duration) {
	<-time.After(d)
}
