package rtm_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http/httptest"

	"github.com/gofpnn/gofpnn/fakeserver"
	"github.com/gofpnn/gofpnn/rtm"
)

// A gate behind TLS whose certificate the system does not know.
func ExampleWithTLS() {
	web := httptest.NewTLSServer(nil) // has a certificate for 127.0.0.1
	defer web.Close()
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: web.TLS.Certificates})
	if err != nil {
		fmt.Println(err)
		return
	}
	gate, err := fakeserver.Start(fakeserver.WithListener(l, new(net.Dialer)))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer gate.Close()
	ctx, endpoint := context.Background(), "tls://"+gate.Addr()

	_, err = rtm.Dial(ctx, endpoint, gate.Project())
	fmt.Println("with the system's roots:", err != nil)

	roots := x509.NewCertPool()
	roots.AddCert(web.Certificate())
	client, err := rtm.Dial(ctx, endpoint, gate.Project(), rtm.WithTLS(&tls.Config{RootCAs: roots}))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()
	_, err = client.Send(ctx, 1001, rtm.Group(7), rtm.Message{Type: 66, Text: "hello"})
	fmt.Println(err, len(gate.Messages(rtm.Group(7))))
	// Output:
	// with the system's roots: true
	// <nil> 1
}
