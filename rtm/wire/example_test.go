package wire_test

import (
	"fmt"

	"github.com/gofpnn/gofpnn/codec"
	"github.com/gofpnn/gofpnn/rtm/wire"
)

// A quest as a client writes it, and as a gate reads it and checks who sends it.
func Example() {
	project := wire.Project{ID: 80000071, Secret: "secret"}
	quest := wire.Send{
		Signed:  wire.Signed{Project: project, Salt: 4711, Time: 1700000000},
		From:    1001,
		Target:  wire.Group(7),
		Message: wire.Message{ID: 42, Type: 66, Text: "hello"},
	}
	b, err := quest.AppendPayload(nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(quest.Method(), project)

	p, err := codec.ParsePayload(b)
	if err != nil {
		fmt.Println(err)
		return
	}
	auth, err := wire.ParseAuth(p)
	fmt.Printf("%s %t %t %v\n", auth.Sign, project.Verify("sendgroupmsg", auth), project.Verify("sendroommsg", auth), err)
	got, err := wire.ParseSend(wire.InGroup, false, p)
	fmt.Println(got.From, got.Target, got.Message.Text, err)
	// Output:
	// sendgroupmsg {80000071 [redacted]}
	// 86E071F31A716DF9813808B2ADFB0B98 true false <nil>
	// 1001 group 7 hello <nil>
}

// The quests that name their parameters once are written and read by them.
func ExampleParse() {
	b, err := wire.Answer{Params: &wire.CountAnswer{Senders: 2, Messages: 30}}.AppendPayload(nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	p, err := codec.ParsePayload(b)
	if err != nil {
		fmt.Println(err)
		return
	}
	var answer wire.CountAnswer
	fmt.Println(p, wire.Parse(p, &answer), answer)
	fmt.Println(wire.Parse(p, new(wire.Token)))
	// Output:
	// {"sender":2, "num":30} <nil> {2 30}
	// codec: key "token": key not found
}
