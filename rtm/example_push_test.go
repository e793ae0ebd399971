package rtm_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/gofpnn/gofpnn/fakeserver"
	"github.com/gofpnn/gofpnn/rtm"
)

// A program that listens: what is said in a group, and by whom, one after the other.
func ExampleWithHandler() {
	gate, err := fakeserver.Start()
	if err != nil {
		log.Fatal(err)
	}
	defer gate.Close()
	heard := make(chan string)
	client, err := rtm.Dial(context.Background(), gate.Addr(), gate.Project(), rtm.WithDialer(gate.Dialer()),
		rtm.WithListen(rtm.ListenSet{Groups: []int64{7}}, rtm.ListenAll{}),
		rtm.WithHandler(func(_ context.Context, p rtm.Push) {
			if p.Event == nil {
				heard <- fmt.Sprint(p.Target, ": ", p.From, " says ", p.Text)
			}
		}))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()

	for _, text := range []string{"hi", "你好"} { // what somebody else sends
		if _, err := gate.Send(2002, rtm.Group(7), rtm.Message{Type: 66, Text: text}); err != nil {
			fmt.Println(err)
			return
		}
	}
	fmt.Println(<-heard)
	fmt.Println(<-heard)
	// Output:
	// group 7: 2002 says hi
	// group 7: 2002 says 你好
}

// The same with a loop, which ends with its ctx.
func ExampleClient_Pushes() {
	gate, err := fakeserver.Start()
	if err != nil {
		log.Fatal(err)
	}
	defer gate.Close()
	client, err := rtm.Dial(context.Background(), gate.Addr(), gate.Project(), rtm.WithDialer(gate.Dialer()))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()

	pushes := client.Pushes(ctx) // from now on pushes are accepted
	if err := client.Listen(ctx, rtm.ListenSet{Events: []string{"login"}}); err != nil {
		fmt.Println(err)
		return
	}
	gate.PushEvent(fakeserver.Event{Name: "login", UID: 3003})
	for p, err := range pushes {
		if err != nil {
			fmt.Println(errors.Is(err, context.Canceled))
			break
		}
		fmt.Println(p.Event.Event, "of", p.Event.UID)
		cancel()
	}
	// Output:
	// login of 3003
	// true
}
