package rtm_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/gofpnn/gofpnn/fakeserver"
	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/rtm"
)

// Send to a group and read it back, here on a fake gate.
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

// A conversation page by page, as a web page shows it: the newest messages first,
// and each page says what asks for the next.
func ExampleClient_History() {
	gate, err := fakeserver.Start()
	if err != nil {
		log.Fatal(err)
	}
	defer gate.Close()
	for i := range 5 {
		m := rtm.StoredMessage{From: 1001, Message: rtm.Message{Type: 66, Text: fmt.Sprint("message ", i)}}
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

	query := rtm.HistoryQuery{Descending: true, Limit: 2}
	for {
		page, err := client.History(context.Background(), 2002, rtm.Room(9), query)
		if err != nil || len(page.Messages) == 0 {
			fmt.Println("end", err)
			return
		}
		for _, m := range page.Messages {
			fmt.Println(m.From, m.Text)
		}
		fmt.Println("--")
		query = page.Next()
	}
	// Output:
	// 1001 message 4
	// 1001 message 3
	// --
	// 1001 message 2
	// 1001 message 1
	// --
	// 1001 message 0
	// --
	// end <nil>
}

// What the gate says of a message it does not take.
func ExampleClient_Send_refused() {
	gate, err := fakeserver.Start()
	if err != nil {
		log.Fatal(err)
	}
	defer gate.Close()
	gate.On("sendgroupmsg", fakeserver.Fail(rtm.CodeSensitiveWords, "no such words"))
	client, err := rtm.NewClient([]string{gate.Addr()}, gate.Project(), rtm.WithDialer(gate.Dialer()))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()
	ctx := context.Background()

	_, err = client.Send(ctx, 1001, rtm.Group(7), rtm.Message{Type: 66, Text: "..."})
	fmt.Println(errors.Is(err, rtm.ErrSensitiveWords), fpnn.Code(err), fpnn.SafeToRetry(err))

	_, err = client.Send(ctx, 1001, rtm.Group(7), rtm.Message{Text: "no type"})
	var argument *rtm.ArgumentError // found before it was sent
	fmt.Println(errors.As(err, &argument), argument.Argument, fpnn.SafeToRetry(err))
	// Output:
	// true 200054 false
	// true Message.Type true
}
