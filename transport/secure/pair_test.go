package secure_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/fpnn/frame"
	"github.com/gofpnn/gofpnn/transport"
	"github.com/gofpnn/gofpnn/transport/internal/bubble"
	"github.com/gofpnn/gofpnn/transport/mem"
	"github.com/gofpnn/gofpnn/transport/secure"
)

// combination is one of the ways in which client and server can agree.
type combination struct {
	curve    secure.Curve
	bits     int
	packages bool
}

func (c combination) String() string {
	mode := "stream"
	if c.packages {
		mode = "package"
	}
	return fmt.Sprintf("%v/%d/%s", c.curve, c.bits, mode)
}

// wrap puts c's encryption around a network.
func (c combination) wrap(tb testing.TB, d transport.Dialer, l net.Listener) (transport.Dialer, net.Listener) {
	tb.Helper()
	key := newKey(tb, c.curve)
	d, err := secure.NewDialer(d, secure.ClientConfig{Key: key.Public(), Bits: c.bits, PackageMode: c.packages})
	require.NoError(tb, err)
	l, err = secure.NewListener(l, secure.ServerConfig{Key: key})
	require.NoError(tb, err)
	return d, l
}

func combinations() (all []combination) {
	for _, curve := range curves {
		for _, bits := range []int{128, 256} {
			all = append(all, combination{curve.Curve, bits, false}, combination{curve.Curve, bits, true})
		}
	}
	return all
}

// eachCombination runs f for all 16, over memory in a bubble and over TCP. The
// network is cut into pieces: of one byte, and of random sizes.
func eachCombination(t *testing.T, f func(t *testing.T, d transport.Dialer, l net.Listener)) {
	t.Helper()
	t.Parallel()
	for _, c := range combinations() {
		for name, most := range map[string]int{"bytes": 1, "pieces": 3000} {
			t.Run(fmt.Sprintf("%v/mem/%s", c, name), func(t *testing.T) {
				bubble.Run(t, func(t *testing.T) {
					network := new(mem.Network)
					l, err := network.Listen("gate")
					require.NoError(t, err)
					d, l := c.wrap(t, pieces{network, most}, piecesListener{l, most})
					f(t, d, l)
				})
			})
			t.Run(fmt.Sprintf("%v/tcp/%s", c, name), func(t *testing.T) {
				t.Parallel()
				l, err := net.Listen("tcp", "127.0.0.1:0")
				require.NoError(t, err)
				d, l := c.wrap(t, pieces{new(net.Dialer), most}, piecesListener{l, most})
				f(t, d, l)
			})
		}
	}
}

// pieces dials connections that read and write at most so many bytes at a time.
type pieces struct {
	transport.Dialer
	most int
}

func (p pieces) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	nc, err := p.Dialer.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return &pieceConn{nc, p.most}, nil
}

// piecesListener accepts such connections.
type piecesListener struct {
	net.Listener
	most int
}

func (p piecesListener) Accept() (net.Conn, error) {
	nc, err := p.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &pieceConn{nc, p.most}, nil
}

type pieceConn struct {
	net.Conn
	most int
}

func (p *pieceConn) Read(b []byte) (int, error) {
	return p.Conn.Read(b[:min(len(b), 1+rand.IntN(p.most))])
}

func (p *pieceConn) Write(b []byte) (n int, err error) {
	for n < len(b) && err == nil {
		var m int
		m, err = p.Conn.Write(b[n:min(len(b), n+1+rand.IntN(p.most))])
		n += m
	}
	return n, err
}

// traffic is packages of all kinds and sizes.
func traffic(tb testing.TB, seed uint64) (all []byte) {
	tb.Helper()
	random := rand.New(rand.NewPCG(seed, 0))
	for range 30 {
		payload := make([]byte, 1+random.IntN(1<<random.IntN(11)))
		for i := range payload {
			payload[i] = byte(random.Uint32())
		}
		p := frame.Package{
			Header:  frame.Header{Version: 1, Flags: frame.MsgPack, Kind: frame.Kind(random.IntN(3))},
			Seq:     random.Uint32(),
			Method:  []byte("method"),
			Payload: payload,
		}
		var err error
		all, err = frame.Append(all, &p, frame.DefaultMaxPackage)
		require.NoError(tb, err)
	}
	return all
}

func TestClientAndServerAgreeInAllCombinationsAndPieces(t *testing.T) {
	eachCombination(t, func(t *testing.T, d transport.Dialer, l net.Listener) {
		defer l.Close()
		accepting := bubble.Start(l.Accept)
		client, err := d.DialContext(t.Context(), "tcp", l.Addr().String())
		require.NoError(t, err)
		defer client.Close()
		server, err := accepting.Wait()
		require.NoError(t, err)
		defer server.Close()

		var both sync.WaitGroup
		defer both.Wait()
		for i, from := range []net.Conn{client, server} {
			sent := traffic(t, uint64(i))
			both.Go(func() {
				for rest := sent; len(rest) > 0; {
					n, err := from.Write(rest[:min(len(rest), 1+rand.IntN(2000))])
					if err != nil {
						t.Error(err)
						return
					}
					rest = rest[n:]
				}
			})
			to := []net.Conn{server, client}[i]
			both.Go(func() {
				got := make([]byte, len(sent))
				if _, err := io.ReadFull(to, got); err != nil || !bytes.Equal(sent, got) {
					t.Errorf("other bytes, or %v", err)
				}
			})
		}
	})
}
