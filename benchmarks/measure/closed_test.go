package measure

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// Of a caller the calls that are timed take 10 or, every other one, 30 ms, the
// others 100. Callers whose numbers are eight apart begin with another of the two.
func TestOneCallInEightOfManyIsTimed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		callers := make([]Caller, 32)
		for i := range callers {
			n := -i % 8
			callers[i] = func() error {
				took := 100 * time.Millisecond
				if n%8 == 0 {
					took = 10 * time.Millisecond
					if n/8%2 != i/8%2 {
						took = 30 * time.Millisecond
					}
				}
				n++
				<-time.After(took)
				return nil
			}
		}
		s, err := Closed(t.Context(), callers, 10*time.Second)
		require.NoError(t, err)
		require.InEpsilon(t, 30_000, s.P999, 0.01, "10 ms: half of them are timed; 100 ms: others are timed, too")
	})
}

func TestProcessorTimeBeforeAWindowIsNotInIt(t *testing.T) {
	if CPU() == 0 {
		t.Skip("is not known here")
	}
	for CPU() < 50*time.Millisecond { // used up before
	}
	before := CPU()
	s := Begin().End(1, new(Histogram))
	require.Less(t, s.CPU, micros(before)/2)
}
