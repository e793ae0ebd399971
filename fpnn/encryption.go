package fpnn

import (
	"context"

	"github.com/gofpnn/gofpnn/transport"
)

// RequireEncryption keeps peers whose connections are not encrypted from all
// methods but `*ping`, `*status` and `*infos`. It is for [WithMiddleware], and
// what FPNN.server.security.forceEncrypt.userMethods is to a C++ server: `*tune`
// is answered with 20013, any other quest closes the connection.
//
// TLS counts as encryption, and so does a transport whose connection has a
// method Encrypted() bool that returns true, as those of transport/secure have.
func RequireEncryption(next Handler) Handler { return &encryptedOnly{next} }

type encryptedOnly struct{ next Handler }

func (h *encryptedOnly) ServeQuest(ctx context.Context, q *Quest) (any, error) {
	if transport.Encrypted(q.conn.NetConn()) {
		return h.next.ServeQuest(ctx, q)
	}
	switch q.method {
	case "*ping", "*status", "*infos":
		return h.next.ServeQuest(ctx, q)
	case "*tune":
		return nil, Errorf(CodeCoreForbidden, "Forbidden Operation")
	}
	q.conn.fail(malformed("quest in the clear where encryption is required", nil))
	return nil, ErrClosed
}
