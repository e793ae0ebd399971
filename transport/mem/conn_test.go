package mem_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/gofpnn/gofpnn/transport/internal/bubble"
	"github.com/gofpnn/gofpnn/transport/mem"
)

// randomBytes returns the same bytes for the same seed.
func randomBytes(seed byte, size int) []byte {
	b := make([]byte, size)
	_, _ = rand.NewChaCha8([32]byte{seed}).Read(b)
	return b
}

// send writes data in pieces of random size up to largest.
func send(c net.Conn, data []byte, seed uint64, largest int) error {
	random := rand.New(rand.NewPCG(seed, 1))
	for len(data) > 0 {
		piece := data[:min(len(data), random.IntN(largest+1))]
		n, err := c.Write(piece)
		if err != nil || n != len(piece) {
			return fmt.Errorf("wrote %d of %d: %w", n, len(piece), err)
		}
		data = data[n:]
	}
	return nil
}

// receive reads size bytes in pieces of random size up to largest.
func receive(c net.Conn, size int, seed uint64, largest int) ([]byte, error) {
	random := rand.New(rand.NewPCG(seed, 2))
	piece := make([]byte, largest)
	var data []byte
	for len(data) < size {
		n, err := c.Read(piece[:1+random.IntN(largest)])
		if err != nil {
			return nil, fmt.Errorf("after %d of %d: %w", len(data), size, err)
		}
		if n == 0 {
			return nil, fmt.Errorf("after %d of %d: read nothing", len(data), size)
		}
		data = append(data, piece[:n]...)
	}
	return data, nil
}

func TestBytesArriveInOrderAndUnchangedInBothDirections(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name                      string
		writeSize, readSize, size int
		viaNetwork                bool
	}{
		{name: "small pieces", writeSize: 300, readSize: 300, size: 1 << 20},
		{name: "small writes, large reads", writeSize: 1000, readSize: 200 << 10, size: 4 << 20},
		{name: "large writes, small reads", writeSize: 200 << 10, readSize: 1000, size: 4 << 20},
		{name: "larger than the buffer", writeSize: 1 << 20, readSize: 1 << 20, size: 8 << 20},
		{name: "about the buffer", writeSize: bufferSize + 1, readSize: bufferSize + 1, size: 4 << 20},
		{name: "through a network", writeSize: 100 << 10, readSize: 100 << 10, size: 4 << 20, viaNetwork: true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var a, b net.Conn = pipe(t)
			if test.viaNetwork {
				var network mem.Network
				l := listen(t, &network, "there")
				a, b = dial(t, &network, "there"), accept(t, l)
			}
			toB, toA := randomBytes(1, test.size), randomBytes(2, test.size)
			var atA, atB []byte
			var group errgroup.Group
			group.Go(func() error { return send(a, toB, 3, test.writeSize) })
			group.Go(func() error { return send(b, toA, 4, test.writeSize) })
			group.Go(func() (err error) { atA, err = receive(a, test.size, 5, test.readSize); return err })
			group.Go(func() (err error) { atB, err = receive(b, test.size, 6, test.readSize); return err })
			require.NoError(t, group.Wait())
			// Not require.Equal, which would print megabytes.
			require.True(t, bytes.Equal(toA, atA), "from b to a")
			require.True(t, bytes.Equal(toB, atB), "from a to b")
		})
	}
}

func TestConcurrentWritesDoNotMix(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name          string
		size, repeats int
	}{
		{name: "that fit the buffer", size: 5000, repeats: 100},
		{name: "that exceed the buffer", size: 3*bufferSize + 1, repeats: 10},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			const writers = 8
			a, b := pipe(t)
			var group errgroup.Group
			for id := range byte(writers) {
				group.Go(func() error {
					for i := range test.repeats {
						message := bytes.Repeat([]byte{id}, test.size)
						binary.BigEndian.PutUint32(message[1:], uint32(i))
						if _, err := a.Write(message); err != nil {
							return err
						}
					}
					return nil
				})
			}
			var next [writers]uint32 // each writer's own messages stay in order
			for range writers * test.repeats {
				message := make([]byte, test.size)
				_, err := io.ReadFull(b, message)
				require.NoError(t, err)
				id := message[0]
				require.Less(t, id, byte(writers))
				require.Equal(t, next[id], binary.BigEndian.Uint32(message[1:]))
				next[id]++
				require.Equal(t, test.size-5, bytes.Count(message[5:], []byte{id}), "of writer %d", id)
			}
			require.NoError(t, group.Wait())
		})
	}
}

func TestConcurrentReadsShareTheBytes(t *testing.T) {
	t.Parallel()
	const size = 2 << 20
	a, b := pipe(t)
	sent := bytes.Repeat([]byte{1, 2, 3, 4}, size/4)
	var group errgroup.Group
	var got [4][5]int // by reader and byte
	for reader := range got {
		group.Go(func() error {
			piece := make([]byte, 1000)
			for {
				n, err := b.Read(piece)
				for _, value := range piece[:n] {
					got[reader][value]++
				}
				if errors.Is(err, io.EOF) {
					return nil
				}
				if err != nil {
					return err
				}
			}
		})
	}
	require.NoError(t, send(a, sent, 7, 5000))
	require.NoError(t, a.CloseWrite())
	require.NoError(t, group.Wait())
	var sum [5]int
	for _, counts := range got {
		for value, n := range counts {
			sum[value] += n
		}
	}
	require.Equal(t, [5]int{0, size / 4, size / 4, size / 4, size / 4}, sum)
}

func TestStreamReadsLikeAnyReader(t *testing.T) {
	t.Parallel()
	a, b := pipe(t)
	content := randomBytes(8, 3000)
	_, err := a.Write(content)
	require.NoError(t, err)
	require.NoError(t, a.CloseWrite())
	require.NoError(t, iotest.TestReader(b, content))
}

func TestEmptyReadReturnsAtOnce(t *testing.T) {
	bubble.Run(t, func(t *testing.T) {
		a, b := pipe(t)
		n, err := bubble.Start(func() (int, error) { return b.Read(nil) }).Returned(t)
		require.NoError(t, err)
		require.Zero(t, n)

		requireWrite(t, a, "kept")
		n, err = b.Read([]byte{})
		require.NoError(t, err)
		require.Zero(t, n)
		requireRead(t, b, "kept")
	})
}

func TestEmptyWriteReturnsAtOnceAndSendsNothing(t *testing.T) {
	bubble.Run(t, func(t *testing.T) {
		a, b := pipe(t)
		read := startRead(b)
		requireWrite(t, a, "")
		read.Blocked(t)

		fill(t, a)
		_, err := read.Returned(t)
		require.NoError(t, err)
		fillUp := startWrite(a, bufferSize)
		fillUp.Blocked(t)
		n, err := startWrite(a, 0).Returned(t)
		require.NoError(t, err)
		require.Zero(t, n)
	})
}

func TestReadReturnsWhatHasArrived(t *testing.T) {
	bubble.Run(t, func(t *testing.T) {
		a, b := pipe(t)
		read := startRead(b)
		read.Blocked(t)
		requireWrite(t, a, "ab")
		n, err := read.Returned(t)
		require.NoError(t, err)
		require.Equal(t, 2, n, "less than there is room for")

		requireWrite(t, a, "cde")
		requireWrite(t, a, "fg")
		requireRead(t, b, "c")
		requireRead(t, b, "de")
		requireRead(t, b, "fg")
		startRead(b).Blocked(t)
	})
}

func TestWrittenBytesAreCopied(t *testing.T) {
	t.Parallel()
	a, b := pipe(t)
	message := []byte("before")
	_, err := a.Write(message)
	require.NoError(t, err)
	copy(message, "after!")
	requireRead(t, b, "before")
}

func TestWriteBlocksWhile64KiBAreUnread(t *testing.T) {
	bubble.Run(t, func(t *testing.T) {
		a, b := pipe(t)
		fill(t, a)
		write := startWrite(a, 10)
		write.Blocked(t)
		back := startWrite(b, 10)
		_, err := back.Returned(t)
		require.NoError(t, err, "the other direction has a buffer of its own")

		requireRead(t, b, string(make([]byte, 9)))
		write.Blocked(t) // for its last byte
		requireRead(t, b, "\x00")
		n, err := write.Returned(t)
		require.NoError(t, err)
		require.Equal(t, 10, n)

		// The buffer is full again, so the bytes read have made just enough room.
		another := startWrite(a, 1)
		another.Blocked(t)
		requireRead(t, b, "\x00")
		_, err = another.Returned(t)
		require.NoError(t, err)
	})
}

func TestAddresses(t *testing.T) {
	t.Parallel()
	a, b := pipe(t)
	require.Equal(t, "mem", a.LocalAddr().Network())
	require.NotEmpty(t, a.LocalAddr().String())
	require.NotEqual(t, a.LocalAddr(), b.LocalAddr())
	require.Equal(t, a.LocalAddr(), b.RemoteAddr())
	require.Equal(t, b.LocalAddr(), a.RemoteAddr())
}
