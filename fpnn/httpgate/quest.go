package httpgate

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gofpnn/gofpnn/codec"
	"github.com/gofpnn/gofpnn/fpnn"
)

var (
	tooLarge = failure(http.StatusRequestEntityTooLarge, fpnn.CodeCoreInvalidPackage, "quest exceeds the size limit")
	stopping = failure(http.StatusServiceUnavailable, fpnn.CodeCoreServerStopping, "server is stopping")
	noQuest  = failure(http.StatusBadRequest, fpnn.CodeCoreHTTP, "quest cannot be read")
)

// serve passes a quest on to the FPNN server and returns the answer.
func (c *webConn) serve(w http.ResponseWriter, r *http.Request, method string) outcome {
	text, err := c.argument(w, r)
	var over *http.MaxBytesError
	switch {
	case errors.As(err, &over):
		return tooLarge
	case err != nil:
		return noQuest
	}
	payload, err := codec.ParseJSON(text)
	if err != nil {
		return failure(http.StatusBadRequest, fpnn.Code(err), err.Error())
	}
	if !c.begin() {
		return stopping
	}
	// The time for the request is over, and would end the quest.
	_ = http.NewResponseController(w).SetReadDeadline(time.Time{})
	return outcomeOf(c.client.Call(r.Context(), method, payload))
}

// argument returns the quest's argument: the body of a POST, or else the first
// value called fpnn of the query, or an empty object. A plus sign is not a space:
// it may stand in JSON.
func (c *webConn) argument(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if r.Method == http.MethodPost {
		limit := int64(c.gate.MaxPackage)
		if r.ContentLength > limit {
			return nil, &http.MaxBytesError{Limit: limit}
		}
		return io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	}
	for field := range strings.SplitSeq(r.URL.RawQuery, "&") {
		if name, value, _ := strings.Cut(field, "="); name == "fpnn" {
			text, err := url.PathUnescape(value)
			return []byte(text), err
		}
	}
	return []byte("{}"), nil
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
