package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strconv"
	"sync/atomic"

	"github.com/gofpnn/gofpnn/fpnn/frame"
)

var decodeCommand = command{
	name: "decode", args: "[FILE]", brief: "print the packages of a recorded stream",
	more: "The stream is read from FILE or the standard input, as bytes or in hexadecimal\ndigits; " +
		"which of them is told from its beginning, unless a flag says so. Each\nline begins with the package's offset. " +
		"A package whose payload cannot be read\nis shown with the reason; where the stream itself goes wrong, it ends.\n\n" + notationHelp,
	begin: newDecode,
}

type decode struct{ hex, raw bool }

func newDecode(fs *flag.FlagSet) action {
	c := new(decode)
	fs.BoolVar(&c.hex, "hex", false, "the input is in hexadecimal digits; between bytes may be space, commas, colons and 0x")
	fs.BoolVar(&c.raw, "raw", false, "the input is the bytes themselves")
	return c.run
}

func (c *decode) run(_ context.Context, p *program, args []string) error {
	if err := takes(args, 0, 1, "a FILE, or nothing"); err != nil {
		return err
	}
	f := detect
	switch {
	case c.hex && c.raw:
		return usagef("-hex and -raw exclude each other")
	case c.hex:
		f = inHex
	case c.raw:
		f = inBytes
	}
	p.uncaught()
	if len(args) == 0 {
		return decodeTo(p.stdout, bytesOf(p.stdin, f))
	}
	file, err := os.Open(args[0])
	if err != nil {
		return err
	}
	return errors.Join(decodeTo(p.stdout, bytesOf(file, f)), file.Close())
}

// decodeTo writes the packages of a stream as they come.
func decodeTo(w io.Writer, r io.Reader) error {
	var failed error // to write
	unreadable := 0
	s := stream{keyed: new(atomic.Bool), found: func(at int64, p *frame.Package, whole bool) {
		line := append(strconv.AppendInt(nil, at, 10), "  "...)
		readable := false
		if line, readable = appendPackage(line, p, whole); !readable {
			unreadable++
		}
		if failed == nil {
			_, failed = w.Write(append(line, '\n'))
		}
	}}
	for buf := make([]byte, 32<<10); ; {
		n, err := r.Read(buf)
		broken := s.write(buf[:n])
		switch {
		case failed != nil:
			return failed
		case broken != nil:
			return formatError{fmt.Errorf("wrong %w", broken)}
		case errors.Is(err, io.EOF):
			if err := s.end(); err != nil {
				return formatError{fmt.Errorf("wrong %w", err)}
			}
			switch unreadable {
			case 0:
				return nil
			case 1:
				return formatError{errors.New("1 payload cannot be read")}
			}
			return formatError{fmt.Errorf("%d payloads cannot be read", unreadable)}
		case errors.Is(err, errHex):
			return formatError{err}
		case err != nil:
			return err
		}
	}
}
