package fpnn

import (
	"errors"
	"fmt"
)

// WithMaxBuffered bounds the memory in bytes, over all connections, for packages
// not yet complete, as far as they need more than the 64 KiB a connection has.
// A connection that finds none left is closed. Default [DefaultMaxBuffered]; at
// least 0.
func WithMaxBuffered(n int64) ServerOption {
	return serverOption(func(s *Server) error {
		if n < 0 {
			return fmt.Errorf("fpnn: WithMaxBuffered(%d): must be at least 0", n)
		}
		s.maxBuffered = n
		return nil
	})
}

// WithName sets the name `*infos` reports. Default "gofpnn".
func WithName(name string) ServerOption {
	return serverOption(func(s *Server) error {
		s.name = name
		return nil
	})
}

// WithMiddleware wraps the handler of all methods, the built-in ones included,
// which begin with '*'. Of several the last is outermost. What it answers itself
// never reaches them.
func WithMiddleware(wrap func(next Handler) Handler) ServerOption {
	return serverOption(func(s *Server) error {
		if wrap == nil {
			return errors.New("fpnn: WithMiddleware(nil)")
		}
		s.config.handler = wrap(s.config.handler)
		return nil
	})
}
