package fakeserver

import (
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"time"

	"github.com/gofpnn/gofpnn/fpnn/frame"
)

// replayConn is a client's connection in a replay. What is pushed to it is
// acknowledged as it comes, or the server would wait for that.
type replayConn struct {
	net.Conn
	answers chan replayAnswer
	closed  chan struct{}
	err     error // why there are no more answers, once their channel is closed
}

type replayAnswer struct {
	seq    uint32
	status uint8
	raw    []byte
}

// patientConn is the server's end of it, which does not end for being idle.
type patientConn struct{ net.Conn }

// SetReadDeadline sets none.
func (patientConn) SetReadDeadline(time.Time) error { return nil }

func (c *replayConn) read() {
	defer close(c.answers)
	reader := frame.NewReader(c.Conn, math.MaxInt)
	for {
		var p frame.Package
		if c.err = reader.Read(&p); c.err != nil {
			return
		}
		if c.err = c.take(&p); c.err != nil {
			return
		}
	}
}

// take passes an answer on, and acknowledges a push.
func (c *replayConn) take(p *frame.Package) error {
	switch p.Kind {
	case frame.Answer:
		raw, err := frame.Append(nil, p, math.MaxInt)
		if err != nil {
			return err
		}
		select {
		case c.answers <- replayAnswer{p.Seq, p.SS, raw}:
		case <-c.closed:
		}
	case frame.Twoway:
		header := frame.Header{Version: p.Version, Flags: frame.MsgPack, Kind: frame.Answer}
		raw, err := frame.Append(nil, &frame.Package{Header: header, Seq: p.Seq, Payload: []byte{0x80}}, math.MaxInt)
		if err != nil {
			return err
		}
		_, err = c.Write(raw)
		return err
	default:
	}
	return nil
}

// answer waits for the answer to a quest.
func (c *replayConn) answer(seq uint32) (replayAnswer, error) {
	timer := time.NewTimer(unanswered)
	defer timer.Stop()
	for {
		select {
		case a, ok := <-c.answers:
			switch {
			case !ok && errors.Is(c.err, io.EOF):
				return a, io.ErrUnexpectedEOF
			case !ok:
				return a, c.err
			case a.seq == seq:
				return a, nil
			}
		case <-timer.C:
			return replayAnswer{}, fmt.Errorf("not answered within %v", unanswered)
		}
	}
}
