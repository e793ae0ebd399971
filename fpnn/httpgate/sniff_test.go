package httpgate_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/fpnn/frame"
	"github.com/gofpnn/gofpnn/fpnn/httpgate"
	"github.com/gofpnn/gofpnn/transport/mem"
)

// quest is a package of a oneway quest.
func quest(tb testing.TB) []byte {
	tb.Helper()
	b, err := frame.Append(nil, &frame.Package{
		Header:  frame.Header{Version: 1, Flags: frame.MsgPack, Kind: frame.Oneway},
		Method:  []byte("m"),
		Payload: []byte{0x80},
	}, 100)
	require.NoError(tb, err)
	return b
}

// accepted returns a listener behind a gate whose connections nobody serves.
func accepted(t *testing.T, c httpgate.Config) (l net.Listener, dial func() *mem.Conn) {
	t.Helper()
	var network mem.Network
	inner, err := network.Listen(address)
	require.NoError(t, err)
	l = httpgate.NewListener(inner, c)
	t.Cleanup(func() {
		_ = l.Close()
		_, err := l.Accept()
		require.ErrorIs(t, err, net.ErrClosed)
	})
	return l, func() *mem.Conn {
		nc, err := network.DialContext(t.Context(), "tcp", address)
		require.NoError(t, err)
		t.Cleanup(func() { _ = nc.Close() })
		return nc.(*mem.Conn)
	}
}

func TestWhatIsNotHTTPIsAcceptedAsItCame(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"FPNN":           string(quest(t)),
		"TLS":            "\x16\x03\x01\x02\x00\x01\x00",
		"garbage":        "this is nothing",
		"HTTP/2":         "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
		"lower case":     "get / HTTP/1.1\r\n\r\n",
		"a long method":  "GETTING /service/x HTTP/1.1\r\n\r\n",
		"almost OPTIONS": "OPTIONSx",
	} {
		for pieces, size := range map[string]int{"whole": 1000, "bytes": 1} {
			t.Run(name+"/"+pieces, func(t *testing.T) {
				t.Parallel()
				l, dial := accepted(t, httpgate.Config{})
				nc := dial()
				for rest := text; rest != ""; rest = rest[min(size, len(rest)):] {
					_, err := io.WriteString(nc, rest[:min(size, len(rest))])
					require.NoError(t, err)
				}
				c, err := l.Accept()
				require.NoError(t, err)
				defer c.Close()
				require.NoError(t, nc.CloseWrite())
				got, err := io.ReadAll(c)
				require.NoError(t, err)
				require.Equal(t, text, string(got))
				require.Equal(t, nc.LocalAddr(), c.RemoteAddr())
				_, err = c.Write([]byte("back"))
				require.NoError(t, err)
				require.NoError(t, c.(interface{ CloseWrite() error }).CloseWrite())
				got, err = io.ReadAll(nc)
				require.NoError(t, err)
				require.Equal(t, "back", string(got))
				require.IsType(t, new(mem.Conn), c.(interface{ NetConn() net.Conn }).NetConn())
			})
		}
	}
}

func TestSlowConnectionsHoldUpNobody(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		l, dial := accepted(t, httpgate.Config{})
		begin := time.Now()
		silent, slow := dial(), dial()
		_, err := io.WriteString(slow, "PO")
		require.NoError(t, err)
		for range 200 {
			dial()
		}
		ready := dial()
		_, err = ready.Write(quest(t))
		require.NoError(t, err)
		c, err := l.Accept()
		require.NoError(t, err)
		require.Equal(t, ready.LocalAddr(), c.RemoteAddr())
		require.Equal(t, begin, time.Now())
		require.NoError(t, c.Close())

		// After the time-out they are FPNN's, with what they had sent by then.
		advance(t, httpgate.DefaultSniffTimeout+1)
		require.NoError(t, errors.Join(silent.CloseWrite(), slow.CloseWrite()))
		seen := map[net.Addr]string{}
		for range 202 {
			c, err := l.Accept()
			require.NoError(t, err)
			if c.RemoteAddr() == silent.LocalAddr() || c.RemoteAddr() == slow.LocalAddr() {
				got, err := io.ReadAll(c)
				require.NoError(t, err)
				seen[c.RemoteAddr()] = string(got)
			}
			require.NoError(t, c.Close())
		}
		require.Equal(t, map[net.Addr]string{silent.LocalAddr(): "", slow.LocalAddr(): "PO"}, seen)
	})
}

func TestOldestOfTooManyIsLetOff(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		l, dial := accepted(t, httpgate.Config{MaxSniffed: 3})
		begin := time.Now()
		var conns []*mem.Conn
		for range 5 {
			conns = append(conns, dial())
			advance(t, time.Millisecond)
		}
		for i := range 2 {
			c, err := l.Accept()
			require.NoError(t, err)
			require.Equal(t, conns[i].LocalAddr(), c.RemoteAddr())
			_, err = conns[i].Write(quest(t))
			require.NoError(t, err)
			got := make([]byte, len(quest(t)))
			_, err = io.ReadFull(c, got)
			require.NoError(t, err, "its deadline is gone")
			require.Equal(t, quest(t), got)
			require.NoError(t, c.Close())
		}
		require.Less(t, time.Since(begin), time.Second)
		accepting := start(l.Accept)
		accepting.blocked(t)
		_, err := conns[4].Write(quest(t))
		require.NoError(t, err)
		c, err := accepting.wait()
		require.NoError(t, err)
		require.Equal(t, conns[4].LocalAddr(), c.RemoteAddr())
		require.NoError(t, c.Close())
	})
}

// hasty is a connection that tells when a deadline in the past is about to be set.
type hasty struct {
	net.Conn
	setting, set chan struct{}
}

func (h *hasty) SetReadDeadline(at time.Time) error {
	if !at.IsZero() && at.Before(time.Now()) {
		close(h.setting)
		<-h.set
	}
	return h.Conn.SetReadDeadline(at)
}

// offers is a listener of connections made elsewhere.
type offers chan net.Conn

func (o offers) Accept() (net.Conn, error) {
	if nc, ok := <-o; ok {
		return nc, nil
	}
	return nil, net.ErrClosed
}

func (o offers) Close() error { close(o); return nil }
func (offers) Addr() net.Addr { return mem.Addr(address) }

// The oldest may speak just when it is let off: the deadline that ends its wait
// does not outlast it.
func TestLetOffConnectionThatSpeaksAtThatMoment(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		inner := make(offers)
		l := httpgate.NewListener(inner, httpgate.Config{MaxSniffed: 1})
		near, far := mem.Pipe()
		oldest := &hasty{far, make(chan struct{}), make(chan struct{})}
		silentNear, silentFar := mem.Pipe()
		inner <- oldest
		inner <- silentFar
		<-oldest.setting
		_, err := near.Write(quest(t))
		require.NoError(t, err)
		accepting := start(l.Accept)
		accepting.blocked(t)
		close(oldest.set)
		c, err := accepting.wait()
		require.NoError(t, err)
		_, err = io.ReadFull(c, make([]byte, len(quest(t))))
		require.NoError(t, err)
		reading := start(func() (int, error) { return c.Read(make([]byte, 1)) })
		advance(t, time.Hour)
		reading.blocked(t)
		require.NoError(t, errors.Join(near.Close(), silentNear.Close()))
		_, err = reading.wait()
		require.Equal(t, io.EOF, err)
		require.NoError(t, errors.Join(c.Close(), l.Close()))
		_, err = l.Accept()
		require.ErrorIs(t, err, net.ErrClosed)
	})
}

func TestBurstOfSilentConnectionsIsLetThrough(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		l, dial := accepted(t, httpgate.Config{MaxSniffed: 3})
		begin := time.Now()
		for range 100 {
			dial()
		}
		for i := range 100 {
			c, err := l.Accept()
			require.NoError(t, err)
			require.NoError(t, c.Close())
			if i < 97 {
				require.Equal(t, begin, time.Now(), i)
			}
		}
		require.Equal(t, httpgate.DefaultSniffTimeout, time.Since(begin))
	})
}

func TestConnectionsThatEndEarlyAreClosed(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		l, dial := accepted(t, httpgate.Config{})
		accepting := start(l.Accept)
		for _, text := range []string{"", "P", "GET"} {
			nc := dial()
			_, err := io.WriteString(nc, text)
			require.NoError(t, err)
			require.NoError(t, nc.CloseWrite())
			_, err = nc.Read(make([]byte, 1))
			require.Equal(t, io.EOF, err)
		}
		accepting.blocked(t)
		require.NoError(t, l.Close())
		_, err := accepting.wait()
		require.ErrorIs(t, err, net.ErrClosed)
	})
}

// deadless is a listener of connections without deadlines.
type deadless struct{ net.Listener }

type deadlessConn struct{ net.Conn }

func (l deadless) Accept() (net.Conn, error) {
	nc, err := l.Listener.Accept()
	return deadlessConn{nc}, err
}

func (deadlessConn) SetDeadline(time.Time) error      { return os.ErrNoDeadline }
func (deadlessConn) SetReadDeadline(time.Time) error  { return os.ErrNoDeadline }
func (deadlessConn) SetWriteDeadline(time.Time) error { return os.ErrNoDeadline }

func TestSilentConnectionWithoutDeadlinesIsClosed(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var network mem.Network
		inner, err := network.Listen(address)
		require.NoError(t, err)
		l := httpgate.NewListener(deadless{inner}, httpgate.Config{SniffTimeout: 3 * time.Second})
		accepting := start(l.Accept)
		nc, err := network.DialContext(t.Context(), "tcp", address)
		require.NoError(t, err)
		begin := time.Now()
		_, err = nc.Read(make([]byte, 1))
		require.Equal(t, io.EOF, err)
		require.Equal(t, 3*time.Second, time.Since(begin))

		nc, err = network.DialContext(t.Context(), "tcp", address)
		require.NoError(t, err)
		_, err = nc.Write(quest(t))
		require.NoError(t, err)
		c, err := accepting.wait()
		require.NoError(t, err)
		advance(t, time.Hour)
		_, err = nc.Write(quest(t))
		require.NoError(t, err)
		_, err = io.ReadFull(c, make([]byte, 2*len(quest(t))))
		require.NoError(t, err)
		require.NoError(t, c.Close())
		require.NoError(t, l.Close())
		_, err = l.Accept()
		require.ErrorIs(t, err, net.ErrClosed)
	})
}

// faulty is a listener whose first Accepts fail.
type faulty struct {
	net.Listener
	errs []error
}

func (l *faulty) Accept() (net.Conn, error) {
	if len(l.errs) > 0 {
		err := l.errs[0]
		l.errs = l.errs[1:]
		return nil, err
	}
	return l.Listener.Accept()
}

func TestErrorsOfTheListenerAreHandedOn(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var network mem.Network
		inner, err := network.Listen(address)
		require.NoError(t, err)
		l := httpgate.NewListener(&faulty{inner, []error{syscall.EMFILE, syscall.EMFILE}}, httpgate.Config{})
		for range 2 {
			_, err = l.Accept()
			require.ErrorIs(t, err, syscall.EMFILE)
		}
		nc, err := network.DialContext(t.Context(), "tcp", address)
		require.NoError(t, err)
		_, err = nc.Write(quest(t))
		require.NoError(t, err)
		c, err := l.Accept()
		require.NoError(t, err, "that was temporary")
		require.NoError(t, errors.Join(c.Close(), nc.Close(), inner.Close()))
		_, err = l.Accept()
		require.ErrorIs(t, err, net.ErrClosed, "this is not")
		require.NoError(t, l.Close())
		_, err = l.Accept()
		require.ErrorIs(t, err, net.ErrClosed)
	})
}

// FuzzSniff sends anything, in two pieces. It is accepted as it came, or as a
// connection of a quest or a WebSocket, or answered as HTTP, or closed.
func FuzzSniff(f *testing.F) {
	f.Add([]byte("FPNN\x01"), byte(2))
	f.Add([]byte("POST /service/x HTTP/1.1\r\nHost: x\r\n\r\n"), byte(3))
	f.Add([]byte("OPTIONS"), byte(6))
	f.Add([]byte{}, byte(0))
	f.Fuzz(func(t *testing.T, in []byte, cut byte) {
		l, dial := accepted(t, httpgate.Config{})
		nc := dial()
		at := min(int(cut), len(in))
		_, _ = nc.Write(in[:at]) // it may be closed already
		_, _ = nc.Write(in[at:])
		_ = nc.CloseWrite()
		accepting := start(l.Accept)
		answer := start(func() ([]byte, error) { return io.ReadAll(nc) })
		select {
		case <-accepting.done:
			c, err := accepting.wait()
			require.NoError(t, err)
			if bytes.HasPrefix(in, []byte("GET ")) || bytes.HasPrefix(in, []byte("POST ")) {
				require.NoError(t, c.Close()) // a quest or a WebSocket
				return
			}
			got, err := io.ReadAll(c)
			require.NoError(t, err)
			require.NoError(t, c.Close())
			require.Equal(t, in, append([]byte{}, got...))
		case <-answer.done:
			got, err := answer.wait()
			require.NoError(t, err)
			require.True(t, len(got) == 0 || strings.HasPrefix(string(got), "HTTP/1."))
		}
	})
}
