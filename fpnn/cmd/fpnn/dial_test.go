package main

import (
	"context"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/transport"
	"github.com/gofpnn/gofpnn/transport/mem"
)

func TestNoConnection(t *testing.T) {
	t.Parallel()
	l := listenOn(t, "tcp", "127.0.0.1:0")
	gone := l.Addr().String()
	require.NoError(t, l.Close())
	all := ways(t)
	_, public, _ := keys(t)
	greeter := strange(t, func(nc net.Conn) {
		_, _ = io.WriteString(nc, "220 gate ready\r\n")
		_, _ = io.Copy(io.Discard, nc)
	})
	for _, tt := range []struct {
		want, hint string
		line       []string
	}{
		{"cannot connect to " + gone + ": dial tcp " + gone, "nothing listens there", []string{gone}},
		{"cannot connect to ws://" + gone, "nothing listens there", []string{"ws://" + gone}},
		{"no such file", "no such socket", []string{"unix:" + filepath.Join(t.TempDir(), "none")}},
		{"signed by unknown authority", "-cacert FILE", []string{all["TLS"].addr}},
		{"signed by unknown authority", "-cacert FILE", []string{all["wss"].addr}},
		{"certificate", "-cacert FILE", []string{"-cacert", mustCertificate(t), all["TLS"].addr}},
		{"not valid for any names, but wanted to match localhost", "use a host name the certificate is for", append(all["TLS"].flags, strings.Replace(all["TLS"].addr, "127.0.0.1", "localhost", 1))},
		{"TLS: EOF", "the server hangs up", []string{"tls://" + all["TCP"].addr}},
		{"does not look like a TLS handshake", "leave tls:// out", []string{"tls://" + greeter}},
		{"EOF", "the server hangs up", []string{"ws://" + all["TCP"].addr}},
		{"HTTP status 404", "no WebSocket is served there", []string{all["ws"].addr + "/nothing"}},
		{"handshake: refused by the server", "is -key the public key of this server", []string{"-key", public, all["TCP"].addr}},
		{"handshake: frame: no FPNN magic", "is -key the public key of this server", []string{"-key", public, all["encrypted"].addr}},
	} {
		for _, command := range []string{"call", "ping"} {
			line := append([]string{command}, tt.line...)
			if command == "call" {
				line = append(line, "m")
			}
			got := run(t, line...)
			require.Equal(t, exitNoConnection, got.code, "%v: %s", line, got.stderr)
			require.Empty(t, got.stdout)
			require.Contains(t, got.stderr, tt.want)
			require.Contains(t, got.stderr, "\nhint: ")
			require.Contains(t, got.stderr, tt.hint)
		}
	}
}

// Other failures of the network's.
func TestHintsOfDials(t *testing.T) {
	t.Parallel()
	for want, err := range map[string]error{
		"is the host's name right?":                      &net.DNSError{Name: "gate", Err: "no such host"},
		"is the address right, and reachable":            &net.OpError{Op: "dial", Err: os.ErrDeadlineExceeded},
		"the server needs another certificate":           x509.CertificateInvalidError{Reason: x509.Expired},
		"the server hangs up":                            syscall.ECONNRESET,
		"fpnn call: cannot connect to a:1: no network\n": errors.New("no network"),
	} {
		dialer := transport.DialerFunc(func(context.Context, string, string) (net.Conn, error) { return nil, err })
		got := shell{dialer: dialer}.run(t, "call", "a:1", "m")
		require.Equal(t, exitNoConnection, got.code)
		require.Contains(t, got.stderr, want)
	}
}

func mustCertificate(t *testing.T) string {
	t.Helper()
	file, _ := certificate(t)
	return file
}

func TestFilesThatAreNotWhatTheyShouldBe(t *testing.T) {
	t.Parallel()
	none := filepath.Join(t.TempDir(), "none")
	garbage := write(t, []byte("garbage"))
	private, _, _ := keys(t)
	for want, line := range map[string][]string{
		"-cacert: open " + none:                          {"-cacert", none, "tls://a:1"},
		"-cacert " + garbage + ": no certificate in PEM": {"-cacert", garbage, "tls://a:1"},
		"-key: open " + none:                             {"-key", none, "a:1"},
		"-key " + garbage + ": secure: public key":       {"-key", garbage, "a:1"},
		"the server's public key is wanted":              {"-key", private, "a:1"},
	} {
		got := run(t, append([]string{"ping"}, line...)...)
		require.Equal(t, exitHere, got.code)
		require.Contains(t, got.stderr, want)
		hint := "\nhint: is the path after " + line[0] + " right?\n"
		require.Equal(t, line[1] == none, strings.Contains(got.stderr, hint), got.stderr)
	}
}

// hangingUp is a server that sends text to its first client and then waits for
// it to hang up, which closes what is returned.
func hangingUp(t *testing.T, network *mem.Network, address, text string) <-chan struct{} {
	t.Helper()
	l, err := network.Listen(address)
	require.NoError(t, err)
	hungUp := make(chan struct{})
	go func() {
		defer close(hungUp)
		if nc, err := l.Accept(); err == nil {
			_, _ = io.WriteString(nc, text)
			_, _ = io.Copy(io.Discard, nc)
			_ = nc.Close()
		}
	}()
	return hungUp
}

func TestFailedHandshakesHangUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var network mem.Network
		_, public, _ := keys(t)
		garbage := strings.Repeat("?", 100)
		for _, line := range [][]string{{"-key", public, "a:1"}, {"tls://b:1"}, {"ws://c:1"}} {
			address := line[len(line)-1]
			hungUp := hangingUp(t, &network, address[strings.LastIndex(address, "/")+1:], garbage)
			require.Equal(t, exitNoConnection, shell{dialer: &network}.run(t, append([]string{"ping"}, line...)...).code)
			<-hungUp
		}
	})
}
