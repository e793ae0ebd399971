package measure_test

import (
	"fmt"
	"sync"
	"testing"
)

// BenchmarkWake hands a token to each of so many goroutines and waits until all have
// given it back: what a call costs whose caller waits in a goroutine, without the call.
func BenchmarkWake(b *testing.B) {
	for _, goroutines := range []int{256, 1024, 4096} {
		b.Run(fmt.Sprint(goroutines), func(b *testing.B) {
			tokens := make([]chan struct{}, goroutines)
			back := make(chan struct{}, goroutines)
			var waiting sync.WaitGroup
			for i := range tokens {
				tokens[i] = make(chan struct{}, 1)
				waiting.Go(func() {
					for range tokens[i] {
						back <- struct{}{}
					}
				})
			}
			b.ReportAllocs()
			b.ResetTimer()
			for n := 0; n < b.N; n += goroutines {
				for _, t := range tokens {
					t <- struct{}{}
				}
				for range tokens {
					<-back
				}
			}
			b.StopTimer()
			for _, t := range tokens {
				close(t)
			}
			waiting.Wait()
		})
	}
}
