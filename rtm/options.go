package rtm

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"time"

	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/transport"
)

// Defaults of the options, as of the vendor's SDKs.
const (
	DefaultTimeout     = 30 * time.Second // of a call
	DefaultDialTimeout = 30 * time.Second
)

// Option configures a [Client].
type Option func(c *config)

type config struct {
	limits    Limits
	pushes    pushConfig
	resend    resend
	listen    ListenSet
	listenAll ListenAll
	fpnn      []fpnn.ClientOption
	err       error // of an option out of range
}

// WithTimeout sets the time-out of calls whose ctx has no deadline. Default
// [DefaultTimeout]; 0 for none.
func WithTimeout(d time.Duration) Option { return WithFPNN(fpnn.WithTimeout(d)) }

// WithDialTimeout bounds the making of a connection. Default
// [DefaultDialTimeout]; above 0.
func WithDialTimeout(d time.Duration) Option { return WithFPNN(fpnn.WithDialTimeout(d)) }

// WithDialer sets what makes connections, such as a fake server's dialer or a
// [crypto/tls.Dialer]. Default: a [net.Dialer].
func WithDialer(d transport.Dialer) Option { return WithFPNN(fpnn.WithDialer(d)) }

// WithDialerFor sets what makes connections to endpoints that begin with
// "scheme://", as [fpnn.WithDialerFor] does.
func WithDialerFor(scheme string, d transport.Dialer) Option {
	return WithFPNN(fpnn.WithDialerFor(scheme, d))
}

// WithTLS has the client speak TLS, also to endpoints that do not ask for it with
// "tls://", see [fpnn.WithTLS].
func WithTLS(cfg *tls.Config) Option { return WithFPNN(fpnn.WithTLS(cfg)) }

// WithLogger sets where ends of connections, refused pushes and panics of the
// handler are reported. Default: nowhere.
func WithLogger(l *slog.Logger) Option {
	return func(c *config) {
		if l != nil {
			c.pushes.logger = l
		}
		c.fpnn = append(c.fpnn, fpnn.WithLogger(l))
	}
}

// WithHandler sets what is called with each push of the gate, one after the other
// in the order they came. A message is acknowledged before it is handled, and
// pushed messages that come again are left out ([WithDedup]). ctx ends when the
// client is closed; a panic is logged and costs that push only. h may call the
// client, but must not close it. Pushes come when there is a connection, which
// [Dial] and [Client.Connect] make. Without a handler pushes are answered with
// 20004, unless [Client.Pushes] is used.
func WithHandler(h func(ctx context.Context, p Push)) Option {
	return func(c *config) {
		if h == nil {
			c.fail("WithHandler(nil)")
		}
		c.pushes.handler = h
	}
}

// WithListen sets what the client listens to from its first connection on.
// [Client.Listen] and its like change it.
func WithListen(s ListenSet, all ListenAll) Option {
	return func(c *config) { c.listen, c.listenAll = s, all }
}

// WithPushInbox sets how many pushes may wait for the handler; besides, what waits
// has 64 MiB at most. The next one is answered with 20011, counted ([PushStats])
// and, the first of several, logged; whether a gate pushes it again is not
// documented. Default [DefaultPushInbox]; at least 1.
func WithPushInbox(n int) Option {
	return func(c *config) {
		if n < 1 {
			c.fail("WithPushInbox(%d): must be at least 1", n)
		}
		c.pushes.inbox = n
	}
}

// WithDedup sets how many pushed messages, and for how long, are remembered to
// know those that come again: with the same sender, target and id. The time
// begins anew with each connection, since a gate may push again what was not
// acknowledged over the one before. Default [DefaultDedupPushes] and
// [DefaultDedupAge]; 0 messages turn it off.
func WithDedup(messages int, age time.Duration) Option {
	return func(c *config) {
		if messages < 0 || age < 0 {
			c.fail("WithDedup(%d, %v): out of range", messages, age)
		}
		c.pushes.seen, c.pushes.seenAge = messages, age
	}
}

// WithKeepAlive has an idle connection pinged, and a gate that is gone noticed.
// Default: [fpnn.DefaultKeepAlive].
func WithKeepAlive(k fpnn.KeepAlive) Option { return WithFPNN(fpnn.WithKeepAlive(k)) }

func (c *config) fail(format string, args ...any) {
	if c.err == nil {
		c.err = fmt.Errorf("rtm: "+format, args...)
	}
}

// WithLimits sets what is refused before it is sent. Default [DocumentedLimits];
// a project whose limits were raised in RTM's console wants others.
func WithLimits(l Limits) Option {
	return func(c *config) { c.limits = l }
}

// WithResend sets how often a send is attempted whose outcome is not known, the
// first time included, and for how long after the first another attempt may
// begin. Attempts that the gate has not begun to carry out (20011, 20014, or no
// connection) do not count, only the time does. Each has the time that ctx or
// [WithTimeout] gives. Default [DefaultAttempts] and [DefaultResendWithin]; 1
// attempt turns it off.
func WithResend(attempts int, within time.Duration) Option {
	return func(c *config) {
		if attempts < 1 || within < 0 {
			c.fail("WithResend(%d, %v): out of range", attempts, within)
		}
		c.resend.attempts, c.resend.within = attempts, within
	}
}

// WithResendChanges has Delete, Edit, Clean and DeleteConversation attempted again
// as sends are. A Clean without an end that is carried out twice may delete what
// came in between. Default: they are attempted once.
func WithResendChanges() Option {
	return func(c *config) { c.resend.changes = true }
}

// WithReconnect sets what the client does while it has lost its connection.
// Default: [fpnn.DefaultReconnect], but Eager, so that pushes go on coming.
func WithReconnect(r fpnn.Reconnect) Option { return WithFPNN(fpnn.WithReconnect(r)) }

// WithFPNN passes options to the FPNN client underneath. Its handler, which takes
// one quest at a time, and what it does on connecting are this package's own.
func WithFPNN(opts ...fpnn.ClientOption) Option {
	return func(c *config) { c.fpnn = append(c.fpnn, opts...) }
}
