package main

import (
	"fmt"
	"io"
	"os"
	"time"
)

// progress tells how far a run is: in one line that changes, on a terminal only.
type progress struct {
	w        io.Writer
	terminal bool
	start    time.Time
}

func newProgress(w io.Writer) *progress {
	p := &progress{w: w, start: time.Now()}
	if f, ok := w.(*os.File); ok {
		info, err := f.Stat()
		p.terminal = err == nil && info.Mode()&os.ModeCharDevice != 0
	}
	return p
}

const clearLine = "\r\x1b[K"

// at says what is done now, step i of n.
func (p *progress) at(i, n int, format string, args ...any) {
	if !p.terminal {
		return
	}
	left := ""
	if i > 0 {
		each := time.Since(p.start) / time.Duration(i)
		left = fmt.Sprintf(", %v left", (each * time.Duration(n-i)).Round(time.Second))
	}
	fmt.Fprintf(p.w, clearLine+format+"%s", append(args, left)...)
}

// say writes a line that stays.
func (p *progress) say(format string, args ...any) {
	if p.terminal {
		fmt.Fprint(p.w, clearLine)
	}
	fmt.Fprintf(p.w, format+"\n", args...)
}

// done ends the line.
func (p *progress) done() {
	if p.terminal {
		fmt.Fprint(p.w, clearLine)
	}
}
