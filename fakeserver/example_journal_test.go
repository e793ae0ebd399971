package fakeserver_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/gofpnn/gofpnn/fakeserver"
	"github.com/gofpnn/gofpnn/rtm"
)

// The journal has all packages that came and went, of which a test can ask what it
// wants; and a new gate that serves them again shows whether it answers the same.
func ExampleServer_Replay() {
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
	for _, text := range []string{"hello", "world"} {
		if _, err := client.Send(ctx, 1001, rtm.Group(7), rtm.Message{Type: 66, Text: text}); err != nil {
			panic(err)
		}
	}
	records := gate.Journal().Records() // or of a file: fakeserver.ReadJournal
	for _, r := range records {
		if p, err := r.Payload(); err == nil && !r.Out {
			text, _ := p.Text("msg")
			fmt.Println(r.Method, text)
		}
	}

	again, err := fakeserver.Start()
	if err != nil {
		panic(err)
	}
	defer again.Close()
	fmt.Println(again.Replay(records), len(again.Messages(rtm.Group(7))))

	stricter, err := fakeserver.Start(fakeserver.WithMembershipChecks())
	if err != nil {
		panic(err)
	}
	defer stricter.Close()
	var different *fakeserver.DifferentAnswerError
	if errors.As(stricter.Replay(records), &different) {
		fmt.Println("another answer:", different.Quest.Method, different.Got.Code())
	}
	// Output:
	// sendgroupmsg hello
	// sendgroupmsg world
	// <nil> 2
	// another answer: sendgroupmsg 200041
}

// What one gate holds another can begin with, as it is or from a file.
func ExampleWithState() {
	gate, err := fakeserver.Start() // in a test: fakeserver.New(t)
	if err != nil {
		panic(err)
	}
	defer gate.Close()
	gate.SeedGroup(7, 1001, 2002)
	if _, err := gate.Send(1001, rtm.Group(7), rtm.Message{Type: 66, Text: "hello"}); err != nil {
		panic(err)
	}
	dir, err := os.MkdirTemp("", "state") // in a test: t.TempDir()
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "state.json")
	fmt.Println(gate.State().Save(path))

	file, err := os.Open(path)
	if err != nil {
		panic(err)
	}
	defer file.Close()
	state, err := fakeserver.ReadState(file)
	if err != nil {
		panic(err)
	}
	another, err := fakeserver.Start(fakeserver.WithState(state))
	if err != nil {
		panic(err)
	}
	defer another.Close()
	fmt.Println(another.GroupMembers(7), another.Messages(rtm.Group(7))[0].Text)
	// Output:
	// <nil>
	// [1001 2002] hello
}
