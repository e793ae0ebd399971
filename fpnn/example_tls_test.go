package fpnn_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"log"
	"math/big"
	"net"
	"time"

	"github.com/gofpnn/gofpnn/fpnn"
)

// A server that speaks TLS, and clients that do and do not trust its certificate.
func ExampleServer_ServeTLS() {
	srv, err := fpnn.NewServer(fpnn.NewMux())
	if err != nil {
		log.Fatal(err)
	}
	defer srv.Close()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	cert, roots := selfSigned("gate.example") // else of tls.LoadX509KeyPair
	go func() { _ = srv.ServeTLS(l, &tls.Config{Certificates: []tls.Certificate{cert}}) }()
	endpoint := "tls://" + l.Addr().String()

	client, err := fpnn.Dial(context.Background(), endpoint,
		fpnn.WithTLS(&tls.Config{RootCAs: roots, ServerName: "gate.example"})) // it was asked for by its address
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()
	_, err = client.Call(context.Background(), "*ping", nil)
	fmt.Println(err, client.Conn().NetConn().(*tls.Conn).ConnectionState().HandshakeComplete)

	_, err = fpnn.Dial(context.Background(), endpoint) // trusts the system's roots
	var unverified *tls.CertificateVerificationError
	fmt.Println(errors.As(err, &unverified))
	// Output:
	// <nil> true
	// true
}

// Both sides show a certificate, so that a handler knows who asks.
func ExampleWithTLS() {
	srv, err := fpnn.NewServer(fpnn.HandlerFunc(func(_ context.Context, q *fpnn.Quest) (any, error) {
		state := q.Conn().NetConn().(*tls.Conn).ConnectionState()
		return map[string]any{"you": state.PeerCertificates[0].Subject.CommonName}, nil
	}))
	if err != nil {
		log.Fatal(err)
	}
	defer srv.Close()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	cert, roots := selfSigned("gate.example")
	own, users := selfSigned("alice")
	go func() {
		_ = srv.ServeTLS(l, &tls.Config{
			Certificates: []tls.Certificate{cert}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: users,
		})
	}()

	client, err := fpnn.NewClient([]string{l.Addr().String()}, fpnn.WithTLS(&tls.Config{
		RootCAs: roots, ServerName: "gate.example", Certificates: []tls.Certificate{own},
	}))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()
	answer, err := client.Call(context.Background(), "who am I", nil)
	fmt.Println(answer.Payload, err)
	// Output: {"you":"alice"} <nil>
}

// selfSigned returns a certificate for a name, and who vouches for it.
func selfSigned(name string) (cert tls.Certificate, roots *x509.CertPool) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: name},
		DNSNames:     []string{name},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		panic(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		panic(err)
	}
	roots = x509.NewCertPool()
	roots.AddCert(leaf)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, roots
}
