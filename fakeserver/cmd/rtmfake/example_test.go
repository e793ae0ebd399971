package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/gofpnn/gofpnn/codec"
	"github.com/gofpnn/gofpnn/fakeserver"
	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/rtm"
	"github.com/gofpnn/gofpnn/rtm/wire"
)

// Programs in other languages speak to the command, here to
//
//	rtmfake -listen 127.0.0.1:0 -pid 42 -secret KEY -journal gate.jsonl -state gate.json
//
// and a test looks at what it has written when it is interrupted: the state, and the
// journal, which it does again in a gate of its own.
func Example_otherLanguages() {
	dir, err := os.MkdirTemp("", "rtmfake")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	journal, state := filepath.Join(dir, "gate.jsonl"), filepath.Join(dir, "gate.json")
	project := rtm.Project{ID: 42, Secret: "KEY"}

	ctx, interrupt := context.WithCancel(context.Background())
	stdout, w := io.Pipe()
	exit := make(chan int)
	go func() {
		exit <- run(ctx, []string{"-listen", "127.0.0.1:0", "-pid", "42", "-secret", "KEY", "-journal", journal, "-state", state}, w, os.Stderr)
	}()
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		panic(err)
	}
	foreignProgram(strings.TrimSpace(strings.TrimPrefix(line, "listening on ")), project)
	interrupt()
	fmt.Println("exit code:", <-exit)

	file, err := os.Open(journal)
	if err != nil {
		panic(err)
	}
	defer file.Close()
	records, err := fakeserver.ReadJournal(file)
	if err != nil {
		panic(err)
	}
	for _, r := range records {
		payload, err := r.Payload()
		if err != nil {
			panic(err)
		}
		text, _ := payload.Text("msg")
		fmt.Printf("%s %s %q %d\n", r.Kind, r.Method, text, r.Code())
	}
	again, err := fakeserver.Start(fakeserver.WithProject(project))
	if err != nil {
		panic(err)
	}
	defer again.Close()
	fmt.Println("replay:", again.Replay(records))
	fmt.Println("stored:", again.Messages(rtm.Group(7))[0].Text)

	saved, err := os.Open(state)
	if err != nil {
		panic(err)
	}
	defer saved.Close()
	left, err := fakeserver.ReadState(saved)
	if err != nil {
		panic(err)
	}
	fmt.Println("left:", left.Conversations[0].String(), len(left.Conversations[0].Messages))
	// Output:
	// exit code: 0
	// twoway sendgroupmsg "hello" 0
	// answer sendgroupmsg "" 0
	// twoway sendgroupmsg "hello" 0
	// answer sendgroupmsg "" 200002
	// replay: <nil>
	// stored: hello
	// left: group 7 1
}

// foreignProgram is what a program in another language would do: it speaks JSON, and
// gets its second signature wrong.
func foreignProgram(gate string, project rtm.Project) {
	client, err := fpnn.Dial(context.Background(), gate, fpnn.WithEncoding(codec.JSON))
	if err != nil {
		panic(err)
	}
	defer client.Close()
	q := &wire.Send{
		Signed: wire.Signed{Project: project, Salt: 1}, From: 1001, Target: rtm.Group(7),
		Message: rtm.Message{ID: 1, Type: 66, Text: "hello"},
	}
	for _, q.Project.Secret = range []wire.Secret{project.Secret, "wrong"} {
		_, _ = client.Call(context.Background(), q.Method(), q)
	}
}
