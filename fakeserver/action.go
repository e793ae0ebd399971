package fakeserver

import (
	"context"
	"errors"
	"time"

	"github.com/gofpnn/gofpnn/codec"
	"github.com/gofpnn/gofpnn/fpnn"
)

// Action is what a rule does with a quest: one of the package's, or any function,
// see [Do].
type Action func(c *Ctx)

// Reply answers with v, as a [fpnn.Handler] may return it.
func Reply(v any) Action { return func(c *Ctx) { c.Reply(v) } }

// Fail answers with an error.
func Fail(code int, message string) Action { return func(c *Ctx) { c.Fail(code, message) } }

// Drop does nothing with the quest: it is not served and not answered.
func Drop() Action { return (*Ctx).Drop }

// CloseConn ends the connection. The quest is not served.
func CloseConn() Action { return (*Ctx).CloseConn }

// Delay passes the quest on, after a while. Meanwhile it occupies one of the
// connection's handlers ([fpnn.WithConcurrency]).
func Delay(d time.Duration) Action {
	return func(c *Ctx) {
		timer := time.NewTimer(d)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-c.Context().Done():
			c.Drop()
		}
	}
}

// Corrupt passes the quest on, and makes the payload of the answer one that
// cannot be read.
func Corrupt() Action { return (*Ctx).Corrupt }

// Lose passes the quest on, and drops the answer: the client cannot know that it
// was served.
func Lose() Action {
	return func(c *Ctx) {
		_, _ = c.Next()
		c.Drop()
	}
}

// Pass has the quest served by the server, whatever later rules say.
func Pass() Action { return (*Ctx).Pass }

// Do calls f. Unless that decides what becomes of the quest, it is passed on.
func Do(f func(c *Ctx)) Action { return f }

// ErrDropped is what [Ctx.Next] returns of a quest that another rule has dropped.
var ErrDropped = errors.New("fakeserver: quest dropped")

// Ctx is a quest and what can be done with it, for as long as the action runs.
// Of several decisions the last counts, but that after Later there is none.
type Ctx struct {
	*fpnn.Quest
	ctx               context.Context
	server            *Server
	following, ending func() (any, error)

	passed, decided bool
	later           bool // nothing is decided any more
	answer          any
	err             error
}

// Context ends with the connection.
func (c *Ctx) Context() context.Context { return c.ctx }

// Server returns the server.
func (c *Ctx) Server() *Server { return c.server }

// Link returns the connection the quest came on, for its faults.
func (c *Ctx) Link() *Link { return linkOf(c.Conn()) }

// Next passes the quest on, to the next rule that applies or to the server, and
// returns what the answer would be, which it becomes if nothing else is decided.
// It does so once.
func (c *Ctx) Next() (any, error) {
	if !c.passed {
		c.passed = true
		answer, err := c.following()
		c.decide(answer, err)
		return answer, err
	}
	return c.answer, c.err
}

// Pass has the server serve the quest, whatever later rules say.
func (c *Ctx) Pass() {
	c.following = c.ending
	_, _ = c.Next()
}

// Reply answers with v, as a [fpnn.Handler] may return it.
func (c *Ctx) Reply(v any) { c.decide(v, nil) }

// Fail answers with an error.
func (c *Ctx) Fail(code int, message string) {
	c.decide(nil, &fpnn.Error{Code: code, Message: message})
}

func (c *Ctx) decide(answer any, err error) {
	if !c.later {
		c.answer, c.err, c.decided = answer, err, true
	}
}

// Drop leaves the quest without an answer.
func (c *Ctx) Drop() { c.decide(nil, ErrDropped) }

// CloseConn ends the connection.
func (c *Ctx) CloseConn() {
	_ = c.Conn().Close()
	c.decide(nil, nil)
}

// Corrupt passes the quest on, and makes the payload of the answer, if there is
// one, one that cannot be read.
func (c *Ctx) Corrupt() {
	if _, err := c.Next(); errors.Is(err, ErrDropped) {
		return
	}
	if link := c.Link(); c.Encoding() == codec.JSON && link != nil {
		c.Reply(spoilt{&link.conn.spoilage, c.Seq()})
		return
	}
	c.Reply(garbage{})
}

// Later leaves the answer to the Responder it returns: nothing else answers the
// quest any more. With it the quest stays valid beyond the action.
func (c *Ctx) Later() *fpnn.Responder {
	r := c.Quest.Later()
	c.decide(nil, nil)
	c.later = true
	return r
}
