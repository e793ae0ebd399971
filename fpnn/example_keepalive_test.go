package fpnn_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/transport/fault"
)

// A peer that is gone without a word is found by pings: a connection that only waits
// for pushes would never know.
func ExampleWithKeepAlive() {
	srv, err := fpnn.NewServer(fpnn.NewMux())
	if err != nil {
		log.Fatal(err)
	}
	defer srv.Close()
	network, address := listenInMemory(srv)
	faults := fault.New(1)

	lost := make(chan error, 1)
	client, err := fpnn.Dial(context.Background(), address, fpnn.WithDialer(faults.Dialer(network)),
		fpnn.WithKeepAlive(fpnn.KeepAlive{Interval: 10 * time.Millisecond, Timeout: 10 * time.Millisecond, Retries: 2}), // DefaultKeepAlive is slower
		fpnn.WithOnDisconnect(func(_ *fpnn.Conn, reason error) { lost <- reason }))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()

	faults.Partition(fault.Both) // from now on nothing arrives, and nobody is told
	reason := <-lost             // within 10 ms, and three times 10 ms
	fmt.Println(errors.Is(reason, fpnn.ErrDisconnected), reason)
	// Output: true fpnn: disconnected: peer does not answer *ping
}
