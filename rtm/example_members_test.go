package rtm_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/gofpnn/gofpnn/fakeserver"
	"github.com/gofpnn/gofpnn/rtm"
)

// A group is there when it has members. Here the gate lets nobody else speak.
func ExampleClient_AddGroupMembers() {
	gate, err := fakeserver.Start(fakeserver.WithMembershipChecks())
	if err != nil {
		log.Fatal(err)
	}
	defer gate.Close()
	client, err := rtm.NewClient([]string{gate.Addr()}, gate.Project(), rtm.WithDialer(gate.Dialer()))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()
	ctx, hello := context.Background(), rtm.Message{Type: 66, Text: "hello"}

	_, err = client.Send(ctx, 1001, rtm.Group(7), hello)
	fmt.Println("a stranger:", errors.Is(err, rtm.ErrNotInGroup))

	fmt.Println(client.AddGroupMembers(ctx, 7, []int64{1001, 2002, 3003}))
	_, err = client.Send(ctx, 1001, rtm.Group(7), hello)
	fmt.Println("a member:", err)

	fmt.Println(client.RemoveGroupMembers(ctx, 7, []int64{2002}))
	fmt.Println(client.GroupMembers(ctx, 7))
	// Output:
	// a stranger: true
	// <nil>
	// a member: <nil>
	// <nil>
	// [1001 3003] <nil>
}
