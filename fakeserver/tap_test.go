package fakeserver_test

import (
	"bytes"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/codec"
	"github.com/gofpnn/gofpnn/fakeserver"
	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/fpnn/frame"
)

// large is a quest of some MiB.
func large(t *testing.T, size int) []byte {
	t.Helper()
	payload := codec.AppendBytes(codec.AppendString(codec.AppendMapHeader(nil, 1), "x"), make([]byte, size))
	return pkg(t, frame.Twoway, 1, "large", payload)
}

// What the journal keeps of incomplete packages counts as what the server does: a
// connection that finds no memory left is closed, and gives back what it had.
func TestIncompletePackagesCountForTheJournalToo(t *testing.T) {
	t.Parallel()
	const part = 1500 << 10 // of a package, for which a buffer has 2 MiB
	for name, test := range map[string]struct {
		buffered int64
		journal  fakeserver.Option
		closed   bool
		held     int64
	}{
		"both":           {4 << 20, fakeserver.WithJournal(10, 1), false, 2 * part},
		"not both":       {3 << 20, fakeserver.WithJournal(10, 1), true, 0},
		"no journal":     {3 << 20, fakeserver.WithJournal(0, 0), false, part},
		"not the server": {1 << 20, fakeserver.WithJournal(0, 0), true, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := fakeserver.New(t, test.journal, fakeserver.WithFPNN(fpnn.WithMaxBuffered(test.buffered), fpnn.WithReadTimeout(time.Hour)))
				srv.On("large", fakeserver.Reply(nil))
				nc := raw(t, srv)
				whole := large(t, 3<<20)
				_, err := nc.Write(whole[:part])
				synctest.Wait()
				held := srv.Stats().Buffered
				if test.closed {
					_, err = io.ReadAll(nc)
					require.NoError(t, err)
					require.Empty(t, srv.Network().Links())
					require.Zero(t, held)
					return
				}
				require.NoError(t, err)
				require.InDelta(t, test.held+test.held/3, held, float64(test.held)/3)
				require.NoError(t, nc.Close())
				synctest.Wait()
				require.Zero(t, srv.Stats().Buffered)
			})
		})
	}
}

// However a stream is cut, its packages are recorded as they were, and nothing is
// held after the last.
func TestPackagesAreRecordedHoweverTheyAreCut(t *testing.T) {
	t.Parallel()
	for _, size := range []int{1, 7, 1000, 1 << 20} {
		synctest.Test(t, func(t *testing.T) {
			srv := fakeserver.New(t, fakeserver.WithJournal(100, 16<<20))
			srv.On("large", fakeserver.Drop())
			srv.On("small", fakeserver.Drop())
			var want [][]byte
			for n := range uint32(10) {
				want = append(want, pkg(t, frame.Twoway, n, "small", []byte{0x80}))
				if size > 100 {
					want = append(want, large(t, 300<<10))
				}
			}
			nc := raw(t, srv)
			sent := make(chan error, 1)
			go func() { sent <- write(nc, want, size) }()
			require.NoError(t, <-sent)
			synctest.Wait()
			var got [][]byte
			for r := range srv.Journal().All() {
				got = append(got, r.Bytes)
			}
			require.Equal(t, want, got)
			require.Zero(t, srv.Stats().Buffered)
		})
	}
}

// write writes packages in parts of a size.
func write(nc net.Conn, packages [][]byte, size int) error {
	var stream []byte
	for _, b := range packages {
		stream = append(stream, b...)
	}
	for len(stream) > 0 {
		n, err := nc.Write(stream[:min(size, len(stream))])
		if err != nil {
			return err
		}
		stream = stream[n:]
	}
	return nil
}

// A server that takes larger packages records them.
func TestLargerPackagesThanUsualAreRecorded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const size = frame.DefaultMaxPackage + 1000
		srv := fakeserver.New(t, fakeserver.WithFPNN(fpnn.WithMaxPackage(2*size)))
		srv.On("large", fakeserver.Drop())
		nc := raw(t, srv)
		whole := large(t, size)
		_, err := nc.Write(whole)
		require.NoError(t, err)
		synctest.Wait()
		require.Len(t, srv.Journal().Records(), 1)
		require.True(t, bytes.Equal(whole, srv.Journal().Records()[0].Bytes))
	})
}
