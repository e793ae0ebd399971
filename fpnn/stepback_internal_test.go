package fpnn

import (
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestReaderStepsBackNoMoreForAWhileWhereOthersKeepTheProcessorBusy(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	var in input
	for in.crowd == 0 { // now and then the scheduler takes the reader first
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			for start := time.Now(); time.Since(start) < 2*slowStep; {
			}
		}()
		in.stepBack()
		<-ended
	}
	require.Equal(t, crowded, in.crowd)
	for range crowded {
		in.stepBack()
	}
	require.Zero(t, in.crowd, "as many batches later it is tried again")
}
