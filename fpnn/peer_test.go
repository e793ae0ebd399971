package fpnn_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/gofpnn/gofpnn/codec"
	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/fpnn/frame"
	"github.com/gofpnn/gofpnn/transport"
	"github.com/gofpnn/gofpnn/transport/mem"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// peer is the other end of a client's connection, played by the test package by
// package.
type peer struct {
	t  *testing.T
	nc net.Conn
	r  *frame.Reader
	mu sync.Mutex // of writes
}

// newPeer returns a client whose every dial is answered by script.
func newPeer(t *testing.T, script func(p *peer), opts ...fpnn.ClientOption) *fpnn.Client {
	t.Helper()
	var scripts sync.WaitGroup
	dial := transport.DialerFunc(func(context.Context, string, string) (net.Conn, error) {
		near, far := mem.Pipe()
		scripts.Go(func() {
			defer far.Close()
			script(&peer{t: t, nc: far, r: frame.NewReader(far, frame.DefaultMaxPackage)})
		})
		return near, nil
	})
	c, err := fpnn.NewClient([]string{"peer"}, append([]fpnn.ClientOption{fpnn.WithDialer(dial)}, opts...)...)
	require.NoError(t, err)
	t.Cleanup(func() {
		_ = c.Close()
		scripts.Wait()
	})
	return c
}

// read returns the next package from the client, or false at the end.
func (p *peer) read() (frame.Package, bool) {
	var pkg frame.Package
	if p.r.Read(&pkg) != nil {
		return pkg, false
	}
	pkg.Method, pkg.Payload = bytes.Clone(pkg.Method), bytes.Clone(pkg.Payload)
	return pkg, true
}

// write sends a package and does not mind a client that is gone.
func (p *peer) write(pkg frame.Package) {
	raw, err := frame.Append(nil, &pkg, frame.DefaultMaxPackage)
	if err != nil {
		panic(err)
	}
	p.writeRaw(raw)
}

func (p *peer) writeRaw(raw []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, _ = p.nc.Write(raw)
}

// echo answers a quest with its own payload.
func (p *peer) echo(q frame.Package) { p.write(answer(q.Seq, 0, q.Payload)) }

// drain reads until the client closes.
func (p *peer) drain() { _, _ = io.Copy(io.Discard, p.nc) }

func answer(seq uint32, status uint8, payload []byte) frame.Package {
	return frame.Package{
		Header:  frame.Header{Version: 1, Flags: frame.MsgPack, Kind: frame.Answer, SS: status},
		Seq:     seq,
		Payload: payload,
	}
}

func quest(seq uint32, method string) frame.Package {
	return frame.Package{
		Header:  frame.Header{Version: 1, Flags: frame.MsgPack, Kind: frame.Twoway},
		Seq:     seq,
		Method:  []byte(method),
		Payload: []byte{0x80},
	}
}

// num is the payload {"n": n}.
type num int64

func (n num) AppendPayload(b []byte) ([]byte, error) {
	return codec.AppendInt(codec.AppendString(codec.AppendMapHeader(b, 1), "n"), int64(n)), nil
}

func echoScript(p *peer) {
	for q, ok := p.read(); ok; q, ok = p.read() {
		p.echo(q)
	}
}
