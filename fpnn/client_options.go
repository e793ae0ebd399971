package fpnn

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gofpnn/gofpnn/transport"
)

// WithHandler sets what serves the quests the server sends to this client.
// Default: all are answered with 20004.
func WithHandler(h Handler) ClientOption {
	return clientOption(func(c *Client) error {
		if h == nil {
			return fmt.Errorf("fpnn: WithHandler(nil)")
		}
		c.config.handler = h
		return nil
	})
}

// WithOnConnect sets what is called with each new connection, before calls of the
// client use it: to log in, say. If it fails, the connection is closed, and with
// it the dial has failed. ctx ends with the dial time-out and with the client.
func WithOnConnect(f func(ctx context.Context, c *Conn) error) ClientOption {
	return clientOption(func(c *Client) error {
		if f == nil {
			return errors.New("fpnn: WithOnConnect(nil)")
		}
		c.onConnect = f
		return nil
	})
}

// WithOnDisconnect sets what is called when a connection has ended, with the
// reason, [ErrClosed] if it was ended from this side. It must not close the
// client, which waits for it.
func WithOnDisconnect(f func(c *Conn, reason error)) ClientOption {
	return clientOption(func(c *Client) error {
		if f == nil {
			return errors.New("fpnn: WithOnDisconnect(nil)")
		}
		c.onDisconnect = f
		return nil
	})
}

// WithDialer sets what makes connections. It gets "tcp" and the endpoint, without
// "tls://", or "unix" and the path. Default: a [net.Dialer], which knows no
// endpoints with another "://".
func WithDialer(d transport.Dialer) ClientOption {
	return clientOption(func(c *Client) error {
		if d == nil {
			return fmt.Errorf("fpnn: WithDialer(nil)")
		}
		c.dialer = d
		return nil
	})
}

// WithDialerFor sets what makes connections to endpoints that begin with
// "scheme://", such as a WebSocket's "ws" and "wss". It gets "tcp" and the whole
// endpoint. Default: none but for "tls".
func WithDialerFor(scheme string, d transport.Dialer) ClientOption {
	return clientOption(func(c *Client) error {
		if scheme == "" || d == nil {
			return fmt.Errorf("fpnn: WithDialerFor(%q, %v): both are needed", scheme, d)
		}
		if c.dialers == nil {
			c.dialers = make(map[string]transport.Dialer)
		}
		c.dialers[scheme] = d
		return nil
	})
}

// WithDialTimeout bounds the making of a connection, each endpoint by itself.
// Default [DefaultDialTimeout]; above 0.
func WithDialTimeout(d time.Duration) ClientOption {
	return clientOption(func(c *Client) error {
		if d <= 0 {
			return fmt.Errorf("fpnn: WithDialTimeout(%v): must be above 0", d)
		}
		c.dialTimeout = d
		return nil
	})
}

// WithMaxWaiting sets how many callers may wait for a connection being made; one
// more gets [ErrQueueFull]. Those who give up count until the attempt under way has
// ended, and then as long as they are fewer than those who wait. Default [DefaultMaxInFlight]; at least 1.
func WithMaxWaiting(n int) ClientOption {
	return clientOption(func(c *Client) error {
		if n < 1 {
			return fmt.Errorf("fpnn: WithMaxWaiting(%d): must be at least 1", n)
		}
		c.maxWaiting = n
		return nil
	})
}
