package mem_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/gofpnn/gofpnn/transport/internal/bubble"
	"github.com/gofpnn/gofpnn/transport/mem"
)

func TestDeadlineDuringCloseEndsCleanly(t *testing.T) {
	bubble.Run(t, func(t *testing.T) {
		for range 200 {
			a, b := mem.Pipe()
			deadline := in(time.Minute)
			for _, c := range []*mem.Conn{a, b} {
				read := startRead(c)
				go func() { _ = c.SetDeadline(deadline) }()
				go func() { _ = c.Close() }()
				defer func() { _, _ = read.Wait() }()
			}
			synctest.Wait()
		}
	})
}
