package fpnn_test

import (
	"context"
	"fmt"
	"log"

	"github.com/gofpnn/gofpnn/fpnn"
)

// A notice has no answer: what came of it the peer may tell in a quest of its own.
func ExampleClient_Notify() {
	mux := fpnn.NewMux()
	mux.Handle("subscribe", fpnn.OnewayFunc(func(ctx context.Context, q *fpnn.Quest) {
		topic, err := q.Text("topic")
		if err != nil {
			return // nobody waits for an error
		}
		_ = q.Conn().Notify(ctx, "news", map[string]any{"text": topic + ": nothing yet"})
	}))
	srv, err := fpnn.NewServer(mux)
	if err != nil {
		log.Fatal(err)
	}
	defer srv.Close()
	network, address := listenInMemory(srv)

	news := make(chan string)
	heard := fpnn.NewMux()
	heard.Handle("news", fpnn.OnewayFunc(func(_ context.Context, q *fpnn.Quest) {
		text, err := q.Text("text")
		news <- fmt.Sprint(text, " ", err)
	}))
	client, err := fpnn.NewClient([]string{address}, fpnn.WithDialer(network), fpnn.WithHandler(heard))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()
	ctx := context.Background()
	fmt.Println(client.Notify(ctx, "subscribe", map[string]any{"topic": "weather"})) // that it has left, no more
	fmt.Println(<-news)

	_, err = client.Call(ctx, "subscribe", map[string]any{"topic": "weather"})
	fmt.Println(<-news)
	fmt.Println(fpnn.Code(err), "since there is no answer")
	// Output:
	// <nil>
	// weather: nothing yet <nil>
	// weather: nothing yet <nil>
	// 20001 since there is no answer
}
