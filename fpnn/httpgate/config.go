package httpgate

import (
	"cmp"
	"time"

	"github.com/gofpnn/gofpnn/fpnn"
	"github.com/gofpnn/gofpnn/transport/ws"
)

// Defaults of a [Config].
const (
	DefaultSniffTimeout = 10 * time.Second
	DefaultMaxSniffed   = 1024
	DefaultMaxHTTP      = 4096
	DefaultMaxBodies    = fpnn.DefaultMaxBuffered
)

// Time-outs of HTTP connections. Those that fpnn has a default for have the same.
const (
	headerTimeout = 10 * time.Second        // from a request's first byte to the end of its header
	readTimeout   = fpnn.DefaultReadTimeout // to the end of its body
	writeTimeout  = fpnn.DefaultWriteTimeout
	idleTimeout   = fpnn.DefaultIdleTimeout
	linger        = time.Second // of an answer, when the listener is closed
)

// maxHeader is the largest header in bytes of a request, its URL included.
const maxHeader = 64 << 10

// Config says how a listener tells protocols apart. The zero value is ready to
// use.
type Config struct {
	// SniffTimeout is how long a connection may take to send what tells its
	// protocol. Then it is taken for FPNN, whose time-outs go on from there; one
	// without deadlines is closed. Default: DefaultSniffTimeout.
	SniffTimeout time.Duration
	// MaxSniffed is how many connections may be waited for in this way. When one
	// more comes, the one that has taken longest is taken for FPNN. Default:
	// DefaultMaxSniffed.
	MaxSniffed int
	// MaxHTTP is how many HTTP connections there may be, with a quest under way or
	// without; a WebSocket is none, once it is one. When one more comes, the one
	// that has had no quest for longest is closed, or the new one if all have one.
	// Default: DefaultMaxHTTP.
	MaxHTTP int
	// MaxBodies bounds the memory in bytes for the bodies of all requests
	// together. One takes what has come of it and at most as much again, until its
	// quest is answered. A request that finds none left is answered with 503 and
	// code 20011. Default: DefaultMaxBodies.
	MaxBodies int64
	// MaxPackage is the largest package in bytes, header included, of WebSocket
	// and HTTP, whose body is smaller. It is not to exceed the server's. Default:
	// fpnn.DefaultMaxPackage; at least 1024.
	MaxPackage int
	// Origins are the hosts whose web pages may send quests, over HTTP and
	// WebSocket, as in ws.Upgrader. Default: all, as with the C++ server. A page
	// has nothing but what it sends itself: no cookie counts here.
	Origins []string
}

func (c Config) withDefaults() Config {
	c.SniffTimeout = cmp.Or(c.SniffTimeout, DefaultSniffTimeout)
	c.MaxSniffed = cmp.Or(c.MaxSniffed, DefaultMaxSniffed)
	c.MaxHTTP = cmp.Or(c.MaxHTTP, DefaultMaxHTTP)
	c.MaxBodies = cmp.Or(c.MaxBodies, DefaultMaxBodies)
	c.MaxPackage = max(cmp.Or(c.MaxPackage, fpnn.DefaultMaxPackage), 1024)
	if len(c.Origins) == 0 {
		c.Origins = []string{"*"}
	}
	return c
}

func (c *Config) upgrader() *ws.Upgrader {
	return &ws.Upgrader{MaxPackage: c.MaxPackage, Origins: c.Origins}
}
