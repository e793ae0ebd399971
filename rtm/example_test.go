package rtm_test

import (
	"context"
	"fmt"
	"log"

	"github.com/gofpnn/gofpnn/fakeserver"
	"github.com/gofpnn/gofpnn/rtm"
)

// The example of the README, on a fake gate.
func Example() {
	gate, err := fakeserver.Start()
	if err != nil {
		log.Fatal(err)
	}
	defer gate.Close()

	if err := example(context.Background(), gate.Addr(), gate.Project(), rtm.WithDialer(gate.Dialer())); err != nil {
		fmt.Println(err)
	}
	// Output:
	// 1001: hello
	// 1001: 你好
}

func example(ctx context.Context, endpoint string, project rtm.Project, opts ...rtm.Option) error {
	client, err := rtm.Dial(ctx, endpoint, project, opts...)
	if err != nil {
		return err
	}
	defer client.Close()

	const alice = 1001
	group := rtm.Group(7)
	for _, text := range []string{"hello", "你好"} {
		if _, err := client.Send(ctx, alice, group, rtm.Message{Type: 66, Text: text}); err != nil {
			return err
		}
	}
	for m, err := range client.Messages(ctx, alice, group, rtm.HistoryQuery{}) {
		if err != nil {
			return err
		}
		fmt.Printf("%d: %s\n", m.From, m.Text)
	}
	return nil
}

func ExampleClient_SendMulti() {
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

	_, err = client.SendMulti(ctx, 1001, []int64{2001, 2002}, rtm.Message{Type: 66, Data: []byte{1, 2, 3}, ID: 42})
	fmt.Println(err)
	page, err := client.History(ctx, 2002, rtm.User(1001), rtm.HistoryQuery{Descending: true, Limit: 1})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%d %x\n", page.Messages[0].ID, page.Messages[0].Data)
	// Output:
	// <nil>
	// 42 010203
}
