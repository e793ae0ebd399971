package httpgate

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/gofpnn/gofpnn/codec"
	"github.com/gofpnn/gofpnn/fpnn"
)

const (
	// prefix is what the path of every quest begins with.
	prefix = "/service/"
	// allowed are the methods of HTTP that are of use here.
	allowed = "GET, POST, OPTIONS"
	// maxMethod is the length in bytes of the longest FPNN method.
	maxMethod = 255
)

// outcome is an answer to a request.
type outcome struct {
	status int
	body   any // what becomes a JSON object; nil for none
}

func failure(status, code int, text string) outcome {
	return outcome{status, fpnn.Errorf(code, "%s", text)}
}

// serveRequest is the HTTP server's handler.
func (l *Listener) serveRequest(w http.ResponseWriter, r *http.Request) {
	o := l.outcome(w, r)
	if o.status == 0 {
		return // a WebSocket, or refused as one
	}
	// The time for the answer begins now. If the listener is closed it is short:
	// a Close that comes later sets it itself.
	control := http.NewResponseController(w)
	_ = control.SetWriteDeadline(time.Now().Add(writeTimeout))
	if l.isClosed() {
		_ = control.SetWriteDeadline(time.Now().Add(linger))
	}
	o.write(w)
}

func (l *Listener) outcome(w http.ResponseWriter, r *http.Request) outcome {
	h := w.Header()
	h.Set("Server", "FPNN/1.0") // as the C++ server
	if !l.upgrader.Allows(r) {
		return failure(http.StatusForbidden, fpnn.CodeCoreForbidden, "origin not allowed")
	}
	l.allowOrigin(h, r)
	method, ok := methodOf(r.URL)
	switch {
	case !ok:
		return failure(http.StatusNotFound, fpnn.CodeCoreHTTP, "path is not "+prefix+"METHOD")
	case r.Method == http.MethodGet && strings.EqualFold(r.Header.Get("Upgrade"), "websocket"):
		l.upgrade(w, r)
		return outcome{}
	case r.Method == http.MethodGet, r.Method == http.MethodPost:
		return r.Context().Value(connKey{}).(*webConn).serve(w, r, method)
	}
	h.Set("Allow", allowed)
	if r.Method == http.MethodOptions {
		return outcome{status: http.StatusNoContent}
	}
	return failure(http.StatusMethodNotAllowed, fpnn.CodeCoreHTTP, "neither GET nor POST")
}

// allowOrigin lets web pages of other hosts see the answer, and ask before.
func (l *Listener) allowOrigin(h http.Header, r *http.Request) {
	origin := r.Header.Get("Origin")
	if origin == "" {
		return
	}
	if l.config.Origins[0] == "*" {
		origin = "*"
	} else {
		h.Set("Vary", "Origin")
	}
	h.Set("Access-Control-Allow-Origin", origin)
	h.Set("Access-Control-Allow-Credentials", "true")
	h.Set("Access-Control-Allow-Methods", "GET, POST")
	if r.Method == http.MethodOptions {
		h.Set("Access-Control-Allow-Headers", "Content-Type")
	}
}

// methodOf returns the FPNN method a URL names. The path is cut before it is
// decoded, so a method may contain anything.
func methodOf(u *url.URL) (string, bool) {
	name, ok := strings.CutPrefix(u.EscapedPath(), prefix)
	if !ok || strings.Contains(name, "/") {
		return "", false
	}
	method, err := url.PathUnescape(name)
	return method, err == nil && method != "" && len(method) <= maxMethod
}

// upgrade makes the connection a WebSocket, which is one more to be accepted.
func (l *Listener) upgrade(w http.ResponseWriter, r *http.Request) {
	l.tasks.Add(1) // from here on the connection may not be the HTTP server's
	defer l.tasks.Done()
	if c, err := l.upgrader.Upgrade(w, r); err == nil {
		l.hand(c)
	}
}

// write answers the request.
func (o outcome) write(w http.ResponseWriter) {
	if o.body == nil {
		w.WriteHeader(o.status)
		return
	}
	b, err := codec.Append(nil, o.body)
	if err == nil {
		var p codec.Payload
		if p, err = codec.ParsePayload(b); err == nil {
			b, err = p.AppendJSON(nil)
		}
	}
	if err != nil { // a text that is not UTF-8
		failure(http.StatusInternalServerError, fpnn.CodeProtoJSON, "answer is no JSON").write(w)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(b)))
	w.WriteHeader(o.status)
	_, _ = w.Write(b)
}
