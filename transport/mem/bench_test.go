package mem_test

import (
	"errors"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/transport/internal/bubble"
)

func BenchmarkPipe(b *testing.B) {
	near, far := pipe(b)
	echoing := bubble.Start(func() (int64, error) { return io.CopyBuffer(struct{ io.Writer }{far}, far, make([]byte, 100)) })
	message := make([]byte, 100)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := near.Write(message); err != nil {
			b.Fatal(err)
		}
		if _, err := io.ReadFull(near, message); err != nil {
			b.Fatal(err)
		}
	}
	require.NoError(b, near.Close())
	_, err := echoing.Wait()
	require.NoError(b, err)
}

func BenchmarkThroughput(b *testing.B) {
	near, far := pipe(b)
	reading := bubble.Start(func() (int64, error) {
		var total int64
		piece := make([]byte, 64<<10)
		for {
			n, err := far.Read(piece)
			total += int64(n)
			if errors.Is(err, io.EOF) {
				return total, nil
			}
			if err != nil {
				return total, err
			}
		}
	})
	message := make([]byte, 64<<10)
	b.SetBytes(int64(len(message)))
	b.ReportAllocs()
	var written int64
	for b.Loop() {
		n, err := near.Write(message)
		if err != nil {
			b.Fatal(err)
		}
		written += int64(n)
	}
	require.NoError(b, near.Close())
	total, err := reading.Wait()
	require.NoError(b, err)
	require.Equal(b, written, total)
}
