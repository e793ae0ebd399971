package secure_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/fpnn/frame"
	"github.com/gofpnn/gofpnn/transport"
	"github.com/gofpnn/gofpnn/transport/internal/bubble"
	"github.com/gofpnn/gofpnn/transport/mem"
	"github.com/gofpnn/gofpnn/transport/secure"
)

// duplexServer answers "double" with twice n, after the client has done the same
// for it.
func duplexServer(t *testing.T, l net.Listener) {
	t.Helper()
	srv, err := fpnn.NewServer(fpnn.HandlerFunc(func(ctx context.Context, q *fpnn.Quest) (any, error) {
		n, err := q.Int64("n")
		if err != nil {
			return nil, err
		}
		if err := q.Conn().Notify(ctx, "told", nil); err != nil {
			return nil, err
		}
		answer, err := q.Conn().Call(ctx, "push", map[string]any{"n": n, "text": string(make([]byte, n*n))})
		if err != nil {
			return nil, err
		}
		n, err = answer.Int64("n")
		return map[string]any{"n": n}, err
	}))
	require.NoError(t, err)
	serving := bubble.Start(func() (any, error) { return nil, srv.Serve(l) })
	t.Cleanup(func() {
		_ = srv.Close()
		_, err := serving.Wait()
		require.ErrorIs(t, err, fpnn.ErrClosed)
	})
}

func double(_ context.Context, q *fpnn.Quest) (any, error) {
	n, err := q.Int64("n")
	return map[string]any{"n": 2 * n}, err
}

func dialFPNN(t *testing.T, d transport.Dialer, address string) *fpnn.Client {
	t.Helper()
	client, err := fpnn.NewClient([]string{address}, fpnn.WithDialer(d),
		fpnn.WithHandler(fpnn.HandlerFunc(double)))
	require.NoError(t, err)
	t.Cleanup(func() { _ = client.Close() })
	return client
}

func TestConcurrentCallsAndPushesInAllCombinationsAndPieces(t *testing.T) {
	eachCombination(t, func(t *testing.T, d transport.Dialer, l net.Listener) {
		duplexServer(t, l)
		client := dialFPNN(t, d, l.Addr().String())
		var callers sync.WaitGroup
		for i := range 20 {
			callers.Go(func() {
				answer, err := client.Call(t.Context(), "double", map[string]any{"n": i})
				if err != nil {
					t.Error(err)
					return
				}
				if n, err := answer.Int64("n"); err != nil || n != int64(2*i) {
					t.Errorf("%d, %v for %d", n, err, i)
				}
			})
		}
		callers.Wait()
	})
}

func TestPlainAndEncryptedClientsShareAPort(t *testing.T) {
	bubble.Run(t, func(t *testing.T) {
		network := new(mem.Network)
		l, err := network.Listen("gate")
		require.NoError(t, err)
		encrypted, l := combination{secure.Secp256k1, 256, true}.wrap(t, network, l)
		duplexServer(t, l)
		for _, d := range []transport.Dialer{network, encrypted} {
			_, err := dialFPNN(t, d, "gate").Call(t.Context(), "double", map[string]any{"n": 1})
			require.NoError(t, err)
		}
	})
}

// TestFailedHandshakeShowsInWhatEndsTheConnection has a client of fpnn whose
// server has another key.
func TestFailedHandshakeShowsInWhatEndsTheConnection(t *testing.T) {
	bubble.Run(t, func(t *testing.T) {
		network := new(mem.Network)
		l, err := network.Listen("gate")
		require.NoError(t, err)
		_, l = combination{secure.Secp256r1, 128, false}.wrap(t, network, l)
		duplexServer(t, l)
		d, err := secure.NewDialer(network, secure.ClientConfig{Key: keyPair().Public()})
		require.NoError(t, err)
		_, err = dialFPNN(t, d, "gate").Call(t.Context(), "double", map[string]any{"n": 1})
		requireFailed(t, err, frame.ErrMagic)
		require.ErrorIs(t, err, fpnn.ErrDisconnected)
	})
}

// TestLateKeyClosesTheConnection has a server that has got a first package
// already: a plain one, or a `*key`.
func TestLateKeyClosesTheConnection(t *testing.T) {
	for name, dial := range map[string]func(t *testing.T, nc net.Conn) net.Conn{
		"after a plain quest": func(t *testing.T, nc net.Conn) net.Conn {
			requireWrite(t, nc, twowayQuest(t, "*ping"))
			_, err := nc.Read(make([]byte, 1024))
			require.NoError(t, err)
			return nc
		},
		"second": func(t *testing.T, nc net.Conn) net.Conn { return newClient(t, nc) },
	} {
		t.Run(name, func(t *testing.T) {
			bubble.Run(t, func(t *testing.T) {
				network := new(mem.Network)
				l, err := network.Listen("gate")
				require.NoError(t, err)
				l, err = secure.NewListener(l, secure.ServerConfig{Key: keyPair()})
				require.NoError(t, err)
				duplexServer(t, l)
				nc, err := network.DialContext(t.Context(), "", "gate")
				require.NoError(t, err)
				defer nc.Close()
				c := dial(t, nc)
				requireWrite(t, c, keyQuest(t))
				rest, _ := bubble.Start(func() ([]byte, error) { return io.ReadAll(c) }).Returned(t)
				require.Empty(t, rest)
			})
		})
	}
}

// TestPushBeforeTheFirstQuestArrives has a server that speaks first, which a
// connection has to bear without ending or giving anything away.
func TestPushBeforeTheFirstQuestArrives(t *testing.T) {
	bubble.Run(t, func(t *testing.T) {
		network := new(mem.Network)
		l, err := network.Listen("gate")
		require.NoError(t, err)
		l, err = secure.NewListener(l, secure.ServerConfig{Key: keyPair()})
		require.NoError(t, err)
		srv, err := fpnn.NewServer(fpnn.NewMux())
		require.NoError(t, err)
		t.Cleanup(func() { _ = srv.Close() })
		nc, err := network.DialContext(t.Context(), "", "gate")
		require.NoError(t, err)
		accepted, err := l.Accept()
		require.NoError(t, err)
		require.NoError(t, srv.ServeConn(accepted))
		pushing := bubble.Start(func() (fpnn.Answer, error) {
			return srv.Conns()[0].Call(t.Context(), "push", map[string]any{"n": 21})
		})
		pushing.Blocked(t)

		d, err := secure.NewDialer(dialerFunc(func(context.Context) (net.Conn, error) { return nc, nil }),
			secure.ClientConfig{Key: keyPair().Public()})
		require.NoError(t, err)
		client := dialFPNN(t, d, "gate")
		require.NoError(t, client.Connect(t.Context()))
		answer, err := pushing.Wait()
		require.NoError(t, err)
		n, err := answer.Int64("n")
		require.NoError(t, err)
		require.Equal(t, int64(42), n)
	})
}

func twowayQuest(tb testing.TB, method string) string {
	tb.Helper()
	p := frame.Package{
		Header:  frame.Header{Version: 1, Flags: frame.MsgPack, Kind: frame.Twoway},
		Seq:     1,
		Method:  []byte(method),
		Payload: []byte{0x80},
	}
	var b bytes.Buffer
	require.NoError(tb, frame.NewWriter(&b, 1024).Write(&p))
	return b.String()
}
