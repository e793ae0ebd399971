package peer

import (
	"context"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/gofpnn/gofpnn/benchmarks/measure"
	"github.com/gofpnn/gofpnn/fpnn/frame"
)

var rawFrames = Peer{
	Name:  "raw",
	What:  "frames without callers, N under way: the limit",
	Serve: serveRaw,
	Dial: func(ctx context.Context, at Address) (Conn, error) {
		nc, err := new(net.Dialer).DialContext(ctx, "tcp", at.Addr)
		if err != nil {
			return nil, err
		}
		return &rawConn{Conn: nc, reader: frame.NewReader(nc, frame.DefaultMaxPackage)}, nil
	},
}

// rawConn keeps a window of quests under way: one goroutine writes as many as the
// window has room for, the other reads the answers and makes room.
type rawConn struct {
	net.Conn
	reader *frame.Reader
	seq    uint32 // of the next quest
}

// written is a number of quests that left with one write.
type written struct {
	quests int
	at     time.Time
}

// Caller is not used: Load does without callers.
func (c *rawConn) Caller() measure.Caller { return nil }

func (c *rawConn) Load(ctx context.Context, n int, d time.Duration) (measure.Sample, error) {
	defer context.AfterFunc(ctx, func() { _ = c.Close() })()
	var (
		latency  measure.Histogram
		room     = make(chan int, n) // each at least 1, together at most n
		batches  = make(chan written, n)
		writeErr error
		writer   sync.WaitGroup
	)
	first := c.seq + 1
	template, err := rawQuest()
	if err != nil {
		return measure.Sample{}, err
	}
	window := measure.Begin()
	room <- n
	writer.Go(func() {
		defer close(batches)
		writeErr = c.write(template, room, batches, window.Start.Add(d))
	})
	calls, err := c.readAll(first, room, batches, &latency)
	if err != nil {
		_ = c.Close() // ends a Write
	}
	close(room)
	writer.Wait()
	if err == nil {
		err = writeErr
	}
	return window.End(calls, &latency), err
}

func rawQuest() ([]byte, error) {
	b, err := frame.AppendQuest(nil, frame.Version, frame.MsgPack, frame.Twoway, method)
	if err != nil {
		return nil, err
	}
	if b, err = (&quest{text: Text}).AppendPayload(b); err != nil {
		return nil, err
	}
	return b, frame.Finish(b, frame.DefaultMaxPackage)
}

// write fills the window again and again until end.
func (c *rawConn) write(template []byte, room <-chan int, batches chan<- written, end time.Time) error {
	var out []byte
	for quests := range room {
		for more := true; more; {
			select {
			case n := <-room:
				quests += n
			default:
				more = false
			}
		}
		now := time.Now()
		if now.After(end) {
			return nil
		}
		out = out[:0]
		for range quests {
			c.seq++
			out = append(out, template...)
			frame.SetSeq(out[len(out)-len(template):], c.seq)
		}
		batches <- written{quests, now}
		if _, err := c.Write(out); err != nil {
			return err
		}
	}
	return nil
}

// readAll reads the answers to all batches. They come in order.
func (c *rawConn) readAll(next uint32, room chan<- int, batches <-chan written, latency *measure.Histogram) (calls int64, err error) {
	ready := 0 // answers read and not yet counted
	for batch := range batches {
		for left := batch.quests; left > 0; {
			for ready == 0 {
				if ready, err = c.readSome(&next); err != nil {
					return calls, err
				}
			}
			n := min(ready, left)
			latency.RecordN(time.Since(batch.at), n)
			calls += int64(n)
			ready -= n
			left -= n
			room <- n
		}
	}
	return calls, nil
}

// readSome reads the answers that one read brings, next and those after it.
func (c *rawConn) readSome(next *uint32) (n int, err error) {
	if err := c.reader.Fill(); err != nil {
		return 0, err
	}
	var pkg frame.Package
	for ; ; n++ {
		ok, err := c.reader.Next(&pkg)
		if !ok || err != nil {
			return n, err
		}
		if pkg.Seq != *next || pkg.SS != 0 {
			return n, fmt.Errorf("answer %d with status %d, expected %d", pkg.Seq, pkg.SS, *next)
		}
		*next++
	}
}
