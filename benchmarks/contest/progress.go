package contest

import (
	"fmt"
	"io"
	"os"
	"time"
)

// Progress tells how far a run is: in one line that changes, on a terminal only.
type Progress struct {
	w        io.Writer
	terminal bool
	start    time.Time
	prefix   string
}

// NewProgress returns a Progress of what begins now.
func NewProgress(w io.Writer) *Progress {
	p := &Progress{w: w, start: time.Now()}
	if f, ok := w.(*os.File); ok {
		info, err := f.Stat()
		p.terminal = err == nil && info.Mode()&os.ModeCharDevice != 0
	}
	return p
}

// Part returns a Progress of a part, what begins now and is named, in the same line.
func (p *Progress) Part(name string) *Progress {
	return &Progress{w: p.w, terminal: p.terminal, start: time.Now(), prefix: p.prefix + name + ", "}
}

const clearLine = "\r\x1b[K"

// At says what is done now, step i of n.
func (p *Progress) At(i, n int, format string, args ...any) {
	if !p.terminal {
		return
	}
	left := ""
	if i > 0 {
		each := time.Since(p.start) / time.Duration(i)
		left = fmt.Sprintf(", %v left", (each * time.Duration(n-i)).Round(time.Second))
	}
	_, _ = fmt.Fprint(p.w, clearLine, p.prefix, fmt.Sprintf(format, args...), left)
}

// Say writes a line that stays.
func (p *Progress) Say(format string, args ...any) {
	if p.terminal {
		_, _ = fmt.Fprint(p.w, clearLine)
	}
	_, _ = fmt.Fprintf(p.w, format+"\n", args...)
}

// Done ends the line.
func (p *Progress) Done() {
	if p.terminal {
		_, _ = fmt.Fprint(p.w, clearLine)
	}
}
