package secure_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/transport"
	"github.com/gofpnn/gofpnn/transport/mem"
	"github.com/gofpnn/gofpnn/transport/secure"
)

// A server that serves its methods to encrypted clients only, and one client of
// each kind. In earnest the private key is read from a file, by
// [secure.NewPrivateKey] or [secure.ParsePrivateKeyPEM], and the client has the
// public one.
func Example() {
	key, err := secure.GenerateKey(secure.Secp256r1)
	if err != nil {
		log.Fatal(err)
	}
	srv, err := fpnn.NewServer(fpnn.HandlerFunc(func(context.Context, *fpnn.Quest) (any, error) {
		return map[string]any{"secret": 42}, nil
	}), fpnn.WithMiddleware(fpnn.RequireEncryption))
	if err != nil {
		log.Fatal(err)
	}
	defer srv.Close()
	var network mem.Network
	plain, err := network.Listen("gate")
	if err != nil {
		fmt.Println(err)
		return
	}
	listener, err := secure.NewListener(plain, secure.ServerConfig{Key: key})
	if err != nil {
		fmt.Println(err)
		return
	}
	go func() { _ = srv.Serve(listener) }()

	dialer, err := secure.NewDialer(&network, secure.ClientConfig{Key: key.Public(), Bits: 256})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, d := range []transport.Dialer{dialer, &network} {
		client, err := fpnn.NewClient([]string{"gate"}, fpnn.WithDialer(d))
		if err != nil {
			fmt.Println(err)
			return
		}
		answer, err := client.Call(context.Background(), "ask", nil)
		fmt.Println(answer.Payload, errors.Is(err, fpnn.ErrDisconnected))
		_, err = client.Call(context.Background(), "*ping", nil)
		fmt.Println(err)
		_ = client.Close()
	}
	// Output:
	// {"secret":42} false
	// <nil>
	// {} true
	// <nil>
}
