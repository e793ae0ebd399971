package main

import (
	"context"
	"io"
	"sync"
)

// maxLines is how many lines may wait to be printed.
const maxLines = 1024

// printer writes lines for several goroutines. While maxLines of them wait, who
// has another one waits too, so that no line is missing: a standard output that
// nobody reads holds up what is printed about.
type printer struct {
	ctx    context.Context // ends the waiting
	lines  chan []byte
	failed chan struct{} // closed when a line could not be written
	err    error         // why; for after failed or close
	task   sync.WaitGroup
}

func newPrinter(ctx context.Context, w io.Writer) *printer {
	p := &printer{ctx: ctx, lines: make(chan []byte, maxLines), failed: make(chan struct{})}
	p.task.Go(func() {
		for line := range p.lines {
			if _, p.err = w.Write(line); p.err != nil {
				close(p.failed)
				return
			}
		}
	})
	return p
}

// print takes a line, which ends with a new line and is the printer's from then
// on. Lines are lost after ctx's end if there is no room, and after a failure.
func (p *printer) print(line []byte) {
	select {
	case p.lines <- line:
		return
	default:
	}
	select {
	case p.lines <- line:
	case <-p.failed:
	case <-p.ctx.Done():
	}
}

// close waits until all is written, after the last print.
func (p *printer) close() error {
	close(p.lines)
	p.task.Wait()
	return p.err
}
