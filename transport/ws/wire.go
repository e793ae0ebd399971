package ws

import (
	"net"
	"sync"
	"sync/atomic"
)

// maxBatch is how many bytes of frames leave in one write, at most.
const maxBatch = 64 << 10

// batches are shared by all connections: they hold bytes only. An idle
// connection has none.
var batches = sync.Pool{New: func() any {
	b := make([]byte, 0, maxBatch)
	return &b
}}

// wire is the connection underneath, as the WebSocket library sees it. The
// library writes each frame by itself, and a client's in pieces of 4 KiB: corked,
// the wire gathers them.
type wire struct {
	net.Conn
	readErr, writeErr lastError

	// Whatever follows belongs to whoever has the turn: a channel, since it is
	// held across writes. The library's own lock does not cover uncork.
	turn   chan struct{}
	corked bool
	batch  *[]byte // frames to be written; nil if none
}

// lastError is an error that another goroutine may ask for.
type lastError struct{ p atomic.Pointer[error] }

func (e *lastError) set(err error) {
	if err != nil {
		e.p.Store(&err)
	}
}

func (e *lastError) get() error {
	if err := e.p.Load(); err != nil {
		return *err
	}
	return nil
}

func newWire(nc net.Conn) *wire { return &wire{Conn: nc, turn: make(chan struct{}, 1)} }

// Read leaves an error that comes with bytes to the next call, so that readErr
// means the end of all bytes.
func (w *wire) Read(b []byte) (int, error) {
	n, err := w.Conn.Read(b)
	if n > 0 {
		return n, nil
	}
	w.readErr.set(err)
	return 0, err
}

func (w *wire) Write(b []byte) (int, error) {
	w.turn <- struct{}{}
	defer w.leave()
	if w.batch != nil && len(*w.batch)+len(b) > maxBatch {
		w.flush()
	}
	if !w.corked || len(b) > maxBatch {
		w.write(b)
	} else {
		if w.batch == nil {
			w.batch = batches.Get().(*[]byte)
		}
		*w.batch = append(*w.batch, b...)
	}
	if err := w.writeErr.get(); err != nil {
		return 0, err
	}
	return len(b), nil
}

func (w *wire) leave() { <-w.turn }

// cork keeps what is written together until uncork.
func (w *wire) cork() {
	w.turn <- struct{}{}
	w.corked = true
	w.leave()
}

func (w *wire) uncork() error {
	w.turn <- struct{}{}
	defer w.leave()
	w.corked = false
	w.flush()
	return w.writeErr.get()
}

func (w *wire) flush() {
	if w.batch == nil {
		return
	}
	w.write(*w.batch)
	*w.batch = (*w.batch)[:0]
	batches.Put(w.batch)
	w.batch = nil
}

// write writes unless a write has failed before: a frame may have been cut short.
func (w *wire) write(b []byte) {
	if w.writeErr.get() == nil {
		_, err := w.Conn.Write(b)
		w.writeErr.set(err)
	}
}
