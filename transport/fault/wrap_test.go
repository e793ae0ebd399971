package fault_test

import (
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/transport"
	"github.com/gofpnn/gofpnn/transport/fault"
	"github.com/gofpnn/gofpnn/transport/internal/bubble"
	"github.com/gofpnn/gofpnn/transport/mem"
)

var (
	_ transport.Dialer = fault.New(0).Dialer(new(mem.Network))
	_ fault.Dialer     = transport.DialerFunc(nil)
	_ fault.Dialer     = new(net.Dialer)
)

func TestDialerWrapsWhatItDials(t *testing.T) {
	bubble.Run(t, func(t *testing.T) {
		var network mem.Network
		l, err := network.Listen("a")
		require.NoError(t, err)
		f := fault.New(1)
		d := f.Dialer(&network)
		near, err := d.DialContext(t.Context(), "mem", "a")
		require.NoError(t, err)
		far, err := l.Accept()
		require.NoError(t, err)
		p := pairOver(t, f, fault.Out, near, far)
		require.Equal(t, mem.Addr("a"), near.RemoteAddr())
		require.Equal(t, far.RemoteAddr(), near.LocalAddr())

		f.Stall(fault.Out)
		requireWrite(t, near, "held")
		startRead(far).Blocked(t)
		requirePasses(t, p.back())

		require.NoError(t, l.Close())
		c, err := d.DialContext(t.Context(), "mem", "a")
		require.ErrorIs(t, err, syscall.ECONNREFUSED)
		require.Nil(t, c)
		require.EqualValues(t, 1, f.Stats().Connections)
	})
}

func TestListenerWrapsWhatItAccepts(t *testing.T) {
	bubble.Run(t, func(t *testing.T) {
		var network mem.Network
		inner, err := network.Listen("a")
		require.NoError(t, err)
		f := fault.New(1)
		l := f.Listener(inner)
		require.Equal(t, inner.Addr(), l.Addr())
		far, err := network.DialContext(t.Context(), "mem", "a")
		require.NoError(t, err)
		near, err := l.Accept()
		require.NoError(t, err)
		p := pairOver(t, f, fault.In, near, far)

		f.Latency(fault.In, time.Second, 0)
		begin := time.Now()
		requireWrite(t, far, "x")
		requireRead(t, near, "x")
		require.Equal(t, time.Second, time.Since(begin))
		requirePasses(t, p.back())

		require.NoError(t, l.Close())
		c, err := l.Accept()
		require.ErrorIs(t, err, net.ErrClosed)
		require.Nil(t, c)
		require.EqualValues(t, 1, f.Stats().Connections)
	})
}

func TestConnectionOfTwoControllersHasTheFaultsOfBoth(t *testing.T) {
	bubble.Run(t, func(t *testing.T) {
		near, far := mem.Pipe()
		f, g := fault.New(1), fault.New(2)
		p := pairOver(t, f, fault.Out, f.Conn(g.Conn(near)), far)
		f.Latency(fault.Out, time.Second, 0)
		g.Latency(fault.Out, time.Minute, 0)
		begin := time.Now()
		requireWrite(t, p.from, "x")
		requireRead(t, p.to, "x")
		require.Equal(t, time.Second+time.Minute, time.Since(begin))
		require.NoError(t, p.wrapped.(closeWriter).CloseWrite())
		requireEOF(t, p.to)
		g.Reset()
		_, err := p.wrapped.Read(make([]byte, 1))
		require.ErrorIs(t, err, syscall.ECONNRESET)
	})
}
