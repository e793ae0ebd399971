package transport_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"

	"github.com/gofpnn/gofpnn/transport"
)

// Whatever makes a net.Conn is a transport: here all names lead to one host, as
// through a proxy.
func ExampleDialerFunc() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer l.Close()
	var dialer transport.Dialer = transport.DialerFunc(func(ctx context.Context, network, address string) (net.Conn, error) {
		fmt.Println("asked for", network, address)
		return new(net.Dialer).DialContext(ctx, network, l.Addr().String())
	})
	nc, err := dialer.DialContext(context.Background(), "tcp", "gate.example.com:13325")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer nc.Close()
	fmt.Println(nc.RemoteAddr().String() == l.Addr().String())
	// Output:
	// asked for tcp gate.example.com:13325
	// true
}

func ExampleEncrypted() {
	plain, peer := net.Pipe()
	defer plain.Close()
	defer peer.Close()
	fmt.Println(transport.Encrypted(plain), transport.Encrypted(tls.Client(plain, &tls.Config{ServerName: "gate"})))
	// Output: false true
}
