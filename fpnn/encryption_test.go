package fpnn_test

import (
	"context"
	"crypto/tls"
	"net"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/transport"
	"github.com/gofpnn/gofpnn/transport/mem"
	"github.com/gofpnn/gofpnn/transport/secure"
)

// strictServer requires encryption. It serves what wrap makes of a listener, and
// returns how to get there without what wrap does.
func strictServer(t *testing.T, wrap func(l net.Listener) net.Listener) (network *mem.Network, address string) {
	t.Helper()
	srv, err := fpnn.NewServer(fpnn.HandlerFunc(func(context.Context, *fpnn.Quest) (any, error) {
		return nil, nil
	}), fpnn.WithMiddleware(fpnn.RequireEncryption))
	require.NoError(t, err)
	t.Cleanup(func() { _ = srv.Close() })
	network = new(mem.Network)
	l, err := network.Listen("")
	require.NoError(t, err)
	go func() { _ = srv.Serve(wrap(l)) }()
	return network, l.Addr().String()
}

func dialThrough(t *testing.T, d transport.Dialer, address string) *fpnn.Client {
	t.Helper()
	c, err := fpnn.NewClient([]string{address}, fpnn.WithDialer(d))
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func requireServed(t *testing.T, d transport.Dialer, address string) {
	t.Helper()
	_, err := dialThrough(t, d, address).Call(t.Context(), "work", nil)
	require.NoError(t, err)
}

func TestPlainPeersGetNothingButTheirPulseWhereEncryptionIsRequired(t *testing.T) {
	t.Parallel()
	key, err := secure.GenerateKey(secure.Secp256r1)
	require.NoError(t, err)
	network, address := strictServer(t, func(l net.Listener) net.Listener {
		l, err := secure.NewListener(l, secure.ServerConfig{Key: key})
		require.NoError(t, err)
		return l
	})
	dialer, err := secure.NewDialer(network, secure.ClientConfig{Key: key.Public()})
	require.NoError(t, err)
	requireServed(t, dialer, address)

	client := dialThrough(t, network, address)
	for _, method := range []string{"*ping", "*status", "*infos"} {
		_, err := client.Call(t.Context(), method, nil)
		require.NoError(t, err, method)
	}
	_, err = client.Call(t.Context(), "*tune", map[string]any{"key": "k", "value": "v"})
	var remote *fpnn.RemoteError
	require.ErrorAs(t, err, &remote)
	require.Equal(t, fpnn.CodeCoreForbidden, remote.Code)
	require.Equal(t, "Forbidden Operation", remote.Message)

	for _, method := range []string{"work", "nosuch", "*nosuch", "*key"} {
		_, err := dialThrough(t, network, address).Call(t.Context(), method, nil)
		require.ErrorIs(t, err, fpnn.ErrDisconnected, method)
	}
	require.NoError(t, client.Connect(t.Context()))
	conn := client.Conn()
	require.NoError(t, client.Notify(t.Context(), "work", nil))
	<-conn.Done()
	require.ErrorIs(t, conn.Err(), fpnn.ErrDisconnected, "oneway quests too")
}

func TestTLSCountsAsEncryption(t *testing.T) {
	t.Parallel()
	cert, roots := selfSigned("gate")
	network, address := strictServer(t, func(l net.Listener) net.Listener {
		return tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{cert}})
	})
	requireServed(t, transport.DialerFunc(func(ctx context.Context, _, address string) (net.Conn, error) {
		nc, err := network.DialContext(ctx, "", address)
		if err != nil {
			return nil, err
		}
		return tls.Client(nc, &tls.Config{RootCAs: roots, ServerName: "gate"}), nil
	}), address)
}
