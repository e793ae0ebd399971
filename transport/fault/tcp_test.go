package fault_test

import (
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/transport/fault"
	"github.com/gofpnn/gofpnn/transport/internal/bubble"
)

// overTCP runs f over a connection of the loopback, for each direction.
func overTCP(t *testing.T, f func(t *testing.T, p *pair)) {
	t.Helper()
	t.Parallel()
	for name, dir := range map[string]fault.Direction{"Out": fault.Out, "In": fault.In} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l, err := net.Listen("tcp", "127.0.0.1:0")
			require.NoError(t, err)
			defer func() { _ = l.Close() }()
			faults := fault.New(1)
			wrapped, err := faults.Dialer(new(net.Dialer)).DialContext(t.Context(), "tcp", l.Addr().String())
			require.NoError(t, err)
			peer, err := l.Accept()
			require.NoError(t, err)
			f(t, pairOver(t, faults, dir, wrapped, peer))
		})
	}
}

func TestTCPLatency(t *testing.T) {
	overTCP(t, func(t *testing.T, p *pair) {
		const latency = 20 * time.Millisecond
		p.Latency(p.dir, latency, latency)
		begin := time.Now()
		requireWrite(t, p.from, "hello")
		requireRead(t, p.to, "hello")
		require.GreaterOrEqual(t, time.Since(begin), latency)
	})
}

func TestTCPStall(t *testing.T) {
	overTCP(t, func(t *testing.T, p *pair) {
		p.Stall(p.dir)
		requireWrite(t, p.from, "hello")
		require.NoError(t, p.to.SetReadDeadline(in(10*time.Millisecond)))
		_, err := p.to.Read(make([]byte, 1))
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		require.NoError(t, p.to.SetReadDeadline(time.Time{}))
		p.Resume(p.dir)
		requireRead(t, p.to, "hello")
	})
}

func TestTCPWriteDeadline(t *testing.T) {
	overTCP(t, func(t *testing.T, p *pair) {
		p.Stall(p.dir)
		require.NoError(t, p.from.SetWriteDeadline(in(50*time.Millisecond)))
		const size = 32 << 20 // more than the kernel takes
		n, err := p.from.Write(make([]byte, size))
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		require.Less(t, n, size)
	})
}

func TestTCPPartition(t *testing.T) {
	overTCP(t, func(t *testing.T, p *pair) {
		p.Partition(p.dir)
		requireWrite(t, p.from, "lost")
		requireWrite(t, p.to, "other way")
		requireRead(t, p.from, "other way")
		// The other way shows nothing of when the bytes have come to an In line.
		for p.dir == fault.In && p.Stats().Resets == 0 {
			p.Heal()
			p.Partition(p.dir)
		}
		p.Heal()
		requireReset(t, p.wrapped)
		require.Equal(t, fault.Stats{Connections: 1, Resets: 1, Lost: 4}, p.Stats())
	})
}

func TestTCPReset(t *testing.T) {
	overTCP(t, func(t *testing.T, p *pair) {
		reading, next := startRead(p.wrapped), startRead(p.peer)
		p.Reset()
		_, err := reading.Wait()
		requireOpError(t, err, "read", p.wrapped, syscall.ECONNRESET)
		_, err = next.Wait()
		require.ErrorIs(t, err, syscall.ECONNRESET, "a RST")
		requireReset(t, p.wrapped)
	})
}

func TestTCPCut(t *testing.T) {
	overTCP(t, func(t *testing.T, p *pair) {
		const size = 1 << 20
		p.CutAfter(p.dir, size-1)
		writing := bubble.Start(func() (int, error) { return p.from.Write(stream(size)) })
		got, err := readAll(p).Wait()
		require.Len(t, got, size-1)
		require.True(t, got == string(stream(size)[:size-1]))
		if p.dir == fault.In {
			require.ErrorIs(t, err, syscall.ECONNRESET)
		} else {
			require.NoError(t, err)
		}
		requireReset(t, p.wrapped)
		_, _ = writing.Wait()
		require.EqualValues(t, 1, p.Stats().Cuts)
	})
}

func TestTCPCorruption(t *testing.T) {
	overTCP(t, func(t *testing.T, p *pair) {
		p.Corrupt(p.dir, 1000)
		what := stream(1 << 20)
		at := flips(t, what, through(t, p, what, 3000, 2000))
		require.InDelta(t, 1<<20/1000, len(at), 1)
	})
}

func TestTCPClose(t *testing.T) {
	overTCP(t, func(t *testing.T, p *pair) {
		p.Latency(fault.Both, time.Millisecond, 0)
		requireWrite(t, p.from, text(100000))
		reading := readAll(p)
		require.NoError(t, p.from.Close())
		got, err := reading.Wait()
		require.NoError(t, err)
		require.True(t, got == text(100000))
	})
}

func TestTCPCloseWrite(t *testing.T) {
	overTCP(t, func(t *testing.T, p *pair) {
		requireWrite(t, p.from, "question")
		require.NoError(t, p.from.(closeWriter).CloseWrite())
		got, err := io.ReadAll(p.to)
		require.NoError(t, err)
		require.Equal(t, "question", string(got))
		requireWrite(t, p.to, "answer")
		requireRead(t, p.from, "answer")
	})
}
