package fault_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"syscall"

	"github.com/gofpnn/gofpnn/transport/fault"
	"github.com/gofpnn/gofpnn/transport/mem"
)

func Example() {
	var network mem.Network
	listener, err := network.Listen("echo")
	if err != nil {
		log.Fatal(err)
	}
	defer listener.Close()
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		_, _ = io.Copy(conn, conn)
	}()

	f := fault.New(1)
	conn, err := f.Dialer(&network).DialContext(context.Background(), "mem", "echo")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer conn.Close()

	f.CutAfter(fault.In, 5)
	_, _ = fmt.Fprint(conn, "hello, world")
	echo, err := io.ReadAll(conn)
	fmt.Printf("%s, reset: %t\n", echo, errors.Is(err, syscall.ECONNRESET))
	fmt.Printf("%+v\n", f.Stats())
	// Output:
	// hello, reset: true
	// {Connections:1 Resets:0 Cuts:1 Corrupted:0 Lost:7}
}
