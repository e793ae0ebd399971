package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gofpnn/gofpnn/fakeserver"
)

const (
	maxPast   = 200              // records of the past that a new subscriber gets
	heartbeat = 15 * time.Second // a comment is sent, so that the end of a connection is noticed
	ahead     = 64               // records that wait to be written to a subscriber

	maxDecoded = 256 << 10 // bytes of a package whose payload is shown; of a larger one only the length is
)

// recordView is a record of the journal in JSON, tokens left out.
type recordView struct {
	N       int64    `json:"n"`
	Time    int64    `json:"time"` // Unix milliseconds
	Conn    int64    `json:"conn"`
	Out     bool     `json:"out"` // the gate sent it
	Kind    string   `json:"kind"`
	Method  string   `json:"method"`
	Seq     uint32   `json:"seq,omitempty"`
	Code    int      `json:"code,omitempty"`
	Payload textView `json:"payload"`
}

// showJournal sends the journal's records, the last ones and those to come, as
// events. A subscriber that names the last one it has seen gets those that
// follow. One that is slower than the journal moves on misses some: the numbers
// tell.
func (w *web) showJournal(rw http.ResponseWriter, r *http.Request) {
	select {
	case w.subscribers <- struct{}{}:
		defer func() { <-w.subscribers }()
	default:
		busy(rw, fmt.Sprintf("%d others follow the journal: no more can", maxSubscribers))
		return
	}
	rw.Header().Set("Content-Type", "text/event-stream")
	if r.Method == http.MethodHead {
		return
	}
	ctx, cancel := context.WithCancel(r.Context())
	events, ended := w.follow(ctx, w.seen(r.Header.Get("Last-Event-ID")))
	defer func() {
		cancel()
		<-ended
	}()

	s := stream{rw, http.NewResponseController(rw)}
	_ = s.control.SetReadDeadline(time.Time{}) // of the request; there is nothing more to read
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	for err := s.send(": the journal\n\n", true); err == nil; {
		select {
		case event, ok := <-events:
			if !ok {
				return
			}
			err = s.send(event, len(events) == 0)
		case <-beat.C:
			err = s.send(":\n\n", true)
		}
	}
}

// follow returns the records after a number as events, which are short where
// records may be long, and what tells that it has ended.
func (w *web) follow(ctx context.Context, seen int64) (<-chan string, <-chan struct{}) {
	events, ended := make(chan string, ahead), make(chan struct{})
	go func() {
		defer close(ended)
		defer close(events)
		for r := range w.srv.Journal().Follow(ctx) {
			if r.N <= seen {
				continue
			}
			select {
			case events <- w.event(&r):
			case <-ctx.Done():
				return
			}
		}
	}()
	return events, ended
}

// seen returns the number of the last record a subscriber has seen, or is not to
// see.
func (w *web) seen(id string) int64 {
	if run, n, ok := strings.Cut(id, "-"); ok && run == w.run {
		if n, err := strconv.ParseInt(n, 10, 64); err == nil {
			return n
		}
	}
	return w.srv.Journal().Count() - maxPast
}

func (w *web) event(r *fakeserver.Record) string {
	shown := recordView{
		N: r.N, Time: r.Time.UnixMilli(), Conn: r.Conn, Out: r.Out, Kind: r.Kind.String(), Method: r.Method, Seq: r.Seq, Code: r.Code(),
		Payload: textView{More: len(r.Bytes)},
	}
	if len(r.Bytes) <= maxDecoded {
		text := r.Text()
		shown.Payload = shorten(text, len(text))
	}
	text, err := json.Marshal(shown)
	if err != nil {
		return fmt.Sprintf(": record %d: %v\n\n", r.N, err)
	}
	return fmt.Sprintf("id: %s-%d\ndata: %s\n\n", w.run, r.N, text)
}

// stream is an answer that goes on.
type stream struct {
	rw      http.ResponseWriter
	control *http.ResponseController
}

// send writes a text, and all there is if nothing follows at once. It fails if the
// subscriber takes nothing for too long.
func (s stream) send(text string, flush bool) error {
	if err := s.control.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return err
	}
	if _, err := s.rw.Write([]byte(text)); err != nil || !flush {
		return err
	}
	return s.control.Flush()
}
