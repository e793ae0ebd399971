package fpnn

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"unicode/utf8"

	"github.com/gofpnn/gofpnn/codec"
)

var (
	errSlowPeer = errors.New("peer does not read its answers")
	errHandler  = Errorf(CodeCoreUnknown, "handler failed")
)

// Handler answers quests.
//
// The value ServeQuest returns is the answer: nil for an empty one, a
// [codec.Appender], or a map or struct that becomes one map. An [*Error] is
// answered as it is, an error of package codec (a wanted key is missing, say)
// with its code and text, and any other error as 20001 without its text. What is
// returned for a oneway quest goes nowhere.
//
// ctx ends with the connection, also if the peer has left: quests it sent before are
// served all the same. A server runs handlers of one connection
// concurrently; a client runs them one after the other, in the order of arrival.
type Handler interface {
	ServeQuest(ctx context.Context, q *Quest) (any, error)
}

// HandlerFunc is a function as a [Handler].
type HandlerFunc func(ctx context.Context, q *Quest) (any, error)

// ServeQuest calls f.
func (f HandlerFunc) ServeQuest(ctx context.Context, q *Quest) (any, error) { return f(ctx, q) }

// OnewayFunc is a [Handler] of a method that has no answer. A twoway quest to it
// is answered, once f has run, with the error 20001, as C++ servers do.
type OnewayFunc func(ctx context.Context, q *Quest)

// ServeQuest calls f.
func (f OnewayFunc) ServeQuest(ctx context.Context, q *Quest) (any, error) {
	f(ctx, q)
	if q.Oneway() {
		return nil, nil
	}
	return nil, Errorf(CodeCoreUnknown, "twoway quest to a method without an answer: %s", printable(q.method))
}

// Mux is a [Handler] that picks another by the method's name. A method without
// one is answered with 20004. The zero value is ready to use; all handlers are
// registered before it serves.
type Mux struct {
	handlers map[string]Handler
}

// NewMux returns an empty Mux.
func NewMux() *Mux { return new(Mux) }

// Handle registers h for method: 1 to 255 bytes that do not begin with '*',
// which marks the methods every server has. It panics if the name cannot be or
// is taken.
func (m *Mux) Handle(method string, h Handler) {
	switch _, taken := m.handlers[method]; {
	case method == "" || len(method) > 255 || method[0] == '*':
		panic(fmt.Sprintf("fpnn: method %q cannot be registered", method))
	case taken:
		panic(fmt.Sprintf("fpnn: method %q registered twice", method))
	case m.handlers == nil:
		m.handlers = make(map[string]Handler)
	}
	m.handlers[method] = h
}

// ServeQuest calls the handler of the quest's method.
func (m *Mux) ServeQuest(ctx context.Context, q *Quest) (any, error) {
	if h, ok := m.handlers[q.method]; ok {
		return h.ServeQuest(ctx, q)
	}
	return nil, UnknownMethod(q)
}

// UnknownMethod returns the error answer to a quest whose method nobody has
// registered.
func UnknownMethod(q *Quest) error {
	return Errorf(CodeCoreUnknownMethod, "Unknown method: %s", printable(q.method))
}

// noHandler serves the quests to a client without a handler.
type noHandler struct{}

func (noHandler) ServeQuest(_ context.Context, q *Quest) (any, error) { return nil, UnknownMethod(q) }

// answerFor returns the error answer for what a handler returned.
func answerFor(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	var c *codec.Error
	if errors.As(err, &c) {
		return &Error{Code: c.FPNNCode(), Message: c.Error()}
	}
	return Errorf(CodeCoreUnknown, "internal error")
}

// printable returns a method name as it is, or quoted if it is not UTF-8 and so
// could not go into a JSON answer.
func printable(method string) string {
	if utf8.ValidString(method) {
		return method
	}
	return strconv.Quote(method)
}
