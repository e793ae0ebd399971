package mem_test

import (
	"bufio"
	"context"
	"fmt"
	"log"

	"github.com/gofpnn/gofpnn/transport/mem"
)

func Example() {
	var network mem.Network
	listener, err := network.Listen("greeter")
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
		name, err := bufio.NewReader(conn).ReadString('\n')
		if err != nil {
			return
		}
		_, _ = fmt.Fprintf(conn, "hello, %s", name)
	}()

	conn, err := network.DialContext(context.Background(), "mem", "greeter")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer conn.Close()
	_, _ = fmt.Fprintln(conn, "world")
	answer, err := bufio.NewReader(conn).ReadString('\n')
	fmt.Print(answer, err)
	// Output:
	// hello, world
	// <nil>
}
