package rtm

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/gofpnn/gofpnn/codec"
	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/rtm/wire"
)

// Defaults of [WithResend].
const (
	DefaultAttempts     = 5
	DefaultResendWithin = time.Minute
)

// Pauses after a gate has said that it is too busy: random, up to these times.
const (
	firstPause = 100 * time.Millisecond
	lastPause  = 5 * time.Second
)

// resend is what the options say about attempts after the first.
type resend struct {
	attempts int
	within   time.Duration
	changes  bool
}

// UnknownOutcomeError ends a call of which it is not known whether the gate has
// carried it out: the quest was sent, and its answer never came. It wraps the last
// attempt's error, so it may be an [ErrSensitiveWords] too, say: look for it first.
// A message that is sent again under the same ID is not stored twice.
type UnknownOutcomeError struct {
	Method   string
	ID       int64 // of the message; 0 for other calls
	Attempts int
	Err      error // of the last attempt
}

// Error returns the method, how often it was tried and the last cause.
func (e *UnknownOutcomeError) Error() string {
	return fmt.Sprintf("rtm: %s: outcome unknown after %d attempts: %v", e.Method, e.Attempts, e.Err)
}

// Unwrap returns the error of the last attempt.
func (e *UnknownOutcomeError) Unwrap() error { return e.Err }

// SafeToRetry returns false.
func (e *UnknownOutcomeError) SafeToRetry() bool { return false }

// verdict is what an attempt's end says.
type verdict int

const (
	carriedOut verdict = iota // also if its answer cannot be read
	notDone                   // certainly: the next attempt is as good as the first
	maybeDone                 // nobody knows: the next attempt will tell
	refused                   // by the gate
	given                     // up: nothing is to be gained by another attempt
)

// judge says what the end of an attempt means.
func judge(ctx context.Context, err error) verdict {
	var remote *fpnn.RemoteError
	var odd *AnswerError
	switch {
	case err == nil, errors.As(err, &odd):
		return carriedOut
	case errors.As(err, &remote):
		switch remote.Code {
		case fpnn.CodeCoreWorkQueueFull, fpnn.CodeCoreServerStopping, CodeReplayed:
			return notDone
		case fpnn.CodeCoreUnknown, fpnn.CodeCoreConnectionClosed, fpnn.CodeCoreTimeout, fpnn.CodeCoreInvalidConnection:
			return maybeDone
		}
		return refused
	case ctx.Err() != nil, errors.Is(err, fpnn.ErrClosed), unsendable(err):
		return given
	case fpnn.SafeToRetry(err):
		return notDone
	}
	return maybeDone
}

// unsendable reports whether the quest itself is at fault: it is too large for a
// package, or its encoding cannot say it.
func unsendable(err error) bool {
	var op, cause *fpnn.OpError
	var odd *codec.Error
	return errors.As(err, &op) && op.Seq == 0 && !errors.As(op.Err, &cause) && !errors.Is(err, fpnn.ErrDisconnected) &&
		(errors.Is(err, fpnn.ErrTooLarge) || errors.As(err, &odd))
}

// deliver makes attempts until one is carried out or refused, or no more are
// allowed. settle is asked about a refusal after an attempt of unknown outcome:
// it may show that the earlier one was carried out. first is the end of the first
// attempt, which the caller has made, at start.
func (c *Client) deliver(ctx context.Context, method string, id int64, start time.Time, first error,
	attempt func() error, settle func(refusal error) (done, sure bool),
) error {
	deadline := start.Add(c.resend.within)
	err, unknown, n, busy := first, false, 1, 0
	for pause := firstPause; ; n++ {
		v := judge(ctx, err)
		unknown = unknown || v == maybeDone || v == given && sent(err)
		if v == carriedOut {
			return err
		}
		if v == refused {
			if !unknown {
				return err
			}
			if done, sure := settle(err); done {
				return nil
			} else if sure {
				return err
			}
			break
		}
		if v == notDone && c.resend.attempts > 1 {
			busy++ // these attempts were none
		}
		if v == given || n-busy >= c.resend.attempts || v == notDone && !answered(err) && c.fpnn.FailsFast() {
			break
		}
		var wait time.Duration
		if v == notDone || answered(err) { // else the client itself waits for a connection
			wait = rand.N(pause)
			pause = min(2*pause, lastPause)
		}
		if !time.Now().Add(wait).Before(deadline) {
			break
		}
		if end := c.sleep(ctx, wait); end != nil {
			err = &fpnn.OpError{Op: "call", Method: method, Err: errors.Join(end, err)}
			break
		}
		err = attempt()
	}
	if unknown {
		return &UnknownOutcomeError{Method: method, ID: id, Attempts: n, Err: err}
	}
	return err
}

// sent reports whether the quest that ended with err has left.
func sent(err error) bool {
	var op *fpnn.OpError
	return errors.As(err, &op) && op.Sent
}

// answered reports whether the gate has answered with an error.
func answered(err error) bool {
	var remote *fpnn.RemoteError
	return errors.As(err, &remote)
}

// sleep returns why it has not slept so long.
func (c *Client) sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-c.ending:
		return fpnn.ErrClosed
	}
}

// sendAgain goes on with a send whose first attempt has failed with err: doc.go has
// the states.
//
// 200053 speaks of this message for certain only if its id
// was made here, and so is nobody else's; with an id the caller has chosen the
// message is looked at.
func (c *Client) sendAgain(ctx context.Context, s *sending, chosen bool, start time.Time, err error) (wire.SendAnswer, error) {
	var answer wire.SendAnswer
	q := &s.quest
	err = c.deliver(ctx, q.Method(), q.Message.ID, start, err,
		func() (err error) {
			answer, err = c.attempt(ctx, s, time.Now())
			return err
		},
		func(refusal error) (done, sure bool) {
			if !errors.Is(refusal, ErrDuplicateMessageID) {
				return false, false
			}
			if q.Tos != nil { // there is no one message to look at
				return !chosen, false
			}
			m, err := c.Get(ctx, q.From, q.Target, q.Message.ID)
			if err != nil {
				return !chosen, false
			}
			if chosen && !sameMessage(&m.Message, &q.Message) {
				return false, true
			}
			answer.ModifiedTime = m.ModifiedTime
			return true, true
		})
	return answer, err
}

// sameMessage compares types and bodies: attributes may have been edited by the
// gate.
func sameMessage(a, b *Message) bool {
	return a.Type == b.Type && a.Text+string(a.Data) == b.Text+string(b.Data)
}

// changeAgain goes on with a call that changes something stored.
func (c *Client) changeAgain(ctx context.Context, q wire.Quest, start time.Time, err error) error {
	return c.deliver(ctx, q.Method(), 0, start, err,
		func() error { return c.do(ctx, q) },
		func(refusal error) (done, sure bool) {
			_, isDelete := q.(*wire.Delete)
			return isDelete && errors.Is(refusal, ErrMessageNotFound), false
		})
}
