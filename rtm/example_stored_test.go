package rtm_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/gofpnn/gofpnn/fakeserver"
	"github.com/gofpnn/gofpnn/rtm"
)

// A typing error is put right. A message is named by who sent it, to whom, and the id
// in the receipt.
func ExampleClient_Edit() {
	gate, err := fakeserver.Start()
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
	ctx, group := context.Background(), rtm.Group(7)

	receipt, err := client.Send(ctx, 1001, group, rtm.Message{Type: 66, Text: "helo", Attrs: "blue"})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(client.Edit(ctx, 1001, group, receipt.ID, rtm.EditRequest{Text: "hello"}))
	m, err := client.Get(ctx, 1001, group, receipt.ID)
	fmt.Printf("%q %q %v\n", m.Text, m.Attrs, err) // both have been replaced

	err = client.Edit(ctx, 2002, group, receipt.ID, rtm.EditRequest{Text: "not mine"})
	fmt.Println(errors.Is(err, rtm.ErrMessageNotFound))
	// Output:
	// <nil>
	// "hello" "" <nil>
	// true
}

// What is deleted is gone for all, and cannot be deleted again.
func ExampleClient_Delete() {
	gate, err := fakeserver.Start()
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
	ctx := context.Background()

	receipt, err := client.Send(ctx, 1001, rtm.User(2002), rtm.Message{Type: 66, Text: "oh no"})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(client.Delete(ctx, 1001, rtm.User(2002), receipt.ID))
	page, err := client.History(ctx, 2002, rtm.User(1001), rtm.HistoryQuery{})
	fmt.Println(len(page.Messages), err)
	err = client.Delete(ctx, 1001, rtm.User(2002), receipt.ID)
	fmt.Println(errors.Is(err, rtm.ErrMessageNotFound))
	// Output:
	// <nil>
	// 0 <nil>
	// true
}

// How much is said in a room, and by how many.
func ExampleClient_Count() {
	gate, err := fakeserver.Start()
	if err != nil {
		log.Fatal(err)
	}
	defer gate.Close()
	for i, from := range []int64{1001, 2002, 1001, 1001} {
		m := rtm.StoredMessage{From: from, Message: rtm.Message{Type: 66 + int8(i%2), Text: "hi"}}
		if err := gate.SeedMessages(rtm.Room(9), m); err != nil {
			fmt.Println(err)
			return
		}
	}
	client, err := rtm.NewClient([]string{gate.Addr()}, gate.Project(), rtm.WithDialer(gate.Dialer()))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()
	ctx := context.Background()

	all, err := client.Count(ctx, rtm.Room(9), rtm.CountQuery{})
	fmt.Println(all.Messages, "of", all.Senders, err)
	some, err := client.Count(ctx, rtm.Room(9), rtm.CountQuery{Types: []int8{66}})
	fmt.Println(some.Messages, "of", some.Senders, err)
	// Output:
	// 4 of 2 <nil>
	// 2 of 1 <nil>
}
