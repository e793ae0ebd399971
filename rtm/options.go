package rtm

import (
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
	limits Limits
	fpnn   []fpnn.ClientOption
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

// WithLogger sets where ends of connections are reported. Default: nowhere.
func WithLogger(l *slog.Logger) Option { return WithFPNN(fpnn.WithLogger(l)) }

// WithLimits sets what is refused before it is sent. Default [DocumentedLimits];
// a project whose limits were raised in RTM's console wants others.
func WithLimits(l Limits) Option {
	return func(c *config) { c.limits = l }
}

// WithFPNN passes options to the FPNN client underneath.
func WithFPNN(opts ...fpnn.ClientOption) Option {
	return func(c *config) { c.fpnn = append(c.fpnn, opts...) }
}
