package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gofpnn/gofpnn/codec"
	"github.com/gofpnn/gofpnn/fakeserver"
	"github.com/gofpnn/gofpnn/rtm"
	"github.com/gofpnn/gofpnn/rtm/wire"
	"github.com/gofpnn/gofpnn/transport/secure"
	"github.com/gofpnn/gofpnn/transport/ws"
)

// keyFile has a private key that OpenSSL has made.
const keyFile = "../../../transport/secure/testdata/openssl/secp256r1.pem"

func writeFile(t *testing.T, content string) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

// trust returns what trusts the certificate that the command says it has.
func (g *gate) trust() *tls.Config {
	g.t.Helper()
	roots := x509.NewCertPool()
	var text string
	for !strings.HasSuffix(text, "-----END CERTIFICATE-----\n") {
		line, err := g.out.ReadString('\n')
		require.NoError(g.t, err)
		text += line
	}
	require.True(g.t, roots.AppendCertsFromPEM([]byte(text)), text)
	return &tls.Config{RootCAs: roots}
}

func dialerOf(t *testing.T, packages bool) rtm.Option {
	t.Helper()
	text, err := os.ReadFile(keyFile)
	require.NoError(t, err)
	key, err := secure.ParsePrivateKeyPEM(text)
	require.NoError(t, err)
	d, err := secure.NewDialer(new(net.Dialer), secure.ClientConfig{Key: key.Public(), Bits: 256, PackageMode: packages})
	require.NoError(t, err)
	return rtm.WithDialer(d)
}

// post sends a message over HTTP.
func post(t *testing.T, url string, config *tls.Config, text string) error {
	t.Helper()
	q := &wire.Send{
		Signed: wire.Signed{Project: project, Salt: time.Now().UnixNano()}, From: 1, Target: rtm.Group(7),
		Message: rtm.Message{ID: time.Now().UnixNano(), Type: 66, Text: text},
	}
	raw, err := q.AppendPayload(nil)
	require.NoError(t, err)
	payload, err := codec.ParsePayload(raw)
	require.NoError(t, err)
	body, err := payload.AppendJSON(nil)
	require.NoError(t, err)
	client := http.Client{Transport: &http.Transport{TLSClientConfig: config}}
	defer client.CloseIdleConnections()
	answer, err := client.Post(url+"/service/"+q.Method(), "application/json", bytes.NewReader(body))
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	content, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, answer.StatusCode, string(content))
	return nil
}

func TestEveryWayLeadsToTheSameGate(t *testing.T) {
	t.Parallel()
	g := start(t, "-tls", "127.0.0.1:0", "-ws", "-key", keyFile)
	overTLS := g.said("TLS on ")
	trust := g.trust()

	var texts []string
	for _, w := range []struct {
		name, endpoint string
		opts           []rtm.Option
	}{
		{"tcp", g.addr, nil},
		{"tls", "tls://" + overTLS, []rtm.Option{rtm.WithTLS(trust)}},
		{"websocket", "ws://" + g.addr, []rtm.Option{rtm.WithDialerFor("ws", new(ws.Dialer))}},
		{"websocket over tls", "wss://" + overTLS, []rtm.Option{rtm.WithDialerFor("wss", &ws.Dialer{TLS: trust})}},
		{"stream", g.addr, []rtm.Option{dialerOf(t, false)}},
		{"package", g.addr, []rtm.Option{dialerOf(t, true)}},
	} {
		c := g.dialAt(w.endpoint, w.opts...)
		_, err := c.Send(t.Context(), 1, rtm.Group(7), rtm.Message{Type: 66, Text: w.name})
		require.NoError(t, err, w.name)
		texts = append(texts, w.name)
	}
	require.NoError(t, post(t, "http://"+g.addr, nil, "http"))
	require.NoError(t, post(t, "https://"+overTLS, trust, "https"))
	texts = append(texts, "http", "https")

	c := g.dial()
	var stored []string
	for m, err := range c.Messages(t.Context(), 1, rtm.Group(7), rtm.HistoryQuery{}) {
		require.NoError(t, err)
		stored = append(stored, m.Text)
	}
	require.Equal(t, texts, stored)
	require.Zero(t, g.stop(), g.stderr)
}

func TestWaysThatWereNotAskedForAreClosed(t *testing.T) {
	t.Parallel()
	g := start(t)
	require.Error(t, post(t, "http://"+g.addr, nil, "hello"))
	for _, opts := range [][]rtm.Option{{rtm.WithTLS(&tls.Config{InsecureSkipVerify: true})}, {dialerOf(t, false)}} {
		c, err := rtm.Dial(t.Context(), g.addr, project, opts...)
		if err == nil {
			_, err = c.Count(t.Context(), rtm.Group(7), rtm.CountQuery{})
			c.Close()
		}
		require.Error(t, err)
	}
}

func TestCertificateIsThatOfTheFile(t *testing.T) {
	t.Parallel()
	cert, text, err := makeCertificate("gate.example")
	require.NoError(t, err)
	der, err := x509.MarshalPKCS8PrivateKey(cert.PrivateKey)
	require.NoError(t, err)
	key := writeFile(t, string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})))

	g := start(t, "-tls", "127.0.0.1:0", "-tls-cert", writeFile(t, string(text)), "-tls-key", key)
	overTLS := g.said("TLS on ")
	roots := x509.NewCertPool()
	require.True(t, roots.AppendCertsFromPEM(text))
	c := g.dialAt(overTLS, rtm.WithTLS(&tls.Config{RootCAs: roots, ServerName: "gate.example"}))
	_, err = c.Count(t.Context(), rtm.Group(7), rtm.CountQuery{})
	require.NoError(t, err)
	require.Zero(t, g.stop())
	require.Empty(t, g.rest(), "a certificate that the user has is not printed")
}

func TestWaysThatCannotBeOpenedFail(t *testing.T) {
	t.Parallel()
	taken := fakeserver.New(t, fakeserver.WithTCP("127.0.0.1:0")).Addr()
	nothing := filepath.Join(t.TempDir(), "nothing")
	for _, c := range []struct {
		want string
		args []string
	}{
		{"address already in use", []string{"-tls", taken}},
		{"-tls-cert, -tls-key: ", []string{"-tls", "127.0.0.1:0", "-tls-cert", nothing, "-tls-key", nothing}},
		{"-tls-cert, -tls-key: ", []string{"-tls", "127.0.0.1:0", "-tls-cert", keyFile, "-tls-key", keyFile}},
		{"rtmfake: -key: open " + nothing, []string{"-key", nothing}},
		{"not an elliptic curve key", []string{"-key", writeFile(t, "no key")}},
		{"journal", []string{"-ws", "-tls", "127.0.0.1:0", "-key", keyFile, "-journal", filepath.Join(nothing, "below")}},
	} {
		exit, complaint := fails(t, c.args...)
		require.Equal(t, 1, exit, c.args)
		require.Contains(t, complaint, c.want)
	}
}

func TestMadeCertificateIsForItsHosts(t *testing.T) {
	t.Parallel()
	for host, names := range map[string][]string{
		"":             nil,
		"localhost":    nil,
		"gate.example": {"gate.example"},
		"192.0.2.7":    {"192.0.2.7"},
		"2001:db8::7":  {"2001:db8::7"},
	} {
		cert, text, err := makeCertificate(host)
		require.NoError(t, err)
		roots := x509.NewCertPool()
		require.True(t, roots.AppendCertsFromPEM(text))
		leaf, err := x509.ParseCertificate(cert.Certificate[0])
		require.NoError(t, err)
		for _, name := range append(names, "localhost", "127.0.0.1", "::1") {
			_, err = leaf.Verify(x509.VerifyOptions{Roots: roots, DNSName: name})
			require.NoError(t, err, "%q for %q", name, host)
		}
		_, err = leaf.Verify(x509.VerifyOptions{Roots: roots, DNSName: "another.example"})
		require.Error(t, err)
		require.Equal(t, pkix.Name{CommonName: "rtmfake"}.String(), leaf.Subject.String())
	}
}
