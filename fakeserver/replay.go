package fakeserver

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/gofpnn/gofpnn/fpnn/frame"
	"github.com/gofpnn/gofpnn/transport/mem"
)

// DifferentAnswerError is the end of a replay: a quest had another answer than
// recorded.
type DifferentAnswerError struct {
	Quest     Record
	Want, Got Record
}

// Error shows the quest and both answers.
func (e *DifferentAnswerError) Error() string {
	return fmt.Sprintf("fakeserver: replay: %v\nwant %s\ngot  %s", e.Quest, e.Want.Text(), e.Got.Text())
}

// Replay serves the quests of a journal again: one by one, in the order in which
// they took effect, with the time they were served at for now. Every answer that
// was recorded must come out the same, byte for byte, but for tokens that were
// left out; else Replay ends with a [*DifferentAnswerError]. Quests that a rule
// kept from the server are left out, and those to methods that are not the gate's.
//
// The server must be new and have the same options and rules, so far as they change
// what it answers, and must not be used meanwhile. Afterwards it has the state of the
// recorded one, as far as that was made by quests. It takes as long as it takes: no
// connection ends meanwhile for being idle. A quest that is not answered within a
// minute ends it with an error.
func (s *Server) Replay(records []Record) error {
	if s.turns.last.Load() != 0 {
		return errors.New("fakeserver: replay: the server is not new")
	}
	r := replay{server: s, conns: make(map[int64]*replayConn)}
	defer r.close()
	live := s.now
	defer func() { s.now = live }()
	for _, e := range exchanges(records) {
		s.now = func() time.Time { return e.quest.Now }
		if err := r.serve(e); err != nil {
			return err
		}
	}
	return nil
}

// exchange is a quest with its answer, if there was one.
type exchange struct {
	quest  Record
	answer *Record
}

// exchanges returns the quests that were served, in the order they were.
func exchanges(records []Record) []*exchange {
	type key struct {
		conn int64
		seq  uint32
	}
	var list []*exchange
	waiting := make(map[key][]*exchange)
	for _, r := range records {
		switch {
		case !r.Out && r.Kind != frame.Answer:
			e := &exchange{quest: r}
			if r.Order > 0 {
				list = append(list, e)
			}
			if at := (key{r.Conn, r.Seq}); r.Kind == frame.Twoway {
				waiting[at] = append(waiting[at], e)
			}
		case r.Out && r.Kind == frame.Answer:
			at := key{r.Conn, r.Seq}
			if same := waiting[at]; len(same) == 1 {
				same[0].answer = &r
			} // else nobody can tell whose it is
			delete(waiting, at)
		}
	}
	slices.SortFunc(list, func(a, b *exchange) int { return cmp.Compare(a.quest.Order, b.quest.Order) })
	return list
}

// replay is a journal being replayed.
type replay struct {
	server  *Server
	conns   map[int64]*replayConn
	readers sync.WaitGroup
}

// unanswered is how long a quest may take to be answered.
const unanswered = time.Minute

func (r *replay) conn(number int64) (*replayConn, error) {
	if c, ok := r.conns[number]; ok {
		return c, nil
	}
	near, far := mem.Pipe()
	if err := r.server.server.ServeConn(patientConn{far}); err != nil {
		return nil, err
	}
	c := &replayConn{Conn: near, answers: make(chan replayAnswer), closed: make(chan struct{})}
	r.conns[number] = c
	r.readers.Go(c.read)
	return c, nil
}

func (r *replay) close() {
	for _, c := range r.conns {
		close(c.closed)
		_ = c.Close()
	}
	r.readers.Wait()
}

// serve has one quest served and compares its answer.
func (r *replay) serve(e *exchange) error {
	quest := e.quest
	c, err := r.conn(quest.Conn)
	if err != nil {
		return err
	}
	raw, err := asked(quest)
	if err == nil {
		_, err = c.Write(raw)
	}
	if err != nil {
		return fmt.Errorf("fakeserver: replay: %w", err)
	}
	answer, err := c.answer(quest.Seq)
	if err != nil {
		return fmt.Errorf("fakeserver: replay: %v: %w", quest, err)
	}
	if e.answer == nil || bytes.Equal(answer.raw, e.answer.Bytes) {
		return nil
	}
	got := Record{
		Conn: quest.Conn, Out: true, Kind: frame.Answer, Method: quest.Method, Seq: quest.Seq, Status: answer.status, Bytes: answer.raw,
	}
	got.redact()
	if bytes.Equal(got.Bytes, e.answer.Bytes) {
		return nil
	}
	return &DifferentAnswerError{Quest: quest, Want: *e.answer, Got: got}
}

// asked returns the quest to send: a oneway one as a twoway one, whose answer
// tells that it has been served.
func asked(quest Record) ([]byte, error) {
	var p frame.Package
	if _, err := p.Parse(quest.Bytes, len(quest.Bytes)); err != nil || p.Kind == frame.Twoway {
		return quest.Bytes, err
	}
	p.Kind = frame.Twoway
	return frame.Append(nil, &p, math.MaxInt)
}
