package mem_test

import (
	"bytes"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/transport/internal/bubble"
	"github.com/gofpnn/gofpnn/transport/mem"
)

func TestInterruptedWriteReportsWhatThePeerCanRead(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name      string
		interrupt func(*mem.Conn) error
		cause     error
	}{
		{name: "Close", interrupt: (*mem.Conn).Close, cause: net.ErrClosed},
		{name: "CloseWrite", interrupt: (*mem.Conn).CloseWrite, cause: net.ErrClosed},
	} {
		t.Run(test.name, func(t *testing.T) {
			bubble.Run(t, func(t *testing.T) {
				a, b := pipe(t)
				requireWrite(t, a, "before")
				message := randomBytes(1, 2*bufferSize)
				write := bubble.Start(func() (int, error) { return a.Write(message) })
				write.Blocked(t)
				requireRead(t, b, "before")
				requireRead(t, b, string(message[:1000]))
				write.Blocked(t)
				require.NoError(t, test.interrupt(a))
				n, err := write.Returned(t)
				requireOpError(t, err, "write", a, test.cause)
				require.Equal(t, bufferSize+1000, n)

				rest, err := io.ReadAll(b)
				require.NoError(t, err)
				require.True(t, bytes.Equal(message[1000:n], rest))
			})
		})
	}
}

func TestWriteToAClosingPeerReportsWhatWasBuffered(t *testing.T) {
	bubble.Run(t, func(t *testing.T) {
		a, b := pipe(t)
		write := startWrite(a, 2*bufferSize)
		write.Blocked(t)
		require.NoError(t, b.Close())
		n, err := write.Returned(t)
		requireOpError(t, err, "write", a, syscall.EPIPE)
		require.Equal(t, bufferSize, n)
	})
}

func TestWriteInterruptedByDeadlineReportsWhatThePeerCanRead(t *testing.T) {
	bubble.Run(t, func(t *testing.T) {
		a, b := pipe(t)
		message := randomBytes(1, 3*bufferSize)
		require.NoError(t, a.SetWriteDeadline(in(time.Second)))
		write := bubble.Start(func() (int, error) { return a.Write(message) })
		write.Blocked(t)
		requireRead(t, b, string(message[:100]))
		n, err := write.Wait()
		requireTimeout(t, err, "write", a, os.ErrDeadlineExceeded)
		require.Equal(t, bufferSize+100, n)

		// A caller may continue where it was interrupted.
		require.NoError(t, a.SetWriteDeadline(time.Time{}))
		rest := bubble.Start(func() (int, error) { m, err := a.Write(message[n:]); _ = a.Close(); return m, err })
		got, err := io.ReadAll(b)
		require.NoError(t, err)
		require.True(t, bytes.Equal(message[100:], got))
		m, err := rest.Returned(t)
		require.NoError(t, err)
		require.Equal(t, len(message), n+m)
	})
}

func TestWriteThatWaitsForAnotherHasTheDeadline(t *testing.T) {
	bubble.Run(t, func(t *testing.T) {
		a, b := pipe(t)
		first := startWrite(a, bufferSize+1)
		first.Blocked(t)
		second := startWrite(a, 1)
		second.Blocked(t)
		require.NoError(t, a.SetWriteDeadline(in(time.Second)))
		bubble.Advance(t, time.Second)
		n, err := first.Returned(t)
		requireTimeout(t, err, "write", a, os.ErrDeadlineExceeded)
		require.Equal(t, bufferSize, n)
		n, err = second.Returned(t)
		requireTimeout(t, err, "write", a, os.ErrDeadlineExceeded)
		require.Zero(t, n)

		// The interrupted one does not keep others out.
		require.NoError(t, a.SetWriteDeadline(time.Time{}))
		third := startWrite(a, 1)
		requireRead(t, b, "\x00")
		_, err = third.Returned(t)
		require.NoError(t, err)
	})
}

func TestReadWakesTheWriteWhoseTurnItIs(t *testing.T) {
	bubble.Run(t, func(t *testing.T) {
		for range 200 {
			a, b := mem.Pipe()
			fill(t, a)
			first := startWrite(a, 1)
			first.Blocked(t)
			second := startWrite(a, 1)
			second.Blocked(t)
			// Wakes both, so that either may be the longest waiting.
			require.NoError(t, a.SetWriteDeadline(time.Time{}))
			second.Blocked(t)
			requireRead(t, b, "\x00\x00")
			for _, write := range []*bubble.Call[int]{first, second} {
				_, err := write.Returned(t)
				require.NoError(t, err)
			}
			_, _ = a.Close(), b.Close()
		}
	})
}
