package fpnn

import (
	"context"
	"encoding/json"
	"time"

	"github.com/gofpnn/gofpnn/codec"
)

// builtins serves the methods every server has, whose names begin with '*', and
// leaves the others to the next Handler. It serves them to every peer, unless
// [WithPrivateBuiltins] is given.
type builtins struct {
	server *Server
	next   Handler
}

func (b *builtins) ServeQuest(ctx context.Context, q *Quest) (any, error) {
	if q.method[0] != '*' {
		return b.next.ServeQuest(ctx, q)
	}
	if b.server.privateBuiltins && q.method != "*ping" && !internal(q.conn) {
		b.server.forbidden.Add(1)
		return nil, Errorf(CodeCoreForbidden, "Can not call internal method from external: %s", printable(q.method))
	}
	switch q.method {
	case "*ping":
		return pong(time.Now().UnixMilli()), nil
	case "*status":
		return status(true), nil
	case "*infos":
		return b.server.infos(q.Encoding())
	case "*tune":
		return b.tune(q)
	case "*key":
		q.conn.fail(malformed("*key is not the first package, or encryption is not configured", nil))
		return nil, ErrClosed
	}
	return nil, UnknownMethod(q)
}

// tune changes a C++ server's parameters; here there is none to change. Without
// its own parameters it closes the connection, as there.
func (*builtins) tune(q *Quest) (any, error) {
	if !q.Has("key") || !q.Has("value") {
		q.conn.fail(malformed("*tune without key and value", nil))
		return nil, ErrClosed
	}
	return nil, Errorf(CodeCoreForbidden, "nothing to tune")
}

// pong is the answer to *ping: the server's clock in milliseconds.
type pong int64

func (p pong) AppendPayload(b []byte) ([]byte, error) {
	b = codec.AppendString(codec.AppendMapHeader(b, 1), "ts")
	return codec.AppendInt(b, int64(p)), nil
}

// status is the answer to *status.
type status bool

func (s status) AppendPayload(b []byte) ([]byte, error) {
	b = codec.AppendString(codec.AppendMapHeader(b, 1), "status")
	return codec.AppendBool(b, bool(s)), nil
}

// infosText is the answer to *infos in msgpack: not a map but one string that
// holds JSON, as C++ servers answer it.
type infosText string

func (t infosText) AppendPayload(b []byte) ([]byte, error) {
	return codec.AppendString(b, string(t)), nil
}

// infos describes the server. The outer names are those of the C++ server.
func (s *Server) infos(enc codec.Encoding) (any, error) {
	stats := s.Stats()
	text, err := json.Marshal(map[string]any{
		"FPNN.status": map[string]any{
			"server": map[string]any{
				"base": map[string]any{
					"name":      s.name,
					"startTime": s.started.Unix(),
				},
				"status": map[string]any{
					"currentConnections": stats.Connections,
					"accepted":           stats.Accepted,
					"quests":             stats.Quests,
					"refused":            stats.Refused,
				},
			},
		},
	})
	if err != nil {
		return nil, err
	}
	if enc == codec.JSON {
		return codec.ParseJSON(text)
	}
	return infosText(text), nil
}
