package rtm_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/gofpnn/gofpnn/fakeserver"
	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/rtm"
)

// A send whose answer is lost is tried again under its id: the gate stores it once.
func ExampleWithResend() {
	gate, err := fakeserver.Start()
	if err != nil {
		log.Fatal(err)
	}
	defer gate.Close()
	lost := gate.On("sendgroupmsg", fakeserver.Do(func(c *fakeserver.Ctx) {
		_, _ = c.Next() // it is stored
		c.CloseConn()   // and nobody is told
	}), fakeserver.Times(2))
	ctx := context.Background()
	client, err := rtm.Dial(ctx, gate.Addr(), gate.Project(), rtm.WithDialer(gate.Dialer()),
		rtm.WithResend(3, time.Minute), rtm.WithReconnect(fpnn.Reconnect{Min: time.Millisecond, Max: time.Second, Eager: true}))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()

	_, err = client.Send(ctx, 1001, rtm.Group(7), rtm.Message{Type: 66, Text: "once"})
	fmt.Println(err, "after", lost.Calls(), "losses; stored:", len(gate.Messages(rtm.Group(7))))

	gate.On("sendgroupmsg", fakeserver.CloseConn(), fakeserver.Times(3)) // as often as it is tried
	_, err = client.Send(ctx, 1001, rtm.Group(7), rtm.Message{Type: 66, Text: "who knows"})
	var unknown *rtm.UnknownOutcomeError
	fmt.Println(errors.As(err, &unknown), "after", unknown.Attempts, "attempts")
	// Output:
	// <nil> after 2 losses; stored: 1
	// true after 3 attempts
}
