package fakeserver_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gofpnn/gofpnn/fakeserver"
	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/rtm"
	"github.com/gofpnn/gofpnn/rtm/wire"
)

// greet is what the examples test: a program that uses RTM.
func greet(ctx context.Context, c *rtm.Client, group int64) error {
	_, err := c.Send(ctx, 1001, rtm.Group(group), rtm.Message{Type: 66, Text: "hello"})
	return err
}

// A unit test: a gate of its own, in memory, and what it has to hold afterwards.
func Example_unitTest() {
	test := func(t fakeserver.TB) { // as in: func TestGreeting(t *testing.T)
		gate := fakeserver.New(t)
		gate.SeedGroup(7, 1001, 2002)
		ctx := context.Background()
		client, err := rtm.Dial(ctx, gate.Addr(), gate.Project(), rtm.WithDialer(gate.Dialer()))
		if err != nil {
			t.Fatalf("%v", err)
		}
		defer client.Close()

		if err := greet(ctx, client, 7); err != nil {
			t.Errorf("%v", err)
		}
		gate.Expect(t).Stored(rtm.Group(7), "hello")
		gate.Expect(t).Quests("sendgroupmsg", 1)
		gate.Expect(t).Stored(rtm.Group(8), "hello", "you") // is wrong: see what it says
	}
	var t recorder // stands for the *testing.T
	test(&t)
	fmt.Println(t.lines[0])
	t.end()
	// Output:
	// fakeserver: messages to group 8 (- missing, + not expected):
	// - "hello"
	// - "you"
}

// Error injection: what becomes of a program whose gate is busy, refuses, or loses
// an answer.
func Example_errorInjection() {
	gate, err := fakeserver.Start() // in a test: fakeserver.New(t)
	if err != nil {
		panic(err)
	}
	defer gate.Close()
	ctx := context.Background()
	client, err := rtm.Dial(ctx, gate.Addr(), gate.Project(), rtm.WithDialer(gate.Dialer()))
	if err != nil {
		panic(err)
	}
	defer client.Close()

	busy := gate.On("sendgroupmsg", fakeserver.Fail(fpnn.CodeCoreWorkQueueFull, "busy"), fakeserver.Times(2))
	fmt.Println("busy:", greet(ctx, client, 7), "after", busy.Calls(), "refusals")

	lost := gate.On("sendgroupmsg", fakeserver.Do(func(c *fakeserver.Ctx) {
		_, _ = c.Next() // served, but the answer never arrives
		c.CloseConn()
	}), fakeserver.Times(1))
	fmt.Println("lost:", greet(ctx, client, 7), "after", lost.Calls(), "loss")
	fmt.Println("stored:", len(gate.Messages(rtm.Group(7))))

	gate.On("sendgroupmsg", fakeserver.Fail(rtm.CodePermissionDenied, "no"), fakeserver.Where(func(q *fpnn.Quest) bool {
		gid, err := q.Int64("gid")
		return err == nil && gid == 8
	}))
	fmt.Println("refused:", errors.Is(greet(ctx, client, 8), rtm.ErrPermissionDenied), greet(ctx, client, 7))
	// Output:
	// busy: <nil> after 2 refusals
	// lost: <nil> after 1 loss
	// stored: 2
	// refused: true <nil>
}

// An outage: the gate is gone, and comes back. In a testing/synctest bubble hours
// of it take milliseconds; TestHourOfOutage of this package is such a test.
func Example_outage() {
	gate, err := fakeserver.Start() // in a test: fakeserver.New(t)
	if err != nil {
		panic(err)
	}
	defer gate.Close()
	states := make(chan fpnn.State, 100)
	ctx := context.Background()
	client, err := rtm.Dial(ctx, gate.Addr(), gate.Project(), rtm.WithDialer(gate.Dialer()),
		rtm.WithReconnect(fpnn.Reconnect{Min: time.Millisecond, Max: 10 * time.Millisecond, Eager: true}),
		rtm.WithFPNN(fpnn.WithOnState(func(s fpnn.State, _ error) { states <- s })))
	if err != nil {
		panic(err)
	}
	defer client.Close()
	fmt.Println(<-states, <-states)

	network := gate.Network()
	network.RefuseDials(true)
	network.CloseClients()
	fmt.Println(<-states, <-states)
	sent := make(chan error)
	go func() { sent <- greet(ctx, client, 7) }() // waits
	network.RefuseDials(false)
	fmt.Println(<-sent, len(gate.Messages(rtm.Group(7))))
	// Output:
	// connecting ready
	// idle connecting
	// <nil> 1
}

// Pushes: a program that listens is told of messages and events.
func Example_push() {
	gate, err := fakeserver.Start() // in a test: fakeserver.New(t)
	if err != nil {
		panic(err)
	}
	defer gate.Close()
	heard := make(chan string)
	ctx := context.Background()
	client, err := rtm.Dial(ctx, gate.Addr(), gate.Project(), rtm.WithDialer(gate.Dialer()),
		rtm.WithListen(rtm.ListenSet{Groups: []int64{7}, Events: []string{"login"}}, rtm.ListenAll{}),
		rtm.WithHandler(func(_ context.Context, p rtm.Push) {
			if p.Event != nil {
				heard <- fmt.Sprint(p.Event.Event, " of ", p.Event.UID)
				return
			}
			heard <- fmt.Sprint(p.From, " says ", p.Text)
		}))
	if err != nil {
		panic(err)
	}
	defer client.Close()

	// What a user does: the message is stored, and pushed to those who listen.
	if _, err := gate.Send(2002, rtm.Group(7), rtm.Message{Type: 66, Text: "hi"}); err != nil {
		panic(err)
	}
	fmt.Println(<-heard)
	// What happens without a message stored.
	fmt.Println(gate.PushEvent(fakeserver.Event{Name: "login", UID: 3003}), "listener")
	fmt.Println(<-heard)
	// A message pushed twice is handled once.
	again := wire.Push{From: 2002, Target: rtm.Group(7), Message: rtm.Message{ID: 5, Type: 66, Text: "once"}}
	gate.PushMessage(again)
	gate.PushMessage(again)
	gate.PushEvent(fakeserver.Event{Name: "login", UID: 4004})
	first, second := <-heard, <-heard
	fmt.Println(min(first, second))
	fmt.Println(max(first, second))
	// Output:
	// 2002 says hi
	// 1 listener
	// login of 3003
	// 2002 says once
	// login of 4004
}
