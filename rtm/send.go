package rtm

import (
	"context"
	"sync"
	"time"

	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/rtm/wire"
)

// Receipt says what became of a message that was sent.
type Receipt struct {
	ID           int64 // the message's
	ModifiedTime int64 // Unix milliseconds: when the gate stored it; 0 if the answer was lost and it cannot be asked for
}

// Send sends a message from a user to a target. Without an ID of its own the
// message gets one. The receipt has it even if there is an error: a message that
// is sent again under the same ID is not stored twice.
//
// A send whose answer is lost is tried again under the same ID ([WithResend]): a
// gate that refuses the ID as used has the message. What the error says, to be
// asked in this order:
//
//   - an [*UnknownOutcomeError]: it may be stored or not; it wraps the last
//     attempt's error, which may be a refusal;
//   - a [*fpnn.RemoteError]: refused, and not stored;
//   - an [*AnswerError]: stored, but the answer cannot be read;
//   - any other with [fpnn.SafeToRetry]: never sent, or not executed.
//
// The package's documentation has the states and codes.
func (c *Client) Send(ctx context.Context, from int64, to Target, m Message) (Receipt, error) {
	if err := checkTarget("to", to); err != nil {
		return Receipt{}, err
	}
	s := sendings.Get().(*sending)
	s.quest = wire.Send{From: from, Target: to, Message: m}
	return c.send(ctx, s)
}

// SendMulti sends one message from a user to several others: all get it under
// the same id, each in the conversation with the sender.
func (c *Client) SendMulti(ctx context.Context, from int64, to []int64, m Message) (Receipt, error) {
	if err := checkList("to", len(to), c.limits.Receivers); err != nil {
		return Receipt{}, err
	}
	s := sendings.Get().(*sending)
	s.quest = wire.Send{From: from, Tos: to, Message: m}
	return c.send(ctx, s)
}

// sending is what a send needs until it ends, used again by others: with it a send
// allocates nothing.
type sending struct {
	quest  wire.Send
	answer fpnn.Answer
}

// usualAnswer is how large in bytes an answer may be whose buffer is used again.
const usualAnswer = 4 << 10

var sendings = sync.Pool{New: func() any { return new(sending) }}

// send sends s and lets go of it.
func (c *Client) send(ctx context.Context, s *sending) (receipt Receipt, err error) {
	m := &s.quest.Message
	if err = c.limits.checkMessage(m); err == nil {
		start, chosen := time.Now(), m.ID != 0
		if !chosen {
			m.ID = c.ids.NextAt(start)
		}
		receipt.ID = m.ID
		var answer wire.SendAnswer
		if answer, err = c.attempt(ctx, s, start); err != nil {
			answer, err = c.sendAgain(ctx, s, chosen, start, err)
		}
		receipt.ModifiedTime = answer.ModifiedTime
	}
	s.quest = wire.Send{}
	if len(s.answer.Raw()) > usualAnswer {
		s.answer = fpnn.Answer{}
	}
	sendings.Put(s)
	return receipt, err
}

// attempt sends s once, signed anew.
func (c *Client) attempt(ctx context.Context, s *sending, now time.Time) (wire.SendAnswer, error) {
	q := &s.quest
	q.Signed = c.signAt(now)
	if err := c.fpnn.CallInto(ctx, q.Method(), q, &s.answer); err != nil {
		return wire.SendAnswer{}, err
	}
	answer, err := wire.ParseSendAnswer(s.answer.Payload)
	if err != nil {
		return answer, &AnswerError{Method: q.Method(), Err: err}
	}
	return answer, nil
}
