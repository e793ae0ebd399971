package codec_test

import (
	"errors"
	"fmt"

	"github.com/gofpnn/gofpnn/codec"
)

// Arguments that append themselves are sent without reflection and without
// allocating.
type pingArgs struct {
	Name  string
	Times int64
}

func (a pingArgs) AppendPayload(b []byte) ([]byte, error) {
	b = codec.AppendMapHeader(b, 2)
	b = codec.AppendString(codec.AppendString(b, "name"), a.Name)
	b = codec.AppendInt(codec.AppendString(b, "times"), a.Times)
	return b, nil
}

func ExampleAppend() {
	b, err := codec.Append(nil, pingArgs{"gate", 3})
	fmt.Printf("%q %v\n", b, err)
	b, err = codec.Append(nil, map[string]any{"name": "gate", "times": 3})
	fmt.Printf("%q %v\n", b, err)
	// Output:
	// "\x82\xa4name\xa4gate\xa5times\x03" <nil>
	// "\x82\xa4name\xa4gate\xa5times\x03" <nil>
}

func ExampleParsePayload() {
	p, err := codec.ParsePayload([]byte("\x82\xa5mtime\xcf\x00\x00\x01\x8b\xcf\xe5\x68\x7b\xa3msg\xa5hello"))
	if err != nil {
		fmt.Println(err)
		return
	}
	mtime, _ := p.Int64("mtime")
	msg, _ := p.Text("msg")
	fmt.Println(mtime, msg, p)

	_, err = p.Int64("msg")
	fmt.Println(err)
	_, err = p.Int64("mid")
	fmt.Println(err, errors.Is(err, codec.ErrNotFound))
	// Output:
	// 1700000000123 hello {"mtime":1700000000123, "msg":"hello"}
	// codec: key "msg": value of the wrong type: want int, have str
	// codec: key "mid": key not found true
}

func ExamplePayload_Array() {
	p, _ := codec.ParsePayload([]byte("\x81\xa4rows\x92\x92\x01\xa3one\x92\x02\xa3two"))
	rows, _ := p.Array("rows")
	for _, v := range rows.All() {
		row, err := v.Array()
		if err != nil {
			fmt.Println(err)
			return
		}
		id, _ := row.Next()
		name, _ := row.Next()
		fmt.Println(id, name)
	}
	// Output:
	// 1 "one"
	// 2 "two"
}

// Rows of columns are read in one go.
func ExampleCursor() {
	p, _ := codec.ParsePayload([]byte("\x81\xa4rows\x92\x92\x01\xa3one\x93\x02\xa3two\xc3"))
	rows, _ := p.Value("rows")
	c := rows.Cursor()
	for range c.Array() {
		columns := c.Array()
		id, name := c.Int64(), c.Text()
		c.Skip(columns - 2)
		fmt.Println(id, name)
	}
	fmt.Println(c.Err())
	// Output:
	// 1 one
	// 2 two
	// <nil>
}

func ExamplePayload_Decode() {
	p, _ := codec.ParsePayload([]byte("\x82\xa4name\xa4gate\xa5times\xd1\x01\x00"))
	var args struct {
		Name  string `msgpack:"name"`
		Times int    `msgpack:"times"`
	}
	err := p.Decode(&args)
	fmt.Println(args.Name, args.Times, err)
	// Output: gate 256 <nil>
}

func ExampleParseJSON() {
	p, err := codec.ParseJSON([]byte(`{"mid": 7530343851100520577, "attrs": {"lang": "en"}}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	mid, _ := p.Int64("mid")
	b, _ := p.AppendJSON(nil)
	fmt.Println(mid)
	fmt.Println(string(b))
	// Output:
	// 7530343851100520577
	// {"mid":7530343851100520577, "attrs":{"lang":"en"}}
}

func ExampleScan() {
	_, err := codec.Scan([]byte("\xdd\xff\xff\xff\xff")) // claims 2^32-1 elements
	fmt.Println(err)
	var e *codec.Error
	fmt.Println(errors.As(err, &e) && e.FPNNCode() == 10003)
	// Output:
	// codec: malformed msgpack
	// true
}
