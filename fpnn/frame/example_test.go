package frame_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/gofpnn/gofpnn/fpnn/frame"
)

// A quest is written to a stream, read on the other side and answered there.
func Example() {
	var toServer, toClient bytes.Buffer // as the two directions of a connection
	err := frame.NewWriter(&toServer, frame.DefaultMaxPackage).Write(&frame.Package{
		Header:  frame.Header{Version: frame.Version, Flags: frame.MsgPack, Kind: frame.Twoway},
		Seq:     7,
		Method:  []byte("two way demo"),
		Payload: []byte("\x81\xa5quest\xa3one"), // {"quest": "one"}
	})
	fmt.Println(toServer.Len(), "bytes", err)

	var quest frame.Package
	server := frame.NewReader(&toServer, frame.DefaultMaxPackage)
	err = server.Read(&quest)
	fmt.Printf("%v %q seq %d, payload of %d bytes, %v\n", quest.Kind, quest.Method, quest.Seq, quest.PayloadSize, err)

	err = frame.NewWriter(&toClient, frame.DefaultMaxPackage).Write(&frame.Package{
		Header:  frame.Header{Version: quest.Version, Flags: quest.Flags, Kind: frame.Answer},
		Seq:     quest.Seq,
		Payload: []byte{0x80}, // {}
	})
	fmt.Printf("% x %v\n", toClient.Bytes(), err)
	fmt.Println(errors.Is(server.Read(&quest), io.EOF))
	// Output:
	// 39 bytes <nil>
	// twoway "two way demo" seq 7, payload of 11 bytes, <nil>
	// 46 50 4e 4e 01 80 02 00 01 00 00 00 07 00 00 00 80 <nil>
	// true
}

// Appending to a buffer, as a program does that writes many packages at once. The
// number is set last, when it is known.
func ExampleAppendQuest() {
	b, err := frame.AppendQuest(nil, frame.Version, frame.MsgPack, frame.Twoway, "*ping")
	if err != nil {
		fmt.Println(err)
		return
	}
	b = append(b, 0x80) // the payload: {}
	if err := frame.Finish(b, frame.DefaultMaxPackage); err != nil {
		fmt.Println(err)
		return
	}
	frame.SetSeq(b, 7)
	fmt.Printf("% x\n", b)
	// Output: 46 50 4e 4e 01 80 01 05 01 00 00 00 07 00 00 00 2a 70 69 6e 67 80
}

// A package that is too large is known by its header.
func ExampleParseHeader() {
	h, err := frame.ParseHeader([]byte("FPNN\x01\x80\x01\x04\xff\xff\xff\xff"))
	fmt.Println(h.Kind, h.Size(), err)

	var p frame.Package
	_, err = p.Parse([]byte("FPNN\x01\x80\x01\x04\xff\xff\xff\xff"), frame.DefaultMaxPackage)
	fmt.Println(errors.Is(err, frame.ErrTooLarge))
	_, err = frame.ParseHeader([]byte("GET / HTTP/1.1\r\n"))
	fmt.Println(err)
	// Output:
	// twoway 4294967315 <nil>
	// true
	// frame: no FPNN magic
}
