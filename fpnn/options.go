package fpnn

import (
	"fmt"
	"log/slog"
	"time"

	"github.com/gofpnn/gofpnn/codec"
	"github.com/gofpnn/gofpnn/fpnn/frame"
)

// Defaults of the options.
const (
	DefaultTimeout      = 5 * time.Second  // as the vendor's Go and C++ SDKs
	DefaultDialTimeout  = 5 * time.Second  // as the vendor's Go SDK
	DefaultWriteTimeout = 10 * time.Second // of one Write to the transport
	DefaultReadTimeout  = 30 * time.Second // from a package's first byte to its last
	DefaultIdleTimeout  = 60 * time.Second // of servers, as FPNN.server.idle.timeout
	DefaultLateTimeout  = 60 * time.Second // see Quest.Later
	DefaultMaxPackage   = frame.DefaultMaxPackage
	DefaultMaxInFlight  = 1 << 16
	DefaultInbox        = 1024
	DefaultConcurrency  = 16 // of servers
	DefaultWriteBuffer  = 512 << 10
	DefaultMaxBuffered  = 256 << 20
)

// connConfig is what a connection needs to know; all connections of a client or
// server share one.
type connConfig struct {
	maxPackage, maxInFlight, writeBuffer  int
	inboxSize, concurrency                int
	timeout, writeTimeout                 time.Duration
	readTimeout, idleTimeout, lateTimeout time.Duration
	keepAlive                             KeepAlive
	questRate                             questRate
	flags                                 frame.Flags
	handler                               Handler
	logger                                *slog.Logger
	tracer                                Tracer                                    // nil: nobody wants to know
	reserve                               func(n int) bool                          // asked for read buffers beyond the usual; may be nil
	failed                                func(c *Conn, reason error) (tell func()) // called when a connection goes down; may be nil
	ended                                 func(c *Conn)                             // told when all of it has ended
}

func defaultConfig() connConfig {
	return connConfig{
		maxPackage:   DefaultMaxPackage,
		maxInFlight:  DefaultMaxInFlight,
		inboxSize:    DefaultInbox,
		concurrency:  1,
		writeBuffer:  DefaultWriteBuffer,
		timeout:      DefaultTimeout,
		writeTimeout: DefaultWriteTimeout,
		readTimeout:  DefaultReadTimeout,
		lateTimeout:  DefaultLateTimeout,
		flags:        frame.MsgPack,
		handler:      noHandler{},
		logger:       slog.New(slog.DiscardHandler),
	}
}

// ClientOption configures a [Client].
type ClientOption interface{ applyToClient(c *Client) error }

// ServerOption configures a [Server].
type ServerOption interface{ applyToServer(s *Server) error }

// Option configures a [Client] or a [Server].
type Option interface {
	ClientOption
	ServerOption
}

type connOption func(c *connConfig) error

func (o connOption) applyToClient(c *Client) error { return o(&c.config) }
func (o connOption) applyToServer(s *Server) error { return o(&s.config) }

type clientOption func(c *Client) error

func (o clientOption) applyToClient(c *Client) error { return o(c) }

type serverOption func(s *Server) error

func (o serverOption) applyToServer(s *Server) error { return o(s) }

// number is an option that sets an int of at least low.
func number(name string, n, low int, field func(c *connConfig) *int) Option {
	return connOption(func(c *connConfig) error {
		if n < low {
			return fmt.Errorf("fpnn: %s(%d): must be at least %d", name, n, low)
		}
		*field(c) = n
		return nil
	})
}

// period is an option that sets a duration, which may be 0 only if so said.
func period(name string, d time.Duration, zero bool, field func(c *connConfig) *time.Duration) Option {
	return connOption(func(c *connConfig) error {
		if d < 0 || d == 0 && !zero {
			return fmt.Errorf("fpnn: %s(%v): out of range", name, d)
		}
		*field(c) = min(d, maxPeriod)
		return nil
	})
}

// maxPeriod is as good as for ever, and can be added to a time.
const maxPeriod = 100 * 365 * 24 * time.Hour

// WithTimeout sets the time-out of calls whose ctx has no deadline. Calls may end
// later by a 64th of it, at most 10 ms. Default [DefaultTimeout]; 0 for none.
func WithTimeout(d time.Duration) Option {
	return period("WithTimeout", d, true, func(c *connConfig) *time.Duration { return &c.timeout })
}

// WithWriteTimeout bounds one Write to the transport: a peer that reads nothing
// for so long loses the connection. Default [DefaultWriteTimeout]; above 0.
func WithWriteTimeout(d time.Duration) Option {
	return period("WithWriteTimeout", d, false, func(c *connConfig) *time.Duration { return &c.writeTimeout })
}

// WithReadTimeout bounds the time from a package's first byte to its last.
// Default [DefaultReadTimeout]; above 0.
func WithReadTimeout(d time.Duration) Option {
	return period("WithReadTimeout", d, false, func(c *connConfig) *time.Duration { return &c.readTimeout })
}

// WithIdleTimeout closes a connection on which nothing was received for so long;
// it takes up to an eighth longer to notice. Default [DefaultIdleTimeout] for
// servers, 0 (never) for clients.
func WithIdleTimeout(d time.Duration) Option {
	return period("WithIdleTimeout", d, true, func(c *connConfig) *time.Duration { return &c.idleTimeout })
}

// WithLateTimeout bounds how long a [Responder] may keep a quest waiting.
// Default [DefaultLateTimeout]; above 0.
func WithLateTimeout(d time.Duration) Option {
	return period("WithLateTimeout", d, false, func(c *connConfig) *time.Duration { return &c.lateTimeout })
}

// WithMaxPackage sets the largest package in bytes, header included, that is
// taken or sent. Default [DefaultMaxPackage], the C++ server's; at least 1024.
func WithMaxPackage(n int) Option {
	return number("WithMaxPackage", n, 1024, func(c *connConfig) *int { return &c.maxPackage })
}

// WithMaxInFlight sets how many calls may wait for answers on one connection;
// one more gets [ErrQueueFull]. Default [DefaultMaxInFlight]; at least 1.
func WithMaxInFlight(n int) Option {
	return number("WithMaxInFlight", n, 1, func(c *connConfig) *int { return &c.maxInFlight })
}

// WithInbox sets how many quests of one connection may wait for a worker, or for
// a late answer ([Quest.Later]). The next twoway quest is answered with 20011,
// the next oneway quest dropped. The waiting payloads together never exceed the
// largest package either. Default [DefaultInbox]; at least 1.
func WithInbox(n int) Option {
	return number("WithInbox", n, 1, func(c *connConfig) *int { return &c.inboxSize })
}

// WithConcurrency sets how many quests of one connection are handled at a time.
// With 1 they are handled in the order of arrival. Default 1 for clients,
// [DefaultConcurrency] for servers; at least 1.
func WithConcurrency(n int) Option {
	return number("WithConcurrency", n, 1, func(c *connConfig) *int { return &c.concurrency })
}

// WithWriteBuffer sets how many bytes may wait behind a Write in progress. A
// caller that finds the buffer full waits, as long as its ctx lets it. Default
// [DefaultWriteBuffer]; at least 4096.
func WithWriteBuffer(n int) Option {
	return number("WithWriteBuffer", n, 4096, func(c *connConfig) *int { return &c.writeBuffer })
}

// WithLogger sets where connection ends, panicking handlers and the first of
// several quests refused are reported. Default: nowhere.
func WithLogger(l *slog.Logger) Option {
	return connOption(func(c *connConfig) error {
		if l == nil {
			return fmt.Errorf("fpnn: WithLogger(nil)")
		}
		c.logger = l
		return nil
	})
}

// WithEncoding sets how this side encodes its own quests. Answers go back as
// the quest came. Default [codec.MsgPack].
func WithEncoding(e codec.Encoding) Option {
	return connOption(func(c *connConfig) error {
		switch e {
		case codec.MsgPack:
			c.flags = frame.MsgPack
		case codec.JSON:
			c.flags = frame.JSON
		default:
			return fmt.Errorf("fpnn: WithEncoding(%v): unknown", e)
		}
		return nil
	})
}
