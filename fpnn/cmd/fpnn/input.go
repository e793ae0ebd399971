package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
)

// form is how the input of decode is written.
type form int

const (
	detect form = iota
	inHex
	inBytes
)

// bytesOf returns the bytes that r holds in a form.
func bytesOf(r io.Reader, f form) io.Reader {
	in := bufio.NewReader(r)
	if f == detect {
		head, _ := in.Peek(len(magic)) // an error comes again
		if f = inHex; strings.Trim(string(head), "0123456789abcdefABCDEFx:, \t\r\n") != "" {
			f = inBytes
		}
	}
	if f == inBytes {
		return in
	}
	return &hexReader{r: in}
}

// hexReader reads what is written in hexadecimal digits, two for a byte. Between
// bytes there may be white space, commas, colons, and 0x.
type hexReader struct {
	r    *bufio.Reader
	at   int64 // characters taken
	high byte
	half bool // high is the first digit of a byte
	err  error
}

// errHex is input that is not in hexadecimal digits.
var errHex = errors.New("not in hexadecimal digits")

// Read waits only if no character is there.
func (h *hexReader) Read(b []byte) (n int, err error) {
	for n < len(b) && (n == 0 || h.r.Buffered() > 0) {
		var whole bool
		if b[n], whole, h.err = h.next(); h.err != nil {
			return n, h.err
		}
		if whole {
			n++
		}
	}
	return n, nil
}

// next takes a character, and returns the byte that it makes whole. An error
// comes again.
func (h *hexReader) next() (value byte, whole bool, err error) {
	if h.err != nil {
		return 0, false, h.err
	}
	c, err := h.r.ReadByte()
	switch {
	case errors.Is(err, io.EOF) && h.half:
		return 0, false, fmt.Errorf("%w: half a byte before the end", errHex)
	case err != nil:
		return 0, false, err
	}
	h.at++
	digit, isDigit := hexDigit(c)
	switch {
	case isDigit && h.half:
		h.half = false
		return h.high<<4 | digit, true, nil
	case isDigit:
		h.high, h.half = digit, true
	case (c == 'x' || c == 'X') && h.half && h.high == 0:
		h.half = false
	case h.half:
		return 0, false, fmt.Errorf("%w: half a byte before character %d", errHex, h.at)
	case !strings.ContainsRune(" \t\r\n:,", rune(c)):
		return 0, false, fmt.Errorf("%w: character %d is %q", errHex, h.at, c)
	}
	return 0, false, nil
}

func hexDigit(c byte) (value byte, ok bool) {
	switch {
	case '0' <= c && c <= '9':
		return c - '0', true
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10, true
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10, true
	}
	return 0, false
}
