package ws_test

import (
	"bufio"
	"bytes"
	"math/rand/v2"
	"net"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/gofpnn/gofpnn/fpnn/frame"
	"github.com/gofpnn/gofpnn/transport/internal/bubble"
	"github.com/gofpnn/gofpnn/transport/mem"
	"github.com/gofpnn/gofpnn/transport/ws"
)

func TestWritesAreCutIntoOneMessagePerPackage(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	var packages [][]byte
	for range 300 {
		packages = append(packages, pkg(t, 14+random.IntN(300)))
	}
	packages = append(packages, pkg(t, 200<<10), pkg(t, 14))
	all := bytes.Join(packages, nil)
	for name, largest := range map[string]int{"bytes": 1, "pieces": 50, "batches": 5000, "at once": len(all)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, raw := serverConn(t, ws.Upgrader{})
			writing := bubble.Start(func() (int, error) {
				pieces := rand.New(rand.NewPCG(3, 4))
				for rest := all; len(rest) > 0; {
					size := min(len(rest), 1+pieces.IntN(largest))
					n, err := c.Write(rest[:size])
					if err != nil {
						return n, err
					}
					rest = rest[n:]
				}
				return 0, nil
			})
			for _, p := range packages {
				raw.requireFrame(t, final|opBinary, p)
			}
			_, err := writing.Wait()
			require.NoError(t, err)
		})
	}
}

// countedConn counts the writes that reach the transport.
type countedConn struct {
	net.Conn
	writes atomic.Int64
}

func (c *countedConn) Write(b []byte) (int, error) {
	c.writes.Add(1)
	return c.Conn.Write(b)
}

func TestBatchOfPackagesLeavesInOneWrite(t *testing.T) {
	t.Parallel()
	near, far := mem.Pipe()
	counted := &countedConn{Conn: near}
	c := upgrade(t, new(ws.Upgrader), counted)
	raw := newPeer(far)
	p := pkg(t, 100)
	for _, packages := range []int{1, 2, 500} {
		before := counted.writes.Load()
		n, err := c.Write(bytes.Repeat(p, packages))
		require.NoError(t, err)
		require.Equal(t, packages*len(p), n)
		require.EqualValues(t, 1, counted.writes.Load()-before)
		for range packages {
			raw.requireFrame(t, final|opBinary, p)
		}
	}
	require.NoError(t, far.Close())
	require.NoError(t, c.Close())
}

func TestWhatIsNoPackageCannotBeWritten(t *testing.T) {
	t.Parallel()
	good := pkg(t, 100)
	for name, tt := range map[string]struct {
		b    []byte
		want error
	}{
		"no package": {[]byte("GET / HTTP/1.1\r\n\r\n"), frame.ErrMagic},
		"too large":  {pkg(t, limit+1), frame.ErrTooLarge},
	} {
		for _, piece := range []int{1, 11, len(tt.b)} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				c, raw := serverConn(t, ws.Upgrader{MaxPackage: limit})
				_, err := c.Write(good)
				require.NoError(t, err)
				raw.requireFrame(t, final|opBinary, good)
				err = nil
				for rest := tt.b; err == nil && len(rest) > 0; rest = rest[min(piece, len(rest)):] {
					_, err = c.Write(rest[:min(piece, len(rest))])
				}
				require.ErrorIs(t, err, tt.want)
				_, again := c.Write(good)
				require.Equal(t, err, again)
			})
		}
	}
}

func TestPackagesBeforeABadOneAreSent(t *testing.T) {
	t.Parallel()
	c, raw := serverConn(t, ws.Upgrader{})
	good := pkg(t, 100)
	n, err := c.Write(append(bytes.Clone(good), "this is no package"...))
	require.ErrorIs(t, err, frame.ErrMagic)
	require.Equal(t, len(good), n)
	raw.requireFrame(t, final|opBinary, good)
}

func TestConcurrentWritesAndPongsDoNotMix(t *testing.T) {
	t.Parallel()
	near, far := mem.Pipe()
	c := upgrade(t, new(ws.Upgrader), near)
	const writers, writes, pings = 4, 100, 200
	packages := make([][]byte, writers)
	for i := range packages {
		packages[i] = bytes.Repeat(pkg(t, 1000*(i+1)), 30)
	}
	reading := startRead(c)
	var g errgroup.Group
	for _, b := range packages {
		g.Go(func() error {
			for range writes {
				if _, err := c.Write(b); err != nil {
					return err
				}
			}
			return nil
		})
	}
	g.Go(func() error {
		for range pings {
			if _, err := far.Write(clientFrame(final|opPing, []byte("p"))); err != nil {
				return err
			}
		}
		return nil
	})
	r := bufio.NewReader(far)
	messages := 0
	pongs := 0
	for messages < writers*writes*30 || pongs < pings {
		f, err := readFrame(r)
		require.NoError(t, err)
		if f.first == final|opPong {
			pongs++
			continue
		}
		require.EqualValues(t, final|opBinary, f.first)
		var p frame.Package
		n, err := p.Parse(f.payload, len(f.payload))
		require.NoError(t, err)
		require.Len(t, f.payload, n)
		messages++
	}
	require.NoError(t, g.Wait())
	require.NoError(t, far.Close())
	_, _ = reading.Wait()
	require.NoError(t, c.Close())
}
