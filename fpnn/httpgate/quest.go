package httpgate

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gofpnn/gofpnn/codec"
	"github.com/gofpnn/gofpnn/fpnn"
)

var (
	tooLarge   = failure(http.StatusRequestEntityTooLarge, fpnn.CodeCoreInvalidPackage, "quest exceeds the size limit")
	stopping   = failure(http.StatusServiceUnavailable, fpnn.CodeCoreServerStopping, "server is stopping")
	noQuest    = failure(http.StatusBadRequest, fpnn.CodeCoreHTTP, "quest cannot be read")
	noMemory   = failure(http.StatusServiceUnavailable, fpnn.CodeCoreWorkQueueFull, "too many quests at a time")
	notAllowed = failure(http.StatusForbidden, fpnn.CodeCoreForbidden, "peer is not allowed")
	crowded    = failure(http.StatusServiceUnavailable, fpnn.CodeCoreWorkQueueFull, "too many connections")
)

// serve passes a quest on to the FPNN server and returns the answer.
func (c *webConn) serve(w http.ResponseWriter, r *http.Request, method string) outcome {
	b := body{of: &c.gate.bodies}
	defer b.free()
	text, err := c.argument(w, r, &b)
	var over *http.MaxBytesError
	switch {
	case errors.As(err, &over):
		return tooLarge
	case errors.Is(err, errNoMemory):
		c.gate.refused.Add(1)
		return noMemory
	case err != nil:
		return noQuest
	}
	payload, err := codec.ParseJSON(text)
	if err != nil {
		return failure(http.StatusBadRequest, fpnn.Code(err), err.Error())
	}
	b.text = nil // what was taken for it stands for the payload now
	if !c.begin() {
		return stopping
	}
	// The time for the request is over, and would end the quest.
	_ = http.NewResponseController(w).SetReadDeadline(time.Time{})
	answer, err := c.client.Call(r.Context(), method, payload)
	if reason := c.refused(); reason != nil {
		w.Header().Set("Connection", "close")
		return refusalFor(reason)
	}
	return outcomeOf(answer, err)
}

// argument returns the quest's argument: the body of a POST, read into b, or else
// the last value called fpnn of the query, or an empty object. A plus sign is not a
// space: it may stand in JSON.
func (c *webConn) argument(w http.ResponseWriter, r *http.Request, b *body) ([]byte, error) {
	if r.Method == http.MethodPost {
		limit := int64(c.gate.config.MaxPackage)
		if r.ContentLength > limit {
			return nil, &http.MaxBytesError{Limit: limit}
		}
		err := b.read(http.MaxBytesReader(w, r.Body, limit))
		return b.text, err
	}
	argument := "{}"
	for field := range strings.SplitSeq(r.URL.RawQuery, "&") {
		if name, value, _ := strings.Cut(field, "="); name == "fpnn" {
			argument = value
		}
	}
	text, err := url.PathUnescape(argument)
	return []byte(text), err
}

// refusalFor returns what a client gets whose connection the server does not
// serve.
func refusalFor(reason error) outcome {
	switch {
	case errors.Is(reason, fpnn.ErrNotAllowed):
		return notAllowed
	case errors.Is(reason, fpnn.ErrTooManyConns):
		return crowded
	default:
		return stopping
	}
}

// outcomeOf returns what a call's end is in HTTP.
func outcomeOf(answer fpnn.Answer, err error) outcome {
	var remote *fpnn.RemoteError
	switch code := fpnn.Code(err); {
	case err == nil:
		return outcome{http.StatusOK, answer.Payload}
	case errors.As(err, &remote):
		return outcome{http.StatusInternalServerError, answer.Payload}
	case errors.Is(err, fpnn.ErrTooLarge) && !errors.Is(err, fpnn.ErrDisconnected):
		return tooLarge
	case fpnn.SafeToRetry(err):
		return stopping
	default:
		return failure(http.StatusInternalServerError, code, fpnn.CodeText(code))
	}
}
